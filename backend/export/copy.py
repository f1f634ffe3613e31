"""A copy of a run as it may leave this machine: whole lines, a state it ended in, no process and no path.

One look at the folder, so that everything made from it agrees, also while the run goes on. Of a study that nobody here
knows, only rows and figures leave, cleaned of whatever looks like a path. Knows the run folder; what is made of the
copy is next door.
"""

import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from backend.errors import UserError
from backend.export import travel
from backend.export.archive import MOST_UNPACKED, megabytes
from backend.export.places import all_texts, is_local, paths_of, short_names
from backend.runs.folder import RunDir
from backend.runs.work import START
from backend.study import Study, find

KEPT = ("stage", "done", "total", "started_at", "updated_at", "stages")
EMPTY = {"stage": "", "done": 0, "total": 0, "started_at": 0.0, "updated_at": 0.0, "stages": None}
ROWS_AND_FIGURES = re.compile(r"[\w-]{1,80}\.jsonl|summary\.json", re.ASCII)  # what leaves of a study not known here


@dataclass(frozen=True)
class RunCopy:
    """The files of a run by name, in the bytes they leave with."""

    files: dict[str, bytes]

    @classmethod
    def of(cls, run: RunDir) -> "RunCopy":
        """UserError where the folder is no run, or too large to travel."""
        try:
            return cls._of(run, study_of(run))
        except (ValueError, RecursionError) as error:  # of JSON and UTF-8
            found = f"{run.path.name} holds a file that cannot be read ({type(error).__name__})."
            raise UserError(found, "JSON, as a run writes it", "Choose another run.") from error

    @classmethod
    def _of(cls, run: RunDir, study: Study | None) -> "RunCopy":
        found = {}
        for name in travel.there(run.path, study) if study else rows_and_figures(run.path):
            content = (run.path / name).read_bytes()
            found[name] = content[: content.rfind(b"\n") + 1] if name.endswith(".jsonl") else content
        size = sum(map(len, found.values()))
        if size > MOST_UNPACKED:
            step = "Take something smaller of it, or copy the run folder itself."
            raise UserError(f"The run has {megabytes(size)}.", f"at most {megabytes(MOST_UNPACKED)} in one file", step)
        found["status.json"] = dumped(ended(run.status(), study))
        copy = cls(found)._tidy()
        return copy._placeless(study) if study else copy._harmless()

    # -- reading --------------------------------------------------------------------------------------------------
    def document(self, name: str) -> dict:
        """A .json file; empty where there is none."""
        return json.loads(self.files[name]) if name in self.files else {}

    def rows(self, name: str) -> list[dict]:
        """The rows of `<name>.jsonl`; none where there is no such file."""
        return rows_in(self.files.get(f"{name}.jsonl", b""))

    @property
    def config(self) -> dict:
        return self.document("config.json")["config"]

    @cached_property
    def study(self) -> Study | None:
        """None where this copy of the program does not know it, or cannot load it."""
        return study_named(self.document("config.json")["study"])

    @property
    def stem(self) -> str:
        """What downloads are called."""
        return travel.stem(self.document("config.json"), self.document("status.json"))

    # -- cleaning -------------------------------------------------------------------------------------------------
    def _tidy(self) -> "RunCopy":
        """Documents as `json.dumps` writes them, numbers that JSON cannot hold as null."""
        there = [name for name in ("config.json", "summary.json") if name in self.files]
        tidy = {name: dumped(finite(self.document(name))) for name in there}
        return replace(self, files=self.files | tidy)

    def _placeless(self, study: Study) -> "RunCopy":
        """Without places of this machine: of a path only its last name stays, the same wherever it stood."""
        short = short_names(paths_of(study.config, self.config), all_texts(self.config))
        if not short:
            return self
        in_names = {f"-{long.replace('/', '_')}-": f"-{name}-" for long, name in short.items()}
        rename = renamer(short, in_names)
        return RunCopy({rename(name): rewritten(name, data, rename) for name, data in self.files.items()})

    def _harmless(self) -> "RunCopy":
        """Nothing that looks like a path anywhere: which settings hold one, only the study could say."""
        paths = [text for value in self.documents() for text in every_text(value) if is_local(text)]
        short = short_names(list(dict.fromkeys(paths)), [])
        rename = renamer(short, {})
        return RunCopy({name: rewritten(name, data, rename) for name, data in self.files.items()})

    def documents(self) -> Iterator[object]:
        """Every row and every document."""
        for name, data in self.files.items():
            yield from rows_in(data) if name.endswith(".jsonl") else [json.loads(data)]


