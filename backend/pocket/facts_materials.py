"""What is known of materials: kind, source, use, state, electricity and chemical symbol.

Knows the stuff things are made of. Does not know how facts are asked, split or learned.
"""

from backend.pocket.relation import Relation, clash, column, pairs

# name | kind | comes from | used for | state at room temperature | electricity
MATERIALS = """
wool | fabric | sheep | sweaters/coats | solid | insulator
cotton | fabric | plants | shirts/sheets | solid | insulator
silk | fabric | silkworms | ties/shirts | solid | insulator
linen | fabric | flax/plants | sheets/shirts | solid | insulator
leather | - | animal skin | shoes/coats | solid | insulator
felt | fabric | sheep | hats | solid | insulator
denim | fabric | plants | jeans/shirts | solid | -
nylon | plastic/fabric | oil | ropes | solid | insulator
polythene | plastic | oil | bags | solid | insulator
polystyrene | plastic | oil | packaging | solid | insulator
acrylic | plastic | oil | - | solid | insulator
perspex | plastic | oil | - | solid | insulator
rubber | - | tree sap | tyres | solid | insulator
paper | - | wood pulp/plants | books | solid | insulator
cardboard | - | wood pulp/plants | boxes/packaging | solid | insulator
glass | - | sand | windows | solid | insulator
brick | - | clay | walls | solid | insulator
porcelain | - | clay | plates/cups | solid | insulator
pottery | - | clay | pots/plates | solid | insulator
charcoal | - | burnt wood | barbecues | solid | -
cork | - | tree bark | bottle stoppers | solid | insulator
oak | wood | trees | furniture | solid | insulator
pine | wood | trees | furniture | solid | insulator
balsa | wood | trees | model planes | solid | insulator
mahogany | wood | trees | furniture | solid | insulator
ebony | wood | trees | piano keys | solid | insulator
granite | rock | cooled magma | kitchen worktops | solid | -
basalt | rock | cooled lava | - | solid | -
pumice | rock | cooled lava | - | solid | -
marble | rock | heated limestone | statues | solid | -
chalk | rock | tiny sea shells | blackboards | solid | -
slate | rock | pressed mud | roof tiles | solid | -
sandstone | rock | pressed sand | - | solid | -
ruby | gem | - | jewellery | - | -
emerald | gem | - | jewellery | - | -
sapphire | gem | - | jewellery | - | -
diamond | gem | pressed carbon | cutting tools/jewellery | solid | insulator
topaz | gem | - | jewellery | - | -
amethyst | gem | - | jewellery | - | -
opal | gem | - | jewellery | - | -
garnet | gem | - | jewellery | - | -
steel | metal | iron | bridges | solid | conductor
bronze | metal | copper and tin | medals/statues | solid | conductor
brass | metal | copper and zinc | trumpets | solid | conductor
iron | metal | metal ore | - | solid | conductor
copper | metal | metal ore | wires | solid | conductor
aluminium | metal | metal ore | drink cans | solid | conductor
gold | metal | - | jewellery | solid | conductor
silver | metal | - | jewellery/cutlery | solid | conductor
tin | metal | metal ore | - | solid | conductor
lead | metal | metal ore | - | solid | conductor
zinc | metal | metal ore | - | solid | conductor
nickel | metal | metal ore | coins | solid | conductor
mercury | metal | metal ore | old thermometers | liquid | conductor
tungsten | metal | metal ore | bulb filaments | solid | conductor
silicon | - | sand | computer chips | solid | semiconductor
germanium | - | - | - | solid | semiconductor
gallium arsenide | - | - | - | solid | semiconductor
silicon carbide | - | - | - | solid | semiconductor
water | - | - | - | liquid | -
petrol | fuel | oil | - | liquid | -
diesel | fuel | oil | - | liquid | -
kerosene | fuel | oil | - | liquid | -
coal | fuel/rock | dead plants/plants | - | solid | -
peat | fuel | dead plants/plants | - | solid | -
vinegar | - | - | - | liquid | -
olive oil | - | - | salads/frying | liquid | -
milk | - | - | cheese | liquid | -
alcohol | - | - | - | liquid | -
honey | - | bees | - | - | -
beeswax | - | bees | candles | solid | -
sugar | - | sugar cane/plants | sweets | solid | -
flour | - | wheat/plants | bread | solid | -
chocolate | - | cocoa beans/plants | sweets | - | -
oxygen | gas | - | breathing | gas | -
hydrogen | gas/fuel | - | - | gas | -
helium | gas | - | party balloons | gas | -
nitrogen | gas | - | - | gas | -
neon | gas | - | bright signs | gas | -
argon | gas | - | - | gas | -
carbon dioxide | gas | - | fizzy drinks | gas | -
methane | gas/fuel | - | - | gas | -
chlorine | gas | - | clean pools | gas | -
ammonia | gas | - | - | gas | -
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
    """The six relations of the domain materials."""
    return [*_origins(), *_behaviours(), _symbol()]


def _origins() -> list[Relation]:
    kind = Relation(
        "materials",
        "kind",
        "",
        column(MATERIALS, 1),
        (
            "What type of substance is {x}?",
            "Under which heading would a chemist file {x}?",
            "Which sort of stuff do we call {x}?",
            "To what category of materials does {x} belong?",
        ),
        (
            "The substance {x} is {av}.",
            "We know {x} as {av}.",
            "One {v} that people know is {x}.",
            "People treat {x} as {av}.",
        ),
        clash("gas, fuel", "rock, gem, fuel", "wood, fuel", "fabric, plastic"),
    )
    source = Relation(
        "materials",
        "source",
        "",
        column(MATERIALS, 2),
        (
            "From what do we obtain {x}?",
            "Which raw material is turned into {x}?",
            "Where does {x} originally come from?",
            "What must people begin with to produce {x}?",
        ),
        (
            "The stuff called {x} is made from {v}.",
            "To get {x} you need {v}.",
            "Out of {v} comes {x}.",
            "People make {x} out of {v}.",
        ),
        SOURCE_CLASHES,
    )
    use = Relation(
        "materials",
        "use",
        "",
        column(MATERIALS, 3),
        (
            "For what purpose is {x} often used?",
            "Which product needs {x}?",
            "What is a common job for {x}?",
            "For which of these would a buyer choose {x}?",
        ),
        (
            "In daily life {x} is useful for {v}.",
            "People need {x} for {v}.",
            "For {v} people like {x} best.",
            "A good use of {x} is {v}.",
        ),
        USE_CLASHES,
    )
    return [kind, source, use]


def _behaviours() -> list[Relation]:
    state = Relation(
        "materials",
        "state",
        "",
        column(MATERIALS, 4),
        (
            "In which state of matter is {x} at room temperature?",
            "What form does {x} take in a warm room?",
            "Is {x} normally a solid, a liquid or a gas?",
            "How would {x} appear at twenty degrees?",
        ),
        (
            "In a room {x} is {av}.",
            "On a normal day {x} stays {av}.",
            "The matter of {x} is that of {av}.",
        ),
    )
    electricity = Relation(
        "materials",
        "electricity",
        "",
        column(MATERIALS, 5),
        (
            "How does {x} respond to electricity?",
            "In an electric circuit, what is {x}?",
            "What do electricians call a material like {x}?",
            "Which electrical word describes {x}?",
        ),
        (
            "To a current {x} is {av}.",
            "An engineer uses {x} as {av}.",
            "When current meets {x} it meets {av}.",
        ),
    )
    return [state, electricity]


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
            "What short sign is used for the element {x}?",
        ),
        (
            "The element {x} is written {v}.",
            "In short {x} is {v}.",
            "A label with {v} means {x}.",
            "We shorten {x} to {v}.",
        ),
    )
