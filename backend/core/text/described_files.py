"""Files that describe something as one JSON object, such as a task or a layout: read, and checked key by key.

Knows JSON and tables of keys; not what a key means.
"""

import json
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path

from backend.errors import UserError

Keys = Mapping[str, tuple[Callable[[object], bool], str]]  # key -> whether a value may be there, and what is expected


def read_object(file: Path, what: str, keys: Keys) -> dict:
    """The object in a file. UserError names the file, or the key that is wrong; `what` is what a file describes."""
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        found = f"{file.name} cannot be read ({str(error)[:80]})."
        raise UserError(found, f"{what} as one JSON object in UTF-8", "Correct the file or remove it.") from None
    if not isinstance(given, dict):
        found = f"{file.name} is not an object."
        raise UserError(found, f"{what} as one JSON object", "Put the keys between { and }.")
    for key, value in given.items():
        _check_key(file.name, key, value, keys)
    return given


def refused(file: str, key: str, found: str, expected: str) -> UserError:
    """The error for a key that is legal alone, but not beside the others."""
    return UserError(f"{file}, key `{key}`: {found}.", expected, "Correct this key.")


def _check_key(file: str, key: str, value: object, keys: Keys) -> None:
    if key not in keys:
        close = get_close_matches(key, keys, n=1)
        advice = f"Rename it to `{close[0]}`." if close else "Remove it."
        raise UserError(f"{file}, key `{key[:40]}`: unknown.", f"one of {', '.join(keys)}", advice)
    holds, expected = keys[key]
    if not holds(value):
        raise UserError(f"{file}, key `{key}`: {str(value)[:40]!r} cannot be used.", expected, "Correct this key.")
