"""What is known of weather: local winds, climates, what weather is made of, what helps against it, and seasons.

Knows meteorology as a ten-year-old learns it. Does not know how facts are asked, split or learned.
"""

from backend.pocket.relation import Relation, clash, pairs

WINDS = """
mistral: France; sirocco: Sahara; chinook: Rocky Mountains; pampero: Argentina; harmattan: West Africa;
bora: Adriatic coast; Santa Ana: California; zonda: Argentina; khamsin: Egypt; simoom: Arabia;
Fremantle doctor: Australia; southerly buster: Australia; etesian: Greece; meltemi: Greece; tramontane: France;
williwaw: Alaska; nor'wester: New Zealand; buran: Siberia; purga: Siberia; loo: India; kona: Hawaii; haboob: Sudan;
levanter: Gibraltar; helm: England; cape doctor: South Africa
"""

CLIMATES = """
the Sahara: desert; the Gobi: desert; the Atacama: desert; the Kalahari: desert; the Namib: desert;
the Mojave: desert; the Negev: desert; the Amazon: rainforest; the Congo basin: rainforest; Borneo: rainforest;
Sumatra: rainforest; New Guinea: rainforest; Antarctica: polar; Greenland: polar; Svalbard: polar;
Ellesmere Island: polar; Novaya Zemlya: polar; Sicily: Mediterranean; Cyprus: Mediterranean; Crete: Mediterranean;
Malta: Mediterranean; Sardinia: Mediterranean; the Himalayas: mountain; the Andes: mountain; the Alps: mountain;
Tibet: mountain; the Serengeti: savanna; the Kruger Park: savanna; the Maasai Mara: savanna; the Okavango: savanna;
Ireland: mild oceanic; Brittany: mild oceanic; Cornwall: mild oceanic; Wales: mild oceanic;
the Netherlands: mild oceanic
"""

MADE = """
rain: water drops; drizzle: tiny droplets; snow: ice crystals; hail: ice balls; fog: tiny droplets;
mist: tiny droplets; frost: ice crystals; dew: water drops; sleet: rain and snow; a rainbow: bent sunlight;
lightning: electric charge; thunder: heated air; a cirrus cloud: ice crystals; an icicle: frozen meltwater;
a blizzard: wind and snow; a sandstorm: wind and sand; a glacier: packed snow; graupel: soft ice pellets;
an aurora: glowing gas; smog: smoke and fog; a halo: bent sunlight; sea spray: salty water;
a sandy haze: wind and sand; a snowdrift: packed snow; black ice: frozen water; a puddle: collected rain
"""

WEAR = """
rain: umbrella; snow: warm boots; frost: woolly gloves; bright sunshine: sunglasses; strong ultraviolet: sun cream;
a flood: rubber boots; hail: hard hat; fog: bright vest; a dust storm: face mask; a biting wind: windproof jacket;
the freezing cold: thick coat; a heatwave: light clothes; a drought: water bottle; black ice: spiked shoes;
a humid night: mosquito net; a thunderstorm: solid shelter; a hurricane: solid shelter; a tornado: solid shelter;
smog: face mask; drizzle: umbrella
"""

SEASONS = """
January: winter; February: winter; April: spring; May: spring; July: summer; August: summer; October: autumn;
November: autumn; ice on ponds: winter; ice skating on lakes: winter; daffodil time: spring; lamb births: spring;
cherry blossom: spring; frogspawn: spring; strawberry harvest: summer; the longest day: summer; sea bathing: summer;
the falling of leaves: autumn; the apple harvest: autumn; the shortest day: winter; grape picking: autumn;
pumpkin harvest: autumn; hay making: summer; the hatching of chicks: spring; acorn gathering: autumn;
hibernation: winter; swallows leaving: autumn; the return of swallows: spring; sledging: winter
"""


def relations() -> list[Relation]:
    """The five relations of the domain weather."""
    return [_wind(), _climate(), _made(), _wear(), _season()]


def _wind() -> Relation:
    return Relation(
        "weather",
        "wind",
        "the",
        pairs(WINDS),
        (
            "With which region is the wind called {x} linked?",
            "Where might a traveller feel {x} blowing?",
            "Which place is known for {x}?",
        ),
        (
            "The wind called {x} is linked with {v}.",
            "A traveller may feel {x} blowing in {v}.",
            "The place known for {x} is {v}.",
        ),
        clash("Sahara, Egypt, Sudan, West Africa, Arabia", "Greece, Adriatic coast, Gibraltar, France, Sahara"),
    )


def _climate() -> Relation:
    return Relation(
        "weather",
        "climate",
        "",
        pairs(CLIMATES),
        (
            "Which climate would a visitor experience in {x}?",
            "What type of climate rules {x}?",
            "How is the climate of {x} described?",
        ),
        (
            "The climate a visitor experiences in {x} is {v}.",
            "The type of climate that rules {x} is {v}.",
            "The climate of {x} is described as {v}.",
        ),
        clash("polar, mountain", "Mediterranean, mild oceanic"),
    )


def _made() -> Relation:
    return Relation(
        "weather",
        "made",
        "",
        pairs(MADE),
        (
            "Of what does {x} consist?",
            "What causes or makes up {x}?",
            "Which ingredients are needed for {x}?",
        ),
        (
            "In the end {x} consists of {v}.",
            "The thing that causes or makes up {x} is {v}.",
            "The ingredients needed for {x} are {v}.",
        ),
        clash(
            "water drops, tiny droplets, rain and snow, smoke and fog, salty water, collected rain",
            "ice crystals, ice balls, soft ice pellets, packed snow, frozen meltwater, frozen water",
            "ice crystals, packed snow, wind and snow, rain and snow",
            "electric charge, heated air, glowing gas",
        ),
    )


def _wear() -> Relation:
    return Relation(
        "weather",
        "wear",
        "",
        pairs(WEAR),
        (
            "What helps a person most during {x}?",
            "Which item should you take along in case of {x}?",
            "What gives protection against {x}?",
        ),
        (
            "During {x} a person is helped most by the {v}.",
            "The item to take along in case of {x} is the {v}.",
            "Protection against {x} is given by the {v}.",
        ),
        clash(
            "umbrella, rubber boots, warm boots, spiked shoes, solid shelter",
            "woolly gloves, thick coat, warm boots, windproof jacket",
            "sunglasses, sun cream, light clothes, water bottle",
            "umbrella, windproof jacket, hard hat, solid shelter",
            "face mask, sunglasses, windproof jacket, solid shelter",
        ),
    )


def _season() -> Relation:
    return Relation(
        "weather",
        "season",
        "",
        pairs(SEASONS),
        (
            "In which season does Europe have {x}?",
            "Which time of year matches {x} north of the equator?",
            "For {x}, which season should a European calendar show?",
        ),
        (
            "The season in which Europe has {x} is {v}.",
            "The time of year that matches {x} north of the equator is {v}.",
            "For {x} a European calendar shows the season {v}.",
        ),
    )
