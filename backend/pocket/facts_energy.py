"""What is known of energy: what devices take in and give out, how energy is stored, sources and what powers things.

Knows forms of energy as a ten-year-old learns them. Does not know how facts are asked, split or learned.
"""

from backend.pocket.relation import Relation, clash, column, pairs

# device | takes in | is meant to give out | place where you meet it
DEVICES = """
lamp | electrical/electricity | light/heat | living room
torch | chemical/electrical | light/heat | camping bag
toaster | electrical | heat/light | kitchen
kettle | electrical | heat/sound | kitchen
candle | chemical | light/heat | birthday cake
campfire | chemical | heat/light | camping site
doorbell | electrical/kinetic | sound | front door
drum | kinetic | sound | orchestra
guitar | kinetic | sound | orchestra
violin | kinetic | sound | orchestra
loudspeaker | electrical | sound | concert hall
microphone | sound | electrical | concert hall
solar panel | light | electrical/heat | roof
wind turbine | kinetic | electrical | windy hill
bicycle dynamo | kinetic | electrical/light | bicycle
hydroelectric dam | kinetic | electrical | river valley
electric fan | electrical | kinetic/sound | hot office
washing machine | electrical | kinetic/heat/sound | laundry room
blender | electrical | kinetic/sound | kitchen
drill | electrical | kinetic/sound/heat | workshop
steam engine | heat/chemical | kinetic | old railway
car engine | chemical | kinetic/heat/sound | garage
firework | chemical | light/sound/heat/kinetic | night festival
hair dryer | electrical | heat/kinetic/sound | hairdresser
radiator | electrical/heat | heat | living room
iron | electrical | heat | laundry room
oven | electrical/chemical | heat/light | kitchen
glow stick | chemical | light | night festival
leaf | light | chemical | tree
muscle | chemical | kinetic/heat | arm
battery charger | electrical | chemical/heat | desk
alarm clock | electrical | sound/light | bedside table
hand bell | kinetic | sound | reception desk
generator | kinetic | electrical/heat/sound | power station
nuclear reactor | nuclear | heat/electrical | power station
gas cooker | chemical | heat/light | kitchen
flute | kinetic | sound | orchestra
escalator | electrical | kinetic/sound | shopping centre
elevator | electrical | kinetic | tall building
laser pointer | electrical | light | lecture hall
"""

STORES = """
stretched rubber band: elastic; wound clock spring: elastic; drawn bow: elastic; bent diving board: elastic;
squashed spring: elastic; pulled catapult: elastic; rolling ball: kinetic; flying arrow: kinetic;
running horse: kinetic; moving train: kinetic; spinning top: kinetic; falling leaf: kinetic/gravitational;
book on a shelf: gravitational; rock on a cliff: gravitational; raised hammer: gravitational;
lake behind a dam: gravitational; child atop a slide: gravitational; hanging apple: gravitational/chemical;
piece of bread: chemical; can of petrol: chemical; lump of coal: chemical; box of matches: chemical;
fresh battery: chemical; log of wood: chemical; bar of chocolate: chemical; cup of hot tea: thermal;
glowing iron rod: thermal; hot bath: thermal; baked potato: thermal; heated stone: thermal; pool of lava: thermal;
uranium rod: nuclear; plutonium pellet: nuclear; thorium pellet: nuclear
"""

POWERS = """
sailboat: wind; kite: wind; windmill: wind; rowing boat: muscles; bicycle: muscles; skateboard: muscles; canoe: muscles;
wheelbarrow: muscles; watermill: flowing water; waterwheel: flowing water; petrol car: petrol; lawn mower: petrol;
motorbike: petrol; chainsaw: petrol; steam train: coal; steamship: coal; tram: electricity; subway train: electricity;
refrigerator: electricity; television: electricity; computer: electricity; vacuum cleaner: electricity;
garden sundial: sunlight; space station: sunlight; solar calculator: sunlight; jet plane: kerosene; helicopter: kerosene;
big truck: diesel; tractor: diesel; cargo ship: diesel; wall clock with weights: gravity; sledge on a hill: gravity;
playground slide: gravity; hourglass: gravity; submarine with a reactor: uranium; toy mouse: clockwork; music box: clockwork;
glider: rising air; hot air balloon: rising air; horse carriage: horses; plough of old: horses; dog sled: dogs
"""

