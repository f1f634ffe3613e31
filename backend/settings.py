"""Settings: what a field of a config dataclass says about itself, and the checks, texts and lists made from that.

A study's config is one frozen dataclass whose fields are made by `setting(...)`. The form, the command line and the
documents are generated from `describe(...)`. Standard library only; knows no study, no widget and no tensor.
"""

import dataclasses
import difflib
import json
import math
import typing
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass
from functools import lru_cache
from pathlib import Path

from backend.errors import UserError

PLACE, FILE, MODEL, TASK = "place", "file", "model", "task"
KINDS = ("", PLACE, FILE, MODEL, TASK)


@dataclass(frozen=True)
class Setting:
    """One field of a config, described: enough to draw a widget, parse a flag or print a row of a table."""

    name: str
    type: object  # a class, or an alias such as tuple[str, ...]
    default: object
    help: str
    group: str
    label: str = ""
    low: float | int | None = None
    high: float | int | None = None
    choices: tuple[str, ...] | None = None
    basic: bool = False
    kind: str = ""
    optional: bool = False
    public: int | tuple[int, int] | str | None = None
    all_at_zero: bool = False
    only_with: tuple[str, tuple] | None = None

    @property
    def words(self) -> str:
        """Its name as people read it."""
        return self.label or self.name.replace("_", " ").capitalize()

    @property
    def many(self) -> bool:
        """Whether its value is a list."""
        return typing.get_origin(self.type) is tuple

    @property
    def of_this_machine(self) -> bool:
        """Whether its value is a path here, which means nothing elsewhere and tells a stranger what lies here."""
        return self.kind in (PLACE, FILE)


def setting(
    default,
    help: str,
    group: str,
    *,
    label="",
    low=None,
    high=None,
    choices=None,
    basic=False,
    kind="",
    optional=False,
    public=None,
    all_at_zero=False,
    only_with=None,
):
    """A dataclass field that carries its own help, its legal range or choices, and the group it is shown under.

    `label` is its name in words, where the code's name is not words enough. `basic` settings, at most eight of a study,
    are those most people change: a form shows them before all others. `kind` says what a text names: `place`, a path
    that somebody typed; `file`, a path that the page puts there for an upload or a run; `model`; `task`. `optional`: it
    may be empty, which means none. `public` is the most that a visitor of a shared host may ask for, of a list its
    length; two numbers where hosts with a GPU allow more; a sentence where no limit is needed, which says why.
    `all_at_zero`: 0 asks for everything there is, however much that is. `only_with` names another setting and those of
    its values with which this one matters; with any other it is never looked at.
    """
    if kind not in KINDS:
        raise ValueError(f"a setting has no kind {kind!r}, only {', '.join(filter(None, KINDS))}")
    facts = {"help": help, "group": group, "label": label, "low": low, "high": high, "choices": choices}
    facts |= {
        "basic": basic,
        "kind": kind,
        "optional": optional,
        "public": public,
        "all_at_zero": all_at_zero,
        "only_with": only_with,
    }
    return dataclasses.field(default=default, metadata=facts)


def describe(config_class: type) -> list[Setting]:
    """The settings of a config class, in the order they were written."""
    return list(_described(config_class))


@lru_cache(64)
def _described(config_class: type) -> tuple[Setting, ...]:
    """Kept: a page asks a hundred times a look, and reading the types of forty fields takes 2 ms."""
    hints = typing.get_type_hints(config_class)
    return tuple(
        Setting(f.name, hints[f.name], f.default, **f.metadata)
        for f in dataclasses.fields(config_class)
        if f.default is not MISSING and "help" in f.metadata
    )


def applies(item: Setting, values: Mapping[str, object]) -> bool:
    """Whether a setting matters beside the other values; one that says nothing of it always does."""
    name, wanted = item.only_with or ("", ())
    return item.only_with is None or values.get(name) in wanted


def check(config: object) -> None:
    """Raise UserError where a field of `config` has the wrong type or is out of its range."""
    for item in describe(type(config)):
        check_value(item, getattr(config, item.name))


def check_value(item: Setting, value: object) -> None:
    """Raise UserError unless `value` is legal for `item`."""
    wanted = typing.get_origin(item.type) or item.type
    exact = type(value) is wanted or (wanted is float and type(value) is int)
    if not exact:
        found = f"{item.name} is {value!r} ({type(value).__name__})."
        raise setting_error(item.name, found, wanted.__name__, f"Set {item.name} to one.")
    if wanted in (int, float):
        _check_range(item, value)
    chosen = value if wanted is tuple else (value,)
    if wanted in (str, tuple):
        _check_parts(item, chosen)
    if item.choices:
        for one in chosen:
            if one not in item.choices:
                found, expected = f"{item.name} is {one!r}.", f"one of {', '.join(item.choices)}"
                raise setting_error(item.name, found, expected, _nearest(one, item.choices))


def setting_error(name: str, found: str, expected: str, next_step: str) -> UserError:
    """The UserError for a setting's value, alone or beside others; a form finds the field by its `about`."""
    return UserError(found, expected, next_step, kind="setting", about=name)


