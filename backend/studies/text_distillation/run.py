"""run(config, run_dir): the stages in order, each leaving plain files in the run folder. Nothing else is public.

experts -> distil -> decode -> evaluate. Every stage picks up where its files end, so a killed run resumes to the same
numbers. Knows files and stages; the mathematics is next door.
"""

import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from backend.core.errors import UserError
from backend.core.params import snapshot
from backend.core.pool import each, set_threads, worker_count
from backend.core.progress import Progress, Stopped
from backend.core.score import Scored, summarise
from backend.runs import RunDir, home, write_atomically
from backend.studies.text_distillation.buffer import TrajectoryBuffer, load_trajectory, save_trajectory
from backend.studies.text_distillation.checkpoint import load_checkpoint, save_checkpoint
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.decode import to_text
from backend.studies.text_distillation.distill import OuterState, begin, distil, first_step_size
from backend.studies.text_distillation.evaluate import Bench, Cell, Learned, cells
from backend.studies.text_distillation.experts import train_expert
from backend.studies.text_distillation.heldout import heldout_losses
from backend.studies.text_distillation.setup import Setup

STAGES = ("experts", "distil", "decode", "evaluate")
METRICS = ("acc", "acc_norm")
ASTRAY = 25  # skipped updates in a row after which going on is pointless


def run(config: DistillConfig, run_dir: RunDir, stages: tuple[str, ...] = STAGES) -> None:
    """Do the named stages that are not done yet. Raises UserError for bad input, Stopped when asked to stop."""
    run_dir.set_status(stage="experts", done=0, total=0, message="Loading the models and the data", eta_s=None)
    check_stages(stages)
    set_threads()
    setup = Setup(config)
    buffer = record_experts(setup, run_dir)
    state = restore(setup, buffer, run_dir)
    if "distil" in stages:
        distil_prompts(setup, buffer, state, run_dir)
    if "decode" in stages:
        write_distilled(setup, buffer, state, run_dir)
    if "evaluate" in stages:
        evaluate(setup, run_dir)


def check_stages(stages: tuple[str, ...]) -> None:
    unknown = [name for name in stages if name not in STAGES]
    if unknown:
        raise UserError(f"There is no stage {unknown[0]!r}.", f"some of {', '.join(STAGES)}", "Correct --stages.")


def run_to_the_end(config: DistillConfig, run_dir: RunDir, stages: tuple[str, ...] = STAGES) -> str:
    """The same; returns the state the run ends in: finished, or stopped when someone asked."""
    try:
        run(config, run_dir, stages)
    except Stopped:
        return "stopped"
    return "finished"


# -- experts ------------------------------------------------------------------------------------------------------
def record_experts(setup: Setup, run_dir: RunDir) -> TrajectoryBuffer:
    """Record the experts that the recipe's folder lacks; read the rest."""
    c = setup.config
    paths = expert_paths(setup)
    logged = [row["expert"] for row in run_dir.rows("metrics") if row["stage"] == "experts"]
    whole = {number for number in logged if logged.count(number) == c.expert_steps}
    run_dir.keep_rows("metrics", lambda row: row["stage"] != "experts" or row["expert"] in whole)
    with Progress(run_dir, "experts", len(paths) * c.expert_steps) as progress:
        for number, path in enumerate(paths):
            if not path.exists():
                record_expert(setup, number, path, run_dir, progress)
                continue
            for row in [] if number in whole else json.loads(losses_path(path).read_text(encoding="utf-8")):
                run_dir.append("metrics", expert_row(number, row))
            progress.advance(f"Expert {number + 1} was recorded before", by=c.expert_steps)
    return load_experts(setup)


def expert_paths(setup: Setup) -> list[Path]:
    """Where this recipe's experts are or will be; the held-out ones come last."""
    folder = setup.recipe.folder(home() / "experts")
    return [
        folder / f"expert-{number}.safetensors" for number in range(setup.config.experts + setup.config.heldout_experts)
    ]


def load_experts(setup: Setup) -> TrajectoryBuffer:
    c, loaded = setup.config, [load_trajectory(path) for path in expert_paths(setup)]
    return TrajectoryBuffer(loaded[: c.experts], loaded[c.experts :], c.inner_rule, setup.own.student.device)