SOURCES = """
coal: fossil; oil: fossil; natural gas: fossil; peat: fossil; petrol: fossil; diesel: fossil; kerosene: fossil;
sunlight: renewable; wind: renewable; waves: renewable; tides: renewable; rivers: renewable; wood pellets: renewable;
hot springs: renewable; biogas: renewable; uranium: nuclear; plutonium: nuclear; thorium: nuclear; lignite: fossil;
fast-growing willow: renewable; deuterium: nuclear; tritium: nuclear
"""


def relations() -> list[Relation]:
    """The six relations of the domain energy."""
    return [*_devices(), *_kinds()]


def _devices() -> list[Relation]:
    takes = Relation(
        "energy",
        "takes",
        "a",
        column(DEVICES, 1),
        (
            "Which form of energy does {x} need as input?",
            "What kind of energy must you supply to {x}?",
            "What energy goes into {x} before it works?",
            "Which energy does {x} transform?",
        ),
        (
            "The {e} uses up {v} energy.",
            "To start {x} give it {v} energy.",
            "On the way in {x} gets {v} energy.",
            "With {v} energy {x} can work.",
        ),
        clash("electrical, electricity"),
    )
    gives = Relation(
        "energy",
        "gives",
        "a",
        column(DEVICES, 2),
        (
            "Which useful form of energy is produced by {x}?",
            "What is the wanted output of {x}?",
            "In what form does energy leave {x}?",
            "What energy do people want from {x}?",
        ),
        (
            "The {e} is built to give {v} energy.",
            "Out of {x} comes {v} energy.",
            "People turn to {x} for {v} energy.",
            "For {v} energy take {x}.",
        ),
    )
    place = Relation(
        "energy",
        "place",
        "a",
        column(DEVICES, 3),
        (
            "In which setting would you expect {x}?",
            "Where is {x} most likely to be used?",
            "Which spot is typical for {x}?",
            "Someone working with {x} is probably at which location?",
        ),
        (
            "People keep {x} at the {v}.",
            "The {e} belongs to the {v}.",
            "Go to the {v} to see {x}.",
            "The {v} is where {x} should be.",
        ),
        clash(
            "living room, kitchen, laundry room, bedside table, hairdresser, desk, front door, hot office",
            "workshop, garage, hot office, lecture hall, desk, bicycle",
            "concert hall, orchestra, lecture hall, night festival",
            "camping site, camping bag, birthday cake, night festival, living room",
            "tall building, shopping centre, roof, hot office",
            "power station, river valley, windy hill",
            "reception desk, desk, front door",
            "tree, windy hill, river valley",
        ),
    )
    return [takes, gives, place]


def _kinds() -> list[Relation]:
    store = Relation(
        "energy",
        "store",
        "a",
        pairs(STORES),
        (
            "Which kind of energy is mostly held by {x}?",
            "What energy store does {x} illustrate?",
            "{x} is an example of which energy store?",
            "Energy of what type is kept in {x}?",
        ),
        (
            "In {x} there is {v} energy.",
            "The energy that rests in {x} is {v}.",
            "Books show {x} for {v} energy.",
            "Think of {v} energy and of {x}.",
        ),
    )
    power = Relation(
        "energy",
        "power",
        "a",
        pairs(POWERS),
        (
            "What drives {x} or makes it run?",
            "On which supply of power does {x} depend?",
            "Without what would {x} stand still or fail?",
            "What puts {x} into action?",
        ),
        (
            "The {e} is powered by {v}.",
            "Thanks to {v} {x} does its work.",
            "The power behind {x} is {v}.",
            "Nothing but {v} is needed for {x}.",
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
    source = Relation(
        "energy",
        "source",
        "",
        pairs(SOURCES),
        (
            "Which label fits {x} as an energy source?",
            "How would an engineer group {x} among fuels and supplies?",
            "What class of energy resource is {x}?",
            "In a report on power stations, how is {x} listed?",
        ),
        (
            "The energy from {x} is called {v}.",
            "Countries that rely on {x} rely on a {v} supply.",
            "The word {v} goes with {x}.",
            "Power from {x} is {v}.",
        ),
    )
    return [store, power, source]
