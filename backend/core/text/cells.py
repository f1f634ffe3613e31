"""Cells: one value of a row, found by its path, checked to be a text, and refused in words that name its column.

A path is a column's name, or names with points where a value lies inside another (`choices.text`). Knows no layout.
"""

import math
import re
from collections.abc import Iterable
from difflib import get_close_matches

from backend.core.text.places import Foreign, Place, printable

ABSENT = object()
SURROGATE = re.compile("[\ud800-\udfff]")  # half a character: no tokenizer can encode it


def named_columns(row: object, place: Place) -> dict:
    """The row, where it has named columns at all."""
    if not isinstance(row, dict):
        raise place.error("", kind_words(row), "an object with named columns")
    return row


def value_at(row: dict, path: str) -> object:
    """What lies at a path, or ABSENT."""
    if "." not in path:
        return row.get(path, ABSENT)
    found: object = row
    for part in path.split("."):
        if isinstance(found, dict) and part in found:
            found = found[part]
        elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        else:
            return ABSENT
    return found


def blank(value: object) -> bool:
    """Whether a cell says nothing."""
    return value is ABSENT or value is None or (isinstance(value, str) and not value.strip())


def needed(row: dict, path: str, place: Place) -> object:
    """What lies at a path. UserError where nothing does."""
    found = value_at(row, path)
    if found is ABSENT:
        raise missing(row, path, place)
    return found


def missing(row: dict, path: str, place: Place, expected: str = "this column in every row") -> Exception:
    """The error for a column that is not there, with the name that was probably meant."""
    close = close_name(path, row)
    advice = f"Rename `{printable(close)}` to `{path}`." if close else "Add the column, or rename the one you meant."
    found = f"the column is missing; the row has {names_of(row)}"
    return place.of_header().error(path, found, expected, advice)


def names_of(row: Iterable[object]) -> str:
    return ", ".join(f"`{printable(str(name))}`" for name in list(row)[:8]) or "no columns"


def close_name(name: str, names: Iterable[object], cutoff: float = 0.7) -> str | None:
    """The name among `names` that was probably meant by `name`: another case, a letter too many or too few."""
    lowered = {str(other).lower(): str(other) for other in names}
    return next((lowered[close] for close in get_close_matches(name.lower(), lowered, 1, cutoff)), None)


def text_at(row: dict, path: str, place: Place) -> str:
    """A text, exactly as the file has it. UserError where it is empty, no text, or not to be encoded."""
    return checked_text(needed(row, path, place), path, place)


def optional_text(row: dict, path: str, place: Place) -> str:
    """A text that may be missing, null or blank, which is then empty."""
    found = value_at(row, path)
    return "" if blank(found) else checked_text(found, path, place)


def checked_text(value: object, shown: str, place: Place) -> str:
    if not isinstance(value, str):
        raise place.error(shown, kind_words(value), "a text")
    if not value.strip():
        raise place.error(shown, "an empty text", "a text with at least one letter")
    if SURROGATE.search(value):
        raise place.error(shown, "half of a Unicode surrogate pair", "a text of whole characters")
    if "\0" in value:
        raise place.error(shown, "a NUL character", "a text of readable characters")
    return value


def texts_at(row: dict, path: str, place: Place) -> tuple[str, ...]:
    values = needed(row, path, place)
    if not isinstance(values, list):
        raise place.error(path, kind_words(values), "a list of texts")
    return tuple(checked_text(value, f"{path}[{i}]", place) for i, value in enumerate(values))


def kind_words(value: object) -> str:
    """What a value is, as the clause of a message."""
    if isinstance(value, Foreign):
        return f"a value of the kind {printable(value.kind)} instead"
    if isinstance(value, float) and math.isnan(value):
        return "NaN (not a number) instead"
    if isinstance(value, float):
        return "a number with a decimal point instead"
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return f"{names.get(type(value), 'a number')} instead"
