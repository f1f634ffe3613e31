"""One light net: its start, its incubation where it has one, every update with its rows, and what it draws on the way.

Knows a config and one cell of it. Rows go to the run folder as they come; states that are left now and then let a
killed training resume to the same numbers.
"""

import json
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from statistics import fmean

from diffusers import UNet2DConditionModel
from jaxtyping import Float
from safetensors import safe_open
from torch import Tensor

from backend.core.diffusion.assembly import assembled, scratch
from backend.core.diffusion.distillation import Weights, train_light
from backend.core.diffusion.experts import with_experts
from backend.core.diffusion.incubation import incubate
from backend.core.diffusion.light_files import save_light
from backend.core.diffusion.likeness import psnr
from backend.core.diffusion.noising import Lesson, lessons
from backend.core.diffusion.sampling import predictor, sample
from backend.core.diffusion.tuning import Step, TuningPlan, TuningState
from backend.core.models.backbones import quiet
from backend.core.training.finetune import Diverged
from backend.core.training.finetune_state import read_tensors, write_tensors
from backend.pocket.drawing.pool import Pool
from backend.runs.folder import RunDir
from backend.runs.progress import Stopped
from backend.studies.a_sdm.arms import ARMS, FULL, RANDOM, TASK
from backend.studies.a_sdm.cells import GRID, Cell, Outcome, folder_of
from backend.studies.a_sdm.config import ASdmConfig
from backend.studies.a_sdm.legs import Leg
from backend.studies.a_sdm.prepare import PREPARED, Prepared

TOLD_EVERY = 5  # updates between two rows of losses
SAVED_EVERY = 40  # updates between two states
LOOKED_AT = 3  # times in a training that a net draws the validation prompts, its start left out
POOL = 3000  # pictures that each seed's nets learn from
DROPPED = 0.1  # share of prompts that are empty, where guidance asks for none
WARM = 0.05  # of the updates
NET, GROWN = "net", "incubated.safetensors"
PARTS = ("task", "output", "features")


class Trainer:
    """Trains cells of one config. `look_up` is called at every update and may raise."""

    def __init__(self, config: ASdmConfig, run_dir: RunDir, look_up: Callable[[], None] | None):
        self.config, self.run_dir, self._look_up = config, run_dir, look_up
        self.here = Prepared(config, run_dir)
        self.world, self.teacher = self.here.world, self.here.world.pipeline.unet

    def train(self, cell: Cell) -> Outcome:
        """From the last state, or the beginning, to the saved net. Raises Stopped when asked to stop."""
        folder = folder_of(self.run_dir, cell)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            return _Training(self, cell, folder).to_its_end()
        except Diverged:
            if cell.phase != GRID:
                raise
            return Outcome(None, 0.0)  # loses to any other step size

    def begun(self, cell: Cell) -> UNet2DConditionModel:
        """The net before its first update. Only a random one depends on the seed."""
        arm = ARMS[cell.arm]
        if arm.start == RANDOM:
            return scratch(self.teacher, arm.net, seed_number(self.config, cell))
        net = assembled(self.teacher, arm.net)
        return with_experts(net, self.teacher, arm.net, self.config.experts) if arm.experts else net

    def lesson_at(self, cell: Cell) -> Callable[[int], Lesson]:
        """The batch of every update; the nets of one seed see the same."""
        seed, size = seed_number(self.config, cell), self.config.batch
        folder = self.run_dir.artifacts / PREPARED / "pool"
        pool = Pool(folder, self.world.side, first=max(POOL, size), grown=0, most=max(POOL, size), seed=seed)
        dropped = DROPPED if self.config.guidance != 1.0 else 0.0

        def batch_at(step: int) -> tuple[Tensor, tuple[str, ...]]:
            batch = pool.batch(step, size, dropped)
            return batch.pixels, batch.prompts

        return lessons(self.world.pipeline, batch_at, seed)

    @cached_property
    def wanted(self) -> Float[Tensor, "n 3 side side"]:
        """The full model's pictures of the validation prompts."""
        return self.here.studio.draw((Leg(FULL, 0, self.config.steps),), self.world.validation).pixels

    def look(self, cell: Cell, step: int, net: UNet2DConditionModel, seconds: float) -> float:
        """Draw the validation prompts, write what that came to, and return the PSNR."""
        asked, pipeline, config = self.world.validation, self.world.pipeline, self.config
        answer = predictor(net, pipeline.encode(list(asked.texts)), config.guidance, self.world.nothing)
        noise = pipeline.noise(list(asked.seeds))
        pixels = pipeline.decode(sample(answer, pipeline.sampler(config.sampler), noise, config.steps))
        same, right = round(psnr(pixels, self.wanted).mean().item(), 4), None
        if self.world.judges:
            right = (self.world.judges[0].read(pixels) == asked.slots).all(1).float().mean().item()
        row = {"stage": "evaluate"} | cell.where | {"step": step, "psnr": same, "right": right}
        self.run_dir.append("metrics", row | {"n": len(asked), "seconds": round(seconds, 3)})
        return same

    def check(self) -> None:
        if self._look_up is not None:
            self._look_up()
        elif self.run_dir.stop_requested():
            raise Stopped


