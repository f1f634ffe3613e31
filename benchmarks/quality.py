"""Quality per second: what an engine's prompts are worth after so many CPU seconds of updates.

    python -m benchmarks.quality [--models opt-pocket,llama-pocket] [--seconds 15] [--json] [--minutes 5] [--keep]

The preset quick, updated until the seconds are over, by each engine and by the detached gradient (TESLA). Then the mean
matching loss on an expert that was never followed, and the accuracy of fresh students of the prompts. Compiling is not
counted: it is done before the first update. The table of docs/performance.md is of --seconds 15,30,60 --minutes 0.
"""

import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from torch import Tensor

from backend import settings
from backend.core.devices import set_threads
from backend.core.seeding import generator
from backend.runs.folder import RunDir
from backend.studies.text_distillation.buffer import TrajectoryBuffer
from backend.studies.text_distillation.cells import Cell
from backend.studies.text_distillation.config import PRESETS, DistillConfig
from backend.studies.text_distillation.decoder import make_decoder
from backend.studies.text_distillation.distill import distil, inner_batches
from backend.studies.text_distillation.engines import Engine, Trial, checked_engine, make_engine
from backend.studies.text_distillation.evaluate import Bench, Learned
from backend.studies.text_distillation.heldout import heldout_losses
from backend.studies.text_distillation.learning import restore
from backend.studies.text_distillation.recording import followed, held_out, record_experts
from backend.studies.text_distillation.setup import Setup
from backend.studies.text_distillation.state import OuterState
from backend.studies.text_distillation.unroll import LossAt, MatchingGradient, Segment
from benchmarks.peers import outer
from benchmarks.rows import Table, parser, row

ENDLESS, STUDENTS = 100_000, 3
WAYS = {
    "opt": ("plain", "exact", "compiled", "detached"),
    "llama": ("plain", "exact", "compiled", "one_sided", "detached"),
}


@dataclass(frozen=True)
class Detached(Engine):
    """TESLA's gradient of the prompts; the loss and the step sizes' gradient are the exact ones, at no charge to it."""

    def gradient(self, loss_at: LossAt, segment: Segment, prompts: Tensor, log_lrs: Tensor) -> MatchingGradient:
        begin = time.process_time()
        found = super().gradient(loss_at, segment, prompts, log_lrs)
        FREE.append(time.process_time() - begin)
        return replace(found, prompts=outer.detached(loss_at, segment, prompts, log_lrs))


FREE: list[float] = []  # CPU seconds that are not the engine's own


def main(argv: Sequence[str] | None = None) -> None:
    found = parser(__doc__)
    found.add_argument("--models", default="opt-pocket,llama-pocket", help="comma separated")
    found.add_argument("--seconds", default="15", help="CPU seconds of updates, comma separated, rising")
    args = found.parse_args(argv)
    set_threads(1)
    stops = [float(part) for part in args.seconds.split(",")]
    ways = [(model, way) for model in args.models.split(",") for way in WAYS[model.partition("-")[0]]]
    with Table.of("quality", args) as table:
        table.within((f"{model}, {way}", partial(measured, model, way, stops)) for model, way in ways)


def measured(model: str, way: str, stops: list[float]) -> list[dict]:
    """Held-out loss and accuracy of one engine after each of the seconds."""
    preset = settings.load_preset(PRESETS, "quick")["settings"]
    config = settings.build(DistillConfig, preset | {"model": model, "other_model": "", "outer_steps": ENDLESS})
    with tempfile.TemporaryDirectory() as folder:
        setup = Setup(config)
        run = RunDir.create(Path(folder) / "run", "text_distillation", None, settings.as_json(config))
        record_experts(setup, run, followed(config), "experts")
        buffer = record_experts(setup, run, held_out(config), "decode")
        decoder, state = make_decoder(setup), restore(setup, buffer, run)
        engine, told = engine_of(way, setup, buffer, state)
        if engine.name != way:
            return [row(f"{model}, {way} makes way for {engine.name} ({told})", 1.0, "")]
        updates = distil(config, engine, buffer, setup.synthetic, decoder, state)
        spent, rows = 0.0, []
        for stop in stops:
            while spent < stop:
                FREE.clear()
                begin = time.process_time()
                next(updates)
                spent += time.process_time() - begin - sum(FREE)
            rows += worth(setup, buffer, state, f"{model}, {way}, {stop:g} s")
    return rows


def engine_of(way: str, setup: Setup, buffer: TrajectoryBuffer, state: OuterState) -> tuple[Engine, str]:
    """The engine that a run would use, and why where it is another than asked for."""
    if way == "detached":
        return Detached("detached", setup.own.student, make_engine("exact", setup.own.student).written), ""
    segment = buffer.segment(buffer.followed[0], 0, setup.config.expert_span)
    batches = inner_batches(setup.config, generator(0, "check"))
    trial = Trial(setup.own.student, setup.synthetic, segment, state.prompts.detach(), state.log_lrs, batches)
    engine, found = checked_engine(way, trial)
    return engine, found["reason"]


def worth(setup: Setup, buffer: TrajectoryBuffer, state: OuterState, name: str) -> list[dict]:
    prompts, log_lrs = state.prompts.detach(), state.log_lrs.detach()
    losses = [one["matching_loss"] for one in heldout_losses(setup, buffer, prompts, log_lrs)]
    bench = Bench(setup, buffer, Learned(prompts, log_lrs, [], ()))
    found = []
    for seed in range(STUDENTS):
        cell = Cell("soft", setup.config.model, "matched", seed)
        found.append(statistics.fmean(item.correct for item in bench.score(cell, bench.train(cell))))
    return [
        row(f"{name}: updates", state.step, ""),
        row(f"{name}: held-out matching loss", statistics.fmean(losses), ""),
        row(f"{name}: accuracy of {STUDENTS} students on {len(setup.test)} questions", statistics.fmean(found), ""),
    ]


if __name__ == "__main__":
    main()
