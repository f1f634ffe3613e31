"""What is known of animals: kind, food, home, cover, young, legs and group; and who eats plants or meat.

Knows zoology as a ten-year-old learns it. Does not know how facts are asked, split or learned.
"""

from backend.pocket.relation import Relation, clash, column

# name | kind | main food | home | body cover | young | legs | group | diet
ANIMALS = """
cow | mammal | grass/hay | farm | fur | calf | four | herd | herbivore
horse | mammal | grass/hay | farm | fur | foal | four | herd | herbivore
sheep | mammal | grass/hay | farm | wool | lamb | four | flock/herd | herbivore
goat | mammal | - | farm | fur | kid | four | herd | herbivore
pig | mammal | - | farm | - | piglet | four | - | omnivore
lion | mammal | meat | grassland | fur | cub | four | pride | carnivore
tiger | mammal | meat | - | fur | cub | four | - | carnivore
wolf | mammal | meat | forest | fur | pup/cub | four | pack | carnivore
fox | mammal | - | - | fur | cub/pup/kit | four | - | omnivore
rabbit | mammal | grass/leaves | burrow/grassland/farm/forest | fur | kit/kitten | four | colony | herbivore
hare | mammal | grass/leaves | - | fur | leveret | four | - | herbivore
kangaroo | mammal | grass/leaves | - | fur | joey | - | mob | herbivore
koala | mammal | leaves | forest | fur | joey | four | - | herbivore
giant panda | mammal | bamboo/leaves | forest/mountains | fur | cub | four | - | herbivore
elephant | mammal | - | - | - | calf | four | herd | herbivore
giraffe | mammal | leaves | grassland | fur | calf | four | - | herbivore
zebra | mammal | grass | grassland | fur | foal | four | herd | herbivore
hippopotamus | mammal | grass | river | - | calf | four | - | herbivore
camel | mammal | - | desert | fur | calf | four | caravan/herd | herbivore
polar bear | mammal | seals/meat | polar ice | fur | cub | four | - | carnivore
brown bear | mammal | - | forest | fur | cub | four | - | omnivore
seal | mammal | fish | ocean | fur | pup | none | - | carnivore
sea otter | mammal | - | ocean | fur | pup | four | raft | carnivore
dolphin | mammal | fish | ocean | smooth skin | calf | none | pod | carnivore
blue whale | mammal | krill | ocean | smooth skin | calf | none | pod | carnivore
vampire bat | mammal | blood | cave | fur | pup | - | colony | carnivore
mouse | mammal | seeds | - | fur | pup | four | - | omnivore
beaver | mammal | bark | river | fur | kit | four | colony | herbivore
deer | mammal | - | forest | fur | fawn | four | herd | herbivore
mole | mammal | earthworms | underground | fur | pup | four | - | carnivore
hedgehog | mammal | - | - | spines/fur | hoglet | four | - | omnivore
porcupine | mammal | - | - | spines/fur | porcupette | four | - | herbivore
anteater | mammal | ants | - | fur | pup | four | - | carnivore
reindeer | mammal | - | tundra | fur | calf | four | herd | herbivore
gorilla | mammal | leaves | rainforest | fur | infant | - | troop | herbivore
baboon | mammal | - | grassland | fur | infant | - | troop | omnivore
musk ox | mammal | grass | tundra | fur | calf | four | herd | herbivore
llama | mammal | grass/hay | mountains/farm/grassland | wool/fur | cria | four | herd | herbivore
yak | mammal | grass | mountains/farm/grassland | fur/wool | calf | four | herd | herbivore
hen | bird | seeds | farm | feathers | chick | two | flock | omnivore
duck | bird | - | pond | feathers | duckling | two | flock | omnivore
goose | bird | grass | - | feathers | gosling | two | gaggle/flock | herbivore
swan | bird | - | - | feathers | cygnet | two | - | herbivore
owl | bird | mice/meat | - | feathers | owlet | two | parliament | carnivore
bald eagle | bird | fish/meat | - | feathers | eaglet | two | - | carnivore
emperor penguin | bird | fish/krill | polar ice | feathers | chick | two | colony | carnivore
ostrich | bird | - | grassland | feathers | chick | two | - | omnivore
hummingbird | bird | nectar | - | feathers | chick | two | - | -
woodpecker | bird | - | forest | feathers | chick | two | - | omnivore
parrot | bird | seeds/leaves/nectar | rainforest | feathers | chick | two | flock | -
pigeon | bird | seeds | city/farm | feathers | squab | two | flock | -
pelican | bird | fish | - | feathers | chick | two | - | carnivore
heron | bird | fish | - | feathers | chick | two | - | carnivore
swallow | bird | insects | - | feathers | chick | two | - | carnivore
peacock | bird | - | - | feathers | peachick | two | - | omnivore
rattlesnake | reptile | mice/meat | desert | scales | - | none | - | carnivore
crocodile | reptile | meat/fish | river | scales | hatchling | four | - | carnivore
tortoise | reptile | leaves/grass | - | shell/scales | hatchling | four | - | herbivore
sea turtle | reptile | - | ocean | shell/scales | hatchling | - | - | -
chameleon | reptile | insects | rainforest | scales | hatchling | four | - | carnivore
iguana | reptile | leaves | - | scales | hatchling | four | - | herbivore
gecko | reptile | insects | - | scales | hatchling | four | - | carnivore
python | reptile | meat/mice | rainforest | scales | hatchling | none | - | carnivore
alligator | reptile | meat/fish | swamp | scales | hatchling | four | - | carnivore
frog | amphibian | insects | pond | moist skin | tadpole | four | - | carnivore
toad | amphibian | insects/earthworms | - | - | tadpole | four | - | carnivore
newt | amphibian | insects/earthworms | pond | moist skin | eft | four | - | carnivore
salamander | amphibian | insects/earthworms | - | moist skin | larva | four | - | carnivore
axolotl | amphibian | earthworms/insects | lake | moist skin | larva | four | - | carnivore
salmon | fish | - | - | scales | fry | none | school | carnivore
shark | fish | fish/meat | ocean | - | pup | none | - | carnivore
tuna | fish | fish | ocean | scales | fry | none | school | carnivore
clownfish | fish | plankton | coral reef | scales | fry | none | school | omnivore
trout | fish | insects | river/lake | scales | fry | none | school | carnivore
eel | fish | - | - | - | elver | none | - | carnivore
carp | fish | - | pond/lake/river | scales | fry | none | school | omnivore
seahorse | fish | plankton | coral reef/ocean | - | fry | none | - | carnivore
bee | insect | nectar | hive | - | larva | six | swarm/colony | herbivore
ant | insect | - | underground | exoskeleton | larva | six | colony | omnivore
butterfly | insect | nectar | meadow | - | caterpillar | six | - | herbivore
moth | insect | nectar | - | - | caterpillar | six | - | herbivore
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
mite | arachnid | - | - | exoskeleton | - | eight | - | -
tarantula | arachnid | insects | burrow/desert/rainforest | exoskeleton | spiderling | eight | - | carnivore
crab | crustacean | - | seashore | exoskeleton/shell | - | ten | - | omnivore
lobster | crustacean | - | ocean | exoskeleton/shell | - | ten | - | omnivore
shrimp | crustacean | plankton | ocean | exoskeleton/shell | - | ten | - | omnivore
crayfish | crustacean | - | river/lake/pond | exoskeleton/shell | - | ten | - | omnivore
prawn | crustacean | - | ocean | exoskeleton/shell | - | ten | - | omnivore
krill | crustacean | plankton | ocean | exoskeleton/shell | - | - | swarm | -
barnacle | crustacean | plankton | seashore | shell | - | - | - | -
snail | mollusc | leaves | - | shell | - | none | - | herbivore
slug | mollusc | leaves | - | moist skin | - | none | - | herbivore
oyster | mollusc | plankton | - | shell | spat | none | bed | -
clam | mollusc | plankton | - | shell | - | none | bed | -
octopus | mollusc | crabs/meat | ocean | smooth skin | - | - | - | carnivore
squid | mollusc | fish/krill | ocean | smooth skin | - | - | - | carnivore
mussel | mollusc | plankton | seashore | shell | - | none | bed | -
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
    return [*_bodies(), *_lives(), *_families()]


def _bodies() -> list[Relation]:
    kind = Relation(
        "animals",
        "kind",
        "a",
        column(ANIMALS, 1),
        (
            "To which animal class does {x} belong?",
            "How do scientists classify {x}?",
            "In which group of animals is {x} placed?",
            "Which class of creature is {x}?",
        ),
        ("{x} is {av}.", "The {e} counts as {av}.", "Every {e} is a kind of {v}.", "One {v} among many is the {e}."),
    )
    cover = Relation(
        "animals",
        "cover",
        "a",
        column(ANIMALS, 4),
        (
            "What covers the body of {x}?",
            "Which body covering protects {x}?",
            "What would you feel on the outside of {x}?",
            "What is the outer layer of {x} made of?",
        ),
        (
            "{x} has {v}.",
            "The body of {x} is covered with {v}.",
            "The {e} is protected by its {v}.",
            "With {v} {x} is safe and dry.",
        ),
        clash("fur, wool, spines", "smooth skin, moist skin", "shell, exoskeleton"),
    )
    legs = Relation(
        "animals",
        "legs",
        "a",
        column(ANIMALS, 6),
        (
            "How many legs does {x} have?",
            "What number of walking legs would you count on {x}?",
            "If you counted the legs of {x}, how many would there be?",
            "On how many legs does {x} stand?",
        ),
        (
            "The number of legs of {x} is {v}.",
            "Counting the legs of {x} gives {v}.",
            "As for legs, {x} has {v}.",
        ),
    )
    return [kind, cover, legs]


def _lives() -> list[Relation]:
    food = Relation(
        "animals",
        "food",
        "a",
        column(ANIMALS, 2),
        (
            "What does {x} mainly eat?",
            "Which food makes up most of the diet of {x}?",
            "On what does {x} usually feed?",
            "What would a hungry adult {e} look for?",
        ),
        (
            "{x} eats {v}.",
            "The main food of {x} is {v}.",
            "The {e} lives on {v}.",
            "On {v} {x} grows strong.",
        ),
        FOOD_CLASHES,
    )
    home = Relation(
        "animals",
        "home",
        "a",
        column(ANIMALS, 3),
        (
            "Where does {x} usually live?",
            "Which habitat suits {x} best?",
            "Where would you go to find {x}?",
            "What are the natural surroundings of {x}?",
        ),
        (
            "The home of {x} is the {v}.",
            "The {e} lives in the {v}.",
            "{x} is at home in the {v}.",
            "The {v} is home to {x}.",
        ),
        HOME_CLASHES,
    )
    return [food, home]


def _families() -> list[Relation]:
    young = Relation(
        "animals",
        "young",
        "a",
        column(ANIMALS, 5),
        (
            "What is the young of {x} called?",
            "Which name is given to a baby {e}?",
            "What do we call the offspring of {x}?",
            "By which word is a newly born {e} known?",
        ),
        (
            "A young {e} is {av}.",
            "The child of {x} is {av}.",
            "The {e} raises its little {v}.",
            "{av} grows up to be {x}.",
        ),
        YOUNG_CLASHES,
    )
    group = Relation(
        "animals",
        "group",
        "a",
        column(ANIMALS, 7),
        (
            "What is a group with more than one {e} called?",
            "Which word names many of the {e} together?",
            "In what sort of company does {x} travel or live?",
            "When {x} joins its own kind, what do they form?",
        ),
        (
            "The {e} stays with others in {av}.",
            "Around {x} there is often {av}.",
            "Together with its friends {x} makes {av}.",
        ),
        clash("herd, flock, mob, caravan", "swarm, colony", "pack, pride, troop", "raft, pod, school", "colony, bed"),
    )
    return [young, group]