def record_expert(setup: Setup, number: int, path: Path, run_dir: RunDir, progress: Progress) -> None:
    """Train one expert, logging as it goes, and save its trajectory with its losses beside it."""
    run_dir.keep_rows("metrics", lambda row: row.get("expert") != number or row["stage"] != "experts")
    states, squares, rows = [], [], []
    experts = train_expert(setup.own.student, setup.own.train, setup.recipe, number)
    for step, (loss, params, moments) in enumerate(experts):
        states.append(snapshot(params))
        squares += [] if moments is None else [snapshot(moments)]
        if step:
            rows.append({"step": step, "loss": loss})
            run_dir.append("metrics", expert_row(number, rows[-1]))
            progress.advance(f"Expert {number + 1}: loss {loss:.3f}")
    write_atomically(losses_path(path), json.dumps(rows))
    save_trajectory(path, states, squares)  # last: a trajectory that exists has its losses


def losses_path(path: Path) -> Path:
    return path.with_suffix(".json")


def expert_row(number: int, row: dict) -> dict:
    return {"stage": "experts", "expert": number, **row}


# -- distil -------------------------------------------------------------------------------------------------------
def restore(setup: Setup, buffer: TrajectoryBuffer, run_dir: RunDir) -> OuterState:
    """The outer loop's state: from the checkpoint where there is one, else its beginning."""
    if checkpoint_path(run_dir).exists():
        state = begin(setup.config, setup.synthetic, first=1.0)
        load_checkpoint(checkpoint_path(run_dir), state)
        return state
    first = first_step_size(setup.config, setup.own.student, buffer, setup.synthetic)
    return begin(setup.config, setup.synthetic, first)


def checkpoint_path(run_dir: RunDir) -> Path:
    return run_dir.artifacts / "checkpoint.safetensors"


def distil_prompts(setup: Setup, buffer: TrajectoryBuffer, state: OuterState, run_dir: RunDir) -> None:
    """The outer loop, logged, with a checkpoint and a decoded snapshot every so many updates."""
    c, reached = setup.config, state.step
    run_dir.keep_rows("metrics", lambda row: row["stage"] == "experts" or row["step"] <= reached)
    run_dir.keep_rows("prompts", lambda row: 0 < row["step"] <= reached or (reached and row["step"] == 0))
    if not reached:
        write_snapshot(setup, state, run_dir)
    good = (state.step, state.skipped)
    with Progress(run_dir, "distil", c.outer_steps, done=reached) as progress:
        try:
            began = time.monotonic()
            for row in distil(c, setup.own.student, buffer, setup.synthetic, setup.nearest, state):
                seconds = round(time.monotonic() - began, 3)
                run_dir.append("metrics", {"stage": "distil", **finite(row), "seconds": seconds})
                good = check_astray(state, good)
                last = state.step == c.outer_steps
                if last or state.step % c.snapshot_every == 0:
                    write_snapshot(setup, state, run_dir)
                if last or state.step % c.checkpoint_every == 0:
                    save_checkpoint(checkpoint_path(run_dir), state)
                progress.advance(f"Matching loss {row['matching_loss']:.3f}")
                began = time.monotonic()
        except Stopped:
            save_checkpoint(checkpoint_path(run_dir), state)
            raise


def finite(row: dict) -> dict:
    """Numbers JSON cannot hold become null."""
    return {k: None if isinstance(v, float) and not (abs(v) < float("inf")) else v for k, v in row.items()}


def check_astray(state: OuterState, since: tuple[int, int]) -> tuple[int, int]:
    """Raise UserError after ASTRAY skipped updates in a row; else remember the last good one."""
    if state.skipped == since[1]:
        return state.step, state.skipped
    if state.step - since[0] >= ASTRAY and state.skipped - since[1] >= ASTRAY:
        raise UserError(
            f"{ASTRAY} updates in a row were skipped: the student runs away from the expert.",
            "a matching loss below skip_above",
            "Lower expert_lr or prompt_lr, or match fewer steps (expert_span, inner_steps).",
        )
    return since


def write_snapshot(setup: Setup, state: OuterState, run_dir: RunDir) -> None:
    """The prompts as nearest-neighbour text at this step."""
    rows = []
    for slot, ids in enumerate(setup.nearest.project(state.prompts, setup.synthetic.lengths)):
        start = setup.synthetic.slots[slot].initial
        distances = setup.nearest.search(state.prompts[slot, : len(start)])[1]
        rows.append(
            {
                "slot": slot,
                "text": to_text(setup.own.tokenizer, ids),
                "answer": setup.init_examples[slot].answer,
                "changed": sum(a != b for a, b in zip(ids, start, strict=True)) / len(start),
                "distance": round(float(distances.mean()) / setup.nearest.scale, 4),
            }
        )
    run_dir.append("prompts", {"step": state.step, "prompts": rows})


