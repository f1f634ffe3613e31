"""What is known of the sky: kinds, what goes around what, the pictures and the stars of constellations.

Knows astronomy as a ten-year-old learns it. Does not know how facts are asked, split or learned.
"""

from backend.pocket.relation import Relation, clash, pairs

KINDS = """
Mercury: planet; Venus: planet; Earth: planet; Mars: planet; Jupiter: planet; Saturn: planet; Uranus: planet;
Neptune: planet; Pluto: dwarf planet; Eris: dwarf planet; Haumea: dwarf planet; Makemake: dwarf planet;
Ceres: dwarf planet/asteroid; Vesta: asteroid; Pallas: asteroid; Juno: asteroid; Hygiea: asteroid; Eros: asteroid;
Bennu: asteroid; Ryugu: asteroid; Itokawa: asteroid; Halley: comet; Encke: comet; Hale-Bopp: comet; Hyakutake: comet;
Swift-Tuttle: comet; Wild 2: comet; Andromeda: galaxy/constellation; Milky Way: galaxy; Whirlpool: galaxy;
Sombrero: galaxy; Triangulum: galaxy/constellation; Sirius: star; Vega: star; Rigel: star; Betelgeuse: star;
Polaris: star; Arcturus: star; Aldebaran: star; Capella: star; Titan: moon; Europa: moon; Ganymede: moon;
Callisto: moon; Io: moon; Triton: moon; Phobos: moon; Deimos: moon; Titania: moon; Oberon: moon
"""

ORBITS = """
Phobos: Mars; Deimos: Mars; Io: Jupiter; Europa: Jupiter; Ganymede: Jupiter; Callisto: Jupiter; Amalthea: Jupiter;
Titan: Saturn; Rhea: Saturn; Iapetus: Saturn; Dione: Saturn; Tethys: Saturn; Enceladus: Saturn; Mimas: Saturn;
Titania: Uranus; Oberon: Uranus; Ariel: Uranus; Umbriel: Uranus; Miranda: Uranus; Puck: Uranus; Triton: Neptune;
Nereid: Neptune; Proteus: Neptune; Larissa: Neptune; Galatea: Neptune; Charon: Pluto; Nix: Pluto; Hydra: Pluto;
Styx: Pluto; Kerberos: Pluto
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
Betelgeuse: Orion; Rigel: Orion; Bellatrix: Orion; Saiph: Orion; Sirius: Canis Major; Adhara: Canis Major; Vega: Lyra;
Sheliak: Lyra; Deneb: Cygnus; Albireo: Cygnus; Sadr: Cygnus; Altair: Aquila; Tarazed: Aquila; Aldebaran: Taurus;
Alcyone: Taurus; Elnath: Taurus; Regulus: Leo; Denebola: Leo; Algieba: Leo; Antares: Scorpius; Shaula: Scorpius;
Spica: Virgo; Vindemiatrix: Virgo; Castor: Gemini; Pollux: Gemini; Alhena: Gemini; Polaris: Ursa Minor;
Kochab: Ursa Minor; Dubhe: Ursa Major; Merak: Ursa Major; Mizar: Ursa Major; Alkaid: Ursa Major; Thuban: Draco;
Eltanin: Draco; Markab: Pegasus; Scheat: Pegasus; Enif: Pegasus; Hamal: Aries; Sheratan: Aries
"""


def relations() -> list[Relation]:
    """The four relations of the domain sky."""
    return [_kind(), _orbit(), _picture(), _star()]


def _kind() -> Relation:
    return Relation(
        "sky",
        "kind",
        "",
        pairs(KINDS),
        (
            "Which type of object in space is {x}?",
            "What sort of heavenly body is named {x}?",
            "How do astronomers class {x}?",
        ),
        (
            "The type of the object {x} in space is {v}.",
            "The heavenly body named {x} is of the sort {v}.",
            "Astronomers class {x} as {av}.",
            "A {v} has the name {x}.",
        ),
    )


def _orbit() -> Relation:
    return Relation(
        "sky",
        "orbit",
        "",
        pairs(ORBITS),
        (
            "Around which world does {x} travel?",
            "Which larger body holds {x} by gravity?",
            "The moon {x} is a companion of which world?",
        ),
        (
            "The world around which {x} travels is {v}.",
            "The larger body that holds {x} by gravity is {v}.",
            "The moon {x} is a companion of {v}.",
            "Near {v} there is {x}.",
        ),
    )


def _picture() -> Relation:
    return Relation(
        "sky",
        "picture",
        "",
        pairs(PICTURES),
        (
            "What does the constellation {x} represent?",
            "Which figure did people imagine in the stars of {x}?",
            "Whose shape is seen in the star pattern {x}?",
        ),
        (
            "The constellation {x} represents the {v}.",
            "The figure people imagined in the stars of {x} is the {v}.",
            "The shape seen in the star pattern {x} is the {v}.",
            "The {v} of the night is {x}.",
        ),
        clash("eagle, swan, dove, crow, crane, firebird, toucan, peacock"),
    )


def _star() -> Relation:
    return Relation(
        "sky",
        "star",
        "",
        pairs(STARS),
        (
            "In which constellation does {x} shine?",
            "To find {x}, which star pattern must you know?",
            "A star chart shows {x} as a member of what?",
        ),
        (
            "The constellation in which {x} shines is {v}.",
            "To find {x} you must know the star pattern {v}.",
            "A star chart shows {x} as a member of {v}.",
            "One light of {v} is {x}.",
        ),
    )
