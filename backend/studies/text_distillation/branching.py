"""Branches: a new run that goes on from a snapshot of another, under settings of its own.

The branch's folder holds all it needs, so the parent may be changed or deleted. With unchanged settings the branch
repeats the parent's rows to the last digit. Torch-free: the web server makes branches. Knows config and run folders.
"""

import json
import shutil
from pathlib import Path

from backend.disk import write_atomically
from backend.errors import UserError
from backend.runs import lineage
from backend.runs.folder import RunDir
from backend.settings import as_json, build, from_saved
from backend.studies.text_distillation.config import DistillConfig

STUDY = "text_distillation"
RECORDING = (
    "task",
    "data_dir",
    "data_file",
    "train_limit",
    "model",
    "seed",
    "expert_steps",
    "expert_batch",
    "expert_lr",
)
RECORDING += ("inner_rule", "lora_rank", "lora_alpha")
SHAPE = ("prompts", "start", "prompt_tokens", "layout", "inner_steps")
FIXED = RECORDING + SHAPE  # what a branch shares with its parent
FILES = ("metrics", "prompts", "paths", "neighbours")


def parents_config(parent: RunDir) -> DistillConfig:
    """The parent's settings as this version has them. Raises UserError where it knows them no more."""
    return build(DistillConfig, from_saved(DistillConfig, parent.config()["config"]))


def check_branch(parent: RunDir, step: int, config: DistillConfig) -> None:
    """Raise UserError where no such branch can be: no snapshot, or settings that do not go with it."""
    steps = lineage.snapshot_steps(parent)
    if step not in steps:
        kept = f"one of {', '.join(map(str, steps))}" if steps else "a run that kept snapshots"
        raise UserError(f"The run has no snapshot of update {step}.", kept, "Branch from another update.")
    old = parents_config(parent)
    other = [name for name in FIXED if getattr(old, name) != getattr(config, name)]
    if other:
        raise UserError(
            f"A branch cannot change {', '.join(other)}.",
            f"the parent's {other[0]} ({getattr(old, other[0])!r})",
            "Restore it, or start a run that is not a branch.",
        )
    if config.experts < old.experts:  # those left out would count as experts the prompts never followed
        raise UserError(
            f"experts is {config.experts}, but the parent followed {old.experts}.", "as many or more", "Raise experts."
        )
    if config.outer_steps < step:
        raise UserError(
            f"outer_steps is {config.outer_steps}, but the branch begins at update {step}.",
            f"at least {step}",
            "Raise outer_steps, or branch from an earlier update.",
        )


def make_branch(parent: RunDir, step: int, path: Path, config: DistillConfig) -> RunDir:
    """The branch's folder, ready to run; the same one where it exists already. Raises UserError as `check_branch`.

    It is built beside its place and moved there whole: half a branch would start from nothing.
    """
    check_branch(parent, step, config)
    preset, line = parent.config()["preset"], [*lineage.ancestors(parent), {"run": parent.path.name, "step": step}]
    if path.exists() and any(path.iterdir()):
        return RunDir.create(path, STUDY, preset, as_json(config), line)
    part = path.with_name(f".{path.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    branch = RunDir.create(part, STUDY, preset, as_json(config), line)
    copy = lineage.snapshot_path(branch, step)
    copy.parent.mkdir()
    write_atomically(copy, lineage.snapshot_path(parent, step).read_bytes())
    for name in FILES:
        branch_rows(parent, branch, name, step, config.experts)
    branch.set_status(stage="distil", done=step, total=config.outer_steps)  # where it goes on, once it is its turn
    part.rename(path)
    return RunDir(path)


def branch_rows(parent: RunDir, branch: RunDir, name: str, step: int, experts: int) -> None:
    """What the parent wrote up to `step`. The experts' rows are those of the followed; searches are not inherited."""

    def inherited(row: dict) -> bool:
        if row.get("stage") == "experts":
            return row["expert"] < experts
        if row.get("stage") == "engine":  # for the updates after its step
            return row["step"] < step
        return "round" not in row and row["step"] <= step

    rows = [json.dumps(row, ensure_ascii=False) + "\n" for row in parent.rows(name) if inherited(row)]
    write_atomically(branch.path / f"{name}.jsonl", "".join(rows))
