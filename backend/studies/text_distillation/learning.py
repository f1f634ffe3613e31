"""The distil stage: the outer loop with its log, its decoded snapshots and its checkpoints.

Knows the run folder; the loop itself is in distill.py.
"""

import json
import time
from pathlib import Path

from backend.core.models.nearest_tokens import to_text
from backend.core.seeding import generator
from backend.disk import write_atomically
from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.runs.lineage import ancestors, drop_snapshots, keep_snapshot, snapshot_path
from backend.runs.progress import Progress, Stopped
from backend.studies.text_distillation.buffer import TrajectoryBuffer
from backend.studies.text_distillation.checkpoint import load_checkpoint, save_checkpoint
from backend.studies.text_distillation.decoder import Decoder, make_decoder
from backend.studies.text_distillation.distill import begin, distil, first_step_size, inner_batches
from backend.studies.text_distillation.engines import Engine, Trial, checked_engine, make_engine, plain_loss
from backend.studies.text_distillation.following import in_plane, left_by_layer
from backend.studies.text_distillation.lens import Lens
from backend.studies.text_distillation.setup import Setup
from backend.studies.text_distillation.state import OuterState
from backend.studies.text_distillation.unroll import unroll

ASTRAY = 25  # skipped updates in a row after which going on is pointless


def restore(setup: Setup, buffer: TrajectoryBuffer, run_dir: RunDir) -> OuterState:
    """The outer loop's state: from the checkpoint where there is one, else its beginning; a branch's is a snapshot."""
    saved, c, line = checkpoint_path(run_dir), setup.config, ancestors(run_dir)
    if line and not saved.exists():
        saved = snapshot_path(run_dir, line[-1]["step"])
        if not saved.exists():
            raise UserError(
                f"The branch begins with a snapshot that is not here ({saved.name}).",
                "artifacts/snapshots as the branch was made",
                "Branch from its parent again.",
            )
    first = 1.0 if saved.exists() else first_step_size(c, setup.own.student, buffer, setup.synthetic)
    state = begin(c, setup.synthetic, first)
    state.memory = make_decoder(setup).memory()
    if saved.exists():
        load_checkpoint(saved, state, another=saved != checkpoint_path(run_dir))
    return state


def checkpoint_path(run_dir: RunDir) -> Path:
    return run_dir.artifacts / "checkpoint.safetensors"


def distil_prompts(setup: Setup, buffer: TrajectoryBuffer, state: OuterState, run_dir: RunDir) -> None:
    """The outer loop, logged, with a checkpoint and a decoded snapshot every so many updates."""
    c, decoder, reached = setup.config, make_decoder(setup), state.step
    lens = Lens(setup.nearest, setup.own.tokenizer)
    write_atomically(run_dir.path / "vocabulary.json", json.dumps(lens.vocabulary(), ensure_ascii=False))
    cut_back(run_dir, reached)

    def look() -> None:
        keep_snapshot(run_dir, state.step, lambda path: save_checkpoint(path, state))  # before the row that shows it
        write_snapshot(setup, decoder, state, run_dir)
        write_path(setup, buffer, decoder, state, run_dir)
        write_neighbours(setup, lens, state, run_dir)

    if not reached:
        look()
    if reached >= c.outer_steps:
        return
    state.reverted = None  # what was decided about prompts that now go on changing
    skipped, in_a_row = state.skipped, 0
    with Progress(run_dir, "distil", c.outer_steps, done=reached) as progress:
        progress.advance("Checking how the gradient is computed", by=0)
        engine = trusted(setup, buffer, decoder, state, run_dir)
        try:
            began = time.monotonic()
            for row in distil(c, engine, buffer, setup.synthetic, decoder, state):
                seconds = round(time.monotonic() - began, 3)
                run_dir.append("metrics", {"stage": "distil", **finite(row), "seconds": seconds})
                in_a_row, skipped = count_astray(in_a_row, state.skipped > skipped), state.skipped
                last = state.step == c.outer_steps
                if last or state.step % c.snapshot_every == 0:
                    look()
                if last or state.step % c.checkpoint_every == 0:
                    save_checkpoint(checkpoint_path(run_dir), state)
                progress.advance(f"Matching loss {row['matching_loss']:.3f}")
                began = time.monotonic()
        except Stopped:
            save_checkpoint(checkpoint_path(run_dir), state)
            raise


