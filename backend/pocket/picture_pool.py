"""Pictures to teach the bundled model with: drawn in chunks and kept, and for every step a batch that is told anew.

With a batch comes what only the world knows: the names of the things shown, and how much of every patch each covers.
Knows the pictures' world. Does not know models or losses. A picture costs about 1 ms and 4 KB, once.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from backend.core.vision.captions import numbered
from backend.core.vision.images import normalised
from backend.core.vision.pairs import Pairs
from backend.pocket.pictures.drawing import draw, truth
from backend.pocket.pictures.pairs import Pair, pair
from backend.pocket.pictures.scene import CANVAS, Scene
from backend.pocket.pictures.telling import tell
from backend.pocket.pictures.things import KNOWN

CHUNK = 1000  # pictures that are drawn and kept at once
SHIFT = 2  # pixels either way
NOTHING = len(KNOWN)  # the number of what is covered by no thing; things have those of KNOWN
Pixels = UInt8[np.ndarray, "n side side 3"]
Places = UInt8[np.ndarray, "n side side"]  # the number of the thing that is seen in each pixel


@dataclass(frozen=True)
class Shown:
    """What the pictures of a batch show: 1 for every known name that is there, and the share of each patch's pixels
    that every thing covers, with nothing as the last. Patches stand row after row, as CLIPModel has them."""

    names: Float[Tensor, "n names"]
    cover: Float[Tensor, "n patches names_and_nothing"]


class Pool:
    """Pictures of the training split, drawn in chunks when they are first needed, and kept in a folder.

    There are `first` of them at the start, `grown` more with every step, `most` in the end. A third of them
    show one thing, for from those names are learned fastest; the others are scenes, whose things are small.
    """

    def __init__(self, folder: Path, patch: int, *, first: int, grown: int, most: int, loose: float, seed: int):
        self.folder, self.patch, self.loose, self.seed = folder, patch, loose, seed
        self.first, self.grown, self.most = first, grown, most
        self.pairs: list[Pair] = []
        self.chunks: list[tuple[Pixels, Places]] = []

    def batch(self, step: int, size: int, tokenizer: PreTrainedTokenizerFast, context: int) -> tuple[Pairs, Shown]:
        """The pairs of a step: pictures shifted a little, half of them mirrored, and told anew. The step alone decides
        them."""
        there = min(self.most, self.first + self.grown * step)
        self._draw(there)
        rng = random.Random(f"teacher {self.seed} {step}")
        rows = rng.sample(range(there), size)
        mirrors = [rng.random() < 0.5 for _ in rows]
        seen = [_moved(*self._picture(row), mirror, rng) for row, mirror in zip(rows, mirrors, strict=True)]
        pixels, places = (np.stack(part) for part in zip(*seen, strict=True))
        scenes = [self.pairs[row].scene for row in rows]
        scenes = [mirrored(scene) if mirror else scene for scene, mirror in zip(scenes, mirrors, strict=True)]
        told = [tell(rng, scene, self.loose).text for scene in scenes]
        shown = Shown(targets(scenes), covered(places, self.patch))
        return Pairs(normalised(pixels), *numbered(tokenizer, told, context)), shown

    def _picture(self, row: int) -> tuple[UInt8[np.ndarray, "side side 3"], UInt8[np.ndarray, "side side"]]:
        pixels, places = self.chunks[row // CHUNK]
        return pixels[row % CHUNK], places[row % CHUNK]

    def _draw(self, count: int) -> None:
        """Have at least so many pictures."""
        while len(self.pairs) < count:
            start = len(self.pairs)
            found = [pair("train", n, seed=self.seed, most=4 if n % 3 else 1) for n in range(start, start + CHUNK)]
            path = self.folder / f"pictures-{self.seed}-{start}.npz"
            if not path.exists():
                part = path.with_suffix(".part.npz")
                np.savez(part, pixels=np.stack([draw(one.scene) for one in found]), places=places_of(found))
                part.replace(path)
            self.pairs += found
            with np.load(path) as kept:
                self.chunks.append((kept["pixels"], kept["places"]))


def places_of(pairs: Sequence[Pair]) -> Places:
    """For every pixel of the pictures the number of the thing that is seen there."""
    found = []
    for one in pairs:
        masks = truth(one.scene).masks
        places = np.full(masks.shape[1:], NOTHING, dtype=np.uint8)
        for mask, placed in zip(masks, one.scene.things, strict=True):
            places[mask] = KNOWN.index(placed.thing)
        found.append(places)
    return np.stack(found)


def covered(places: Places, patch: int) -> Float[Tensor, "n patches names_and_nothing"]:
    """The share of each patch's pixels that every thing covers, and nothing."""
    n, side, _ = places.shape
    grid, many = side // patch, NOTHING + 1
    cells: Int[np.ndarray, "patches pixels"] = (
        places.reshape(n, grid, patch, grid, patch).transpose(0, 1, 3, 2, 4).reshape(n * grid * grid, -1)
    )
    numbers = cells + many * np.arange(len(cells))[:, None]
    counts = np.bincount(numbers.ravel(), minlength=many * len(cells)).reshape(n, grid * grid, many)
    return torch.from_numpy(counts.astype(np.float32) / patch**2)


def targets(scenes: Sequence[Scene]) -> Float[Tensor, "n names"]:
    """1 for every known name of a thing that the scene has."""
    found = torch.zeros(len(scenes), len(KNOWN))
    for row, scene in enumerate(scenes):
        found[row, [KNOWN.index(placed.thing) for placed in scene.things]] = 1.0
    return found


def mirrored(scene: Scene) -> Scene:
    """The scene with left and right exchanged, so that what is told of it is true of the mirrored picture."""
    things = [
        replace(placed, left=CANVAS - placed.left - placed.side, flip=not placed.flip, turn=-placed.turn)
        for placed in scene.things
    ]
    return replace(scene, things=tuple(things))


def _moved(
    pixels: UInt8[np.ndarray, "side side 3"], places: UInt8[np.ndarray, "side side"], mirror: bool, rng: random.Random
) -> tuple[UInt8[np.ndarray, "side side 3"], UInt8[np.ndarray, "side side"]]:
    """Moved by up to two pixels each way, the edge repeated where nothing was; mirrored where asked."""
    side, turn = len(pixels), -1 if mirror else 1
    down, across = (np.clip(np.arange(side) + rng.randint(-SHIFT, SHIFT), 0, side - 1) for _ in range(2))
    where = np.ix_(down, across[::turn])
    return pixels[where], places[where]