def study_of(run: RunDir) -> Study | None:
    """The run's study; None where nobody here knows it. UserError where the folder is no run."""
    try:
        return study_named(run.config()["study"])
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        found = f"{run.path.name} is no run that can be read."
        raise UserError(found, "a folder with a run's config.json", "Choose another run.") from None


def study_named(name: object) -> Study | None:
    try:
        return find(name)
    except UserError:
        return None


def rows_and_figures(folder: Path) -> list[str]:
    names = sorted(path.name for path in folder.iterdir() if ROWS_AND_FIGURES.fullmatch(path.name))
    return [name for name in (*travel.NEEDED, *names) if travel.is_plain(folder, name)]


def ended(status: dict, study: Study | None = None) -> dict:
    """The status of a run that nobody computes: finished stays, anything else can be resumed.

    A run may stand at work that is none of its study's stages, such as a choice between two of them: nobody asks later.
    """
    kept = EMPTY | {name: status[name] for name in KEPT if status.get(name) is not None}
    kept |= {name: float(kept[name]) for name in ("started_at", "updated_at")}
    if study and kept["stage"] not in study.stage_names:
        kept["stage"] = ""
    state = "finished" if status.get("state") == "finished" else "stopped"
    return {"state": state, **kept, "message": "", "error": None, **took(status, study)}


def took(status: dict, study: Study | None) -> dict:
    """How long the run computed, where it says so in a way that can be read."""
    try:
        told = status["time"]
        names = {START, *(study.stage_names if study else told["stages"])}
        stages = {name: float(value) for name, value in told["stages"].items() if name in names}
        expected = None if told.get("expected_s") is None else float(told["expected_s"])
        return {"time": {"spent_s": float(told["spent_s"]), "expected_s": expected, "stages": stages}}
    except (KeyError, TypeError, ValueError, AttributeError):  # of an older version
        return {}


# -- rewriting --------------------------------------------------------------------------------------------------------
def renamer(short: dict[str, str], in_names: dict[str, str]) -> Callable[[str], str]:
    """What a text becomes: a path its last name, and a file of scores that was called by a path another file's name."""

    def rename(text: str) -> str:
        for long, there in in_names.items() if text.startswith("artifacts/scores/") else ():
            text = text.replace(long, there)
        return short.get(text, text)

    return rename


def rewritten(name: str, data: bytes, rename: Callable[[str], str]) -> bytes:
    """A file with every text renamed. One that holds nothing to rename, or no JSON, keeps its bytes."""
    if not name.endswith((".jsonl", ".json")):
        return data
    before = rows_in(data) if name.endswith(".jsonl") else json.loads(data)
    after = mapped(before, rename)
    if after == before:
        return data
    if name.endswith(".json"):
        return dumped(after)
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in after)
    return "".join(lines).encode(errors="surrogatepass")  # half a letter is refused by the contract, in words


def rows_in(data: bytes) -> list[dict]:
    return [json.loads(line) for line in data.splitlines() if line.strip()]


def mapped(value: object, rename: Callable[[str], str]) -> object:
    """A JSON value with every text renamed, names of fields too: facts are told by model."""
    if isinstance(value, dict):
        return {rename(name): mapped(part, rename) for name, part in value.items()}
    if isinstance(value, list):
        return [mapped(part, rename) for part in value]
    return rename(value) if isinstance(value, str) else value


def every_text(value: object) -> Iterator[str]:
    """The texts in a JSON value, names of fields too."""
    if isinstance(value, dict):
        yield from value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from every_text(part)
    if isinstance(value, str):
        yield value


def finite(value: object) -> object:
    """A JSON value with null for numbers that JSON cannot hold."""
    if isinstance(value, dict):
        return {name: finite(part) for name, part in value.items()}
    if isinstance(value, list):
        return [finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def dumped(value: object) -> bytes:
    return json.dumps(value, indent=1).encode()
