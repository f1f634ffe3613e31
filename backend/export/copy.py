"""A copy of a run as it may leave this machine: whole lines, a state it ended in, no process and no path.

One look at the folder, so that everything made from it agrees, also while the run goes on. Knows the run folder; what
is made of the copy is next door.
"""

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath

from backend.errors import UserError
from backend.export import travel
from backend.export.archive import MOST_UNPACKED, megabytes
from backend.export.contract import LOCAL, STUDY, is_local
from backend.runs.folder import RunDir

MOST_SNAPSHOTS = 16 * 2**20  # bytes: half of what a file may have
KEPT = ("stage", "done", "total", "started_at", "updated_at", "stages")
EMPTY = {"stage": "", "done": 0, "total": 0, "started_at": 0.0, "updated_at": 0.0, "stages": None}


@dataclass(frozen=True)
class RunCopy:
    """The files of a run by name, in the bytes they leave with."""

    files: dict[str, bytes]

    @classmethod
    def of(cls, run: RunDir) -> "RunCopy":
        """UserError where the folder is no run of the study, or too large to travel."""
        found = {}
        for name in names(run.path):
            content = (run.path / name).read_bytes()
            found[name] = content[: content.rfind(b"\n") + 1] if name.endswith(".jsonl") else content
        if "config.json" not in found or json.loads(found["config.json"])["study"] != STUDY:
            raise UserError(f"{run.path.name} is no distillation run.", "a run of the first tab", "Choose another run.")
        size = sum(map(len, found.values()))
        if size > MOST_UNPACKED:
            step = "Take its data set or its tables instead, or copy the run folder itself."
            raise UserError(f"The run has {megabytes(size)}.", f"at most {megabytes(MOST_UNPACKED)} in one file", step)
        found["status.json"] = dumped(ended(run.status()))
        return cls(found)._tidy()._placeless()

    # -- reading --------------------------------------------------------------------------------------------------
    def document(self, name: str) -> dict:
        """A .json file; empty where there is none."""
        return json.loads(self.files[name]) if name in self.files else {}

    def rows(self, name: str) -> list[dict]:
        """The rows of `<name>.jsonl`; none where there is no such file."""
        return [json.loads(line) for line in self.files.get(f"{name}.jsonl", b"").splitlines() if line.strip()]

    @property
    def config(self) -> dict:
        return self.document("config.json")["config"]

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

    def _placeless(self) -> "RunCopy":
        """Without places of this machine: of a path only its last name stays, the same wherever it stood."""
        short = short_names(self.config)
        if not short:
            return self
        told = {f"-{long.replace('/', '_')}-": f"-{name}-" for long, name in short.items()}
        files = {}
        for name, content in self.files.items():
            for long, there in told.items():
                name = name.replace(long, there)
            files[name] = content
        changed = replace(self, files=files)
        rename = renamer(short, told)
        files["config.json"] = dumped(mapped(self.document("config.json"), rename))
        for name in ("results", "distilled", "facts"):
            rows = (json.dumps(mapped(row, rename), ensure_ascii=False) + "\n" for row in changed.rows(name))
            if f"{name}.jsonl" in files:
                files[f"{name}.jsonl"] = "".join(rows).encode()
        return changed


def names(folder: Path) -> list[str]:
    """Files of a run folder that travel. No link is followed. Snapshots stay behind where they are large."""
    found = [folder / name for name in travel.FIXED] + sorted((folder / "artifacts" / "scores").glob("*.jsonl"))
    snapshots = sorted((folder / "artifacts" / "snapshots").glob("*.safetensors"))
    found += snapshots if sum(path.stat().st_size for path in snapshots) <= MOST_SNAPSHOTS else []
    there = [path.relative_to(folder).as_posix() for path in found if path.is_file() and not path.is_symlink()]
    return [name for name in there if travel.travels(name)]


def ended(status: dict) -> dict:
    """The status of a run that nobody computes: finished stays, anything else can be resumed."""
    kept = EMPTY | {name: status[name] for name in KEPT if status.get(name) is not None}
    kept |= {name: float(kept[name]) for name in ("started_at", "updated_at")}
    state = "finished" if status.get("state") == "finished" else "stopped"
    return {"state": state, **kept, "message": "", "error": None}


def short_names(config: dict) -> dict[str, str]:
    """Path -> its last name, for settings that name a place of this machine; two paths never get one name."""
    found: dict[str, str] = {}
    for name in LOCAL:
        value = config.get(name)
        if isinstance(value, str) and is_local(value) and value not in found:
            last = re.sub(r"[^\w.-]", "_", PureWindowsPath(value).name, flags=re.ASCII).strip(".") or "local"
            found[value] = last if last not in (*found.values(), *config.values()) else f"{last}-{len(found) + 2}"
    return found


def renamer(short: dict[str, str], told: dict[str, str]) -> Callable[[str], str]:
    def rename(text: str) -> str:
        for long, there in told.items() if text.startswith("artifacts/scores/") else ():
            text = text.replace(long, there)
        return short.get(text, text)

    return rename


def mapped(value: object, rename: Callable[[str], str]) -> object:
    """A JSON value with every text renamed, names of fields too: facts are told by model."""
    if isinstance(value, dict):
        return {rename(name): mapped(part, rename) for name, part in value.items()}
    if isinstance(value, list):
        return [mapped(part, rename) for part in value]
    return rename(value) if isinstance(value, str) else value


def finite(value: object) -> object:
    """A JSON value with null for numbers that JSON cannot hold."""
    if isinstance(value, dict):
        return {name: finite(part) for name, part in value.items()}
    if isinstance(value, list):
        return [finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def dumped(value: object) -> bytes:
    return json.dumps(value, indent=1).encode()