def _check_parts(item: Setting, parts: Iterable) -> None:
    """Each part of a text or a tuple is of its type, and no text holds what no terminal can be given."""
    wanted = item.type if item.type is str else typing.get_args(item.type)[0]
    for part in parts:
        if not (type(part) is wanted or (wanted is float and type(part) is int)):
            found, step = f"{item.name} holds {part!r}.", f"Correct that part of {item.name}."
            raise setting_error(item.name, found, f"{wanted.__name__} only", step)
        if wanted is str and any(unicodedata.category(letter) in ("Cc", "Cs") for letter in part):
            found = f"{item.name} contains a control character."
            raise setting_error(item.name, found, "text on one line", f"Retype {item.name}.")


def _check_range(item: Setting, value) -> None:
    low = -math.inf if item.low is None else item.low
    high = math.inf if item.high is None else item.high
    finite = abs(value) < 2**63 if type(value) is int else math.isfinite(value)
    if not (finite and low <= value <= high):
        bounds = f"a number from {item.low} to {item.high}" if item.high is not None else f"at least {item.low}"
        step = f"Choose a value of {item.name} in that range."
        raise setting_error(item.name, f"{item.name} is {value}.", bounds, step)


def _nearest(word: object, words: Iterable[str]) -> str:
    close = difflib.get_close_matches(str(word), list(words), n=1)
    return f"Did you mean {close[0]!r}?" if close else "Pick one of them."


def build(config_class: type, values: dict) -> object:
    """A checked config from plain values (JSON lists become tuples). Raises UserError for an unknown field."""
    known = {item.name: item for item in describe(config_class)}
    ready = {}
    for name, value in values.items():
        if name not in known:
            raise UserError(f"There is no setting {name!r}.", f"one of {', '.join(known)}", _nearest(name, known))
        wanted = typing.get_origin(known[name].type) or known[name].type
        ready[name] = tuple(value) if wanted is tuple and isinstance(value, list) else value
        check_value(known[name], ready[name])
        if wanted is float:  # JSON writes 2.0 as 2, and so do people
            ready[name] = float(ready[name])
        elif wanted is tuple and typing.get_args(known[name].type)[0] is float:
            ready[name] = tuple(map(float, ready[name]))
    return config_class(**ready)


def from_saved(config_class: type, values: dict) -> dict:
    """A saved run's values with those of settings it is too old to have: what was done before they had a name.

    `BEFORE` of the config says so; where it is silent, a setting's default is what was done.
    """
    return getattr(config_class, "BEFORE", {}) | values


def parse_assignment(config_class: type, text: str) -> tuple[str, object]:
    """`"outer_steps=40"` -> `("outer_steps", 40)`. Raises UserError naming the field, the text and the type wanted."""
    name, equals, raw = text.partition("=")
    known = {item.name: item for item in describe(config_class)}
    if not equals:
        raise UserError(f"{text!r} has no '='.", "field=value", "Write for example --set outer_steps=40.")
    if name not in known:
        raise UserError(f"There is no setting {name!r}.", f"one of {', '.join(known)}", _nearest(name, known))
    return name, parse_value(known[name], raw)


def parse_value(item: Setting, raw: str) -> object:
    """The value that `raw` spells for `item`; a tuple is comma separated."""
    wanted = typing.get_origin(item.type) or item.type
    try:
        if wanted is tuple:
            inner = typing.get_args(item.type)[0]
            return tuple(inner(part.strip()) for part in raw.split(",") if part.strip())
        if wanted is bool:
            return {"true": True, "false": False}[raw.lower()]
        return wanted(raw)
    except (ValueError, KeyError) as error:
        found, step = f"{item.name}={raw!r}.", f"Example: {item.name}={item.default}."
        raise setting_error(item.name, found, wanted.__name__, step) from error


def spell(value: object) -> str:
    """A value as `parse_value` reads it."""
    if isinstance(value, (tuple, list)):
        return ",".join(str(part) for part in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def as_json(config: object) -> dict:
    """The config as plain JSON values."""
    return json.loads(json.dumps(dataclasses.asdict(config)))


def as_markdown(config_class: type) -> str:
    """The settings as a table for a README."""
    lines = ["| setting | default | meaning |", "|---|---|---|"]
    for item in describe(config_class):
        default = ",".join(map(str, item.default)) if isinstance(item.default, tuple) else item.default
        legal = f" One of {', '.join(item.choices)}." if item.choices else ""
        lines.append(f"| `{item.name}` | {f'`{default}`' if default != '' else ''} | {item.help}{legal} |")
    return "\n".join(lines)


def list_presets(folder: Path) -> list[str]:
    """Names of the presets in a study's `presets/` folder."""
    return sorted(path.stem for path in folder.glob("*.json"))


def load_preset(folder: Path, name: str) -> dict:
    """A preset's file: `title`, `about`, and `settings` holding only what differs from the defaults."""
    names = list_presets(folder)
    if name not in names:
        raise UserError(f"There is no preset {name!r}.", f"one of {', '.join(names)}", _nearest(name, names))
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
