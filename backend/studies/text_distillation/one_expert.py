"""One expert from where it stands to its files: its rows as it steps, a half where it is stopped, then its trajectory.

Knows where recordings are kept; not who listens, nor whether another expert is recorded beside it.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path

from backend.core.params import Params, snapshot
from backend.disk import home, write_atomically
from backend.runs.folder import RunDir
from backend.studies.text_distillation.buffer import save_trajectory
from backend.studies.text_distillation.experts import train_expert
from backend.studies.text_distillation.halfway import Half, half_path, load_half, save_half
from backend.studies.text_distillation.setup import Setup

SAVE_EVERY_S = 60.0  # what a killed process has to repeat, at most; a save writes the whole trajectory so far


def expert_path(setup: Setup, number: int) -> Path:
    """Where this recipe's expert is or will be."""
    return setup.recipe.folder(home() / "experts") / f"expert-{number}.safetensors"


def losses_path(path: Path) -> Path:
    return path.with_suffix(".json")


def recorded_rows(setup: Setup, number: int) -> list[dict]:
    """Step and loss of every step of an expert that is whole."""
    return json.loads(losses_path(expert_path(setup, number)).read_text(encoding="utf-8"))


def record(setup: Setup, number: int, run_dir: RunDir) -> Iterator[tuple[dict, bool]]:
    """Yield step and loss of every step, and whether it was made now or an earlier half had it; then the expert's files
    are there.

    Closed before its end it saves its half, as it does every minute. Raises UserError on a full disk, or when the loss
    stops being a number.
    """
    student, path = setup.own.student, expert_path(setup, number)
    file = half_path(run_dir, setup.recipe.digest(), number)
    half, saved = load_half(file, student.device), time.monotonic()
    try:
        yield from [(row, False) for row in half.rows]
        for loss, params, moments in train_expert(student, setup.own.train, setup.recipe, number, half.walk):
            keep(half, loss, params, moments)
            if half.walk.step:
                yield half.rows[-1], True
            if time.monotonic() - saved > SAVE_EVERY_S:
                save_half(file, half)
                saved = time.monotonic()
    except GeneratorExit:
        save_half(file, half)
        raise
    write_atomically(losses_path(path), json.dumps(half.rows))
    save_trajectory(path, half.states, half.squares)  # last: a trajectory that exists has its losses
    file.unlink(missing_ok=True)


def keep(half: Half, loss: float, params: Params, moments: Params | None) -> None:
    """Add the state after one more step to an expert's half; the beginning has no loss."""
    half.states.append(snapshot(params))
    half.squares += [] if moments is None else [snapshot(moments)]
    if half.walk.step:
        half.rows.append({"step": half.walk.step, "loss": loss})