class _Training:
    """One net between two updates; `grown` updates of incubation come first."""

    def __init__(self, trainer: Trainer, cell: Cell, folder: Path):
        self.t, self.cell, self.folder, self.c = trainer, cell, folder, trainer.config
        arm = ARMS[cell.arm]
        self.grown = max(1, round(self.c.incubation * self.c.updates)) if arm.incubated else 0
        self.seconds, self.rows, self.mark = seconds_before(trainer.run_dir, cell, self.reached), [], 0.0
        self.net = trainer.begun(cell)
        self.lesson_at = trainer.lesson_at(cell)
        self.weights = Weights(1.0, 0.0, 0.0) if arm.loss == TASK else Weights(1.0, 1.0, self.c.features)

    @property
    def reached(self) -> int | None:
        """Updates that are kept; None where not even the row of the beginning is."""
        return reached(self.folder)

    def to_its_end(self) -> Outcome:
        """Every update that is left, with its rows; then the net is saved."""
        if self.reached is None:
            self.t.look(self.cell, 0, self.net, 0.0)
            (self.folder / "begun").touch()
        score, last = None, self.c.updates
        for first, steps in self._legs():
            for step in steps:
                now = first + step.step
                self._tell(now, step)
                if now % max(1, last // LOOKED_AT) == 0 or now == last:
                    score = self.t.look(self.cell, now, step.averaged(), self.seconds)
                if now == last:
                    with quiet():
                        save_light(step.averaged(), self.folder / NET)
                elif now % SAVED_EVERY == 0:
                    step.state().save(self.folder / f"state-{int(bool(first))}.safetensors")
                self.t.check()
                self.mark = time.process_time()
        return Outcome(score, round(self.seconds, 3))

    def _legs(self) -> Iterator[tuple[int, Iterator[Step]]]:
        """The updates before which each leg begins, and its steps. A leg goes on from its state where there is one."""
        leg, place = 0, self.folder / "state-0.safetensors"
        grown = self.folder / GROWN
        if self.grown and not grown.is_file():
            self.mark = time.process_time()
            yield 0, incubate(self.t.teacher, self.net, self.lesson_at, self._plan(self.grown), _state(place))
            write_tensors(grown, dict(self.net.state_dict()), {"step": self.grown})
        if self.grown:
            self.net.load_state_dict(read_tensors(grown)[0])
            leg, place = self.grown, self.folder / "state-1.safetensors"
        plan = self._plan(self.c.updates - leg)
        lesson_at = (lambda step: self.lesson_at(leg + step)) if leg else self.lesson_at
        self.mark = time.process_time()
        yield leg, train_light(self.t.teacher, self.net, lesson_at, plan, self.weights, _state(place))

    def _plan(self, steps: int) -> TuningPlan:
        return TuningPlan(steps, self.cell.lr, warm=round(WARM * steps), routers=self.c.router)

    def _tell(self, now: int, step: Step) -> None:
        self.seconds += time.process_time() - self.mark
        self.rows.append(step.losses)
        if now % TOLD_EVERY and now not in (self.grown, self.c.updates):
            return
        means = {name: fmean(row[name] for row in self.rows if name in row) for name in self.rows[-1]}
        told = {name: means.get(name) for name in PARTS} | {"loss": means["loss"]}
        told["local"] = means["loss"] if now <= self.grown else None
        self.t.run_dir.append("metrics", {"stage": "tune"} | self.cell.where | {"step": now} | told)
        self.rows.clear()


def reached(folder: Path) -> int | None:
    """How many updates of a net are kept; None where not even the row of its beginning is."""
    found = 0 if (folder / "begun").is_file() else None
    if (folder / GROWN).is_file():
        found = told_in(folder / GROWN)["step"]
        after = folder / "state-1.safetensors"
    else:
        after = folder / "state-0.safetensors"
    return found + told_in(after)["step"] if after.is_file() else found


def seconds_before(run_dir: RunDir, cell: Cell, until: int | None) -> float:
    """Seconds of the training up to the last state, as the rows before it tell them."""
    rows = [row for row in run_dir.rows("metrics") if row["stage"] == "evaluate" and cell.owns(row)]
    return max((row["seconds"] for row in rows if row["step"] <= (until or 0)), default=0.0)


def seed_number(config: ASdmConfig, cell: Cell) -> int:
    """One number of both seeds, below those of other splits' pictures."""
    return (config.seed * 1000 + cell.seed) % 900_000


def told_in(place: Path) -> dict:
    """What a file of tensors says of itself; its tensors are not read."""
    with safe_open(place, "pt") as file:
        return json.loads(file.metadata()["told"])


def _state(place: Path) -> TuningState | None:
    return TuningState.load(place) if place.is_file() else None
