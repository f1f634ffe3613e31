"""One student: trained step by step, validated now and then, saved as a folder that loads anywhere.

Knows a config and one cell of it. Loss rows go to metrics.jsonl as they come; a checkpoint is left at every validation,
so a killed training resumes to the same numbers.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from statistics import fmean

from backend.core.models.adapters import make_student
from backend.core.models.backbones import context_length, load_backbone
from backend.core.params import Params
from backend.core.scoring.metrics import option_loss
from backend.core.scoring.score import score_questions
from backend.core.seeding import generator, shuffled_batches
from backend.core.text.examples import AnyBatch, Data, Rows, check_lengths, encode, tokens_at_once
from backend.core.text.token_ids import with_bos
from backend.core.training.anchored import Anchored, whole_batch_tokens
from backend.core.training.finetune import Diverged, EarlyStop, Loss, Plan, always, answer_loss, finetune
from backend.core.training.finetune_state import FinetuneState
from backend.core.training.regularised import Regularised, Weights
from backend.core.training.stepping import direction, move
from backend.runs.folder import RunDir
from backend.runs.progress import Stopped
from backend.studies.bench.config import BA_LORA, BenchConfig
from backend.studies.bench.data import Test, matched_steps, needs_validation, training_examples, validation

STATE, BEST = "state.safetensors", "best.safetensors"
CLIP = 1.0  # largest norm of a gradient: a first step on one odd batch should not end a student


@dataclass(frozen=True)
class Cell:
    """One student to train. `phase` is grid while the step size is still open. `lr` is None in the matched regime."""

    phase: str
    lr: float | None
    seed: int

    @property
    def name(self) -> str:
        return f"seed{self.seed}" if self.lr is None else f"lr{self.lr!r}-seed{self.seed}"


@dataclass(frozen=True)
class Outcome:
    """How far a student came: updates taken, and its validation where there was one."""

    steps: int
    acc: float | None
    option_loss: float | None
    n: int
    bits: float | None = None  # of free answers, which have no options to choose among

    @property
    def judged(self) -> tuple[float, float]:
        """What step sizes are chosen by: accuracy and loss, or less bits. Of a student that diverged, the worst."""
        if self.bits is not None:
            return -self.bits, self.bits
        return (0.0, math.inf) if self.acc is None else (self.acc, self.option_loss)


class Trainer:
    """Trains cells of one config on one backbone. `look_up` is called at every step and may raise."""

    def __init__(self, config: BenchConfig, run_dir: RunDir, look_up: Callable[[], None] | None):
        self.config, self.run_dir, self._look_up = config, run_dir, look_up
        backbone = load_backbone(config.student, dtype=config.precision, trained=config.method == "full")
        self.backbone = replace(backbone, tokenizer=with_bos(backbone.tokenizer, config.bos))
        self._regularised = config.method == BA_LORA
        method, alpha = ("pissa", config.rank) if self._regularised else (config.method, config.alpha)
        self.student = make_student(self.backbone, method, config.rank, alpha)
        self._at_once = tokens_at_once(self.student.model)
        if self._regularised:  # its spectrum is of the rows of a micro-batch, so a small model reads them together
            self._at_once = max(self._at_once, whole_batch_tokens(self.student.model))

    @staticmethod
    def planned_steps(config: BenchConfig) -> int:
        return len(matched_steps(config).sizes) if config.regime == "matched" else config.steps

    @cached_property
    def held_out(self) -> Test:
        return validation(self.config)

    def rows(self, seed: int) -> Rows:
        """This seed's examples in the student's tokens. UserError where one does not fit its context."""
        encoded = [encode(self.backbone.tokenizer, example) for example in training_examples(self.config, seed)]
        check_lengths(encoded, context_length(self.backbone))
        return Rows(encoded, self.student.table)

    def _with_terms(self, rows: Rows, seed: int) -> tuple[Data, Callable[[int], Loss]]:
        """What an update reads and its loss: of BA-LoRA the published terms, with what the base says of each row."""
        if not self._regularised:
            return rows, always(answer_loss)
        start = self._start(seed)
        return Anchored.of(self.student, start, rows), Regularised(start, Weights(), self.config.steps)

    def train(self, cell: Cell, folder: Path) -> Outcome:
        """From the last checkpoint, or the beginning, to the saved adapter. Raises Stopped when asked to stop."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.config.regime == "matched":
            steps, params = 0, {}
            for steps, params in self._matched(cell):  # noqa: B007 - the last of them is what remains
                self._check()
            outcome = Outcome(steps, None, None, 0)
        else:
            try:
                outcome, params = self._ordinary(cell, folder)
            except Diverged:
                if cell.phase != "grid":
                    raise
                return Outcome(saved_step(folder), None, None, 0)  # loses to any other step size
        self.student.save(params, folder / "adapter")
        return outcome

    def _ordinary(self, cell: Cell, folder: Path) -> tuple[Outcome, Params]:
        """AdamW. With patience the best validated parameters remain, without it the last."""
        c = self.config
        rows, loss_at = self._with_terms(self.rows(cell.seed), cell.seed)
        order = shuffled_batches(len(rows), c.batch, c.steps, generator(c.seed, "order", cell.seed))
        plan = Plan(c.steps, cell.lr, CLIP, c.mixed_precision, c.gradient_checkpointing)
        state, stop = self._begin(cell, folder)
        reads = partial(_micro_batches, rows, order, self._at_once)
        for step in finetune(self.student, state, reads, plan, loss_at):
            self._log("tune", cell, step.step, loss=step.loss)
            ended = step.step == c.steps
            due = ended or step.step % c.validate_every == 0
            if due and needs_validation(c):
                worth = self._validate(cell, step.step)
                ended |= c.patience > 0 and stop.update(worth, step.step, step.params)
            if ended:
                params = stop.params if c.patience else step.params()
                return self._outcome(cell, step.step, stop.best_step if c.patience else step.step), params
            if due:
                stop.save(folder / BEST)
                step.state().save(folder / STATE)
            self._check()
        raise AssertionError("a tuning ends at its last step")

    def _begin(self, cell: Cell, folder: Path) -> tuple[FinetuneState, EarlyStop]:
        if (folder / STATE).is_file():
            return FinetuneState.load(folder / STATE), EarlyStop.load(folder / BEST)
        return FinetuneState.fresh(self._start(cell.seed)), EarlyStop(self.config.patience)

    def _start(self, seed: int) -> Params:
        return self.student.initial((self.config.seed, "fresh", seed))

    def _validate(self, cell: Cell, step: int) -> float:
        """A number that is larger the better the student does: accuracy, or of free answers the bits, negative."""
        test = self.held_out
        scored = score_questions(
            self.student.model, self.backbone.tokenizer, test.questions, test.spec, shots=test.shots
        )
        if not all(item.finite for item in scored):
            found = f"After step {step}, no answer has a likelihood that is a number."
            raise Diverged(found, "a student that computes", "Lower the learning rate.")
        if test.spec.free:
            bits = fmean(item.bits for item in scored)
            self._log("validate", cell, step, bits=bits, n=len(scored))
            return -bits
        acc = sum(item.correct for item in scored) / len(scored)
        self._log("validate", cell, step, acc=acc, option_loss=option_loss(scored), n=len(scored))
        return acc

    def _outcome(self, cell: Cell, steps: int, chosen: int) -> Outcome:
        """The steps taken, and the validation of those parameters that remain."""
        for row in self.run_dir.rows("metrics"):
            if row["stage"] == "validate" and (row["lr"], row["seed"], row["step"]) == (cell.lr, cell.seed, chosen):
                return Outcome(steps, row.get("acc"), row.get("option_loss"), row["n"], row.get("bits"))
        return Outcome(steps, None, None, 0)

    def _matched(self, cell: Cell) -> Iterator[tuple[int, Params]]:
        """The learned step sizes in the manner they were learned for, from a start that no expert had."""
        c, matched, rows = self.config, matched_steps(self.config), self.rows(cell.seed)
        rng = generator(c.seed, "matched order", cell.seed)
        params = self._start(cell.seed)
        for k, chosen in enumerate(shuffled_batches(len(rows), matched.batch, len(matched.sizes), rng)):
            loss, gradient = self.student.mean_gradient(params, rows.micro_batches(chosen, self._at_once))
            params = move(params, matched.sizes[k], direction(matched.rule, gradient))
            self._log("tune", cell, k + 1, loss=loss)
            yield k + 1, params

    def _log(self, stage: str, cell: Cell, step: int, **values) -> None:
        where = {"stage": stage, "phase": cell.phase, "lr": cell.lr, "seed": cell.seed, "step": step}
        self.run_dir.append("metrics", where | values)

    def _check(self) -> None:
        if self._look_up is not None:
            self._look_up()
        elif self.run_dir.stop_requested():
            raise Stopped


def _micro_batches(rows: Data, order: list[list[int]], tokens: int, step: int) -> Sequence[AnyBatch]:
    return rows.micro_batches(order[step], tokens)


def forget_checkpoint(folder: Path) -> None:
    """A cell whose outcome is written needs none; before that a kill would cost all of its steps."""
    for name in (STATE, BEST):
        (folder / name).unlink(missing_ok=True)


def saved_step(folder: Path) -> int:
    """The step of a cell's checkpoint; 0 where there is none."""
    return FinetuneState.load(folder / STATE).step if (folder / STATE).is_file() else 0
