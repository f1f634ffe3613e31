"""What is known of materials: kind, source, use, state and chemical symbol.

Knows the stuff things are made of. Does not know how facts are asked, split or learned.
"""

from backend.pocket.relation import Relation, clash, column, pairs

# name | kind | comes from | used for | state at room temperature
MATERIALS = """
wool | fabric | sheep | sweaters/coats | solid
cotton | fabric | plants | shirts/sheets | solid
silk | fabric | silkworms | ties/shirts | solid
linen | fabric | flax/plants | sheets/shirts | solid
leather | - | animal skin | shoes/coats | solid
felt | fabric | sheep | hats | solid
denim | fabric | plants | jeans/shirts | solid
nylon | plastic/fabric | oil | ropes | solid
polythene | plastic | oil | bags | solid
polystyrene | plastic | oil | packaging | solid
acrylic | plastic | oil | - | solid
perspex | plastic | oil | - | solid
rubber | - | tree sap | tyres | solid
paper | - | wood pulp/plants | books | solid
cardboard | - | wood pulp/plants | boxes/packaging | solid
glass | - | sand | windows | solid
brick | - | clay | walls | solid
porcelain | - | clay | plates/cups | solid
pottery | - | clay | pots/plates | solid
charcoal | - | burnt wood | barbecues | solid
cork | - | tree bark | bottle stoppers | solid
oak | wood | trees | furniture | solid
pine | wood | trees | furniture | solid
balsa | wood | trees | model planes | solid
mahogany | wood | trees | furniture | solid
ebony | wood | trees | piano keys | solid
granite | rock | cooled magma | kitchen worktops | solid
basalt | rock | cooled lava | - | solid
pumice | rock | cooled lava | - | solid
marble | rock | heated limestone | statues | solid
chalk | rock | tiny sea shells | drawing on boards | solid
slate | rock | pressed mud | roof tiles | solid
sandstone | rock | pressed sand | - | solid
ruby | gem | - | jewellery | -
emerald | gem | - | jewellery | -
sapphire | gem | - | jewellery | -
diamond | gem | pressed carbon | cutting tools/jewellery | solid
topaz | gem | - | jewellery | -
amethyst | gem | - | jewellery | -
opal | gem | - | jewellery | -
garnet | gem | - | jewellery | -
steel | metal | iron | bridges | solid
bronze | metal | copper and tin | medals/statues | solid
brass | metal | copper and zinc | trumpets | solid
iron | metal | metal ore | - | solid
copper | metal | metal ore | wires | solid
aluminium | metal | metal ore | drink cans | solid
gold | metal | - | jewellery | solid
silver | metal | - | jewellery/cutlery | solid
tin | metal | metal ore | - | solid
lead | metal | metal ore | - | solid
zinc | metal | metal ore | - | solid
nickel | metal | metal ore | coins | solid
mercury | metal | metal ore | old thermometers | liquid
tungsten | metal | metal ore | bulb filaments | solid
silicon | - | sand | computer chips | solid
germanium | - | - | - | solid
gallium arsenide | - | - | - | solid
silicon carbide | - | - | - | solid
water | - | - | - | liquid
petrol | fuel | oil | - | liquid
diesel | fuel | oil | - | liquid
kerosene | fuel | oil | - | liquid
coal | fuel/rock | dead plants/plants | - | solid
peat | fuel | dead plants/plants | - | solid
vinegar | - | - | - | liquid
olive oil | - | - | salads/frying | liquid
milk | - | - | cheese | liquid
alcohol | - | - | - | liquid
honey | - | bees | - | -
beeswax | - | bees | candles | solid
sugar | - | sugar cane/plants | sweets | solid
flour | - | wheat/plants | bread | solid
chocolate | - | cocoa beans/plants | sweets | -
oxygen | gas | - | breathing | gas
hydrogen | gas/fuel | - | - | gas
helium | gas | - | party balloons | gas
nitrogen | gas | - | - | gas
neon | gas | - | bright signs | gas
argon | gas | - | - | gas
carbon dioxide | gas | - | fizzy drinks | gas
methane | gas/fuel | - | - | gas
chlorine | gas | - | clean pools | gas
ammonia | gas | - | - | gas
"""

