"""What is known of animals: kind, food, home, cover, young, legs and group; and who eats plants or meat.

Knows zoology as a ten-year-old learns it. Does not know how facts are asked, split or learned.
"""

from backend.pocket.relation import Relation, clash, column

# name | kind | main food | home | body cover | young | legs | group | diet
ANIMALS = """
cow | mammal | grass/hay | farm | fur | calf | four | herd | herbivore
horse | mammal | grass/hay | farm | fur | foal | four | herd | herbivore
sheep | mammal | grass/hay | farm | wool | lamb | four | flock/herd | herbivore
pig | mammal | - | farm | - | piglet | four | - | omnivore
lion | mammal | meat | grassland | fur | cub | four | pride | carnivore
tiger | mammal | meat | - | fur | cub | four | - | carnivore
wolf | mammal | meat | forest | fur | pup/cub | four | pack | carnivore
fox | mammal | - | - | fur | cub/pup/kit | four | - | omnivore
rabbit | mammal | grass/leaves | burrow/grassland/farm/forest | fur | kit/kitten | four | colony | herbivore
kangaroo | mammal | grass/leaves | - | fur | joey | - | mob | herbivore
koala | mammal | leaves | forest | fur | joey | four | - | herbivore
giant panda | mammal | bamboo/leaves | forest/mountains | fur | cub | four | - | herbivore
elephant | mammal | - | - | - | calf | four | herd | herbivore
giraffe | mammal | leaves | grassland | fur | calf | four | - | herbivore
zebra | mammal | grass | grassland | fur | foal | four | herd | herbivore
camel | mammal | - | desert | fur | calf | four | caravan/herd | herbivore
polar bear | mammal | seals/meat | polar ice | fur | cub | four | - | carnivore
brown bear | mammal | - | forest | fur | cub | four | - | omnivore
seal | mammal | fish | ocean | fur | pup | - | - | carnivore
dolphin | mammal | fish | ocean | smooth skin | calf | none | pod | carnivore
blue whale | mammal | krill | ocean | smooth skin | calf | none | pod | carnivore
vampire bat | mammal | blood | cave | fur | pup | - | colony | carnivore
mouse | mammal | seeds | - | fur | pup | four | - | omnivore
deer | mammal | - | forest | fur | fawn | four | herd | herbivore
mole | mammal | earthworms | underground | fur | pup | four | - | carnivore
hedgehog | mammal | - | - | spines/fur | hoglet | four | - | omnivore
reindeer | mammal | - | tundra | fur | calf | four | herd | herbivore
gorilla | mammal | leaves | rainforest | fur | infant | - | troop | herbivore
hen | bird | seeds | farm | feathers | chick | two | flock | omnivore
duck | bird | - | pond | feathers | duckling | two | flock | omnivore
goose | bird | grass | - | feathers | gosling | two | gaggle/flock | herbivore
swan | bird | - | - | feathers | cygnet | two | - | herbivore
owl | bird | mice/meat | - | feathers | owlet | two | parliament | carnivore
bald eagle | bird | fish/meat | - | feathers | eaglet | two | - | carnivore
emperor penguin | bird | fish/krill | polar ice | feathers | chick | two | colony | carnivore
ostrich | bird | - | grassland | feathers | chick | two | - | omnivore
hummingbird | bird | nectar | - | feathers | chick | two | - | -
parrot | bird | seeds/leaves/nectar | rainforest | feathers | chick | two | flock | -
pigeon | bird | seeds | city/farm | feathers | squab | two | flock | -
pelican | bird | fish | - | feathers | chick | two | - | carnivore
rattlesnake | reptile | mice/meat | desert | scales | - | none | - | carnivore
crocodile | reptile | meat/fish | river | scales | hatchling | four | - | carnivore
tortoise | reptile | leaves/grass | - | shell/scales | hatchling | four | - | herbivore
sea turtle | reptile | - | ocean | shell/scales | hatchling | - | - | -
chameleon | reptile | insects | rainforest | scales | hatchling | four | - | carnivore
frog | amphibian | insects | pond | moist skin | tadpole | four | - | carnivore
toad | amphibian | insects/earthworms | - | - | tadpole | four | - | carnivore
salmon | fish | - | - | scales | fry | none | school | carnivore
shark | fish | fish/meat | ocean | - | pup | none | - | carnivore
tuna | fish | fish | ocean | scales | fry | none | school | carnivore
trout | fish | insects | river/lake | scales | fry | none | school | carnivore
eel | fish | - | - | - | elver | none | - | carnivore
seahorse | fish | plankton | coral reef/ocean | - | fry | none | - | carnivore
bee | insect | nectar | hive | - | larva | six | swarm/colony | herbivore
ant | insect | - | underground | exoskeleton | larva | six | colony | omnivore
butterfly | insect | nectar | meadow | - | caterpillar | six | - | herbivore
mosquito | insect | - | - | exoskeleton | larva | six | swarm | -
housefly | insect | - | - | exoskeleton | maggot | six | swarm | omnivore
locust | insect | leaves/grass | - | exoskeleton | nymph | six | swarm | herbivore
grasshopper | insect | grass/leaves | meadow/grassland | exoskeleton | nymph | six | - | herbivore
ladybird | insect | aphids/insects | meadow | exoskeleton | larva | six | - | carnivore
dragonfly | insect | mosquitoes/insects | pond | exoskeleton | nymph | six | - | carnivore
termite | insect | wood | mound/underground | exoskeleton | nymph | six | colony | herbivore
beetle | insect | - | - | exoskeleton | grub | six | - | -
spider | arachnid | insects | web | exoskeleton | spiderling | eight | - | carnivore
scorpion | arachnid | insects | desert | exoskeleton | - | eight | - | carnivore
tick | arachnid | blood | - | exoskeleton | - | eight | - | -
crab | crustacean | - | seashore | exoskeleton/shell | - | ten | - | omnivore
lobster | crustacean | - | ocean | exoskeleton/shell | - | ten | - | omnivore
crayfish | crustacean | - | river/lake/pond | exoskeleton/shell | - | ten | - | omnivore
krill | crustacean | plankton | ocean | exoskeleton/shell | - | - | swarm | -
snail | mollusc | leaves | - | shell | - | none | - | herbivore
oyster | mollusc | plankton | - | shell | spat | none | bed | -
clam | mollusc | plankton | - | shell | - | none | bed | -
octopus | mollusc | crabs/meat | ocean | smooth skin | - | - | - | carnivore
squid | mollusc | fish/krill | ocean | smooth skin | - | - | - | carnivore
"""

