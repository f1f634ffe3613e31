"""Which layout a row has: told from the columns that are there and the kinds of what they hold.

The layout whose needs are all met wins, and of several the one with the most needs. Where none is met the nearest is
named, with what is missing. Two layouts find the options themselves (`found`): a list or a series of columns that
nothing else explains, beside an answer that is a letter or a small number.
Knows layouts and kinds; not what an answer means.
"""

import itertools
import re
from collections import defaultdict
from dataclasses import dataclass, fields, replace

from backend.core.text.cells import close_name, missing, names_of
from backend.core.text.layout_files import LAYOUTS, Layout
from backend.core.text.places import Foreign, Place, printable
from backend.errors import UserError

KEY = re.compile(r"\s*([A-Za-z]|\d{1,2})\s*")
TEXTS = {"text", "key", "empty", "chatml", "truth"}
MEANS = {"text": TEXTS, "key": {"key", "small"}, "number": {"number", "small"}}  # others mean themselves
SERIES = re.compile(r"(.*?)([A-Z]|[a-z]|\d+)")
DEPTH = 3  # how far into objects a row is looked at

USUAL = (  # the layouts that people come with, for a file that resembles none
    "`question`, `choices` and `answer`; `question` and `answer`; `prompt` and `answer`; `instruction` and `output`; "
    "or `messages`"
)

Signature = tuple[tuple[tuple[str, ...], str], ...]


def kind_of(value: object) -> str:
    """One word for a value; `small` is a whole number that may count options, `key` a text that may name one."""
    if isinstance(value, str):
        return _kind_of_text(value)
    if isinstance(value, list):
        first = value[0] if value else None
        if not isinstance(first, dict):
            return "list"
        return "messages" if {"role", "content"} <= first.keys() or {"from", "value"} <= first.keys() else "objects"
    if isinstance(value, int) and not isinstance(value, bool):
        return "small" if 0 <= value < 100 else "number"
    names = {bool: "truth", float: "number", dict: "object", type(None): "null", Foreign: "foreign"}
    return names.get(type(value), "foreign")


def _kind_of_text(value: str) -> str:
    if len(value) < 10:
        if not value.strip():
            return "empty"
        if KEY.fullmatch(value):
            return "key"
        if value.strip().lower() in ("true", "false"):
            return "truth"
    elif "<|im_start|>" in value:
        return "chatml"
    return "text" if value.strip() else "empty"


def signature(row: dict, above: tuple[str, ...] = ()) -> Signature:
    """All that decides about a row's layout: its paths, each with the kind of what lies there."""
    found = []
    for name, value in row.items():
        path = (*above, str(name))
        found.append((path, kind_of(value)))
        if isinstance(value, dict) and len(path) < DEPTH:
            found.extend(signature(value, path))
    return tuple(found)


def variants(layout: Layout) -> list[Layout]:
    """The layout once for each way to choose among the names that are parted by | in it."""
    either = [path for path in layout.needs if "|" in path]
    found = []
    for chosen in itertools.product(*(path.split("|") for path in either)):
        names = dict(zip(either, chosen, strict=True))
        values = {f.name: _renamed(getattr(layout, f.name), names) for f in fields(layout) if f.name != "needs"}
        needs = {names.get(path, path): kinds for path, kinds in layout.needs.items()}
        found.append(Layout(**values, needs=needs))
    return found


def _renamed(value: object, names: dict[str, str]) -> object:
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, tuple):
        return tuple(names.get(part, part) if isinstance(part, str) else part for part in value)
    if isinstance(value, dict):
        return {key: _renamed(part, names) for key, part in value.items()}
    return value


VARIANTS = [variant for layout in LAYOUTS.values() for variant in variants(layout)]


def roles(layout: Layout) -> list[tuple[str, str]]:
    """Every path that a layout may use, with what becomes of it, in the order in which a person wants to read them."""
    form = layout.options
    options = [form[key] for key in ("list", "texts", "labels", "objects", "right", "inline") if key in form]
    options += list(form.get("wrong", ())) + (list(form["columns"]) if isinstance(form.get("columns"), list) else [])
    named = [
        *(("turns", path) for path in layout.turns),
        ("system", layout.system),
        ("history", layout.history),
        *(("context", path) for path in layout.context),
        ("prompt", layout.question),
        ("prompt", layout.input),
        *(("options", path) for path in options),
        ("answer", layout.answer or form.get("right", "")),
        ("between", layout.between),
        ("subject", layout.subject),
        ("id", layout.id),
    ]
    return [(role, path) for role, path in named if path]


@dataclass
class Recogniser:
    """Layouts of rows; rows of one signature are looked at once."""

    def __post_init__(self):
        self._known: dict[Signature, Layout | None] = {}

    def layout(self, row: dict, place: Place) -> Layout | None:
        """The layout whose needs the row meets, or None. UserError where options could be in several places."""
        seen = signature(row)
        if seen not in self._known:
            self._known[seen] = _layout(seen, place)
        return self._known[seen]


