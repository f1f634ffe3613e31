"""What is known of energy: what devices take in and give out, how energy is stored, what powers things.

Knows forms of energy as a ten-year-old learns them. Does not know how facts are asked, split or learned.
"""

from backend.pocket.relation import Relation, clash, column, pairs

# device | takes in | is meant to give out
DEVICES = """
lamp | electrical/electricity | light/heat
torch | chemical/electrical | light/heat
toaster | electrical | heat/light
kettle | electrical | heat/sound
candle | chemical | light/heat
campfire | chemical | heat/light
doorbell | electrical/kinetic | sound
drum | kinetic | sound
guitar | kinetic | sound
violin | kinetic | sound
loudspeaker | electrical | sound
microphone | sound/kinetic | electrical
solar panel | light | electrical/heat
wind turbine | kinetic | electrical
bicycle dynamo | kinetic | electrical/light
hydroelectric dam | kinetic | electrical
electric fan | electrical | kinetic/sound
washing machine | electrical | kinetic/heat/sound
blender | electrical | kinetic/sound
drill | electrical | kinetic/sound/heat
steam engine | heat/chemical | kinetic
car engine | chemical | kinetic/heat/sound
firework | chemical | light/sound/heat/kinetic
hair dryer | electrical | heat/kinetic/sound
radiator | electrical/heat | heat
iron | electrical | heat
oven | electrical/chemical | heat/light
glow stick | chemical | light
leaf | light | chemical
muscle | chemical | kinetic/heat
battery charger | electrical | chemical/heat
alarm clock | electrical | sound/light
hand bell | kinetic | sound
generator | kinetic/chemical | electrical/heat/sound
nuclear reactor | nuclear | heat/electrical
gas cooker | chemical | heat/light
flute | kinetic | sound
escalator | electrical | kinetic/sound
elevator | electrical | kinetic
laser pointer | electrical | light
"""

STORES = """
stretched rubber band: elastic; wound clock spring: elastic; drawn bow: elastic; bent diving board: elastic;
squashed spring: elastic; pulled catapult: elastic; rolling ball: kinetic; flying arrow: kinetic/gravitational;
running horse: kinetic; moving train: kinetic; spinning top: kinetic; falling leaf: kinetic/gravitational;
book on a shelf: gravitational; rock on a cliff: gravitational; raised hammer: gravitational;
lake behind a dam: gravitational; child atop a slide: gravitational; hanging apple: gravitational/chemical;
piece of bread: chemical; can of petrol: chemical; lump of coal: chemical; box of matches: chemical;
fresh battery: chemical; log of wood: chemical; bar of chocolate: chemical; cup of hot tea: thermal;
glowing iron rod: thermal; hot bath: thermal; baked potato: thermal; heated stone: thermal; pool of lava: thermal;
uranium rod: nuclear; plutonium pellet: nuclear; thorium pellet: nuclear
"""

POWERS = """
sailboat: wind; kite: wind; windmill: wind; rowing boat: muscles; bicycle: muscles; skateboard: muscles;
canoe: muscles; wheelbarrow: muscles; watermill: flowing water; waterwheel: flowing water; petrol car: petrol;
lawn mower: petrol; motorbike: petrol; chainsaw: petrol; steam train: coal; steamship: coal; tram: electricity;
subway train: electricity; refrigerator: electricity; television: electricity; computer: electricity;
vacuum cleaner: electricity; garden sundial: sunlight; space station: sunlight; solar calculator: sunlight;
jet plane: kerosene; helicopter: kerosene; big truck: diesel; tractor: diesel; cargo ship: diesel;
wall clock with weights: gravity; sledge on a hill: gravity; playground slide: gravity; hourglass: gravity;
submarine with a reactor: uranium; toy mouse: clockwork; music box: clockwork; glider: rising air;
hot air balloon: rising air; horse carriage: horses; plough of old: horses; dog sled: dogs
"""


def relations() -> list[Relation]:
    """The four relations of the domain energy."""
    return [_takes(), _gives(), _store(), _power()]


def _takes() -> Relation:
    return Relation(
        "energy",
        "takes",
        "a",
        column(DEVICES, 1),
        (
            "Which form of energy does {x} need as input?",
            "What kind of energy must you supply to {x}?",
            "What energy goes into {x} before it works?",
        ),
        (
            "The form of energy that {x} needs as input is {v}.",
            "You must supply {x} with energy of the kind {v}.",
            "The energy that goes into {x} before it works is {v}.",
            "With {v} energy {x} can work.",
        ),
        clash("electrical, electricity"),
    )


def _gives() -> Relation:
    return Relation(
        "energy",
        "gives",
        "a",
        column(DEVICES, 2),
        (
            "Which useful form of energy is produced by {x}?",
            "What is the wanted output of {x}?",
            "What energy do people want from {x}?",
        ),
        (
            "The useful form of energy produced by {x} is {v}.",
            "The wanted output of {x} is {v}.",
            "The energy people want from {x} is {v}.",
            "For {v} energy take {x}.",
        ),
    )


def _store() -> Relation:
    return Relation(
        "energy",
        "store",
        "a",
        pairs(STORES),
        (
            "Which kind of energy is mostly held by {x}?",
            "What energy store does {x} illustrate?",
            "{x} is an example of which energy store?",
        ),
        (
            "The kind of energy mostly held by {x} is {v}.",
            "The energy store that {x} illustrates is {v}.",
            "{x} is an example of an energy store called {v}.",
        ),
    )


def _power() -> Relation:
    return Relation(
        "energy",
        "power",
        "a",
        pairs(POWERS),
        (
            "What drives {x} or makes it run?",
            "On which supply of power does {x} depend?",
            "Without what would {x} stand still or fail?",
        ),
        (
            "The thing that drives {x} and makes it run is {v}.",
            "The supply of power on which {x} depends is {v}.",
            "{x} would stand still or fail without {v}.",
            "Thanks to {v} {x} does its work.",
        ),
        clash(
            "petrol, diesel, kerosene, coal",
            "wind, rising air",
            "muscles, horses, dogs, gravity",
            "electricity, sunlight, uranium, diesel, petrol",
            "muscles, flowing water, wind",
            "clockwork, gravity, electricity",
            "gravity, wind, sunlight",
        ),
    )
