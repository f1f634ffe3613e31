"""What a student's training leaves in the run folder: its rows, and the models and states that a resume begins with.

Knows files; not how a student is trained. Every row has the update it belongs to, so that a resume can drop what it
will write again.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import torch

from backend.core.models.backbones import quiet
from backend.core.params import Params
from backend.core.training.finetune_state import FinetuneState
from backend.core.vision.cut_files import load_student, save_student
from backend.core.vision.parts import Kept
from backend.disk import write_atomically
from backend.runs.folder import RunDir
from backend.studies.tiny_clip.cells import Cell
from backend.studies.tiny_clip.starts import Begun, trainable

FILES = ("metrics", "affinities", "maps", "ladder")
AT_A_CUT = ("evaluate", "validate")  # rows of metrics that are written when a leg has begun, as those of other files
DIGITS = 3


@dataclass(frozen=True)
class Reached:
    """Where a student's training goes on: in which leg, after how many of its updates; None where the rows of the leg's
    beginning are still to be written."""

    leg: int
    step: int | None


def reached(folder: Path) -> Reached:
    """How far a student came."""
    leg = max((int(path.name.split("-")[1]) for path in folder.glob("start-*")), default=0)
    file = state_file(folder, leg)
    begun = 0 if begun_file(folder, leg).is_file() else None
    return Reached(leg, FinetuneState.load(file).step if file.is_file() else begun)


def state_file(folder: Path, leg: int) -> Path:
    return folder / f"state-{leg}.safetensors"


def begun_file(folder: Path, leg: int) -> Path:
    """Is there once the rows of a leg's beginning are written."""
    return folder / f"begun-{leg}"


def save_start(folder: Path, leg: int, begun: Begun, told: dict) -> None:
    """Keep the model that a later leg begins with, in one step, with whatever else is to be known of the cut."""
    part, place = folder / f"part-{leg}", folder / f"start-{leg}"
    shutil.rmtree(part, ignore_errors=True)
    with quiet():
        save_student(begun.model, part, torch.float32)
    told = told | {"kept": begun.kept, "layers": begun.layers}
    write_atomically(part / "told.json", json.dumps(told))
    part.rename(place)


def load_start(folder: Path, leg: int) -> tuple[Begun, dict]:
    """What `save_start` kept."""
    place = folder / f"start-{leg}"
    told = json.loads((place / "told.json").read_text(encoding="utf-8"))
    with quiet():
        model = load_student(place)
    return Begun(trainable(model), told.pop("kept"), told.pop("layers")), told


def forget(folder: Path) -> None:
    """A student whose outcome is written needs no states."""
    for path in [*folder.glob("state-*"), *folder.glob("begun-*")]:
        path.unlink()
    for path in [*folder.glob("start-*"), *folder.glob("part-*")]:
        shutil.rmtree(path)


def drop_repeated(run_dir: RunDir, cells: dict[Cell, tuple[int, int | None]]) -> None:
    """Drop the rows that a resume will write again. For each cell that is not done: the update that its leg begins
    with, and the update up to which rows are whole, None where those of the leg's beginning are not."""

    def keeps(row: dict) -> bool:
        for cell, (first, whole) in cells.items():
            if cell.owns(row):
                if whole is not None:
                    return row["step"] <= whole
                written_at_a_cut = row.get("stage") in AT_A_CUT or "stage" not in row
                return row["step"] < first or (row["step"] == first != 0 and not written_at_a_cut)
        return True

    for name in FILES:
        if not all(map(keeps, run_dir.rows(name))):
            run_dir.keep_rows(name, keeps)


def only_chosen(run_dir: RunDir, lrs: dict[str, float]) -> None:
    """Of a grid only the students that remain keep their matrices, maps and cuts."""

    def keeps(row: dict) -> bool:
        who = row.get("arm", row.get("who"))
        return who not in lrs or row["lr"] == lrs[who]

    for name in FILES[1:]:
        if not all(map(keeps, run_dir.rows(name))):
            run_dir.keep_rows(name, keeps)


def kept_row(kept: Kept, counts: dict[str, int]) -> dict[str, list[int]]:
    """1 for every unit that is kept, 0 for the others."""
    found = {}
    for unit, count in counts.items():
        there = set(kept.get(unit, range(count)))
        found[unit] = [int(number in there) for number in range(count)]
    return found


def falling_row(probabilities: Params, counts: dict[str, int]) -> dict[str, list[float]]:
    """How likely each unit is kept, in the order of `counts`: masks that come from a file have another one."""
    return {unit: [round(p, DIGITS) for p in probabilities[unit].tolist()] for unit in counts}