# -- decode -------------------------------------------------------------------------------------------------------
def learned(setup: Setup, state: OuterState) -> Learned:
    ids = setup.nearest.project(state.prompts, setup.synthetic.lengths)
    return Learned(state.prompts.detach(), state.log_lrs.detach(), ids)


def write_distilled(setup: Setup, buffer: TrajectoryBuffer, state: OuterState, run_dir: RunDir) -> None:
    """distilled.jsonl and the held-out matching losses of prompts, projected tokens and untouched real questions."""
    c, found = setup.config, learned(setup, state)
    texts = [to_text(setup.own.tokenizer, ids) for ids in found.ids]
    lines = []
    for slot, (text, example) in enumerate(zip(texts, setup.text_examples(texts), strict=True)):
        origin = {"model": c.model, "task": c.task, "seed": c.seed, "step": state.step, "layout": c.layout}
        origin |= {"decoder": "nearest", "started_from": setup.train[setup.init_rows[slot]].id, "text": text}
        lines.append(
            json.dumps({"prompt": example.prompt, "answer": example.answer, "provenance": origin}, ensure_ascii=False)
        )
    write_atomically(run_dir.path / "distilled.jsonl", "\n".join(lines) + "\n")
    sources = {
        "soft": found.prompts,
        "projected": projected(setup, found),
        "init": setup.synthetic.initial,
    }
    with Progress(run_dir, "decode", len(sources)) as progress:
        heldout = {}
        for name, prompts in sources.items():
            heldout[name] = heldout_losses(setup, buffer, prompts, found.log_lrs)
            progress.advance(f"Held-out experts on {name}")
    summary = {
        "steps": state.step,
        "skipped": state.skipped,
        "inner_lrs": found.log_lrs.exp().tolist(),
        "heldout": heldout,
    }
    write_atomically(run_dir.path / "summary.json", json.dumps(summary, indent=1))


def projected(setup: Setup, found: Learned):
    """The decoded ids as embeddings, in the shape of the prompts."""
    out = found.prompts.clone()
    for row, ids in enumerate(found.ids):
        out[row, : len(ids)] = setup.own.student.table[list(ids)]
    return out


# -- evaluate -----------------------------------------------------------------------------------------------------
def evaluate(setup: Setup, run_dir: RunDir) -> None:
    """Train and score every cell that has no result yet, several at a time."""
    done = {cell_of(row) for row in run_dir.rows("results") if row["metric"] == METRICS[-1]}
    run_dir.keep_rows("results", lambda row: cell_of(row) in done)
    everything = cells(setup.config)
    todo = [cell for cell in everything if cell not in done]
    folder = run_dir.artifacts / "scores"
    folder.mkdir(parents=True, exist_ok=True)
    begin_work = partial(cell_worker, setup.config, run_dir.path)
    with Progress(run_dir, "evaluate", len(everything), done=len(everything) - len(todo)) as progress:
        for cell, scored in each(begin_work, todo, worker_count(), progress.check_stop):
            write_scores(setup.config.task, cell, scored, folder, run_dir)
            progress.advance(f"Scored {cell.name()}")


def cell_of(row: dict) -> Cell:
    return Cell(row["arm"], row["student"], row["regime"], row["seed"])


def cell_worker(config: DistillConfig, folder: Path) -> Callable[[Cell], list[Scored]]:
    """Load everything once, in whichever process this is, and return what to do with a cell."""
    setup = Setup(config)
    buffer = load_experts(setup)
    bench = Bench(setup, buffer, learned(setup, restore(setup, buffer, RunDir(folder))))
    return lambda cell: bench.score(cell, bench.train(cell))


def write_scores(task: str, cell: Cell, scored: list[Scored], folder: Path, run_dir: RunDir) -> None:
    """One student: its per-question scores first, then its rows of results."""
    lines = (json.dumps({"id": s.id, "answer": s.answer, "log_likelihoods": s.log_likelihoods}) for s in scored)
    write_atomically(folder / f"{cell.name()}.jsonl", "\n".join(lines) + "\n")
    totals = summarise(scored)
    for metric in METRICS:
        where = {"arm": cell.arm, "student": cell.student, "task": task, "regime": cell.regime}
        value = {"metric": metric, "seed": cell.seed, "value": totals[metric], "n": totals["n"]}
        run_dir.append("results", where | value)