FOOD_CLASHES = clash(
    "grass, leaves, bamboo, hay, bark",
    "fish, krill, meat, seals, crabs",
    "insects, ants, aphids, mosquitoes",
    "mice, meat",
    "bark, wood",
    "krill, plankton",
    "insects, earthworms",
)
HOME_CLASHES = clash(
    "forest, rainforest, mountains",
    "river, pond, lake, swamp",
    "ocean, coral reef, polar ice, seashore",
    "underground, burrow, mound, cave",
    "grassland, meadow, farm",
    "tundra, polar ice, mountains",
    "meadow, pond, hive, web",
)
YOUNG_CLASHES = clash(
    "chick, duckling, gosling, cygnet, owlet, eaglet, squab, peachick, hatchling",
    "pup, cub, kit",
    "larva, caterpillar, maggot, nymph, grub, spat, eft, tadpole, fry",
    "calf, fawn",
    "hatchling, spiderling, fry",
)


def relations() -> list[Relation]:
    """The seven relations of the domain animals."""
    return [_kind(), _cover(), _legs(), _food(), _home(), _young(), _group()]


def _kind() -> Relation:
    return Relation(
        "animals",
        "kind",
        "a",
        column(ANIMALS, 1),
        (
            "To which animal class does {x} belong?",
            "How do scientists classify {x}?",
            "In which group of animals is {x} placed?",
        ),
        (
            "{x} is {av}.",
            "The animal class to which {x} belongs is {v}.",
            "Scientists classify {x} as {av}.",
            "In the groups of animals {x} is placed as {av}.",
        ),
    )


def _cover() -> Relation:
    return Relation(
        "animals",
        "cover",
        "a",
        column(ANIMALS, 4),
        (
            "What covers the body of {x}?",
            "Which body covering protects {x}?",
            "What is the outer layer of {x} made of?",
        ),
        (
            "The body of {x} is covered with {v}.",
            "The body covering that protects {x} is {v}.",
            "The outer layer of {x} is made of {v}.",
            "With {v} on its body {x} is safe and dry.",
        ),
        clash("fur, wool, spines", "smooth skin, moist skin", "shell, exoskeleton"),
    )


def _legs() -> Relation:
    return Relation(
        "animals",
        "legs",
        "a",
        column(ANIMALS, 6),
        (
            "How many legs does {x} have?",
            "What number of legs would you count on {x}?",
            "On how many legs does {x} stand?",
        ),
        (
            "As for legs, {x} has {v}.",
            "The number of legs you count on {x} is {v}.",
            "The legs on which {x} stands are {v}.",
        ),
    )


def _food() -> Relation:
    return Relation(
        "animals",
        "food",
        "a",
        column(ANIMALS, 2),
        (
            "What does {x} mainly eat?",
            "Which food makes up most of the diet of {x}?",
            "On what does {x} usually feed?",
        ),
        (
            "{x} mainly eats {v}.",
            "The food in the diet of {x} is mostly {v}.",
            "The {e} usually feeds on {v}.",
            "On {v} {x} grows strong.",
        ),
        FOOD_CLASHES,
    )


def _home() -> Relation:
    return Relation(
        "animals",
        "home",
        "a",
        column(ANIMALS, 3),
        (
            "Where does {x} usually live?",
            "Which habitat suits {x} best?",
            "What are the natural surroundings of {x}?",
        ),
        (
            "The {e} usually lives in the {v}.",
            "The habitat that suits {x} best is the {v}.",
            "The natural surroundings of {x} are the {v}.",
            "The {v} is home to {x}.",
        ),
        HOME_CLASHES,
    )


def _young() -> Relation:
    return Relation(
        "animals",
        "young",
        "a",
        column(ANIMALS, 5),
        (
            "What is the young of {x} called?",
            "Which name is given to a baby {e}?",
            "What do we call the offspring of {x}?",
        ),
        (
            "The young of {x} is called {av}.",
            "The name given to a baby {e} is {v}.",
            "We call the offspring of {x} {av}.",
            "{av} grows up to be {x}.",
        ),
        YOUNG_CLASHES,
    )


def _group() -> Relation:
    return Relation(
        "animals",
        "group",
        "a",
        column(ANIMALS, 7),
        (
            "What is a group with more than one {e} called?",
            "Which word names many {e} animals together?",
            "In what sort of company does {x} live?",
        ),
        (
            "A group with more than one {e} is called {av}.",
            "The word for many {e} animals together is {v}.",
            "The company in which {x} lives is {av}.",
        ),
        clash("herd, flock, mob, caravan", "swarm, colony", "pack, pride, troop", "raft, pod, school", "colony, bed"),
    )
