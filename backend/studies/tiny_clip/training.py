"""One student: leg after leg of updates, scored on the way, cut in between, and saved.

Knows a config, its data and one cell of it. Rows go to the run folder as they come; states that are left now and then
let a killed training resume to the same numbers, also in mask learning and at a cut.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import torch
from transformers import CLIPModel

from backend.core.models.backbones import quiet
from backend.core.training.finetune import Diverged
from backend.core.training.finetune_state import FinetuneState
from backend.core.vision.budget import Budget
from backend.core.vision.contrastive import clip_loss, logits_of, mimicked
from backend.core.vision.cut_files import save_student
from backend.core.vision.mask_learning import MaskPlan, MaskStep, learn_masks
from backend.core.vision.masked import masked
from backend.core.vision.masks import softened
from backend.core.vision.models import Outputs, outputs
from backend.core.vision.pairs import Pairs
from backend.core.vision.parts import blocks_of, shapes_of, units
from backend.core.vision.training import Plan, Step, train
from backend.runs.folder import RunDir
from backend.runs.progress import Stopped
from backend.studies.tiny_clip import notes
from backend.studies.tiny_clip.arms import AFFINITY, ARMS, MASKS, TEACHER
from backend.studies.tiny_clip.cells import CONTROL, GRID, Cell, Outcome, folder_of
from backend.studies.tiny_clip.config import TinyClipConfig
from backend.studies.tiny_clip.data import METRICS, Data
from backend.studies.tiny_clip.legs import Leg, legs_of
from backend.studies.tiny_clip.starts import (
    Begun,
    blocks_asked,
    cut_start,
    first_start,
    sizes_told,
    sliced_alike,
    sliced_start,
)

TOLD_EVERY = 5  # updates between two rows of losses
SAVED_EVERY = 50  # updates between two states
LOOKED_AT = 12  # times in a training that a student is scored, its start left out
COMPARED = 12  # pictures and captions of a matrix of cosines
WARM = 0.05  # of a leg's updates; none where masks have warmed up before
FALLING = 8  # maps of masks while they fall
STUDENT = "student"


class Trainer:
    """Trains cells of one config. `look_up` is called at every update and may raise."""

    def __init__(self, config: TinyClipConfig, run_dir: RunDir, look_up: Callable[[], None] | None):
        self.config, self.run_dir, self._look_up = config, run_dir, look_up
        self.data = Data(config, run_dir)
        self.teacher = self.data.teacher.model
        self.shapes = shapes_of(self.teacher)

    def train(self, cell: Cell) -> Outcome:
        """From the last state, or the beginning, to the saved student. Raises Stopped when asked to stop."""
        folder = folder_of(self.run_dir, cell)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            return self._controlled(cell, folder) if cell.phase == CONTROL else self._trained(cell, folder)
        except Diverged:
            if cell.phase != GRID:
                raise
            return Outcome(None, 0.0)  # loses to any other step size

    def _trained(self, cell: Cell, folder: Path) -> Outcome:
        legs, at, begun = legs_of(self.config, cell.arm, self.shapes), notes.reached(folder), None
        told = {}
        for number in range(at.leg, len(legs)):
            leg, whole = legs[number], number == at.leg and at.step is not None
            if number and number == at.leg:
                begun, told = notes.load_start(folder, number)
            elif number == 0:
                begun = first_start(ARMS[cell.arm], leg, self.teacher, (self.config.seed, cell.seed))
            if not whole:
                self._begins(cell, number, leg, begun, told)
                notes.begun_file(folder, number).touch()
            run = _Leg(self, cell, leg, begun.model, folder, number)
            run.to_its_end()
            if number + 1 < len(legs):
                begun, told = self._cut(cell, legs[number + 1], begun, run)
                notes.save_start(folder, number + 1, begun, told)
                begun, told = notes.load_start(folder, number + 1)  # as a resume has it
        if cell.seed == 0:
            with quiet():
                save_student(begun.model, folder / STUDENT)
            self.data.teacher.tokenizer.save_pretrained(folder / STUDENT)
        return self._outcome(cell, begun, told, run.seconds)

    def _begins(self, cell: Cell, number: int, leg: Leg, begun: Begun, told: dict) -> None:
        """The rows of a leg's beginning: how large the student is, what it kept, and what it can."""
        if leg.masks:
            return
        scores, sizes = self.look(cell, leg.first, begun.model, told.get("seconds", 0.0)), sizes_told(begun.model)
        if begun.kept is None:
            return
        where = {"arm": cell.arm, "lr": cell.lr, "seed": cell.seed, "step": leg.first}
        leap = number if ARMS[cell.arm].start == MASKS else number + 1
        row = {"leap": leap, "asked": leg.asked, "reached": sizes["blocks"] / blocks_of(self.shapes)}
        row |= {"blocks": sizes["blocks"], "all": sizes["all"]}
        row |= {"top5_before": told.get("top5_before", self.teachers["top5"]), "top5_after_cut": scores["top5"]}
        self.run_dir.append("ladder", where | row)
        kept = notes.kept_row(begun.kept, units(self.shapes))
        self.run_dir.append("maps", where | {"leap": leap, "kind": "kept", "units": kept})

    def _cut(self, cell: Cell, leg: Leg, before: Begun, run: "_Leg") -> tuple[Begun, dict]:
        """The next leg's model, and what is to be known of the cut."""
        told = {"seconds": run.seconds}
        if run.loga is None:
            told["top5_before"] = self.data.test.scores(before.model)["top5"]
            return sliced_start(ARMS[cell.arm], leg, self.teacher, before), told
        with masked(before.model, softened(run.loga)):
            told["top5_before"] = self.data.test.scores(before.model)["top5"]
        begun = cut_start(before.model, run.loga, blocks_asked(self.teacher, leg.asked))
        told["after_cut"] = self.data.test.scores(begun.model)["top5"]
        told["sliced_same"] = self.data.test.scores(sliced_alike(before.model, begun.kept))["top5"]
        return begun, told

    def _controlled(self, cell: Cell, folder: Path) -> Outcome:
        """A copy of the teacher that trains as long as masks are learned, then sliced to as many units as they kept."""
        leg = replace(legs_of(self.config, cell.arm, self.shapes)[0], masks=False)
        copied = first_start(ARMS[cell.arm], replace(leg, masks=True), self.teacher, ())
        run = _Leg(self, cell, leg, copied.model, folder, 0)
        run.to_its_end()
        [kept] = [row["units"] for row in self.run_dir.rows("maps") if _is_cut_of(row, cell)]
        found = sliced_alike(run.model, {unit: _ones(there) for unit, there in kept.items()})
        return Outcome(None, run.seconds, **sizes_told(found), after_cut=self.data.test.scores(found)["top5"])

    def _outcome(self, cell: Cell, begun: Begun, told: dict, seconds: float) -> Outcome:
        score = None
        if cell.phase == GRID:
            found = self.data.validation.scores(begun.model)
            row = {"stage": "validate"} | cell.where | {"step": self.config.steps} | found
            self.run_dir.append("metrics", row)
            score = sum(found[name] for name in METRICS) / len(METRICS)
        cuts = {name: told[name] for name in ("after_cut", "sliced_same") if name in told}
        return Outcome(score, seconds, **sizes_told(begun.model), **cuts)

    @cached_property
    def teachers(self) -> dict:
        """The teacher's own figures on the test."""
        return self.data.test.scores(self.teacher)

    def look(self, cell: Cell, step: int, model: CLIPModel, seconds: float) -> dict:
        """Score a student as it stands, and now and then tell its cosines; seed 0's alone."""
        scores = self.data.test.scores(model)
        share = blocks_of(shapes_of(model)) / blocks_of(self.shapes)
        row = {"stage": "evaluate"} | cell.where | {"step": step} | scores
        self.run_dir.append("metrics", row | {"share": share, "seconds": round(seconds, 3)})
        every = max(1, self.config.steps // LOOKED_AT) * 2
        if cell.seed == 0 and (step % every == 0 or step == self.config.steps):
            where = {"who": cell.arm, "lr": cell.lr, "seed": cell.seed, "step": step}
            self.run_dir.append("affinities", where | {"cosines": self.cosines(model)})
        return scores

    def cosines(self, model: CLIPModel) -> list[list[float]]:
        """Of the first test pictures (rows) with their captions (columns)."""
        with torch.no_grad():
            found = outputs(model, self.data.test.pictures[1].rows(list(range(COMPARED))))
            return [[round(c, 4) for c in row] for row in logits_of(found, 1.0).tolist()]

    def tell_teacher(self) -> None:
        """The teacher's row of affinities.jsonl."""
        row = {"who": TEACHER, "lr": None, "seed": 0, "step": 0, "cosines": self.cosines(self.teacher)}
        self.run_dir.append("affinities", row)

    def check(self) -> None:
        if self._look_up is not None:
            self._look_up()
        elif self.run_dir.stop_requested():
            raise Stopped


class _Leg:
    """A leg of one student, from its last state or its beginning on. `model` is trained in place.

    Afterwards `seconds` are the processor's of the training so far, and `loga` what masks have learned, if any did.
    """

    def __init__(self, trainer: Trainer, cell: Cell, leg: Leg, model: CLIPModel, folder: Path, number: int):
        self.trainer, self.cell, self.leg, self.model = trainer, cell, leg, model
        self.folder, self.number = folder, number
        self.loga, self.seconds, self._divergence = None, self._before(), 0.0

    def to_its_end(self) -> None:
        """Every update that is left, with its rows."""
        t, leg, mark = self.trainer, self.leg, time.process_time()
        for step in self._updates():
            self.seconds += time.process_time() - mark
            now = leg.first + step.step
            if now % TOLD_EVERY == 0 or step.step == leg.steps:
                self._tell(now, step)
            if not leg.masks and self.cell.phase != CONTROL and self._is_time(now):
                t.look(self.cell, now, self.model, self.seconds)
            if step.step % SAVED_EVERY == 0 and step.step < leg.steps:
                step.state().save(notes.state_file(self.folder, self.number))
            if leg.masks and step.step == leg.steps:
                self.loga = step.loga()
            t.check()
            mark = time.process_time()

    def _is_time(self, now: int) -> bool:
        """Whether the student is scored: not at a cut, behind which it is scored anew, but at its very end."""
        steps = self.trainer.config.steps
        return now == steps or (now % max(1, steps // LOOKED_AT) == 0 and now < self.leg.last)

    def _updates(self) -> Iterator[Step | MaskStep]:
        c, leg, file = self.trainer.config, self.leg, notes.state_file(self.folder, self.number)
        start = FinetuneState.load(file) if file.is_file() else None
        if not leg.masks:
            after_masks = ARMS[self.cell.arm].start == MASKS and leg.first > 0
            warm = leg.steps if self.cell.phase == CONTROL else 0 if after_masks else round(WARM * leg.steps)
            plan = Plan(leg.steps, self.cell.lr, warm)
            return train(self.model, self._batch, self._loss, plan, start)
        target = 1 - blocks_asked(self.trainer.teacher, c.keep) / blocks_of(self.trainer.shapes)
        budget = Budget(blocks_of(self.trainer.shapes), target, warmup=leg.steps // 3)
        masks = MaskPlan(budget, c.mask_step, seed=_number(c.seed, self.cell.seed))
        plan = Plan(leg.steps, self.cell.lr, leg.steps)  # the step size rises up to the cut, as in the official code
        return learn_masks(self.model, self._batch, self._loss, plan, masks, start)

    def _batch(self, step: int) -> Pairs:
        """The pairs of an update; every arm's student of one seed sees the same."""
        c = self.trainer.config
        self._drawn = self.trainer.data.pool.batch(_number(c.seed, self.cell.seed), self.leg.first + step, c.batch)
        return self._drawn.pairs

    def _loss(self, step: int) -> Callable[[CLIPModel, Pairs], torch.Tensor]:
        return self._loss_of

    def _loss_of(self, model: CLIPModel, pairs: Pairs) -> torch.Tensor:
        """The arm's loss; how far the student's affinities are from the teacher's is told of every arm."""
        found, theirs = outputs(model, pairs), self._theirs()
        close = mimicked(found, theirs, self.trainer.config.scale)
        self._divergence = close.divergence.item()
        return close.loss if ARMS[self.cell.arm].loss == AFFINITY else clip_loss(found)

    def _theirs(self) -> Outputs:
        return self.trainer.data.features.outputs(self._drawn)

    def _tell(self, now: int, step: Step | MaskStep) -> None:
        row = self.cell.where | {"step": now, "loss": step.loss, "kl": max(0.0, self._divergence)}
        t, append = self.trainer, self.trainer.run_dir.append
        append("metrics", {"stage": "train"} | row)
        if not self.leg.masks:
            return
        where = {"arm": self.cell.arm, "lr": self.cell.lr, "seed": self.cell.seed, "step": now}
        told = {"loss": step.loss, "cost": step.cost, "removed": step.removed, "wanted": step.wanted}
        append("metrics", {"stage": "masks", "phase": self.cell.phase} | where | told)
        every = max(1, self.leg.steps // FALLING // TOLD_EVERY) * TOLD_EVERY
        if self.cell.seed == 0 and now % every == 0 and now < self.leg.last:
            units_now = notes.falling_row(step.probabilities(), units(t.shapes))
            append("maps", where | {"leap": 0, "kind": "falling", "units": units_now})

    def _before(self) -> float:
        """Seconds of the training up to the last state, as the rows before it tell them."""
        at = notes.reached(self.folder)
        until = self.leg.first + (at.step or 0)
        rows = [
            row["seconds"]
            for row in self.trainer.run_dir.rows("metrics")
            if row["stage"] == "evaluate" and self.cell.owns(row) and row["step"] <= until
        ]
        return max(rows, default=0.0)


def _number(*seeds: int) -> int:
    """One number of two seeds."""
    return seeds[0] * 1000 + seeds[1]


def _is_cut_of(row: dict, cell: Cell) -> bool:
    return (row["arm"], row["lr"], row["seed"], row["kind"]) == (cell.arm, cell.lr, cell.seed, "kept")


def _ones(there: list[int]) -> list[int]:
    return [number for number, one in enumerate(there) if one]
