"""The fixed prompts that models are asked: scenes of the test and of the validation set, each with a seed of its noise.

No scene is in both, and none twice. A third each shows one sort alone, one above another, and one left of another.
With them the prompts that screens show. Knows scenes and seeds; neither models nor pixels.
"""

import hashlib
import json
import random
from dataclasses import dataclass
from functools import cache
from itertools import count

from backend.pocket.pictures.prompts import read_prompt
from backend.pocket.pictures.simple import RELATIONS, Simple, draw_simple

COUNTS = {"test": 512, "validation": 192}
SEEDS = {"test": 2_000_000, "validation": 1_000_000}  # of scenes and noise; training's are below a million
POSTER_SEED = 7_000_000  # of their noise
POSTERS = (
    "two red circles above a blue square, sand",
    "a pink heart, night",
    "three green stars, paper",
    "a purple triangle to the left of two grey hearts, night",
    "two blue stars below a pink circle, paper",
    "a grey square right of a red triangle, sand",
    "two green squares over two purple circles, night",
    "three blue hearts, sand",
)
HASH = "b8d44c8dac6f0ec0a270865debefe070703a82b6c3e5c277b934f69353e401fb"


@dataclass(frozen=True)
class Asked:
    """A prompt, what it means, and the seed of the noise that its picture begins with."""

    prompt: str
    scene: Simple
    noise: int


def fixed(split: str, number: int | None = None) -> tuple[Asked, ...]:
    """The first `number` prompts of a split, or all of them; every three have one of each relation."""
    return _all(split)[:number]


def posters() -> tuple[Asked, ...]:
    """The prompts that screens show, with their noise."""
    return tuple(Asked(text, read_prompt(text), POSTER_SEED + n) for n, text in enumerate(POSTERS))


def fixed_hash() -> str:
    """SHA-256 of every prompt and seed, so that nobody compares numbers of other prompts."""
    told = [[asked.prompt, asked.scene.slots(), asked.noise] for split in COUNTS for asked in fixed(split)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


@cache
def _all(split: str) -> tuple[Asked, ...]:
    seed, found = SEEDS[split], []
    taken = set() if split == "test" else {asked.scene for asked in _all("test")}
    numbers = count()
    while len(found) < COUNTS[split]:
        scene = draw_simple(seed, next(numbers))
        if scene in taken or scene.relation != RELATIONS[len(found) % len(RELATIONS)]:
            continue
        taken.add(scene)
        reverse = random.Random(f"fixed prompts {seed} {len(found)}").random() < 0.5
        found.append(Asked(scene.prompt(reverse=reverse), scene, seed + len(found)))
    return tuple(found)
