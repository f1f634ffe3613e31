"""The contract checked: every file of a run against its shape, so that nothing behind has to doubt a row.

Reads bytes as the page does: the same lines, the same parser. Says which file and which row is wrong. The shapes are in
shapes.py, a checkpoint's in tensors.py. Knows the run folder and the study's config; writes nothing.
"""

import json
import re
from pathlib import PurePosixPath, PureWindowsPath

from pydantic import TypeAdapter, ValidationError

from backend.core.text.places import printable
from backend.errors import UserError
from backend.export import travel
from backend.settings import as_json, build, describe, from_saved
from backend.studies.text_distillation import shapes
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.tensors import check_checkpoint

STUDY = "text_distillation"
LOCAL = ("data_dir", "start", "model", "other_model")  # settings that may name a place of one machine
PRESET = re.compile(r"[a-z0-9_]{1,40}")
KNOWN = {item.name for item in describe(DistillConfig)}
MOST_LETTERS = 300
MOST_LINE = 8 * 2**20
MOST_ROWS = 200_000
MOST_QUESTIONS = 20_000  # of one student: the interval over them is drawn anew for each visitor who looks
NEXT = "Take the run again from where it came."
METRICS = {name: TypeAdapter(row) for name, row in (("experts", shapes.ExpertRow), ("distil", shapes.DistilRow))}
METRICS["engine"] = TypeAdapter(shapes.EngineRow)
METRICS["search"] = TypeAdapter(shapes.SearchRow)
SHAPES = {
    "prompts.jsonl": TypeAdapter(shapes.PromptsRow),
    "paths.jsonl": TypeAdapter(shapes.PathsRow),
    "neighbours.jsonl": TypeAdapter(shapes.NeighboursRow),
    "distilled.jsonl": TypeAdapter(shapes.DistilledRow),
    "facts.jsonl": TypeAdapter(shapes.FactsRow),
    "results.jsonl": TypeAdapter(shapes.ResultsRow),
    "status.json": TypeAdapter(shapes.Status),
    "summary.json": TypeAdapter(shapes.Summary),
    "vocabulary.json": TypeAdapter(shapes.Vocabulary),
    travel.SEARCH: TypeAdapter(shapes.Search),
}
LINEAGE = TypeAdapter(shapes.Lineage)
SCORES = TypeAdapter(shapes.ScoreRow)


def check(files: dict[str, bytes]) -> None:
    """UserError unless these are the files of a run of this study that ended, each as the contract has it."""
    for name in travel.NEEDED:
        if name not in files:
            raise wrong(name, "it is missing", "every run has one")
    config = check_config(files["config.json"])
    for name, data in files.items():
        if name == travel.CHECKPOINT or travel.SNAPSHOT.fullmatch(name):
            check_checkpoint(data, config)
        elif name.endswith(".jsonl"):
            check_rows(name, data)
        elif name != "config.json":
            check_shape(SHAPES[name], parsed(name, data), data, name)
    if travel.SEARCH in files:
        check_search(files[travel.SEARCH], config)


def check_config(data: bytes) -> dict:
    """All settings, also those the run is too old to have. UserError for another study and for what a form refuses."""
    found = parsed("config.json", data)
    if not isinstance(found, dict) or found.keys() - {"lineage"} != {"study", "preset", "config"}:
        raise wrong("config.json", "it does not hold what a run's does", "study, preset and config")
    if "lineage" in found:
        check_shape(LINEAGE, found, json.dumps(found["lineage"]).encode(), "config.json, lineage")
    if found["study"] != STUDY:
        study = printable(str(found["study"]))
        raise wrong("config.json", f"it is a run of {study!r}", "a run of the first tab, text_distillation")
    if found["preset"] is not None and not (isinstance(found["preset"], str) and PRESET.fullmatch(found["preset"])):
        raise wrong("config.json", "its preset has no name of one", "a preset's name, or null")
    given = found["config"] if isinstance(found["config"], dict) else {}
    if missing := sorted(name for name in KNOWN - given.keys() if not name.startswith(DistillConfig.LATER)):
        raise wrong("config.json", f"the setting {missing[0]} is missing", "all settings of a run")
    for name, value in found["config"].items():
        check_setting(name, value)
    return as_json(build(DistillConfig, from_saved(DistillConfig, found["config"])))


def check_setting(name: str, value: object) -> None:
    """What the form's own check does not look at: size, letters that no page can show, places of another machine."""
    if name not in KNOWN:
        raise wrong("config.json", f"there is no setting {printable(name)!r}", "the settings of this version")
    for part in value if isinstance(value, list) else [value]:
        if isinstance(part, str) and (len(part) > MOST_LETTERS or not encodable(part) or "\0" in part):
            raise wrong("config.json", f"{name} is no text that can be used", f"at most {MOST_LETTERS} letters")
        if isinstance(part, str) and name in LOCAL and is_local(part):
            raise wrong("config.json", f"{name} names a place of another machine", "no absolute path")
        if type(part) is int and abs(part) > shapes.EXACT:
            raise wrong("config.json", f"{name} is too large", f"at most {shapes.EXACT:,}")


def is_local(value: str) -> bool:
    """Whether a setting names a place outside of the folder the program was started in."""
    parts = PureWindowsPath(value).parts  # splits at both kinds of slashes
    rooted = PurePosixPath(value).is_absolute() or PureWindowsPath(value).anchor != ""
    return rooted or ".." in parts or value.startswith("~")


def check_rows(name: str, data: bytes) -> None:
    """Every line of a .jsonl file, split and parsed as RunDir does it."""
    if data and not data.endswith(b"\n"):
        raise wrong(name, "its last line has no end", "whole lines")
    lines = data.splitlines()
    most = MOST_QUESTIONS if travel.SCORES.fullmatch(name) else MOST_ROWS
    if len(lines) > most:
        raise wrong(name, f"it has {len(lines):,} rows", f"at most {most:,}")
    for number, line in enumerate(lines, 1):
        if not line.strip() or len(line) > MOST_LINE:
            raise wrong(name, f"row {number} is empty or too long", "one row a line")
        row = parsed(f"{name}, row {number}", line)
        check_shape(shape_of(name, row), row, line, f"{name}, row {number}")
        if name == "results.jsonl" and not travel.SCORES.fullmatch(row.get("scores") or "artifacts/scores/none.jsonl"):
            raise wrong(f"{name}, row {number}", "`scores` names no file of scores", "artifacts/scores/*.jsonl")


def shape_of(name: str, row: object) -> TypeAdapter:
    """The shape of a row; that of metrics.jsonl depends on its stage."""
    if name == "metrics.jsonl":
        stage = row.get("stage") if isinstance(row, dict) else None
        return METRICS.get(stage if isinstance(stage, str) else "", METRICS["distil"])
    return SHAPES.get(name, SCORES)


def check_shape(shape: TypeAdapter, value: object, data: bytes, where: str) -> None:
    try:
        shape.validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        raise wrong(where, f"{printable(place) or 'it'} is not right", said[:1].lower() + said[1:]) from None


def check_search(data: bytes, config: dict) -> None:
    found = json.loads(data)["found"]
    if {len(found["drafts"]), len(found["best"])} != {config["prompts"]}:
        raise wrong(travel.SEARCH, "it has not as many texts as the run has prompts", f"{config['prompts']} texts")


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
