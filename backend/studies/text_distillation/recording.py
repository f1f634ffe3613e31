"""The experts stage: record the trajectories a recipe lacks, and read the rest.

Knows where recordings are kept and how they are logged; not how an expert steps, nor what follows.
"""

import json
from pathlib import Path

from backend.core.params import snapshot
from backend.core.progress import Progress, Stopped
from backend.runs import RunDir, clear_parts, home, write_atomically
from backend.studies.text_distillation.buffer import TrajectoryBuffer, load_trajectory, save_trajectory
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.cost import expert_work
from backend.studies.text_distillation.experts import train_expert
from backend.studies.text_distillation.halfway import half_path, load_half, save_half
from backend.studies.text_distillation.setup import Setup


def followed(config: DistillConfig) -> range:
    """Numbers of the experts that the prompts follow: recorded before distilling."""
    return range(config.experts)


def held_out(config: DistillConfig) -> range:
    """Numbers of the experts that only check the result: recorded after distilling, so that the curve starts sooner."""
    return range(config.experts, config.experts + config.heldout_experts)


def lacking(setup: Setup, numbers: range) -> int:
    """How many of the numbered experts are still to be recorded."""
    return sum(not expert_path(setup, number).exists() for number in numbers)


def record_experts(setup: Setup, run_dir: RunDir, numbers: range, stage: str, later: float = 0.0) -> TrajectoryBuffer:
    """Record those of the numbered experts that the recipe's folder lacks; read all there are.

    `later`: the work that the stage has to do afterwards, in the unit of cost.py.
    """
    c = setup.config
    logged = [row["expert"] for row in run_dir.rows("metrics") if row["stage"] == "experts"]
    whole = {number for number in logged if logged.count(number) == c.expert_steps}
    run_dir.keep_rows("metrics", lambda row: row["stage"] != "experts" or row["expert"] in whole)
    clear_parts(setup.recipe.folder(home() / "experts"))
    work = lacking(setup, numbers) * expert_work(c)
    with Progress(run_dir, stage, len(numbers) * c.expert_steps, work=work, later=later) as progress:
        for number in numbers:
            path = expert_path(setup, number)
            if not path.exists():
                record_expert(setup, number, path, run_dir, progress)
                continue
            for row in [] if number in whole else json.loads(losses_path(path).read_text(encoding="utf-8")):
                run_dir.append("metrics", expert_row(number, row))
            progress.advance(f"Expert {number + 1} was recorded before", by=c.expert_steps, work=0.0)
    return load_experts(setup)


def expert_path(setup: Setup, number: int) -> Path:
    """Where this recipe's expert is or will be."""
    return setup.recipe.folder(home() / "experts") / f"expert-{number}.safetensors"


def load_experts(setup: Setup) -> TrajectoryBuffer:
    """The followed experts, and the held-out ones that are recorded by now."""
    c = setup.config
    follow = [load_trajectory(expert_path(setup, number)) for number in followed(c)]
    check = [path for path in (expert_path(setup, number) for number in held_out(c)) if path.exists()]
    return TrajectoryBuffer(follow, [load_trajectory(path) for path in check], c.inner_rule, setup.own.student.device)


def record_expert(setup: Setup, number: int, path: Path, run_dir: RunDir, progress: Progress) -> None:
    """Train one expert, logging as it goes; save its trajectory and its losses, or its half where it is stopped."""
    run_dir.keep_rows("metrics", lambda row: row.get("expert") != number or row["stage"] != "experts")
    c, student = setup.config, setup.own.student
    file = half_path(run_dir, setup.recipe.digest(), number)
    half = load_half(file, student.device)
    for row in half.rows:
        run_dir.append("metrics", expert_row(number, row))
    progress.advance("", by=half.walk.step, work=0.0)
    try:
        for loss, params, moments in train_expert(student, setup.own.train, setup.recipe, number, half.walk):
            half.states.append(snapshot(params))
            half.squares += [] if moments is None else [snapshot(moments)]
            if half.walk.step:
                half.rows.append({"step": half.walk.step, "loss": loss})
                run_dir.append("metrics", expert_row(number, half.rows[-1]))
                progress.advance(f"Expert {number + 1}: loss {loss:.3f}", work=expert_work(c) / c.expert_steps)
    except Stopped:
        save_half(file, half)
        raise
    write_atomically(losses_path(path), json.dumps(half.rows))
    save_trajectory(path, half.states, half.squares)  # last: a trajectory that exists has its losses
    file.unlink(missing_ok=True)


def losses_path(path: Path) -> Path:
    return path.with_suffix(".json")


def expert_row(number: int, row: dict) -> dict:
    return {"stage": "experts", "expert": number, **row}
