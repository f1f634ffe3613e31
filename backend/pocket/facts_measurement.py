"""What is known of measurement: what instruments and units measure, symbols and prefixes.

Knows units as a ten-year-old learns them. Does not know how facts are asked, split or learned.
"""

from backend.pocket.relation import Relation, clash, pairs

INSTRUMENTS = """
thermometer: temperature; barometer: air pressure; anemometer: wind speed; hygrometer: humidity; rain gauge: rainfall;
ruler: length; tape measure: length; kitchen scale: mass; balance: mass; stopwatch: time; sundial: time;
hourglass: time; measuring jug: volume; graduated cylinder: volume; protractor: angle; sextant: angle;
ammeter: electric current; voltmeter: voltage; ohmmeter: resistance; speedometer: speed; radar gun: speed;
odometer: distance; pedometer: steps; spring balance: force; seismograph: earthquakes; altimeter: height;
compass: direction; light meter: brightness; sound meter: loudness; Geiger counter: radioactivity; pH meter: acidity;
litmus test: acidity; dynamometer: force; stethoscope: heartbeat; tachometer: turning rate; micrometer: length;
pyrometer: temperature; pipette: volume; pendulum clock: time; theodolite: angle; galvanometer: electric current;
manometer: gas pressure; spirit level: levelness; calorimeter: heat; echo sounder: water depth;
plumb line: straightness; weather vane: direction; caliper: length; burette: volume; lactometer: milk density;
decibel meter: loudness; lux meter: brightness; wattmeter: power
"""

UNITS = """
metre: length; kilometre: length; inch: length; mile: length; gram: mass; kilogram: mass; tonne: mass; ounce: mass;
second: time; minute: time; day: time; century: time; litre: volume; millilitre: volume; gallon: volume; pint: volume;
newton: force; joule: energy; calorie: energy; watt: power; horsepower: power; ampere: electric current;
milliampere: electric current; volt: voltage; kilovolt: voltage; ohm: resistance; degree Celsius: temperature;
kelvin: temperature; degree Fahrenheit: temperature; hertz: frequency; megahertz: frequency; pascal: pressure;
bar: pressure; atmosphere: pressure; decibel: loudness; knot: speed; hectare: area; acre: area; square metre: area;
lumen: light; candela: light; becquerel: radioactivity; curie: radioactivity; radian: angle; kilowatt: power;
kilojoule: energy; pound: mass; decade: time; light year: length; dyne: force; kilonewton: force
"""

SYMBOLS = """
metre: m; kilometre: km; centimetre: cm; millimetre: mm; gram: g; kilogram: kg; second: s; minute: min; litre: L;
millilitre: ml; newton: N; joule: J; watt: W; ampere: A; volt: V; kelvin: K; hertz: Hz; pascal: Pa; decibel: dB;
hectare: ha; foot: ft; pound: lb; ounce: oz; tonne: t; hour: h; kilowatt: kW; kilojoule: kJ; lumen: lm; becquerel: Bq;
milligram: mg; decilitre: dl; candela: cd; mole: mol; tesla: T; yard: yd; inch: in; gallon: gal; weber: Wb
"""

PREFIXES = """
kilo: thousand; mega: million; giga: billion; tera: trillion; deci: tenth; centi: hundredth; milli: thousandth;
micro: millionth; nano: billionth; hecto: hundred; deca: ten; bi: two; tri: three; quad: four; penta: five; hexa: six;
octo: eight; mono: one; semi: half; hemi: half; demi: half; uni: one; duo: two; sept: seven; poly: many; multi: many
"""


def relations() -> list[Relation]:
    """The four relations of the domain measurement."""
    return [_instrument(), _unit(), _symbol(), _prefix()]


def _instrument() -> Relation:
    return Relation(
        "measurement",
        "instrument",
        "a",
        pairs(INSTRUMENTS),
        (
            "What does a scientist read from {x}?",
            "Which quantity can be found with {x}?",
            "To find out what was {x} invented?",
        ),
        (
            "From {x} a scientist reads the {v}.",
            "The quantity found with {x} is {v}.",
            "People invented {x} to find out the {v}.",
            "For {v} there is {x}.",
        ),
        clash(
            "air pressure, gas pressure",
            "length, distance, height, water depth, steps",
            "speed, wind speed, turning rate",
            "force, mass",
            "angle, direction, levelness, straightness",
            "temperature, heat",
            "volume, rainfall, milk density",
            "electric current, voltage, power",
        ),
    )


def _unit() -> Relation:
    return Relation(
        "measurement",
        "unit",
        "a",
        pairs(UNITS),
        (
            "What can be expressed by the unit {e}?",
            "Which quantity is counted in the {e}?",
            "The {e} serves as a unit for which quantity?",
        ),
        (
            "The unit {e} can express {v}.",
            "The quantity counted in the {e} is {v}.",
            "The {e} serves as a unit for {v}.",
        ),
        clash("energy, power", "length, area", "force, pressure"),
    )


def _symbol() -> Relation:
    return Relation(
        "measurement",
        "symbol",
        "a",
        pairs(SYMBOLS),
        (
            "What is the short form of the unit {e}?",
            "How is one {e} abbreviated?",
            "On a label, how would {x} be written?",
        ),
        (
            "The short form of the unit {e} is {v}.",
            "One {e} is abbreviated to {v}.",
            "On a label {x} is written {v}.",
            "Write {v} and read {e}.",
        ),
    )


def _prefix() -> Relation:
    return Relation(
        "measurement",
        "prefix",
        "",
        pairs(PREFIXES),
        (
            "What does the prefix {x} mean?",
            "If a word begins with {x}, which amount is meant?",
            "How would you translate the prefix {x}?",
        ),
        (
            "The prefix {x} means {v}.",
            "If a word begins with {x}, the amount meant is {v}.",
            "You would translate the prefix {x} as {v}.",
            "A word for {v} starts with {x}.",
        ),
    )
