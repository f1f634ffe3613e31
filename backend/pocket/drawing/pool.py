"""Simple pictures to learn to draw from: drawn in chunks when they are first needed, kept in a folder, told anew.

Knows the simplest scenes of Pocket Pictures. Does not know models. A picture costs about 1 ms and 3 KB, once.
"""

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from backend.core.diffusion.latents import from_bytes
from backend.pocket.drawing.text import said
from backend.pocket.pictures.drawing import draw
from backend.pocket.pictures.simple import Simple, draw_simple, staged

CHUNK = 1000  # pictures that are drawn and kept at once
SEEDS = {"train": 0, "validation": 1_000_000, "test": 2_000_000}  # of the scenes: no split shares one


@dataclass(frozen=True)
class Batch:
    """Pictures with their prompts; an empty prompt is one that was dropped."""

    pixels: Float[Tensor, "n 3 side side"]
    prompts: tuple[str, ...]
    scenes: tuple[Simple, ...]


class Pool:
    """Pictures of the training split: `first` at the start, `grown` more with every step, `most` in the end."""

    def __init__(self, folder: Path, side: int, *, first: int, grown: int, most: int, seed: int = 0):
        self.folder, self.side, self.first, self.grown, self.most, self.seed = folder, side, first, grown, most, seed
        self.chunks: list[UInt8[np.ndarray, "n side side 3"]] = []

    def batch(self, step: int, size: int, dropped: float = 0.0) -> Batch:
        """The pictures of a step, which alone decides them; a share `dropped` of the prompts is empty."""
        there = min(self.most, self.first + self.grown * step)
        rng = random.Random(f"drawing {self.seed} {step} {size}")
        rows = rng.sample(range(there), size)
        pixels = from_bytes(torch.from_numpy(np.stack([self._picture(row) for row in rows])))
        scenes = tuple(draw_simple(SEEDS["train"] + self.seed, row) for row in rows)
        prompts = tuple("" if rng.random() < dropped else said(scene, rng) for scene in scenes)
        return Batch(pixels, prompts, scenes)

    def _picture(self, row: int) -> UInt8[np.ndarray, "side side 3"]:
        while len(self.chunks) <= row // CHUNK:
            self._draw(len(self.chunks) * CHUNK)
        return self.chunks[row // CHUNK][row % CHUNK]

    def _draw(self, start: int) -> None:
        path = self.folder / f"simple-{self.side}-{self.seed}-{start}.npy"
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(f".part-{random.randrange(10**9)}.npy")
            numbers = range(start, start + CHUNK)
            np.save(part, np.stack([picture(SEEDS["train"] + self.seed, n, self.side) for n in numbers]))
            part.replace(path)
        self.chunks.append(np.load(path))


def picture(seed: int, number: int, side: int) -> UInt8[np.ndarray, "side side 3"]:
    """Picture `number` of this seed."""
    return draw(staged(draw_simple(seed, number), seed, number), side)
