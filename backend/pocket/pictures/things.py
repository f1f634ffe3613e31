"""All things of the world by name, and which of them nobody sees in training.

Knows the seven files of things. Does not draw. Costs a few milliseconds once.
"""

from backend.pocket.pictures import (
    things_animals,
    things_food,
    things_plants,
    things_shapes,
    things_tools,
    things_vehicles,
    things_weather,
)
from backend.pocket.pictures.thing import Thing

FILES = (
    things_animals,
    things_food,
    things_vehicles,
    things_tools,
    things_plants,
    things_weather,
    things_shapes,
)
THINGS: dict[str, Thing] = {thing.name: thing for file in FILES for thing in file.things()}
HELD_OUT = ("duck", "turtle", "pear", "truck", "axe", "tulip", "moon", "diamond")  # one or two of every kind
KNOWN = tuple(name for name in THINGS if name not in HELD_OUT)
