"""One row becomes the parts of a question, by its layout, or is refused by the column that is wrong.

The answer stays as it is written, a letter or a number say: what it means may depend on the other rows (answers.py).
Knows layouts and cells; not files, and not which layout a row has (recognise.py).
"""

import random
import re
from dataclasses import dataclass

from backend.core.text.cells import (
    ABSENT,
    checked_text,
    kind_words,
    missing,
    needed,
    optional_text,
    text_at,
    texts_at,
    value_at,
)
from backend.core.text.layout_files import Layout
from backend.core.text.places import Place
from backend.core.text.prompts import LETTERS
from backend.core.text.recognise import counted_on
from backend.core.text.turns import Turns, history_turns, plain_text, turns_at

PARAGRAPH = "\n\n"
INLINE = re.compile(r"\(([A-Z1-9])\)")


@dataclass(frozen=True)
class Parts:
    """What a row says. `answer` names one of `options`; it is ABSENT where the only option is the answer."""

    place: Place
    question: str
    options: tuple[str, ...]
    answer: object = ABSENT
    labels: tuple[str, ...] = ()
    turns: Turns = ()
    turns_behind: int = 0


def read_parts(row: dict, layout: Layout, place: Place) -> Parts:
    """UserError names the row and the column that is wrong."""
    if layout.turns:
        before, answer, behind = turns_at(row, layout, place)
        return Parts(place, plain_text(before), (answer,), turns=before, turns_behind=behind)
    question = _question(row, layout, place)
    if layout.task == "own_options":
        return _with_options(question, row, layout, place)
    answer = _between(row, layout, place) + text_at(row, layout.answer, place)
    if layout.task != "own_chat":
        return Parts(place, question, (answer,))
    system = optional_text(row, layout.system, place) if layout.system else ""
    turns = (*([("system", system)] if system else []), *history_turns(row, layout, place), ("user", question))
    return Parts(place, plain_text(turns), (answer,), turns=turns)


def _between(row: dict, layout: Layout, place: Place) -> str:
    """What stands before the answer: the row's own text, which may be empty, or the layout's."""
    told = value_at(row, layout.between) if layout.between else ABSENT
    if told is ABSENT or told is None:
        return layout.before_answer
    if not isinstance(told, str):
        raise place.error(layout.between, kind_words(told), "a text")
    return told


def row_id(row: dict, path: str, place: Place) -> str:
    value = needed(row, path, place)
    return str(value) if type(value) is int and abs(value) < 10**18 else checked_text(value, path, place)


def context_path(row: dict, layout: Layout) -> str | None:
    """The first of the columns for a passage that this row has."""
    return next((path for path in layout.context if value_at(row, path) is not ABSENT), None)


def _question(row: dict, layout: Layout, place: Place) -> str:
    """The passage, the question and what it is about, parted by blank lines."""
    path = context_path(row, layout)
    passage = optional_text(row, path, place) if path else ""
    about = optional_text(row, layout.input, place) if layout.input else ""
    asked = _inline(row, layout, place)[0] if "inline" in layout.options else text_at(row, layout.question, place)
    return PARAGRAPH.join(part for part in (passage, asked, about) if part)


def _with_options(question: str, row: dict, layout: Layout, place: Place) -> Parts:
    form = layout.options
    shown = form.get("list") or form.get("texts") or form.get("objects") or layout.answer
    labels: tuple[str, ...] = ()
    if "right" in form:
        return _drawn(question, row, form, place)
    if "fixed" in form:
        options = tuple(form["fixed"])
    elif "columns" in form:
        options, shown = _columns(row, form["columns"], place)
    elif "inline" in form:
        _, options, labels = _inline(row, layout, place)
    elif "objects" in form:
        options, labels = _objects(row, form, place)
    elif "texts" in form:
        options, labels = _labelled(row, form, place)
    else:
        options = texts_at(row, form["list"], place)
    _check_count(len(options), place, shown)
    return Parts(place, question, options, needed(row, layout.answer, place), labels)


def _drawn(question: str, row: dict, form: dict, place: Place) -> Parts:
    """A right answer and wrong ones in an order drawn from the question: the file has the right one first, or last."""
    options = [text_at(row, path, place) for path in (form["right"], *form["wrong"])]
    order = random.Random(question).sample(range(len(options)), len(options))
    labels = tuple(str(place) for place in range(len(options)))
    return Parts(place, question, tuple(options[i] for i in order), labels[order.index(0)], labels)


