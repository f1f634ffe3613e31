"""Layout files: how the data sets of others name and arrange what a question is made of, one small file a layout.

Drop another file into layouts/ and another layout is known. A file says which columns a row needs, and where the
question, its options and its answer are found; README.md there explains every key. Files are checked when they are
read. Knows no row.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from backend.core.text.described_files import read_object, refused
from backend.errors import UserError

LAYOUT_FILES = Path(__file__).with_name("layouts")
TASK_NAMES = ("own_options", "own_text", "own_prompts", "own_chat")
KINDS = ("any", "text", "key", "number", "truth", "list", "objects", "object", "messages", "chatml")
READINGS = ("label", "letter", "number", "text", "marks", "truth")
OPTION_FORMS = {  # the keys that belong together, the first of which names the form
    "list": (),
    "texts": ("labels",),
    "objects": ("text", "label"),
    "columns": (),
    "right": ("wrong",),
    "fixed": (),
    "inline": (),
    "found": (),
}


@dataclass(frozen=True)
class Layout:
    """One way to write questions down. Every text is a path of cells.py; `needs` maps paths to kinds of values."""

    name: str
    about: str
    task: str
    needs: dict[str, tuple[str, ...]]
    source: str = ""
    question: str = ""
    context: tuple[str, ...] = ()
    input: str = ""
    options: dict = field(default_factory=dict)
    answer: str = ""
    readings: tuple[str, ...] = ()
    counted_from: int | None = None
    before_answer: str = ""
    between: str = ""
    subject: str = ""
    id: str = "id"
    turns: tuple[str, ...] = ()
    system: str = ""
    history: str = ""
    note: str = ""


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_text, value)) and len(set(value)) == len(value)


def _are_needs(value: object) -> bool:
    return (
        isinstance(value, dict)
        and bool(value)
        and all(set(kinds.split("|")) <= set(KINDS) for kinds in map(str, value.values()))
    )


def _are_options(value: object) -> bool:
    """One form, with its own keys and no others."""
    forms = [form for form in OPTION_FORMS if isinstance(value, dict) and form in value]
    if len(forms) != 1 or set(value) - {forms[0], *OPTION_FORMS[forms[0]]}:
        return False
    whole = {"fixed": _are_texts, "found": lambda found: found in ("list", "columns")}
    either = {"wrong": _are_texts, "columns": lambda names: _is_text(names) or _are_texts(names)}
    checks = whole | either
    return all(checks.get(key, _is_text)(inner) for key, inner in value.items())


TEXT, TEXTS = (_is_text, "a text"), (_are_texts, "a list of different texts")
KEYS: dict[str, tuple[Callable[[object], bool], str]] = {
    "about": TEXT,
    "source": TEXT,
    "task": (lambda value: value in TASK_NAMES, f"one of {', '.join(TASK_NAMES)}"),
    "needs": (_are_needs, f"an object of columns, each with kinds among {', '.join(KINDS)}, parted by |"),
    "question": TEXT,
    "context": TEXTS,
    "input": TEXT,
    "options": (_are_options, f"an object with one of {', '.join(OPTION_FORMS)} and what belongs to it"),
    "answer": TEXT,
    "readings": (lambda value: _are_texts(value) and set(value) <= set(READINGS), f"a list of {', '.join(READINGS)}"),
    "counted_from": (lambda value: type(value) is int and value in (0, 1), "0 or 1"),
    "before_answer": (lambda value: isinstance(value, str) and bool(value), "a text of at least one character"),
    "between": TEXT,
    "subject": TEXT,
    "id": (lambda value: isinstance(value, str), "a column, or an empty text where rows have no id"),
    "turns": TEXTS,
    "system": TEXT,
    "history": TEXT,
    "note": TEXT,
}


def read_layout_files(folder: Path) -> dict[str, Layout]:
    """The layouts of a folder by name. UserError names the file and the key that is wrong."""
    found = [_read_layout_file(file) for file in sorted(folder.glob("*.json"))]
    return {layout.name: layout for layout in found}


def _read_layout_file(file: Path) -> Layout:
    if not re.fullmatch(r"[a-z0-9_]+", file.stem):
        advice = "Rename the file: its name is the layout's name."
        raise UserError(f"{file.name} cannot name a layout.", "small letters, digits and _", advice)
    given = read_object(file, "a layout", KEYS)
    _check_together(file.name, given)
    needs = {path: tuple(kinds.split("|")) for path, kinds in given["needs"].items()}
    lists = {key: tuple(value) for key, value in given.items() if isinstance(value, list)}
    return Layout(**(given | lists | {"name": file.stem, "needs": needs}))


def _check_together(file: str, given: dict) -> None:
    """Refuse keys that are legal one by one, but not together."""

    def refuse(key: str, found: str, expected: str) -> None:
        raise refused(file, key, found, expected)

    for key in ("about", "task", "needs"):
        if key not in given:
            refuse(key, "missing", KEYS[key][1])
    if ("question" in given) == ("turns" in given):
        refuse("question", "given together with `turns`, or neither is", "exactly one of the two")
    if "turns" in given and given["task"] != "own_chat":
        refuse("turns", f"given for {given['task']}", "own_chat, or a `question`")
    if ("options" in given) != (given["task"] == "own_options"):
        refuse("options", f"given or missing for {given['task']}", "options for own_options, and for no other task")
    told = "right" in given.get("options", {})
    if ("answer" in given) == told and "turns" not in given:  # turns may hold the answer, or have it beside them
        refuse("answer", "given where the answer is told already, or missing", "one place for the answer")
    if ("readings" in given) != ("answer" in given and "options" in given):
        refuse("readings", "given or missing", "how the answer names an option, where there are options and an answer")


LAYOUTS: dict[str, Layout] = read_layout_files(LAYOUT_FILES)
