"""Teach the bundled model of pictures: endless pairs of the pictures' world, a loss, and a training that resumes.

Beside CLIP's loss it is asked for the names of what each picture shows. Knows the pictures' world and the building
blocks of CLIP models. Does not score (picture_scores.py does). Costs under an hour on one core.
"""

import random
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor
from transformers import CLIPModel, PreTrainedTokenizerFast

from backend.core.seeding import generator
from backend.core.training.finetune_state import FinetuneState
from backend.core.vision.captions import MARKS, numbered, word_tokenizer
from backend.core.vision.contrastive import clip_loss
from backend.core.vision.images import normalised
from backend.core.vision.models import Sizes, TowerSize, clip_of, outputs
from backend.core.vision.pairs import Pairs
from backend.core.vision.training import Plan
from backend.pocket.pictures.pairs import Pair, pair, pictures
from backend.pocket.pictures.telling import tell
from backend.pocket.pictures.thing import UNCOUNTED, article
from backend.pocket.pictures.things import KNOWN
from backend.pocket.pictures.words import vocabulary

CONTEXT = 32  # the longest caption seen has 25 numbers, its marks among them
TEMPLATES = ("{}", "a picture of {}", "a drawing of {}", "we see {}", "look at {}")
CHUNK = 1000  # pictures that are drawn and kept at once
SHIFT = 2  # pixels either way


@dataclass(frozen=True)
class Lesson:
    """What the teacher is taught with. A new picture is drawn for every `step`, up to `pictures`, `first` at once."""

    plan: Plan = field(default_factory=lambda: Plan(steps=4000, lr=1.5e-3, warm=150, decay=0.05, clip=1.0))
    batch: int = 64
    first: int = 8000
    grown: int = 8
    pictures: int = 40_000
    loose: float = 0.3
    seed: int = 0

    def as_dict(self) -> dict:
        """What JSON can hold of it."""
        return asdict(self)


def teacher_sizes() -> Sizes:
    """1.2 million parameters, 2.4 MB in half precision; heads that divide by 2 and 4, for cutting."""
    words = len(vocabulary()) + len(MARKS)
    return Sizes(TowerSize(128, 4, 4, 512), TowerSize(96, 3, 4, 384), words=words, context=CONTEXT, joint=96)


def teacher_tokenizer() -> PreTrainedTokenizerFast:
    """One number for every word that captions of the world can have."""
    return word_tokenizer(vocabulary(), CONTEXT)


def untaught(seed: int = 0) -> CLIPModel:
    """The teacher before its first step."""
    return clip_of(teacher_sizes(), seed)


def named(noun: str) -> str:
    """The noun with its article."""
    return f"some {noun}" if noun in UNCOUNTED else f"{article(noun)} {noun}"


class Pool:
    """Pictures of the training split, drawn in chunks when they are first needed, and kept in a folder."""

    def __init__(self, folder: Path, lesson: Lesson):
        self.folder, self.lesson = folder, lesson
        self.pairs: list[Pair] = []
        self.pixels: list[UInt8[np.ndarray, "chunk side side 3"]] = []

    def batch(self, step: int, tokenizer: PreTrainedTokenizerFast) -> tuple[Pairs, list[Pair]]:
        """The pairs of a step: pictures shifted a little and told anew. The step alone decides them."""
        lesson, rng = self.lesson, random.Random(f"teacher {self.lesson.seed} {step}")
        there = min(lesson.pictures, lesson.first + lesson.grown * step)
        self._draw(there)
        rows = rng.sample(range(there), lesson.batch)
        seen = [_shifted(self.pixels[row // CHUNK][row % CHUNK], rng) for row in rows]
        told = [tell(rng, self.pairs[row].scene, lesson.loose).text for row in rows]
        return Pairs(normalised(np.stack(seen)), *numbered(tokenizer, told, CONTEXT)), [self.pairs[row] for row in rows]

    def _draw(self, count: int) -> None:
        """Have at least so many pictures. Half of them show one thing, for that is what names are learned from."""
        while len(self.pairs) < count:
            start = len(self.pairs)
            numbers = range(start, start + CHUNK)
            found = [pair("train", n, seed=self.lesson.seed, most=1 if n % 2 else 4) for n in numbers]
            path = self.folder / f"pictures-{self.lesson.seed}-{start}.npy"
            if not path.exists():
                part = path.with_suffix(".part.npy")
                np.save(part, pictures(found))
                part.replace(path)
            self.pairs += found
            self.pixels.append(np.load(path))


def _shifted(pixels: UInt8[np.ndarray, "side side 3"], rng: random.Random) -> UInt8[np.ndarray, "side side 3"]:
    """Moved by up to two pixels each way; the edge is repeated where nothing was."""
    side = len(pixels)
    down, across = rng.randint(0, 2 * SHIFT), rng.randint(0, 2 * SHIFT)
    wide = np.pad(pixels, ((SHIFT, SHIFT), (SHIFT, SHIFT), (0, 0)), mode="edge")
    return wide[down : down + side, across : across + side]


class NamingLoss:
    """CLIP's loss of a batch, and the cross entropy of naming the things in each picture among all known things."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast, shown: list[Pair], step: int):
        template = TEMPLATES[int(torch.randint(len(TEMPLATES), (1,), generator=generator("template", step)))]
        self.ids, _ = numbered(tokenizer, [template.replace("{}", named(name)) for name in KNOWN], CONTEXT)
        self.target = targets(shown, KNOWN)

    def __call__(self, model: CLIPModel, pairs: Pairs) -> Tensor:
        found = outputs(model, pairs)
        names = model.text_projection(model.text_model(input_ids=self.ids).pooler_output)
        logits = found.scale * found.image @ F.normalize(names, dim=-1).T
        return clip_loss(found) + F.cross_entropy(logits, self.target / self.target.sum(1, keepdim=True))


def targets(shown: list[Pair], names: tuple[str, ...]) -> Float[Tensor, "n names"]:
    """1 for every name of a thing that the picture shows."""
    return torch.tensor([[float(n in {t.thing for t in one.scene.things}) for n in names] for one in shown])


def start_of(folder: Path, model: CLIPModel) -> FinetuneState | None:
    """Where a teaching that was broken off stood; None where there was none."""
    path = folder / "state.safetensors"
    if not path.exists():
        return None
    state = FinetuneState.load(path)
    state.check_fits({name: p for name, p in model.named_parameters() if p.requires_grad})
    return state