def _columns(row: dict, names: str | list[str], place: Place) -> tuple[tuple[str, ...], str]:
    """A question may have fewer options than there are columns. Blanks around one stay, or scores would differ."""
    columns = _series(row, names, place) if isinstance(names, str) else list(names)
    if isinstance(names, list):
        columns = [name for name in names if name in row]
    while columns and (row[columns[-1]] is None or str(row[columns[-1]]).strip() == ""):
        columns.pop()
    first = names if isinstance(names, str) else names[0]
    shown = (columns or [first])[-1]
    _check_count(len(columns), place, shown)
    return tuple(text_at(row, column, place) for column in columns), shown


def _series(row: dict, first: str, place: Place) -> list[str]:
    names = counted_on(first)
    count = next((i for i, name in enumerate(names) if name not in row), len(names))
    behind = next((name for name in names[count : len(LETTERS)] if name in row), None)
    if count < 2:
        raise missing(row, names[count], place)
    if behind:
        found = f"the column is missing, although `{behind}` is there"
        expected = f"the columns {', '.join(f'`{name}`' for name in names[:3])} without a gap"
        raise place.of_header().error(names[count], found, expected, "Rename the columns behind the gap.")
    return names[:count]


def _labelled(row: dict, form: dict, place: Place) -> tuple[tuple[str, ...], tuple[str, ...]]:
    outer = form["texts"].rpartition(".")[0]
    if outer and not isinstance(needed(row, outer, place), dict):
        raise place.error(outer, kind_words(needed(row, outer, place)), "an object with the lists `text` and `label`")
    options = texts_at(row, form["texts"], place)
    values = needed(row, form["labels"], place)
    if not isinstance(values, list):
        raise place.error(form["labels"], kind_words(values), "a list of labels")
    labels = tuple(_label(value, f"{form['labels']}[{i}]", place) for i, value in enumerate(values))
    _check_labels(labels, options, form["labels"], place)
    return options, labels


def _objects(row: dict, form: dict, place: Place) -> tuple[tuple[str, ...], tuple[str, ...]]:
    path, values = form["objects"], needed(row, form["objects"], place)
    if not isinstance(values, list):
        raise place.error(path, kind_words(values), "a list of objects")
    texts, labels = [], []
    for number, value in enumerate(values):
        shown = f"{path}[{number}]"
        if not isinstance(value, dict):
            raise place.error(shown, kind_words(value), f"an object with `{form['text']}` and `{form['label']}`")
        for key in (form["text"], form["label"]):
            if key not in value:
                raise place.error(
                    f"{shown}.{key}", "it is missing", f"an object with `{form['text']}` and `{form['label']}`"
                )
        texts.append(checked_text(value[form["text"]], f"{shown}.{form['text']}", place))
        labels.append(_label(value[form["label"]], f"{shown}.{form['label']}", place))
    _check_labels(tuple(labels), tuple(texts), path, place)
    return tuple(texts), tuple(labels)


def _inline(row: dict, layout: Layout, place: Place) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The question, the options behind their labels (A), (B) and so on, and the labels."""
    path = layout.options["inline"]
    text = text_at(row, path, place)
    marks = list(INLINE.finditer(text))
    begin = next((i for i in reversed(range(len(marks))) if marks[i].group(1) in "A1"), len(marks))
    marks = marks[begin:]
    labels = tuple(mark.group(1) for mark in marks)
    first = labels[0] if labels else "A"
    if len(labels) < 2 or labels != tuple(chr(ord(first) + i) for i in range(len(labels))):
        found = "no options behind (A), (B) and so on" if len(labels) < 2 else f"the labels {', '.join(labels)}"
        raise place.error(path, found, "a question and then its options behind (A), (B) and so on, or (1), (2)")
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    options = [text[mark.end() : end].strip() for mark, end in zip(marks, ends, strict=True)]
    asked = checked_text(text[: marks[0].start()].rstrip(), path, place)
    return asked, tuple(checked_text(option, path, place) for option in options), labels


def _label(value: object, shown: str, place: Place) -> str:
    return str(value) if type(value) is int and abs(value) < 10**6 else checked_text(value, shown, place)


def _check_labels(labels: tuple[str, ...], options: tuple[str, ...], shown: str, place: Place) -> None:
    _check_count(len(options), place, shown.removesuffix(".label") + (".text" if shown.endswith(".label") else ""))
    if len(labels) != len(options):
        found = f"{len(labels)} labels for {len(options)} texts"
        raise place.error(shown, found, "one label for each text")
    if len(set(labels)) != len(labels):
        raise place.error(shown, f"the same label twice in {str(list(labels))[:80]}", "different labels")


def _check_count(count: int, place: Place, shown: str) -> None:
    if not 2 <= count <= len(LETTERS):
        raise place.error(shown, f"{count} option{'s' * (count != 1)}", f"2 to {len(LETTERS)} options")
