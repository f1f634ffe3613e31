"""One student of an arm: trained update by update, its terms, gradients and singular values watched, and saved.

Knows a config and one cell of it. Rows go to metrics.jsonl and spectra.jsonl as they come; a checkpoint is left now and
then, so a killed training resumes to the same numbers.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import torch

from backend.core.models.adapters import make_student
from backend.core.models.backbones import context_length, load_backbone
from backend.core.models.lora import Student
from backend.core.params import Params
from backend.core.scoring.metrics import option_loss
from backend.core.scoring.score import score_questions
from backend.core.seeding import generator, shuffled_batches
from backend.core.text.examples import Rows, check_lengths, encode
from backend.core.training.anchored import Anchored, AnchoredBatch, base_logits, whole_batch_tokens
from backend.core.training.finetune import Diverged, EarlyStop, Plan, Step, finetune
from backend.core.training.finetune_state import FinetuneState
from backend.core.training.logit_terms import Logits, Shape
from backend.core.training.regularised import Regularised, Watching, Weights, taught_logits
from backend.runs.folder import RunDir
from backend.runs.progress import Stopped
from backend.studies.ba_lora.arms import ARMS, REFERENCE, TERMS, Arm
from backend.studies.ba_lora.config import BaLoraConfig
from backend.studies.ba_lora.data import (
    examples_of,
    replayed_statements,
    shots_of,
    task_of,
    validation_questions,
)
from backend.studies.ba_lora.spectra import exhibit_rows, spectrum_row

STATE, BEST = "state.safetensors", "best.safetensors"
CLIP = 1.0
LOOKED_AT = 9  # times in a training that gradients and singular values are measured, besides the last update
RAW_EVERY = 5  # updates between two measurements of terms that have no weight
SAVED_EVERY = 15  # updates between two checkpoints
VALIDATED = 9  # times that a student which may stop early is validated
PATIENCE = 3  # validations without improvement before it does


@dataclass(frozen=True)
class Cell:
    """One student to train. `phase` is grid while the step size is still open."""

    arm: str
    phase: str
    lr: float
    seed: int

    @property
    def name(self) -> str:
        return f"{self.arm}-lr{self.lr!r}-seed{self.seed}"


@dataclass(frozen=True)
class Outcome:
    """How far a student came: updates taken, its validation, and the processor's seconds of its training where one
    sitting did all of it."""

    steps: int
    acc: float | None
    option_loss: float | None
    n: int
    seconds: float | None

    @property
    def judged(self) -> tuple[float, float]:
        """What step sizes are chosen by. Of a student that diverged, the worst."""
        return (0.0, math.inf) if self.acc is None else (self.acc, self.option_loss)


def weights_of(config: BaLoraConfig, arm: Arm) -> Weights:
    """The weights of an arm's terms; 0 for those it does not add."""
    times = config.times if arm.strong else 1.0
    given = {name: times * getattr(config, name) if name in arm.terms else 0.0 for name in TERMS}
    return Weights(**given, schedule=config.schedule)


def shape_of(config: BaLoraConfig) -> Shape:
    """The numbers in the formulas."""
    return Shape(config.temperature, config.top_entropy, config.top_singular, config.centred)


def watched(config: BaLoraConfig, cell: Cell) -> bool:
    """Whether this student's gradients and singular values are measured: one student of an arm, since each costs a
    pass backwards for each term."""
    return cell.seed == min(1, config.seeds - 1)