def _layout(seen: Signature, place: Place) -> Layout | None:
    kinds = dict(seen)
    fitting = [layout for layout in VARIANTS if not _unmet(layout, kinds)]
    settled = [done for layout in fitting if (done := _settled(layout, kinds))]
    if not settled:
        return None
    most = max(_weight(layout) for layout in settled)
    best = [layout for layout in settled if _weight(layout) == most]
    searched = [layout for layout in best if "found" in LAYOUTS[layout.name].options]
    if len(searched) > 1:
        names = " and ".join(f"`{printable(_option_names(layout)[0])}`" for layout in searched)
        found, expected = f"the options could be in {names}", "one place that holds options"
        raise place.of_header().error(printable(_option_names(searched[0])[0]), found, expected, "Remove the other.")
    return best[0]


def _weight(layout: Layout) -> float:
    """How much a layout explains of a row. Options that had to be looked for count less than those it names."""
    return len(layout.needs) + 0.5 * ("found" in LAYOUTS[layout.name].options)


def _unmet(layout: Layout, kinds: dict[tuple[str, ...], str]) -> list[str]:
    """The paths of a layout's needs that the row does not meet."""
    return [path for path, wanted in layout.needs.items() if not _meets(kinds.get(tuple(path.split("."))), wanted)]


def _meets(kind: str | None, wanted: tuple[str, ...]) -> bool:
    if kind is None:
        return False
    return any(word == "any" or kind in MEANS.get(word, {word}) for word in wanted)


def _settled(layout: Layout, kinds: dict[tuple[str, ...], str]) -> Layout | None:
    """The layout with its options in named places. None where it finds none, or several."""
    if "found" not in layout.options:
        return layout
    used = {path for _, path in roles(layout)}
    left = {path[0]: kind for path, kind in kinds.items() if len(path) == 1 and path[0] not in used}
    places = _lists(left, kinds) if layout.options["found"] == "list" else series_of(left)
    if len(places) != 1:
        return None
    readings = ("label",) if "label" in places[0] or "labels" in places[0] else layout.readings
    return replace(layout, options=places[0], readings=readings)


def _lists(left: dict[str, str], kinds: dict[tuple[str, ...], str]) -> list[dict]:
    """Every form of options that a single column of those left over may be."""
    found: list[dict] = [{"list": name} for name, kind in left.items() if kind == "list"]
    found += [{"objects": name, "text": "text", "label": "label"} for name, kind in left.items() if kind == "objects"]
    for name in (name for name, kind in left.items() if kind == "object"):
        if kinds.get((name, "text")) == kinds.get((name, "label")) == "list":
            found.append({"texts": f"{name}.text", "labels": f"{name}.label"})
    return found


def series_of(left: dict[str, str]) -> list[dict]:
    """Columns of one stem that count on from A, a, 0 or 1."""
    families: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for name, kind in left.items():
        parted = SERIES.fullmatch(name)
        if parted and kind in TEXTS:
            stem, last = parted.groups()
            families[stem, "d" if last.isdigit() else "a" if last.islower() else "A"][last] = name
    firsts = [
        next((members[first] for first in ("A", "a", "0", "1") if first in members), None)
        for members in families.values()
    ]
    series = [names for names in map(counted_on, filter(None, firsts)) if names[1] in left]
    return [{"columns": [name for name in names if name in left]} for names in series]


def counted_on(first: str) -> list[str]:
    """The names of a series of columns by its first: A to Z, then AA to AZ; option_a, option_b; option1, option2."""
    stem, last = SERIES.fullmatch(first).groups()
    if last.isdigit():
        return [f"{stem}{number}" for number in range(int(last), int(last) + 52)]
    letters = [chr(code) for code in range(ord(last), ord(last) + 26)]
    return [f"{stem}{letter}" for letter in (*letters, *(f"{last}{letter}" for letter in letters))]


def _option_names(layout: Layout) -> list[str]:
    return [path.partition(".")[0] for role, path in roles(layout) if role == "options"]


def nearest(row: dict, options: bool = False) -> tuple[Layout, list[str]]:
    """The layout that a row misses by least, and the paths that it does not meet, missing ones first.

    With `options` only layouts that have some are looked at.
    """
    kinds = dict(signature(row))

    def distance(layout: Layout) -> tuple:
        absent = _absent(layout, kinds)
        unmet = _unmet(layout, kinds)
        close = sum(1 for path in absent if close_name(path, row))
        met = len(layout.needs) - len(unmet)
        return (len(absent) - 0.5 * close - met / 2, len(unmet), -met, layout.name)

    named = [layout for layout in VARIANTS if "found" not in layout.options and (layout.options or not options)]
    best = min(named, key=distance)
    absent = _absent(best, kinds)
    return best, [*absent, *(path for path in _unmet(best, kinds) if path not in absent)]


def _absent(layout: Layout, kinds: dict[tuple[str, ...], str]) -> list[str]:
    return [path for path in layout.needs if tuple(path.split(".")) not in kinds]


def unknown(row: dict, place: Place, options: bool = False) -> UserError:
    """Why a row has no known layout: the nearest one, and the column by which it differs."""
    layout, unmet = nearest(row, options)
    if len(unmet) == len(layout.needs) and not any(close_name(path, row) for path in unmet):
        found = f"no known layout has {names_of(row)}" if row else "the row has no columns"
        return place.of_header().error("", found, USUAL, "Rename the columns.")
    expected = f"the columns of {layout.name}, the nearest known layout: {', '.join(layout.needs)}"
    return missing(row, unmet[0], place, expected)
