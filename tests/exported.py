"""A recorded run as an export, and ways to make bad ones of it whose checksums fit all the same."""

import json
import shutil
import time
from functools import lru_cache
from pathlib import Path

from backend.export.archive import zipped
from backend.export.copy import RunCopy
from backend.export.run_file import FORMAT, MANIFEST, VERSION, digest
from backend.runs.folder import RunDir

SAMPLES = Path(__file__).parent.parent / "assets" / "sample_runs"
# facts of the recorded run Quick that change when it is made anew
QUICK = json.loads((SAMPLES / "quick" / "config.json").read_text(encoding="utf-8"))["config"]
UPDATES = QUICK["outer_steps"]
MADE = time.strftime(  # how its files are called
    "quick-%Y-%m-%d-%H%M",
    time.gmtime(json.loads((SAMPLES / "quick" / "status.json").read_text(encoding="utf-8"))["started_at"]),
)


@lru_cache
def sample(name: str = "paper") -> RunCopy:
    return RunCopy.of(RunDir(SAMPLES / name))


@lru_cache
def small() -> RunCopy:
    """The recorded run Paper with all kinds of files, but few of each: quick to pack."""
    files = dict(sample().files)
    for name in [name for name in files if name.startswith("artifacts/scores/")][1:]:
        del files[name]
    files["neighbours.jsonl"] = b"".join(files["neighbours.jsonl"].splitlines(keepends=True)[:2])
    files["metrics.jsonl"] = b"".join(files["metrics.jsonl"].splitlines(keepends=True)[10:30])
    return RunCopy(files)


def own(folder: Path, name: str = "paper") -> RunDir:
    """A copy of a recorded run that a test may change."""
    return RunDir(shutil.copytree(SAMPLES / name, folder))


def packed(files: dict[str, bytes], /, **manifest) -> bytes:
    """An archive with a manifest that fits, whatever the files are."""
    sums = {name: digest(content) for name, content in files.items()}
    found = {"format": FORMAT, "version": VERSION, "files": sums} | manifest
    return zipped(files | {MANIFEST: json.dumps(found).encode()})


def with_document(name: str, **changes) -> bytes:
    """The small run, with fields of one of its documents changed; a field set to `...` is left out."""
    files = dict(small().files)
    found = json.loads(files[name]) | changes
    files[name] = json.dumps({key: value for key, value in found.items() if value is not ...}).encode()
    return packed(files)


def with_setting(**changes) -> bytes:
    return with_document("config.json", config=small().config | changes)


def with_row(name: str, change, number: int = -1) -> bytes:
    """The small run, with one row of a .jsonl file changed in place."""
    files = dict(small().files)
    rows = [json.loads(line) for line in files[name].splitlines()]
    change(rows[number])
    files[name] = "".join(json.dumps(row) + "\n" for row in rows).encode()
    return packed(files)


def with_file(name: str, content: bytes) -> bytes:
    return packed(dict(small().files) | {name: content})


def without_file(name: str) -> bytes:
    return packed({key: value for key, value in small().files.items() if key != name})
