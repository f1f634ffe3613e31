"""Places: settings that name a path of one machine, and what is left of them elsewhere: the last name.

A `place` and a `file` always are one; a model and a task only where they are spelled as a path. Knows how settings
describe themselves; no study and no run.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath, PureWindowsPath

from backend.settings import MODEL, TASK, Setting, describe

NAMED = (MODEL, TASK)  # by name, or by the path of a folder


def is_local(value: str) -> bool:
    """Whether a text names a place outside of the folder the program was started in."""
    parts = PureWindowsPath(value).parts  # splits at both kinds of slashes
    rooted = PurePosixPath(value).is_absolute() or PureWindowsPath(value).anchor != ""
    return rooted or ".." in parts or value.startswith("~")


def last_name(path: str) -> str:
    """What may be told of a path: its last part, in letters that any file's name can have."""
    return re.sub(r"[^\w.-]", "_", PureWindowsPath(path).name, flags=re.ASCII).strip(".") or "local"


def names_a_place(item: Setting, value: str) -> bool:
    """Whether this value of a setting is a path."""
    return bool(value) and (item.of_this_machine or (item.kind in NAMED and is_local(value)))


def texts(value: object) -> Iterator[str]:
    """The texts of a setting: itself, or those in its list."""
    for part in value if isinstance(value, list | tuple) else [value]:
        if isinstance(part, str):
            yield part


def paths_of(config_class: type, values: Mapping[str, object]) -> list[str]:
    """The paths among the values of a config, each once, in the order of its settings."""
    found = (
        text for item in describe(config_class) for text in texts(values.get(item.name)) if names_a_place(item, text)
    )
    return list(dict.fromkeys(found))


def short_names(paths: list[str], taken: list[str]) -> dict[str, str]:
    """Path -> its last name, of those that have another; two never get one name, nor one that is `taken`."""
    found: dict[str, str] = {}
    for path in paths:
        last = last_name(path)
        if last != path:
            found[path] = last if last not in (*found.values(), *taken) else f"{last}-{len(found) + 2}"
    return found


def placeless(config_class: type, values: Mapping[str, object]) -> dict:
    """The values of a config as they may be told to anyone."""
    short = short_names(paths_of(config_class, values), all_texts(values))

    def told(value: object) -> object:
        if isinstance(value, list | tuple):
            return [told(part) for part in value]
        return short.get(value, value) if isinstance(value, str) else value

    return {name: told(value) for name, value in values.items()}


def all_texts(values: Mapping[str, object]) -> list[str]:
    return [text for value in values.values() for text in texts(value)]
