"""What is known of food chains: roles, diets, who eats whom, where plants grow and which part of them we eat.

Knows ecology as a ten-year-old learns it; the diets of animals come from the table of animals. Does not know how
facts are asked, split or learned.
"""

from backend.pocket.facts_animals import ANIMALS
from backend.pocket.relation import Relation, clash, column, pairs

DIET_COLUMN = 8

ROLES = """
grass: producer; oak tree: producer; seaweed: producer; algae: producer; clover: producer; moss: producer;
rose bush: producer; wheat: producer; fern: producer; cactus: producer; pondweed: producer; sunflower: producer;
dandelion: producer; kelp: producer; mushroom: decomposer; toadstool: decomposer; bread mould: decomposer;
yeast: decomposer; soil bacteria: decomposer; rotting fungus: decomposer; earthworm: decomposer/scavenger;
bracket fungus: decomposer; compost bacteria: decomposer; millipede: decomposer; grazing cow: primary consumer;
grazing zebra: primary consumer; leaf-eating caterpillar: primary consumer; rabbit: primary consumer;
giraffe: primary consumer; aphid: primary consumer; sheep: primary consumer; grasshopper: primary consumer;
deer: primary consumer; wild horse: primary consumer; elephant: primary consumer; killer whale: top predator;
lion: top predator; golden eagle: top predator; tiger: top predator; great white shark: top predator;
polar bear: top predator; crocodile: top predator; jaguar: top predator; tapeworm: parasite; flea: parasite;
tick: parasite; head louse: parasite; leech: parasite; mistletoe: parasite; dodder: parasite; hookworm: parasite;
vulture: scavenger; hyena: scavenger; burying beetle: scavenger; carrion crow: scavenger; condor: scavenger;
marabou stork: scavenger; blowfly: scavenger; snow leopard: top predator; roundworm: parasite
"""

EATEN = """
mouse: owl; vole: owl; shrew: owl; zebra: lion; wildebeest: lion; gazelle: cheetah; impala: cheetah;
krill: blue whale; herring: seal; cod: seal; seal: polar bear; salmon: bear; bamboo: panda; eucalyptus leaf: koala;
acacia leaf: giraffe; cabbage leaf: caterpillar; milkweed: caterpillar; nettle leaf: caterpillar; aphid: ladybird;
greenfly: ladybird; snail: song thrush; earthworm: mole; ant: anteater; termite: anteater; fly: spider; midge: spider;
moth: bat; acorn: squirrel; hazelnut: squirrel; carrot: rabbit; nectar: bee; pollen: bee; lemming: arctic fox;
moose: wolf; elk: wolf; sea urchin: sea otter; minnow: kingfisher; stickleback: kingfisher; tadpole: dragonfly nymph;
penguin: leopard seal; sardine: dolphin; mackerel: dolphin; chicken: fox; pine seed: crossbill;
rotten log: beetle grub; plankton: whale shark; coral: parrotfish; rat: python; capybara: jaguar; sambar deer: tiger;
chital deer: tiger; mussel: starfish; clam: starfish
"""

PARTS = """
carrot: root; radish: root; beetroot: root; turnip: root; parsnip: root; cassava: root; lettuce: leaf; spinach: leaf;
cabbage: leaf; kale: leaf; parsley: leaf; tea: leaf; apple: fruit; tomato: fruit; banana: fruit; cucumber: fruit;
orange: fruit; pumpkin: fruit; wheat: seed; pea: seed; rice: seed; maize: seed; lentil: seed; sunflower: seed;
almond: seed; broccoli: flower; cauliflower: flower; artichoke: flower; saffron: flower; celery: stalk;
rhubarb: stalk/leaf; asparagus: stalk; sugar cane: stalk; bamboo: stalk; potato: tuber; yam: tuber; onion: bulb;
garlic: bulb; cinnamon: bark; shallot: bulb; leek: leaf; chickpea: seed; mango: fruit; clove: flower; caper: flower;
quinine: bark
"""

