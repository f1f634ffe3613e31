"""One student: trained update by update, looked at and examined now and then, and saved.

Knows a config and one cell of it. Rows go to metrics.jsonl, labels.jsonl, matches.jsonl and masked.jsonl as they come.
A checkpoint is left now and then, so a killed training resumes to the same numbers.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from torch import Tensor

from backend.core import devices
from backend.core.params import snapshot
from backend.core.seeding import generator
from backend.core.training.finetune import Diverged
from backend.core.training.finetune_state import FinetuneState, write_tensors
from backend.core.vision.clip_files import save_clip
from backend.core.vision.light_loss import Light, Losses, light_losses
from backend.core.vision.pairs import Pairs
from backend.core.vision.soft_labels import softness_at
from backend.core.vision.training import Plan, Step, train
from backend.runs.folder import RunDir
from backend.runs.progress import Stopped
from backend.studies.light_clip.arms import ARMS
from backend.studies.light_clip.cells import TRAIN, Cell
from backend.studies.light_clip.config import LightClipConfig
from backend.studies.light_clip.data import Data, parts_of
from backend.studies.light_clip.exams import TEST, VALIDATION, Exam, exam_of
from backend.studies.light_clip.looks import Shown, hidden_rows, label_rows, match_rows, shown_of

STATE, STUDENT, FUSION = "state.safetensors", "student", "fusion.safetensors"
LOGGED_EVERY = 5  # updates whose losses one row is the mean of
SAVED_EVERY = 50  # updates between two checkpoints; a multiple of the above
EXAMINED = 6  # times in a training, on validation pictures
LOOKED_AT = 8  # times in a training that labels are written down
MATCHED = 4  # and matches, besides the start
WARM = 0.1  # share of the updates in which the step size grows
CLIP = 1.0  # largest norm of a gradient
DIGITS = 5  # of a loss that is written down; all of them would be half of a run's bytes


@dataclass(frozen=True)
class Outcome:
    """How a training ended: updates, the figures on validation and on test pictures (None of one that diverged), the
    last loss, and the processor's seconds where one sitting did all of it."""

    steps: int
    loss: float | None
    validation: dict | None
    test: dict | None
    parameters: int
    seconds: float | None

    @property
    def score(self) -> float | None:
        """What step sizes are chosen by, in every arm: retrieval among the first five, the mean of both ways."""
        return self.validation and (self.validation["i2t5"] + self.validation["t2i5"]) / 2

    @property
    def judged(self) -> tuple[float, float]:
        """The score and, among equal ones, the loss; of a student that diverged, the worst."""
        return (0.0, math.inf) if self.score is None else (self.score, self.loss)


class Meter:
    """Means of the losses since they were last told."""

    def __init__(self):
        self._sums: dict[str, float] = {}
        self._count = 0

    def add(self, losses: Losses) -> None:
        """One update more."""
        parts = {"loss": losses.total, "instance": losses.pairs, "tokens": losses.tokens, "masked_words": losses.masked}
        for name, value in parts.items():
            if value is not None:
                self._sums[name] = self._sums.get(name, 0.0) + value.item()
        self._count += 1

    def told(self) -> dict:
        """The means, None for a part that is left out; begins anew."""
        names = ("loss", "instance", "tokens", "masked_words")
        sums = self._sums
        found = {name: round(sums[name] / self._count, DIGITS) if name in sums else None for name in names}
        self._sums, self._count = {}, 0
        return found


