"""What is known of the sky: kinds of bodies, what goes around what, and the pictures and stars of constellations.

Knows astronomy as a ten-year-old learns it. Does not know how facts are asked, split or learned.
"""

from backend.pocket.relation import Relation, clash, pairs

KINDS = """
Mercury: planet; Venus: planet; Earth: planet; Mars: planet; Jupiter: planet; Saturn: planet; Uranus: planet;
Neptune: planet; Pluto: dwarf planet; Eris: dwarf planet; Haumea: dwarf planet; Makemake: dwarf planet;
Ceres: dwarf planet/asteroid; Vesta: asteroid; Pallas: asteroid; Juno: asteroid; Hygiea: asteroid; Eros: asteroid;
Bennu: asteroid; Ryugu: asteroid; Itokawa: asteroid; Halley: comet; Encke: comet; Hale-Bopp: comet;
Hyakutake: comet; Swift-Tuttle: comet; Wild 2: comet; Andromeda: galaxy/constellation; Milky Way: galaxy;
Whirlpool: galaxy; Sombrero: galaxy; Triangulum: galaxy/constellation; Sirius: star; Vega: star; Rigel: star;
Betelgeuse: star; Polaris: star; Arcturus: star; Aldebaran: star; Capella: star; Titan: moon; Europa: moon;
Ganymede: moon; Callisto: moon; Io: moon; Triton: moon; Phobos: moon; Deimos: moon; Titania: moon; Oberon: moon
"""

ORBITS = """
Phobos: Mars; Deimos: Mars; Io: Jupiter; Europa: Jupiter; Ganymede: Jupiter; Callisto: Jupiter; Amalthea: Jupiter;
Titan: Saturn; Rhea: Saturn; Iapetus: Saturn; Dione: Saturn; Tethys: Saturn; Enceladus: Saturn; Mimas: Saturn;
Titania: Uranus; Oberon: Uranus; Ariel: Uranus; Umbriel: Uranus; Miranda: Uranus; Puck: Uranus;
Triton: Neptune; Nereid: Neptune; Proteus: Neptune; Larissa: Neptune; Galatea: Neptune;
Charon: Pluto; Nix: Pluto; Hydra: Pluto; Styx: Pluto; Kerberos: Pluto
"""

PICTURES = """
Orion: hunter; Leo: lion; Taurus: bull; Scorpius: scorpion; Cygnus: swan; Aquila: eagle; Lyra: harp; Libra: scales;
Gemini: twins; Cancer: crab; Pisces: fishes; Aries: ram; Ursa Major: great bear; Ursa Minor: little bear;
Canis Major: great dog; Canis Minor: little dog; Draco: dragon; Delphinus: dolphin; Lepus: hare; Corvus: crow;
Lupus: wolf; Pavo: peacock; Grus: crane; Phoenix: firebird; Pegasus: winged horse; Aquarius: water carrier;
Capricornus: sea goat; Sagittarius: archer; Virgo: maiden; Cetus: sea monster; Monoceros: unicorn; Columba: dove;
Tucana: toucan; Camelopardalis: giraffe; Crater: cup; Corona Borealis: crown; Vulpecula: fox; Lacerta: lizard
"""

STARS = """
Betelgeuse: Orion; Rigel: Orion; Bellatrix: Orion; Saiph: Orion; Sirius: Canis Major; Adhara: Canis Major;
Vega: Lyra; Sheliak: Lyra; Deneb: Cygnus; Albireo: Cygnus; Sadr: Cygnus; Altair: Aquila; Tarazed: Aquila;
Aldebaran: Taurus; Alcyone: Taurus; Elnath: Taurus; Regulus: Leo; Denebola: Leo; Algieba: Leo; Antares: Scorpius;
Shaula: Scorpius; Spica: Virgo; Vindemiatrix: Virgo; Castor: Gemini; Pollux: Gemini; Alhena: Gemini;
Polaris: Ursa Minor; Kochab: Ursa Minor; Dubhe: Ursa Major; Merak: Ursa Major; Mizar: Ursa Major; Alkaid: Ursa Major;
Thuban: Draco; Eltanin: Draco; Markab: Pegasus; Scheat: Pegasus; Enif: Pegasus; Hamal: Aries; Sheratan: Aries
"""

