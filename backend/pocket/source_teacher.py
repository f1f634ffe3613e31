"""Teach a small CLIP model on any source of pictures, for studies that want a teacher where none is bundled.

Beside CLIP's loss it is asked for the names of what its pictures show, and every picture is moved, turned, sized and
tinted anew each time, for there may be but a few of each name. Knows sources and the building blocks of CLIP models.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor
from transformers import CLIPModel

from backend.core.seeding import generator
from backend.core.vision.captions import MARKS, numbered
from backend.core.vision.contrastive import clip_loss
from backend.core.vision.models import Sizes, TowerSize, clip_of, outputs
from backend.core.vision.pairs import Pairs
from backend.core.vision.training import Plan, Step, train
from backend.pocket.lessons import check_lesson
from backend.pocket.picture_source import Source
from backend.pocket.picture_teacher import start_of

ASKED = 192  # names at most that a step asks for: the text tower reads each of them
TURN, GROW, MOVE, TINT = 0.2, 0.15, 0.15, 0.3  # radians; shares of the size and of half a side; of a deviation
EVERY = 100  # steps between two states
Pixels = Float[Tensor, "n 3 side side"]


@dataclass(frozen=True)
class SourceLesson:
    """How a model is taught: its steps, pairs at once, and the weight of naming beside CLIP's loss."""

    plan: Plan = field(default_factory=lambda: Plan(steps=2000, lr=1.5e-3, warm=100, decay=0.05, clip=1.0))
    batch: int = 64
    naming: float = 1.0
    seed: int = 0


def source_sizes(source: Source) -> Sizes:
    """About 1.2 million parameters with the source's words and at its side. A picture has 16 patches, for steps on a
    processor: one with 64 pairs takes a core a quarter of a second."""
    words, side = len(source.words()) + len(MARKS), source.config.side
    towers = TowerSize(128, 4, 4, 512), TowerSize(96, 3, 4, 384)
    return Sizes(*towers, words=words, context=source.context, joint=96, side=side, patch=side // 4)


def taught_on(source: Source, lesson: SourceLesson, work: Path) -> Iterator[tuple[Step, CLIPModel]]:
    """Teach a model, yielding it after every hundred steps and at the end. Each time a state is kept in `work`; where
    one lies there, the teaching goes on from it to the numbers of an unbroken one.

    Raises UserError where it is the state of another lesson, or the disk refuses.
    """
    work.mkdir(parents=True, exist_ok=True)
    check_lesson(work, {"source": asdict(source.config), "lesson": asdict(lesson)})
    model = clip_of(source_sizes(source), lesson.seed)
    start = start_of(work, model)
    if start:
        model.load_state_dict(start.params, strict=False)
    pupil = _Lessons(source, lesson)
    for step in train(model, pupil.batch, lambda _: pupil.loss, lesson.plan, start):
        if step.step % EVERY == 0 or step.step == lesson.plan.steps:
            step.state().save(work / "state.safetensors")
            yield step, model


class _Lessons:
    """The batch and the loss of a step; the loss wants to know what the pictures of its batch show."""

    def __init__(self, source: Source, lesson: SourceLesson):
        self.lesson, self.pool = lesson, source.pool()
        classes = source.split(source.tests[0]).classes
        prompts = [source.templates[-1].replace("{}", name) for name in classes]
        self.ids, _ = numbered(source.tokenizer(), prompts, source.context)
        self.right = source.shown(classes)

    def batch(self, step: int) -> Pairs:
        found = self.pool.batch(self.lesson.seed, step, self.lesson.batch)
        self.rng = generator("lessons", self.lesson.seed, step)
        self.shown = self.right[found.rows]
        return Pairs(changed(found.pairs.pixels, self.rng), found.pairs.ids, found.pairs.mask)

    def loss(self, model: CLIPModel, pairs: Pairs) -> Tensor:
        found = outputs(model, pairs)
        asked = _asked(self.shown, self.rng)
        names = model.text_projection(model.text_model(input_ids=self.ids[asked]).pooler_output)
        logits, target = found.scale * found.image @ F.normalize(names, dim=-1).T, self.shown[:, asked]
        named = target.sum(1) > 0
        if not named.any():
            return clip_loss(found)
        target = target[named] / target[named].sum(1, keepdim=True)
        return clip_loss(found) + self.lesson.naming * F.cross_entropy(logits[named], target)


def changed(pixels: Pixels, rng: torch.Generator) -> Pixels:
    """The pictures a little moved, turned, sized and tinted, each in its own way; edges are repeated."""

    def drawn(most: float, *shape: int) -> Tensor:
        return most * (2 * torch.rand(len(pixels), *shape, generator=rng) - 1)

    turn, size, move = drawn(TURN), 1 + drawn(GROW), drawn(MOVE, 2, 1)
    cos, sin = size * turn.cos(), size * turn.sin()
    square = torch.stack([cos, -sin, sin, cos], dim=1).view(-1, 2, 2)
    grid = F.affine_grid(torch.cat([square, move], dim=2), list(pixels.shape), align_corners=False)
    moved = F.grid_sample(pixels, grid, padding_mode="border", align_corners=False)
    return moved * (1 + drawn(TINT, 1, 1, 1)) + drawn(TINT, 3, 1, 1)


def _asked(shown: Float[Tensor, "n classes"], rng: torch.Generator) -> Int[Tensor, " asked"]:
    """Every class of the batch and, up to so many, others at random."""
    there = shown.sum(0) > 0
    order = (torch.rand(shown.shape[1], generator=rng) - 2 * there).argsort()
    return order[: max(ASKED, int(there.sum()))]
