"""What is known of weather: clouds, what falls and blows, local winds, climates, seasons and what helps.

Knows meteorology as a ten-year-old learns it. Does not know how facts are asked, split or learned.
"""

from backend.pocket.relation import Relation, clash, column, pairs

# cloud | height | look | weather it brings
CLOUDS = """
cirrus | high | thin wisps | dry weather
cirrostratus | high | milky veil | coming rain
cirrocumulus | high | tiny ripples | dry weather
altocumulus | middle | woolly patches | -
altostratus | middle | grey veil | coming rain
cumulus | low | cotton puffs | fair weather
stratus | low | flat grey sheet | drizzle
stratocumulus | low | rolling lumps | -
nimbostratus | - | thick dark blanket | steady rain
cumulonimbus | - | giant anvil | thunderstorms
contrail | high | straight white line | -
fog | - | mist on the ground | -
lenticularis | middle | smooth lens | -
mammatus | - | hanging pouches | -
"""

WINDS = """
mistral: France; sirocco: Sahara; chinook: Rocky Mountains; pampero: Argentina; harmattan: West Africa;
bora: Adriatic coast; Santa Ana: California; zonda: Argentina; khamsin: Egypt; simoom: Arabia; Fremantle doctor: Australia;
southerly buster: Australia; etesian: Greece; meltemi: Greece; tramontane: France; williwaw: Alaska; nor'wester: New Zealand;
buran: Siberia; purga: Siberia; loo: India; kona: Hawaii; haboob: Sudan; levanter: Gibraltar; helm: England; cape doctor: South Africa
"""

CLIMATES = """
Sahara: desert; Gobi: desert; Atacama: desert; Kalahari: desert; Namib: desert; Mojave: desert; Negev: desert;
Amazon: rainforest; Congo basin: rainforest; Borneo: rainforest; Sumatra: rainforest; New Guinea: rainforest;
Antarctica: polar; Greenland: polar; Svalbard: polar; Ellesmere Island: polar; Novaya Zemlya: polar;
Sicily: Mediterranean; Cyprus: Mediterranean; Crete: Mediterranean; Malta: Mediterranean; Sardinia: Mediterranean;
Himalayas: mountain; Andes: mountain; Alps: mountain; Tibet: mountain; Serengeti: savanna; Kruger Park: savanna;
Maasai Mara: savanna; Okavango: savanna; Ireland: mild oceanic; Brittany: mild oceanic; Cornwall: mild oceanic;
Wales: mild oceanic; Netherlands: mild oceanic
"""

MADE = """
rain: water drops; drizzle: tiny droplets; snow: ice crystals; hail: ice balls; fog: tiny droplets; mist: tiny droplets;
frost: ice crystals; dew: water drops; sleet: rain and snow; rainbow: bent sunlight; lightning: electric charge;
thunder: heated air; cirrus cloud: ice crystals; icicle: frozen meltwater; blizzard: wind and snow; sandstorm: wind and sand;
glacier: packed snow; graupel: soft ice pellets; aurora: glowing gas; smog: smoke and fog; halo: bent sunlight;
sea spray: salty water; sandy haze: wind and sand; snowdrift: packed snow; black ice: frozen water; puddle: collected rain
"""

WEAR = """
rain: umbrella; snow: warm boots; frost: woolly gloves; bright sunshine: sunglasses; strong ultraviolet: sun cream;
flood: rubber boots; hail: hard hat; fog: bright vest; dust storm: face mask; biting wind: windproof jacket;
freezing cold: thick coat; heatwave: light clothes; drought: water bottle; black ice: spiked shoes; humid night: mosquito net;
thunderstorm: solid shelter; hurricane: solid shelter; tornado: solid shelter; smog: face mask; drizzle: umbrella
"""

SEASONS = """
January: winter; February: winter; April: spring; May: spring; July: summer; August: summer; October: autumn;
November: autumn; ice on ponds: winter; ice skating on lakes: winter; daffodil time: spring; lamb births: spring;
cherry blossom: spring; frogspawn: spring; strawberry harvest: summer; the longest day: summer; sea bathing: summer;
the falling of leaves: autumn; the apple harvest: autumn; the shortest day: winter; grape picking: autumn;
pumpkin harvest: autumn; hay making: summer; the hatching of chicks: spring; acorn gathering: autumn; hibernation: winter;
swallows leaving: autumn; the return of swallows: spring; sledging: winter
"""