FEATURES = """
Mercury: smallest planet; Venus: hottest planet; Earth: liquid oceans; Mars: rusty red soil; Jupiter: Great Red Spot;
Saturn: widest rings; Uranus: spinning sideways; Neptune: fastest winds; Titan: thick orange air;
Io: most volcanoes; Europa: smooth ice crust; Ganymede: largest moon; Ceres: largest asteroid; Halley: seen every 76 years;
Polaris: pointing north; Sirius: brightest at night; Pluto: heart-shaped plain; Enceladus: icy fountains;
Milky Way: our own galaxy; Andromeda: nearest large galaxy; Mimas: giant crater; Phobos: slowly falling inward;
Miranda: tallest cliff; Iapetus: two-coloured face; Triton: backward orbit
"""


def relations() -> list[Relation]:
    """The five relations of the domain sky."""
    return [*_bodies(), *_constellations()]


def _bodies() -> list[Relation]:
    kind = Relation(
        "sky",
        "kind",
        "",
        pairs(KINDS),
        (
            "Which type of object in space is {x}?",
            "What would a telescope owner call {x}?",
            "What sort of heavenly body is named {x}?",
            "How do astronomers class {x}?",
        ),
        (
            "The object named {x} is {av}.",
            "Up there {x} moves as {av}.",
            "A {v} has the name {x}.",
            "Astronomers watch {x}, {av}.",
        ),
    )
    orbit = Relation(
        "sky",
        "orbit",
        "",
        pairs(ORBITS),
        (
            "Around which world does {x} travel?",
            "Which larger body holds {x} by gravity?",
            "The moon {x} is a companion of which world?",
            "In whose sky does {x} rise and set as a moon?",
        ),
        (
            "The moon {x} goes around {v}.",
            "Year after year {x} circles {v}.",
            "Near {v} there is {x}.",
            "The partner of {x} is {v}.",
        ),
    )
    feature = Relation(
        "sky",
        "feature",
        "",
        pairs(FEATURES),
        (
            "For what is {x} famous among astronomers?",
            "Which remarkable feature belongs to {x}?",
            "What makes {x} stand out in the night sky books?",
            "Which description fits {x}?",
        ),
        (
            "People remember {x} for this: {v}.",
            "Best known about {x}: {v}.",
            "If you hear {v}, think of {x}.",
            "The special thing with {x} is {v}.",
        ),
        clash(
            "smallest planet, hottest planet, fastest winds, thick orange air, rusty red soil",
            "largest moon, most volcanoes, smooth ice crust, icy fountains, giant crater, tallest cliff",
            "largest asteroid, giant crater, two-coloured face",
        ),
    )
    return [kind, orbit, feature]


def _constellations() -> list[Relation]:
    picture = Relation(
        "sky",
        "picture",
        "",
        pairs(PICTURES),
        (
            "What does the constellation {x} represent?",
            "Which figure did people imagine in the stars of {x}?",
            "When you join the dots of {x}, what appears?",
            "Whose shape is seen in the star pattern {x}?",
        ),
        (
            "The stars of {x} look like the {v}.",
            "Long ago {x} was drawn as the {v}.",
            "The {v} of the night is {x}.",
            "In old stories {x} is the {v}.",
        ),
        clash("eagle, swan, dove, crow, crane, firebird, toucan, peacock"),
    )
    star = Relation(
        "sky",
        "star",
        "",
        pairs(STARS),
        (
            "In which constellation does {x} shine?",
            "To find {x}, which star pattern must you know?",
            "Which constellation includes the star {x}?",
            "A star chart shows {x} as a member of what?",
        ),
        (
            "The star {x} is part of {v}.",
            "You see {x} within {v}.",
            "One light of {v} is {x}.",
            "Follow {x} and you are in {v}.",
        ),
    )
    return [picture, star]