GROWS = """
cactus: desert; date palm: desert; aloe: desert; water lily: pond; duckweed: pond; bulrush: pond; kelp: ocean;
seagrass: ocean; phytoplankton: ocean; banana plant: rainforest; orchid vine: rainforest; rubber tree: rainforest;
cocoa tree: rainforest; mahogany tree: rainforest; beech tree: woodland; bluebell: woodland; oak tree: woodland;
wood anemone: woodland; edelweiss: high mountains; alpine gentian: high mountains; arctic willow: tundra;
reindeer moss: tundra; cotton grass: tundra; acacia tree: savanna; baobab: savanna; elephant grass: savanna;
mangrove: muddy coast; samphire: muddy coast; marram grass: sand dunes; sea holly: sand dunes; sphagnum moss: bog;
sundew: bog; cranberry: bog; poppy: cornfield; cornflower: cornfield; creosote bush: desert; hornwort: pond;
hazel: woodland
"""

EATEN_CLASHES = clash(
    "owl, fox, python, arctic fox, bat, jaguar, wolf, song thrush, mole, spider, kingfisher",
    "lion, cheetah, tiger, jaguar, wolf, python, bear",
    "seal, polar bear, dolphin, leopard seal, bear, kingfisher, sea otter, starfish",
    "panda, koala, giraffe, caterpillar, rabbit, bee, squirrel, beetle grub, crossbill",
    "ladybird, anteater, spider, song thrush, dragonfly nymph, mole, bat",
    "mole, python, fox, owl, kingfisher, song thrush",
    "blue whale, whale shark, parrotfish, starfish, sea otter, seal, dolphin, leopard seal",
    "dragonfly nymph, kingfisher, ladybird, spider",
    "wolf, bear, arctic fox, fox, owl",
    "squirrel, crossbill, bear, rabbit, panda",
)


def relations() -> list[Relation]:
    """The five relations of the domain food chains."""
    return [_role(), _diet(), _eaten(), _part(), _grows()]


def _role() -> Relation:
    return Relation(
        "food_chains",
        "role",
        "the",
        pairs(ROLES),
        (
            "What role does {x} play in a food chain?",
            "In a drawing of a food web, how is {x} labelled?",
            "Which position does {x} hold in the flow of energy?",
        ),
        (
            "The role {x} plays in a food chain is {v}.",
            "In a drawing of a food web {x} is labelled {v}.",
            "The position {x} holds in the flow of energy is {v}.",
        ),
        clash("top predator, scavenger, primary consumer", "decomposer, scavenger"),
    )


def _diet() -> Relation:
    return Relation(
        "food_chains",
        "diet",
        "a",
        column(ANIMALS, DIET_COLUMN),
        (
            "Which term describes the diet of {x}?",
            "Is {x} a herbivore, a carnivore or an omnivore?",
            "By its feeding habits, what is {x}?",
        ),
        (
            "The term that describes the diet of {x} is {v}.",
            "By its feeding habits {x} is {av}.",
            "One well known {v} is {x}.",
        ),
    )


def _eaten() -> Relation:
    return Relation(
        "food_chains",
        "eaten",
        "the",
        pairs(EATEN),
        (
            "Which living thing consumes {x}?",
            "What comes right after {x} in a food chain?",
            "An arrow in a food web leads from {x} to what?",
        ),
        (
            "The living thing that consumes {x} is the {v}.",
            "Right after {x} in a food chain comes the {v}.",
            "An arrow in a food web leads from {x} to the {v}.",
            "The {v} hunts or picks {x}.",
        ),
        EATEN_CLASHES,
    )


def _part() -> Relation:
    return Relation(
        "food_chains",
        "part",
        "the",
        pairs(PARTS),
        (
            "Which plant part do people eat or use from {x}?",
            "Botanically, what part of the plant is {x}?",
            "From which part of its plant do we get {x}?",
        ),
        (
            "The plant part people eat or use from {x} is the {v}.",
            "Botanically, {x} is a part of the plant called {v}.",
            "We get {x} from a part of its plant, the {v}.",
        ),
        clash("root, tuber, bulb", "stalk, bark"),
    )


def _grows() -> Relation:
    return Relation(
        "food_chains",
        "grows",
        "the",
        pairs(GROWS),
        (
            "In which landscape does {x} grow wild?",
            "Where should a botanist search for {x}?",
            "Which kind of place gives {x} what it needs?",
        ),
        (
            "The landscape in which {x} grows wild is the {v}.",
            "A botanist searches for {x} in the {v}.",
            "The kind of place that gives {x} what it needs is the {v}.",
        ),
        clash("pond, bog", "woodland, rainforest", "tundra, high mountains, bog", "ocean, muddy coast, sand dunes"),
    )
