"""What is known of measurement: what instruments and units measure, symbols, conversions and prefixes.

Knows units as a ten-year-old learns them. Does not know how facts are asked, split or learned.
"""

from backend.pocket.relation import Relation, clash, pairs

INSTRUMENTS = """
thermometer: temperature; barometer: air pressure; anemometer: wind speed; hygrometer: humidity; rain gauge: rainfall;
ruler: length; tape measure: length; kitchen scale: mass; balance: mass; stopwatch: time; sundial: time; hourglass: time;
measuring jug: volume; graduated cylinder: volume; protractor: angle; sextant: angle; ammeter: electric current;
voltmeter: voltage; ohmmeter: resistance; speedometer: speed; radar gun: speed; odometer: distance; pedometer: steps;
spring balance: force; seismograph: earthquakes; altimeter: height; compass: direction; light meter: brightness;
sound meter: loudness; Geiger counter: radioactivity; pH meter: acidity; litmus test: acidity; dynamometer: force;
stethoscope: heartbeat; tachometer: turning rate; micrometer: length; pyrometer: temperature; pipette: volume;
pendulum clock: time; theodolite: angle; galvanometer: electric current; manometer: gas pressure; spirit level: levelness;
calorimeter: heat; echo sounder: water depth; plumb line: straightness; weather vane: direction; caliper: length;
burette: volume; metronome: tempo; lactometer: milk density; decibel meter: loudness; lux meter: brightness; wattmeter: power
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

EQUALS = """
minute: sixty seconds; hour: sixty minutes; day: twenty-four hours; week: seven days; year: twelve months;
decade: ten years; century: a hundred years; millennium: a thousand years; fortnight: fourteen days;
kilometre: a thousand metres; metre: a hundred centimetres; centimetre: ten millimetres; kilogram: a thousand grams;
tonne: a thousand kilograms; litre: a thousand millilitres; foot: twelve inches; yard: three feet; dozen: twelve items;
score: twenty items; pair: two items; hectare: ten thousand square metres; right angle: ninety degrees;
full circle: 360 degrees; half turn: 180 degrees; gross: twelve dozen; gallon: eight pints; pound: sixteen ounces;
stone: fourteen pounds; fathom: six feet; leap year: 366 days; gram: a thousand milligrams; centimetre cube: one millilitre;
kilowatt: a thousand watts; quarter: three months; olympiad: four years; furlong: 220 yards
"""

PREFIXES = """
kilo: thousand; mega: million; giga: billion; tera: trillion; deci: tenth; centi: hundredth; milli: thousandth;
micro: millionth; nano: billionth; hecto: hundred; deca: ten; bi: two; tri: three; quad: four; penta: five; hexa: six;
octo: eight; mono: one; semi: half; hemi: half; demi: half; uni: one; duo: two; sept: seven; poly: many; multi: many
"""


def relations() -> list[Relation]:
    """The five relations of the domain measurement."""
    return [*_quantities(), *_signs()]


def _quantities() -> list[Relation]:
    instrument = Relation(
        "measurement",
        "instrument",
        "a",
        pairs(INSTRUMENTS),
        (
            "What does a scientist read from {x}?",
            "Which quantity can be found with {x}?",
            "For checking what was {x} invented?",
            "A pupil takes {x} to class; what will be measured?",
        ),
        (
            "The {e} tells you the {v}.",
            "Use {x} if you want to know {v}.",
            "The job of {x} is to show {v}.",
            "For {v} there is {x}.",
        ),
        clash(
            "air pressure, gas pressure",
            "length, distance, height, water depth, steps",
            "speed, wind speed, turning rate, tempo",
            "force, mass",
            "angle, direction, levelness, straightness",
            "temperature, heat",
            "volume, rainfall, milk density",
            "time, tempo",
            "electric current, voltage, power",
            "heartbeat, tempo",
        ),
    )
    unit = Relation(
        "measurement",
        "unit",
        "a",
        pairs(UNITS),
        (
            "What can be expressed by the unit {e}?",
            "Which quantity is counted in the {e}?",
            "When a result is given as one {e}, what was measured?",
            "The {e} serves as a unit for which quantity?",
        ),
        (
            "One {e} is an amount of {v}.",
            "We count {v} by the {e}.",
            "In science the {e} is about {v}.",
            "A little {v} can be {x}.",
        ),
        clash("energy, power", "length, area", "force, pressure"),
    )
    return [instrument, unit]


def _signs() -> list[Relation]:
    symbol = Relation(
        "measurement",
        "symbol",
        "a",
        pairs(SYMBOLS),
        (
            "What is the short form of the unit {e}?",
            "How is one {e} abbreviated?",
            "Which abbreviation replaces the word {e}?",
            "On a label, how would {x} be written?",
        ),
        (
            "The {e} is noted as {v}.",
            "After a number {x} becomes {v}.",
            "The letters {v} mean {x}.",
            "Write {v} and read {e}.",
        ),
    )
    equals = Relation(
        "measurement",
        "equals",
        "a",
        pairs(EQUALS),
        (
            "How much is {x} in smaller units?",
            "To what amount is {x} equal?",
            "Into what can {x} be divided exactly?",
            "Which amount is exactly the same as {x}?",
        ),
        (
            "We get {x} from {v}.",
            "The {e} is the sum of {v}.",
            "Put together {v} and you have {x}.",
            "Every {e} holds {v}.",
        ),
    )
    prefix = Relation(
        "measurement",
        "prefix",
        "",
        pairs(PREFIXES),
        (
            "What does the prefix {x} mean?",
            "Which number or fraction hides behind the prefix {x}?",
            "If a word begins with {x}, which amount is meant?",
            "How would you translate the prefix {x}?",
        ),
        (
            "The beginning {x} stands for {v}.",
            "In front of a word {x} says {v}.",
            "A word for {v} starts with {x}.",
            "The sense of {x} is {v}.",
        ),
    )
    return [symbol, equals, prefix]