def relations() -> list[Relation]:
    """The seven relations of the domain weather."""
    return [*_clouds(), *_places(), *_things()]


def _clouds() -> list[Relation]:
    height = Relation(
        "weather",
        "height",
        "",
        column(CLOUDS, 1),
        (
            "At which level of the sky does {x} form?",
            "Would a pilot meet {x} at a high, middle or low level?",
            "How far up is {x} usually seen?",
            "Which altitude band belongs to {x}?",
        ),
        (
            "The cloud {x} floats at {v} level.",
            "Among clouds {x} is {v}.",
            "A {v} cloud is {x}.",
        ),
    )
    look = Relation(
        "weather",
        "look",
        "",
        column(CLOUDS, 2),
        (
            "What does {x} look like from the ground?",
            "Which description matches the appearance of {x}?",
            "A painter of {x} should draw what?",
            "As what does {x} appear to the eye?",
        ),
        (
            "You know {x} by its form: {v}.",
            "To our eyes {x} resembles {v}.",
            "Cloud watchers who see {v} say {x}.",
        ),
        clash("milky veil, grey veil, flat grey sheet, thick dark blanket, mist on the ground", "tiny ripples, thin wisps"),
    )
    return [height, look]


def _places() -> list[Relation]:
    wind = Relation(
        "weather",
        "wind",
        "the",
        pairs(WINDS),
        (
            "With which region is the wind called {x} linked?",
            "Where might a traveller feel {x} blowing?",
            "Which place is known for {x}?",
            "Over which land does {x} blow?",
        ),
        (
            "The people of {v} talk of {x}.",
            "The wind named {x} comes to {v}.",
            "Weather maps show {x} in {v}.",
        ),
        clash("Sahara, Egypt, Sudan, West Africa, Arabia", "Greece, Adriatic coast, Gibraltar, France, Sahara"),
    )
    climate = Relation(
        "weather",
        "climate",
        "",
        pairs(CLIMATES),
        (
            "Which climate would a visitor experience in {x}?",
            "What type of climate rules {x}?",
            "How is the climate of {x} described?",
            "Someone packing for {x} should prepare for which climate?",
        ),
        (
            "The land of {x} is {v}.",
            "The weather all year in {x} is {v}.",
            "On {v} maps you find {x}.",
        ),
        clash("polar, mountain", "Mediterranean, mild oceanic"),
    )
    return [wind, climate]


def _things() -> list[Relation]:
    made = Relation(
        "weather",
        "made",
        "",
        pairs(MADE),
        (
            "Of what does {x} consist?",
            "What causes or makes up {x}?",
            "If you looked closely at {x}, what would you notice?",
            "Which ingredients are needed for {x}?",
        ),
        (
            "The weather called {x} is made of {v}.",
            "In truth {x} is only {v}.",
            "Where there are signs of {v} people say {x}.",
        ),
        clash(
            "water drops, tiny droplets, rain and snow, smoke and fog, salty water, collected rain",
            "ice crystals, ice balls, soft ice pellets, packed snow, frozen meltwater, frozen water, wind and snow, rain and snow",
            "electric charge, heated air, glowing gas",
        ),
    )
    wear = Relation(
        "weather",
        "wear",
        "",
        pairs(WEAR),
        (
            "What helps a person most during {x}?",
            "Which item should you take along in case of {x}?",
            "A careful walker prepares for {x} with what?",
            "What gives protection against {x}?",
        ),
        (
            "In {x} people want their {v}.",
            "When {x} comes it is time for the {v}.",
            "The {v} is good in {x}.",
        ),
        clash(
            "umbrella, rubber boots, warm boots, spiked shoes, solid shelter",
            "woolly gloves, thick coat, warm boots, windproof jacket",
            "sunglasses, sun cream, light clothes, water bottle",
            "umbrella, windproof jacket, hard hat, solid shelter",
            "face mask, sunglasses, windproof jacket, solid shelter",
        ),
    )
    season = Relation(
        "weather",
        "season",
        "",
        pairs(SEASONS),
        (
            "In which season does Europe have {x}?",
            "During what part of the year is {x} expected in Europe?",
            "Which time of year matches {x} north of the equator?",
            "For {x}, which season should a European calendar show?",
        ),
        (
            "In Europe {x} means {v}.",
            "The sign of {v} is {x}.",
            "With {x} comes {v}.",
        ),
    )
    return [made, wear, season]