class Trainer:
    """Trains cells of one config. `look_up` is called at every update and may raise."""

    def __init__(self, config: LightClipConfig, run_dir: RunDir):
        self.config, self.run_dir, self.look_up = config, run_dir, self._stop_if_asked
        self.data = Data(config, run_dir.artifacts / "pictures")

    @cached_property
    def validation(self) -> Exam:
        return exam_of(self.data, VALIDATION)

    @cached_property
    def test(self) -> Exam:
        return exam_of(self.data, TEST)

    @cached_property
    def shown(self) -> Shown:
        return shown_of(self.data)

    def train(self, stage: str, cell: Cell, folder: Path) -> Outcome:
        """From the last checkpoint, or the beginning, to the exams. Raises Stopped when asked to stop."""
        folder.mkdir(parents=True, exist_ok=True)
        light = self.data.student(ARMS[cell.variant.arm], cell.variant.layers, cell.seed).to(devices.own())
        try:
            return self._trained(stage, cell, light, folder)
        except Diverged:
            if cell.phase != "grid":
                raise
            return Outcome(saved_step(folder), None, None, None, 0, None)  # loses to any other step size

    def _trained(self, stage: str, cell: Cell, light: Light, folder: Path) -> Outcome:
        """AdamW, and everything that is watched on the way. Rows are written before the checkpoint that keeps them."""
        c, began, meter = self.config, time.process_time(), Meter()
        start = FinetuneState.load(folder / STATE) if (folder / STATE).is_file() else None
        if start is None:
            self._look(stage, cell, light, 0)
        plan = Plan(c.steps, cell.lr, round(WARM * c.steps), c.decay, CLIP)
        for step in train(light, self._batches(cell, light), self._losses(cell, meter), plan, start):
            if step.step % LOGGED_EVERY == 0 or step.step == c.steps:
                last = self._log(stage, cell, step, meter)
            self._look(stage, cell, light, step.step)
            if step.step % SAVED_EVERY == 0 and step.step < c.steps:
                step.state().save(folder / STATE)
            self.look_up()
        seconds = time.process_time() - began if start is None else None
        return self._ended(stage, cell, light, folder, last, seconds)

    def _batches(self, cell: Cell, light: Light) -> Callable[[int], Pairs]:
        """The pairs of an update: the same for every arm of a seed."""
        pool, size = self.data.pool(cell.variant.loose), self.config.batch
        return lambda step: pool.batch(cell.seed, step, size).pairs.to(light.clip.device)

    def _losses(self, cell: Cell, meter: Meter) -> Callable[[int], Callable[[Light, Pairs], Tensor]]:
        c, parts = self.config, parts_of(self.config, ARMS[cell.variant.arm])

        def loss_at(step: int) -> Callable[[Light, Pairs], Tensor]:
            def loss(light: Light, batch: Pairs) -> Tensor:
                rng = generator(c.seed, "hidden", cell.seed, step)
                found = light_losses(light, batch, parts, step, c.steps, rng)
                meter.add(found)
                return found.total

            return loss

        return loss_at

    def _log(self, stage: str, cell: Cell, step: Step, meter: Meter) -> float:
        """A row of the losses since the last one; the whole loss."""
        c, parts = self.config, parts_of(self.config, ARMS[cell.variant.arm])
        told = meter.told()
        softness = softness_at(step.step - 1, c.steps, parts.softness, parts.schedule) if parts.softness else None
        where = {"stage": stage, **named(cell), "layers": cell.variant.layers, "loose": cell.variant.loose}
        self.run_dir.append("metrics", where | {"step": step.step, **told, "softness": softness})
        return told["loss"]

    def _look(self, stage: str, cell: Cell, light: Light, step: int) -> None:
        """Exams on validation, and rows of labels and matches of the first seed, at their moments."""
        if stage != TRAIN:
            return
        c, arm, where = self.config, ARMS[cell.variant.arm], named(cell, phase=False)
        if step in moments(c.steps, EXAMINED):
            row = {"stage": "evaluate", **named(cell), "step": step}
            self.run_dir.append("metrics", row | told_figures(self.validation.figures(light)))
        if cell.seed:
            return
        if arm.soft and (step in moments(c.steps, LOOKED_AT) or step == 0):
            for row in label_rows(c, parts_of(c, arm), light, self.shown, step):
                self.run_dir.append("labels", where | row)
        if step in moments(c.steps, MATCHED) or step == 0:
            for row in match_rows(c, light, self.shown, self.data.tokenizer, step):
                self.run_dir.append("matches", where | row)

    def _ended(self, stage: str, cell: Cell, light: Light, folder: Path, loss: float, seconds: float | None) -> Outcome:
        """The exams at the end. The first student of an arm is kept, with what was to be thrown away beside it."""
        if stage == TRAIN and cell.seed == 0:
            if light.fusion:
                for row in hidden_rows(self.config, light, self.shown, self.data.tokenizer):
                    self.run_dir.append("masked", named(cell, phase=False) | row)
            save_clip(light.clip, self.data.tokenizer, folder / STUDENT, self.data.normal)
            if light.fusion:
                write_tensors(folder / STUDENT / FUSION, snapshot(light.fusion.state_dict()), {})
        counted = sum(p.numel() for p in light.clip.parameters())
        figures = [exam.figures(light) for exam in (self.validation, self.test)]
        return Outcome(self.config.steps, loss, *figures, counted, seconds)

    def _stop_if_asked(self) -> None:
        if self.run_dir.stop_requested():
            raise Stopped


def named(cell: Cell, phase: bool = True) -> dict:
    """Which student, in the columns of a row."""
    found = {"arm": cell.variant.arm, "phase": cell.phase, "lr": cell.lr, "seed": cell.seed}
    return found if phase else {name: found[name] for name in ("arm", "lr", "seed")}


def told_figures(figures: dict) -> dict:
    """Figures as a row of metrics.jsonl has them: the shares and the captions."""
    return {name: value for name, value in figures.items() if name not in ("named", "pointed", "hidden", "masked_gain")}


def moments(steps: int, count: int) -> set[int]:
    """So many updates at even distances, the last one among them."""
    return {round(steps * part / count) for part in range(1, count + 1)} - {0}


def saved_step(folder: Path) -> int:
    """The update of a cell's checkpoint; 0 where there is none."""
    return FinetuneState.load(folder / STATE).step if (folder / STATE).is_file() else 0


def forget_checkpoint(folder: Path) -> None:
    """A cell whose outcome is written needs none; before that a kill would cost all of its updates."""
    (folder / STATE).unlink(missing_ok=True)