SYMBOLS = """
hydrogen: H; helium: He; carbon: C; nitrogen: N; oxygen: O; sodium: Na; magnesium: Mg; aluminium: Al; silicon: Si;
sulphur: S; chlorine: Cl; potassium: K; calcium: Ca; iron: Fe; copper: Cu; zinc: Zn; silver: Ag; tin: Sn; iodine: I;
gold: Au; mercury: Hg; lead: Pb; uranium: U; nickel: Ni; neon: Ne; argon: Ar; phosphorus: P; tungsten: W
"""

SOURCE_CLASHES = clash(
    "tree sap, wood pulp, tree bark, trees, plants, burnt wood, dead plants, flax",
    "plants, dead plants, flax, sugar cane, wheat, cocoa beans",
    "cooled magma, cooled lava",
    "clay, pressed mud, sand, pressed sand",
    "metal ore, iron, copper and tin, copper and zinc",
    "sheep, animal skin",
)
USE_CLASHES = clash(
    "sweaters, coats, shirts, hats, sheets, ties, jeans, shoes, ropes, bags",
    "furniture, model planes, piano keys, walls, boxes",
    "walls, roof tiles, kitchen worktops, statues, bridges",
    "plates, pots, cups",
    "jewellery, coins, medals, cutlery, statues, trumpets",
    "wires, bulb filaments, computer chips",
    "bags, packaging, boxes",
    "sweets, bread, cheese, salads, frying",
    "coins, bridges, drink cans, wires",
)


def relations() -> list[Relation]:
    """The five relations of the domain materials."""
    return [_kind(), _source(), _use(), _state(), _symbol()]


def _kind() -> Relation:
    return Relation(
        "materials",
        "kind",
        "",
        column(MATERIALS, 1),
        (
            "What type of substance is {x}?",
            "Which sort of stuff do we call {x}?",
            "To what category of materials does {x} belong?",
        ),
        (
            "The type of the substance {x} is {v}.",
            "We call {x} stuff of the sort {v}.",
            "In the categories of materials {x} belongs to {v}.",
            "One {v} that people know is {x}.",
        ),
        clash("gas, fuel", "rock, gem, fuel", "wood, fuel", "fabric, plastic"),
    )


def _source() -> Relation:
    return Relation(
        "materials",
        "source",
        "",
        column(MATERIALS, 2),
        (
            "From what do we obtain {x}?",
            "Which raw material is turned into {x}?",
            "Where does {x} originally come from?",
        ),
        (
            "We obtain {x} from {v}.",
            "The raw material that is turned into {x} is {v}.",
            "Originally {x} comes from {v}.",
            "Out of {v} people make {x}.",
        ),
        SOURCE_CLASHES,
    )


def _use() -> Relation:
    return Relation(
        "materials",
        "use",
        "",
        column(MATERIALS, 3),
        (
            "For what purpose is {x} often used?",
            "Which product needs {x}?",
            "What is a common job for {x}?",
        ),
        (
            "The purpose for which {x} is often used is {v}.",
            "A product that needs {x} is {v}.",
            "A common job for {x} is {v}.",
            "For {v} people like {x} best.",
        ),
        USE_CLASHES,
    )


def _state() -> Relation:
    return Relation(
        "materials",
        "state",
        "",
        column(MATERIALS, 4),
        (
            "In which state of matter is {x} at room temperature?",
            "What form does {x} take in a warm room?",
            "Is {x} normally a solid, a liquid or a gas?",
        ),
        (
            "The state of matter of {x} at room temperature is {v}.",
            "In a warm room {x} takes the form of {av}.",
            "Normally {x} is {av}.",
        ),
    )


def _symbol() -> Relation:
    return Relation(
        "materials",
        "symbol",
        "",
        pairs(SYMBOLS),
        (
            "What is the chemical symbol for {x}?",
            "How do chemists write {x} in a formula?",
            "Which letters stand for {x} in the periodic table?",
        ),
        (
            "The chemical symbol for {x} is {v}.",
            "In a formula chemists write {x} as {v}.",
            "The letters that stand for {x} in the periodic table are {v}.",
            "A label with {v} means {x}.",
        ),
    )