class Trainer:
    """Trains cells of one config on one backbone. `look_up` is called at every update and may raise."""

    def __init__(self, config: BaLoraConfig, model: str, run_dir: RunDir, look_up: Callable[[], None] | None):
        self.config, self.run_dir, self._look_up = config, run_dir, look_up
        self.backbone = load_backbone(model)
        self.task = task_of(config)
        self._tokens = whole_batch_tokens(self.backbone.model)
        self._encoded = [encode(self.backbone.tokenizer, example) for example in examples_of(config)]
        check_lengths(self._encoded, context_length(self.backbone))

    @cached_property
    def held_out(self) -> list:
        return validation_questions(self.config)

    @cached_property
    def shots(self) -> dict:
        return shots_of(self.config)

    @cached_property
    def _statements(self) -> list:
        return replayed_statements(self.backbone.tokenizer, self.config.seed)

    def train(self, cell: Cell, folder: Path) -> Outcome:
        """From the last checkpoint, or the beginning, to the saved adapter. Raises Stopped when asked to stop."""
        folder.mkdir(parents=True, exist_ok=True)
        student = make_student(self.backbone, ARMS[cell.arm].method, self.config.rank, self.config.rank)
        try:
            outcome, params = self._trained(cell, student, folder)
            student.save(params, folder / "adapter")
            return outcome
        except Diverged:
            if cell.phase != "grid":
                raise
            return Outcome(saved_step(folder), None, None, 0, None)  # loses to any other step size
        finally:
            student.remove()

    def _trained(self, cell: Cell, student: Student, folder: Path) -> tuple[Outcome, Params]:
        """AdamW. An arm that stops keeps its best validated parameters, any other the last."""
        c, arm, began = self.config, ARMS[cell.arm], time.process_time()
        start = student.initial((c.seed, "fresh", cell.seed))
        data, loss = Anchored.of(student, start, Rows(self._encoded, student.table)), self._loss(student, start, cell)
        state = FinetuneState.load(folder / STATE) if (folder / STATE).is_file() else FinetuneState.fresh(start)
        stop = EarlyStop.load(folder / BEST) if (folder / BEST).is_file() else EarlyStop(PATIENCE if arm.stops else 0)
        fixed = data.batch(list(range(min(c.batch, len(data)))))
        base = base_logits(student, start, fixed)
        order = shuffled_batches(len(data), c.batch, c.steps, generator(c.seed, "order", cell.seed))
        if state.step == 0:
            student.put(start)
            self._look(cell, 0, student, fixed, base)
        plan = Plan(c.steps, cell.lr, CLIP)
        for step in finetune(student, state, lambda k: data.micro_batches(order[k], self._tokens), plan, loss):
            self._log("tune", cell, step.step, loss.told() | {"total": step.loss})
            self._look(cell, step.step, student, fixed, base)
            ended = step.step == c.steps or self._stops(cell, student, step, stop)
            if ended:
                break
            if step.step % SAVED_EVERY == 0:
                stop.save(folder / BEST)
                step.state().save(folder / STATE)
            self._check()
        seconds = time.process_time() - began if state.step == 0 else None
        if cell.phase == "grid" and not arm.stops:
            self._validate(cell, step.step, student)
        chosen, params = (stop.best_step, stop.params) if stop.params else (step.step, step.params())
        return self._outcome(cell, step.step, chosen, seconds), params

    def _loss(self, student: Student, start: Params, cell: Cell) -> Regularised:
        c, arm = self.config, ARMS[cell.arm]
        closely = watched(c, cell) and arm.terms
        watching = Watching(1, max(1, c.steps // LOOKED_AT)) if closely else Watching(RAW_EVERY, 0)
        replayed = None
        if c.anchor == "statements" and "consistency" in arm.terms:
            data = Anchored.of(student, start, Rows(self._statements, student.table))
            drawn = shuffled_batches(len(data), c.batch, c.steps, generator(c.seed, "replay order", cell.seed))
            replayed = partial(_batch_at, data, drawn)
        return Regularised(start, weights_of(c, arm), c.steps, c.form, shape_of(c), arm.smoothing, replayed, watching)

    def _stops(self, cell: Cell, student: Student, step: Step, stop: EarlyStop) -> bool:
        """Validate a student that may stop early, now and then, and tell whether it is time."""
        every = max(1, self.config.steps // VALIDATED)
        if not stop.patience or step.step % every:
            return False
        acc, loss = self._validate(cell, step.step, student)
        return stop.update(acc - loss / 1000, step.step, step.params)  # of equal accuracies, the smaller loss

    def _validate(self, cell: Cell, step: int, student: Student) -> tuple[float, float]:
        """Accuracy and option loss of the student as it stands."""
        model, tokenizer = student.model, self.backbone.tokenizer
        scored = score_questions(model, tokenizer, self.held_out, self.task, shots=self.shots)
        if not all(item.finite for item in scored):
            found = f"After update {step}, no answer has a likelihood that is a number."
            raise Diverged(found, "a student that computes", "Lower the learning rate.")
        acc = sum(item.correct for item in scored) / len(scored)
        loss = option_loss(scored)
        self._log("validate", cell, step, {"acc": acc, "option_loss": loss, "n": len(scored)})
        return acc, loss

    def _outcome(self, cell: Cell, steps: int, chosen: int, seconds: float | None) -> Outcome:
        """The validation of those parameters that remain, where there was one."""
        mine = {"stage": "validate", "arm": cell.arm, "lr": cell.lr, "seed": cell.seed, "step": chosen}
        for row in self.run_dir.rows("metrics"):
            if mine.items() <= row.items():
                return Outcome(steps, row["acc"], row["option_loss"], row["n"], seconds)
        return Outcome(steps, None, None, 0, seconds)

    def _look(self, cell: Cell, step: int, student: Student, fixed: AnchoredBatch, base: Logits) -> None:
        """Rows of spectra.jsonl and of plain PiSSA also of exhibits.jsonl, now and then, of the parameters in place."""
        c = self.config
        if not watched(c, cell) or (step % max(1, c.steps // LOOKED_AT) and step != c.steps):
            return
        with torch.no_grad():
            z = taught_logits(student, student.live(), fixed)
        where = {"arm": cell.arm, "lr": cell.lr, "seed": cell.seed}
        self.run_dir.append("spectra", where | spectrum_row(step, c.steps, z))
        if cell.arm == REFERENCE:
            for row in exhibit_rows(step, z, base, len(fixed), shape_of(c)):
                self.run_dir.append("exhibits", {"lr": cell.lr} | row)

    def _log(self, stage: str, cell: Cell, step: int, values: dict) -> None:
        where = {"stage": stage, "arm": cell.arm, "phase": cell.phase, "lr": cell.lr, "seed": cell.seed, "step": step}
        self.run_dir.append("metrics", where | values)

    def _check(self) -> None:
        if self._look_up is not None:
            self._look_up()
        elif self.run_dir.stop_requested():
            raise Stopped


def _batch_at(data: Anchored, drawn: list[list[int]], step: int) -> AnchoredBatch:
    return data.batch(drawn[step])


def forget_checkpoint(folder: Path) -> None:
    """A cell whose outcome is written needs none; before that a kill would cost all of its updates."""
    for name in (STATE, BEST):
        (folder / name).unlink(missing_ok=True)


def saved_step(folder: Path) -> int:
    """The update of a cell's checkpoint; 0 where there is none."""
    return FinetuneState.load(folder / STATE).step if (folder / STATE).is_file() else 0
