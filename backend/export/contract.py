"""The contract checked: every file of a run against the shape its study gives, so that nothing behind doubts a row.

Reads bytes as the page does: the same lines, the same parser. Says which file and which row is wrong. What the files of
every run share is in shapes.py, the rest in the study's own shapes. Knows no study by name; writes nothing.
"""

import json
import re
from collections.abc import Mapping
from functools import cache

from pydantic import TypeAdapter, ValidationError

from backend.core.text.places import printable
from backend.errors import UserError
from backend.export import travel
from backend.export.archive import megabytes
from backend.export.places import is_local, last_name, texts
from backend.export.shapes import EXACT, Lineage, Row, status_of
from backend.settings import FILE, MODEL, PLACE, TASK, Setting, as_json, build, describe, from_saved
from backend.studies import STUDIES
from backend.study import File, Ref, Study, find, resolve

PRESET = re.compile(r"[a-z0-9_]{1,40}")
MOST_LETTERS = 300
MOST_LINE = 8 * 2**20
NEXT = "Take the run again from where it came."
LINEAGE = TypeAdapter(Lineage)


def check(files: dict[str, bytes]) -> None:
    """UserError unless these are the files of a run that ended, of a known study, each as the contract has it."""
    for name in travel.NEEDED:
        if name not in files:
            raise wrong(name, "it is missing", "every run has one")
    study, config = check_config(files["config.json"])
    check_document("status.json", files["status.json"], status_of(study.stage_names))
    entries = {name: entry_of(study, name) for name in files.keys() - set(travel.NEEDED)}
    check_sizes(entries, files)
    for name, entry in sorted(entries.items()):
        check_file(name, files[name], entry.shape, config)
    if study.checks:
        resolve(study.checks)(files, config)


# -- config.json ------------------------------------------------------------------------------------------------------
def check_config(data: bytes) -> tuple[Study, dict]:
    """The study, and all settings, also those the run is too old to have.

    UserError for a study that is not known here, and for what its form refuses.
    """
    found = parsed("config.json", data)
    if not isinstance(found, dict) or found.keys() - {"lineage"} != {"study", "preset", "config"}:
        raise wrong("config.json", "it does not hold what a run's does", "study, preset and config")
    if "lineage" in found:
        check_shape(LINEAGE, json.dumps(found["lineage"]).encode(), "config.json, lineage")
    study = known(found["study"])
    if found["preset"] is not None and not (isinstance(found["preset"], str) and PRESET.fullmatch(found["preset"])):
        raise wrong("config.json", "its preset has no name of one", "a preset's name, or null")
    check_settings(study, found["config"])
    return study, as_json(build(study.config, from_saved(study.config, found["config"])))


def known(name: object) -> Study:
    """The study of this name. UserError where this copy has none."""
    if isinstance(name, str) and name in STUDIES:
        return find(name)
    found = f"This copy does not know the study {printable(str(name))!r}."
    raise UserError(
        found, f"one it knows: {', '.join(STUDIES)}", "Import the run where that study is installed.", kind="study"
    )


def check_settings(study: Study, given: object) -> None:
    """UserError unless these are all the settings of the study that a run may have, and nothing else."""
    items = {item.name: item for item in describe(study.config)}
    later = tuple(getattr(study.config, "LATER", ()))  # how the settings begin that old runs lack
    if not isinstance(given, dict):
        raise wrong("config.json", "it has no settings", "all settings of a run")
    if missing := sorted(name for name in items.keys() - given.keys() if not name.startswith(later)):
        raise wrong("config.json", f"the setting {missing[0]} is missing", "all settings of a run")
    for name, value in given.items():
        if name not in items:
            raise wrong("config.json", f"there is no setting {printable(name)!r}", "the settings of this version")
        check_setting(items[name], value)


def check_setting(item: Setting, value: object) -> None:
    """What the form's own check does not look at: size, letters that no page can show, places of another machine."""
    for text in texts(value):
        if len(text) > MOST_LETTERS or not encodable(text) or "\0" in text:
            raise wrong("config.json", f"{item.name} is no text that can be used", f"at most {MOST_LETTERS} letters")
        # a file was put there by a page, so of its path only a name is left, which leads into nobody's folder
        elsewhere = item.kind == FILE and text not in ("", last_name(text))
        if elsewhere or (item.kind in (PLACE, MODEL, TASK) and is_local(text)):
            raise wrong("config.json", f"{item.name} names a place of another machine", "no path")
    for part in value if isinstance(value, list) else [value]:
        if type(part) is int and abs(part) > EXACT:
            raise wrong("config.json", f"{item.name} is too large", f"at most {EXACT:,}")


# -- the other files --------------------------------------------------------------------------------------------------
def entry_of(study: Study, name: str) -> File:
    found = travel.entry_of(study, name)
    if found is None:
        raise wrong(printable(name, 60), "no run of its study has such a file", "nothing but the files of a run")
    return found


def check_sizes(entries: Mapping[str, File], files: Mapping[str, bytes]) -> None:
    """UserError where the files of an entry are larger together than what travels of it."""
    for entry in set(entries.values()):
        size = sum(len(files[name]) for name, its in entries.items() if its is entry)
        if not travel.within(entry, size):
            raise wrong(entry.name, f"it has {megabytes(size)}", f"at most {megabytes(entry.most)}")


def check_file(name: str, data: bytes, shape: Ref, config: dict) -> None:
    if name.endswith(".jsonl"):
        check_rows(name, data, shape)
    elif name.endswith(".json"):
        check_document(name, data, adapter(shape))
    else:
        resolve(shape)(data, config)


def check_rows(name: str, data: bytes, shape: Ref) -> None:
    """Every line of a .jsonl file, split and parsed as RunDir does it."""
    if data and not data.endswith(b"\n"):
        raise wrong(name, "its last line has no end", "whole lines")
    lines, most = data.splitlines(), getattr(resolve(shape), "MOST_ROWS", Row.MOST_ROWS)
    if len(lines) > most:
        raise wrong(name, f"it has {len(lines):,} rows", f"at most {most:,}")
    for number, line in enumerate(lines, 1):
        if not line.strip() or len(line) > MOST_LINE:
            raise wrong(name, f"row {number} is empty or too long", "one row a line")
        check_document(f"{name}, row {number}", line, adapter(shape))


def check_document(where: str, data: bytes, shape: TypeAdapter) -> None:
    parsed(where, data)
    check_shape(shape, data, where)


@cache
def adapter(shape: Ref) -> TypeAdapter:
    return TypeAdapter(resolve(shape))


def check_shape(shape: TypeAdapter, data: bytes, where: str) -> None:
    try:
        shape.validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = printable(".".join(str(part) for part in first["loc"]), 60)[:60]
        said = printable(first["msg"].removeprefix("Value error, "), 200)[:200]  # it may quote what was found
        raise wrong(where, f"{place or 'it'} is not right", said[:1].lower() + said[1:]) from None


def parsed(where: str, data: bytes) -> object:
    """JSON as Python reads it; UserError for what is none, and for what readers understand differently."""
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=once, parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        raise wrong(where, "it is no JSON", "UTF-8, each name once, finite numbers") from None


def once(pairs: list[tuple[str, object]]) -> dict:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def refuse_constant(name: str) -> object:
    raise ValueError(name)


def encodable(text: str) -> bool:
    """Half a surrogate pair is text to Python and to nobody else."""
    try:
        return bool(text.encode()) or True
    except UnicodeEncodeError:
        return False


def wrong(where: str, found: str, expected: str) -> UserError:
    return UserError(f"{where}: {found}.", expected, NEXT)
