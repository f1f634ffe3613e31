"""Training a judge of simple pictures: AdamW on the sum of its heads' cross-entropies, with states on the disk.

Knows the lesson. Does not know the command's words, nor how good the judge is in the end.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from backend.core.diffusion.judge import Judge, JudgeSizes
from backend.core.training.finetune_state import MOMENTS, FinetuneState
from backend.pocket.drawing.judge_lesson import JudgeLesson, batch_of, renders
from backend.pocket.pictures.simple import SLOTS

RELATED = 512  # pictures whose features tell how far apart two lie


def untaught_judge(seed: int) -> Judge:
    """The judge before its first step."""
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        return Judge(JudgeSizes(dict(SLOTS)))


class JudgeTraining:
    """A judge in place, between two steps."""

    def __init__(self, lesson: JudgeLesson):
        self.lesson, self.step, self.loss = lesson, 0, float("nan")
        self.judge = untaught_judge(lesson.seed)
        self.params = dict(self.judge.named_parameters())
        self.optimizer = torch.optim.AdamW(self.params.values(), lr=lesson.lr, weight_decay=lesson.decay)

    def run(self) -> Iterator[int]:
        """Step up to the lesson's end, yielding the number of steps after each."""
        while self.step < self.lesson.steps:
            self.optimizer.param_groups[0]["lr"] = self.lesson.lr_at(self.step)
            loss = sum(
                F.cross_entropy(logits, slots[:, slot])
                for pixels, slots in batch_of(self.lesson, self.step)
                for slot, logits in enumerate(self.judge(pixels))
            )
            self.optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.params.values(), 1.0)
            self.optimizer.step()
            self.step, self.loss = self.step + 1, loss.item()
            yield self.step

    def judged(self) -> Judge:
        """The judge, which also knows how far apart unrelated pictures lie."""
        with torch.no_grad():
            features = self.judge.features(renders(self.lesson.seed, range(-RELATED, 0), self.judge.sizes.side))
            apart = (features - features.roll(1, 0)).norm(dim=1).mean().item()
        self.judge.sizes = replace(self.judge.sizes, apart=apart)
        return self.judge.eval()

    def save(self, path: Path) -> None:
        """Write all that the next step depends on, 12 bytes a parameter. Raises UserError where it cannot."""
        moments = {name: {key: self.optimizer.state[p][key] for key in MOMENTS} for name, p in self.params.items()}
        held = {name: p.detach() for name, p in self.params.items()}
        FinetuneState(self.step, held, moments).save(path)

    def resume(self, path: Path) -> None:
        """Go on from a state that was written. Raises UserError where it is damaged, or another judge's."""
        state = FinetuneState.load(path)
        state.check_fits(self.params)
        self.step = state.step
        with torch.no_grad():
            for name, p in self.params.items():
                p.copy_(state.params[name])
                self.optimizer.state[p] = state.moments[name] | {"step": torch.tensor(float(self.step))}