def trusted(setup: Setup, buffer: TrajectoryBuffer, decoder: Decoder, state: OuterState, run_dir: RunDir) -> Engine:
    """The config's engine, or what it made way for. Checked once, where the run or its branch began with it, and
    logged: a run that is resumed goes on with the engine it had."""
    c, student = setup.config, setup.own.student
    last = next((row for row in reversed(run_dir.rows("metrics")) if row["stage"] == "engine"), None)
    if last is not None and last["asked"] == c.engine:
        return make_engine(last["used"], student)
    segment = buffer.segment(buffer.followed[0], 0, c.expert_span)
    batches = inner_batches(c, generator(c.seed, "check"))
    trial = Trial(student, setup.synthetic, segment, decoder.seen(state), state.log_lrs, batches)
    engine, row = checked_engine(c.engine, trial)
    run_dir.append("metrics", {"stage": "engine", "step": state.step, "asked": c.engine, **row})
    return engine


def cut_back(run_dir: RunDir, reached: int) -> None:
    """Drop what came after update `reached`: it is repeated from there."""
    run_dir.keep_rows("metrics", lambda row: row["stage"] != "distil" or row["step"] <= reached)
    # what a search wrote stays: it follows on distilling, and goes on by itself
    run_dir.keep_rows(
        "prompts", lambda row: "round" in row or 0 < row["step"] <= reached or (reached and row["step"] == 0)
    )
    for name in ("paths", "neighbours"):
        run_dir.keep_rows(name, lambda row: 0 < row["step"] <= reached or (reached and row["step"] == 0))
    drop_snapshots(run_dir, after=reached)


def finite(row: dict) -> dict:
    """Numbers JSON cannot hold become null."""
    return {k: None if isinstance(v, float) and not (abs(v) < float("inf")) else v for k, v in row.items()}


def count_astray(in_a_row: int, skipped: bool) -> int:
    """How many updates in a row were skipped by now. Raises UserError at ASTRAY; a good update starts anew."""
    in_a_row = in_a_row + 1 if skipped else 0
    if in_a_row >= ASTRAY:
        raise UserError(
            f"{ASTRAY} updates in a row were skipped: the student diverges from the expert.",
            "a matching loss below skip_above",
            "Lower expert_lr or prompt_lr, or match fewer steps (expert_span, inner_steps).",
            kind="skipped",
        )
    return in_a_row


def write_snapshot(setup: Setup, decoder: Decoder, state: OuterState, run_dir: RunDir) -> None:
    """The decoder's tokens at this step as text, and how far the learned embeddings are from any token."""
    rows = []
    for slot, (frame, ids) in enumerate(zip(setup.synthetic.slots, decoder.decode(state), strict=True)):
        start = frame.initial
        _, distances = setup.nearest.search(state.prompts[slot, : len(start)])
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


def write_neighbours(setup: Setup, lens: Lens, state: OuterState, run_dir: RunDir) -> None:
    """What the lens sees at every place of every prompt."""
    slots = [lens.look(prompt[:length]) for prompt, length in zip(state.prompts, setup.synthetic.lengths, strict=True)]
    run_dir.append("neighbours", {"step": state.step, "slots": slots})


def write_path(setup: Setup, buffer: TrajectoryBuffer, decoder: Decoder, state: OuterState, run_dir: RunDir) -> None:
    """Where a student of the prompts now walks: always beside the first expert and from its start, so that updates can
    be compared. Costs an unroll without second derivatives, about a third of an update."""
    c, expert = setup.config, buffer.followed[0]
    segment = buffer.segment(expert, 0, c.expert_span)
    batches = inner_batches(c, generator(c.seed, "path"))
    loss_at = plain_loss(setup.own.student, setup.synthetic, batches)
    states = unroll(loss_at, segment, decoder.seen(state), state.log_lrs)
    beside = [buffer.segment(expert, step, 0).start for step in range(c.expert_span + 1)]
    row = {
        "step": state.step,
        "student": rounded(in_plane(states, segment.start, segment.target)),
        "expert": rounded(in_plane(beside, segment.start, segment.target)),
        "layers": [finite(layer) for layer in left_by_layer(states[-1], segment.start, segment.target)],
    }
    run_dir.append("paths", row)


def rounded(points: list[tuple[float, float]]) -> list[list[float | None]]:
    """Four digits, more than a pixel shows; null where a state ran away."""
    return [[round(value, 4) if abs(value) < float("inf") else None for value in point] for point in points]
