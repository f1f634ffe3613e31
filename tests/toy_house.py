"""A copy of the project with the toy study in it: its folder below backend/studies, and one line in the table.

Nothing else of the copy is touched, so whatever works there works for any study. Knows folders and processes.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
TOY = Path(__file__).parent / "toy"
PARTS = ("app.py", "backend", "components", "assets")
LINE = '    "toy": "backend.studies.toy.study",\n'


def build(folder: Path) -> Path:
    """The copy's folder. The recorded runs and the bundled models stay behind: the toy has none and needs none."""
    folder.mkdir(parents=True, exist_ok=True)
    skipped = shutil.ignore_patterns("__pycache__")
    large = shutil.ignore_patterns("models", "sample_runs")
    for part in PARTS:
        place = ROOT / part
        if place.is_dir():
            shutil.copytree(place, folder / part, ignore=large if part == "assets" else skipped)
        else:
            shutil.copy(place, folder / part)
    (folder / "assets" / "sample_runs").mkdir()
    shutil.copytree(TOY, folder / "backend" / "studies" / "toy", ignore=skipped)
    table = folder / "backend" / "studies" / "__init__.py"
    before = table.read_text(encoding="utf-8")
    assert before.endswith("\n}\n")
    table.write_text(before.removesuffix("}\n") + LINE + "}\n", encoding="utf-8")
    return folder


def environment(house: Path) -> dict[str, str]:
    """Of processes in the copy: they import its modules, and keep their runs in a home of its own."""
    return os.environ | {"DISTILLOSCOPE_HOME": str(house / "home"), "PYTHONPATH": str(house)}


def command(house: Path, *words: object) -> subprocess.CompletedProcess:
    """`python -m backend ...` in the copy."""
    line = [sys.executable, "-m", "backend", *map(str, words)]
    return subprocess.run(line, cwd=house, env=environment(house), capture_output=True, text=True)


def program(house: Path, code: str) -> str:
    """What a few lines of Python print in the copy; a failure is shown."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=house, env=environment(house), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows(run: Path, name: str) -> list[dict]:
    return [json.loads(line) for line in (run / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
