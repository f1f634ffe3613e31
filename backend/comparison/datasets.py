"""An arm's data set as a file one can open: `prompt`, `answer` and where each example comes from, one a line.

Kept once for each recipe below the home folder and copied into the run, so that arms are made once and shared by runs.
Knows files and examples; not how an arm is chosen.
"""

import hashlib
import json
import shutil
from pathlib import Path

from backend.core.text.prompts import Example
from backend.disk import home, write_atomically
from backend.errors import UserError
from backend.runs.folder import RunDir

VERSION = 1  # raise when an arm's making changes, so that old files are not taken for new ones
ARMS = "arms"


def digest(recipe: dict) -> str:
    """A name for everything a data set depends on."""
    return hashlib.sha256(json.dumps(recipe | {"version": VERSION}, sort_keys=True).encode()).hexdigest()[:16]


def kept(recipe: dict) -> Path:
    """Where the data set of a recipe is kept, or will be."""
    return home() / ARMS / f"{recipe['arm']}-{digest(recipe)}.jsonl"


def keep(recipe: dict, rows: list[dict]) -> Path:
    """Write a data set with its recipe beside it; the data last, so that a file that exists is whole."""
    path = kept(recipe)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path.with_suffix(".recipe.json"), json.dumps(recipe, indent=1))
    write_atomically(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return path


def kept_rows(path: Path) -> list[dict]:
    """The rows of a kept data set."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]  # as text, U+2028 would end a line too


def put_into(run: RunDir, arm: str, path: Path) -> None:
    """Copy a kept data set into the run, where it stays whatever happens to the home folder."""
    (run.path / ARMS).mkdir(exist_ok=True)
    shutil.copyfile(path, arm_file(run, arm))


def arm_file(run: RunDir, arm: str) -> Path:
    return run.path / ARMS / f"{arm}.jsonl"


def rows_of(run: RunDir, arm: str) -> list[dict]:
    """The rows of an arm's data set in the run. UserError where the arm has none."""
    if not arm_file(run, arm).is_file():
        found = f"{run.path.name} has no data set for {arm}."
        raise UserError(found, "a comparison that reached its arms", "Resume the comparison.")
    return run.rows(f"{ARMS}/{arm}")


def examples_of(run: RunDir, arm: str) -> list[Example]:
    return [Example.of(row) for row in rows_of(run, arm)]
