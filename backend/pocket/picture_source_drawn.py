"""The bundled world as a source: scenes drawn by seed, with ground truth for every word and every caption.

Knows scenes and captions. A picture of 32 pixels costs about 1 ms, and is drawn once.
"""

import random
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from backend.core.vision.pointing import right_patches
from backend.core.vision.splits import Split, labels
from backend.pocket.picture_source import Source, SourceConfig, Told, WordPlaces
from backend.pocket.picture_teacher import CONTEXT, TEMPLATES, WIDEST, named
from backend.pocket.pictures.caption import Caption, fits, where
from backend.pocket.pictures.drawing import truth
from backend.pocket.pictures.pairs import TEST_PARTS, Pair, fixed_part, pair, pictures
from backend.pocket.pictures.telling import tell
from backend.pocket.pictures.things import KNOWN, THINGS
from backend.pocket.pictures.words import vocabulary

VALIDATION = 300  # pictures of each of the two splits


class DrawnSource(Source):
    """Pocket Pictures. Of things that training never sees nobody knows the names: there the widest kinds are asked."""

    templates = TEMPLATES
    tests = tuple(TEST_PARTS)
    validations = ("validation", "validation_scenes")
    context = CONTEXT

    def __init__(self, config: SourceConfig, folder: Path | None = None):
        super().__init__(config, folder)
        self._splits: dict[tuple[str, int], Split] = {}

    def words(self) -> tuple[str, ...]:
        return vocabulary()

    @cached_property
    def pairs(self) -> list[Pair]:
        """The training pictures' scenes, each with the first of its captions."""
        config = self.config
        single = [int((n + 1) * config.singles) > int(n * config.singles) for n in range(config.pairs)]
        return [
            pair("train", n, seed=config.seed, loose=config.loose, most=1 if one else config.most)
            for n, one in enumerate(single)
        ]

    @cached_property
    def _captions(self) -> list[list[Caption]]:
        config, found = self.config, []
        for number, one in enumerate(self.pairs):
            rng = random.Random(f"told {config.seed} {number}")
            more = [tell(rng, one.scene, config.loose) for _ in range(config.captions - 1)]
            found.append([one.caption, *more])
        return found

    @cached_property
    def _told(self) -> Told:
        texts = [[caption.text for caption in captions] for captions in self._captions]
        config = self.config
        name = f"pocket-train-{config.seed}-{config.pairs}-{config.singles:g}-{config.most}-{config.side}"
        return Told(self.kept(name, lambda: pictures(self.pairs, config.side)), texts)

    @cached_property
    def _meaning(self) -> dict[str, Caption]:
        """What each training text claims; equal words claim equal things."""
        return {caption.text: caption for captions in self._captions for caption in captions}

    def told(self) -> Told:
        return self._told

    def shown(self, classes: tuple[str, ...]) -> Float[Tensor, "pictures classes"]:
        return labels([_said(one) for one in self.pairs], classes)

    def fits(self, text: str, row: int) -> bool:
        return fits(self._meaning[text], self.pairs[row].scene)

    def split(self, name: str, most: int | None = None) -> Split:
        """Draws no more pictures than are asked for."""
        pairs, side = _pairs_of(name)[:most], self.config.side
        if (name, len(pairs)) not in self._splits:
            classes = tuple(named(noun) for noun in (WIDEST if name.startswith("things") else KNOWN))
            right = labels([_said(one) for one in pairs], classes).bool()
            names = tuple(tuple(dict.fromkeys(placed.thing for placed in one.scene.things)) for one in pairs)
            texts = tuple(one.caption.text for one in pairs)
            pixels = self.kept(f"pocket-{name}-{len(pairs)}-{side}", lambda: pictures(pairs, side))
            self._splits[name, len(pairs)] = Split(name, pixels, texts, names, classes, right)
        return self._splits[name, len(pairs)]

    def word_places(self, name: str, grid: int) -> WordPlaces:
        found = [
            (row, place, right)
            for row, (one, there) in enumerate(zip(_pairs_of(name), self._patches(name, grid), strict=True))
            for place, right in there.items()
            if place in one.caption.naming
        ]
        rows, places, right = zip(*found, strict=True)
        return WordPlaces(torch.tensor(rows), torch.tensor(places), torch.stack(right))

    def word_patches(self, name: str, row: int, grid: int) -> list[list[int] | None]:
        one, there = _pairs_of(name)[row], self._patches(name, grid)[row]
        return [
            there[place].nonzero().flatten().tolist() if place in there else None
            for place in range(len(one.caption.words))
        ]

    def _patches(self, name: str, grid: int) -> list[dict[int, Bool[Tensor, " patches"]]]:
        return _patches_of(name, self.config.side, grid)

    def word_roles(self, name: str, row: int) -> list[str]:
        return [word.role for word in _pairs_of(name)[row].caption.words]


@cache
def _pairs_of(name: str) -> list[Pair]:
    if name in TEST_PARTS:
        return fixed_part(name)
    scenes = name.endswith("scenes")
    return [pair("validation", n, seed=int(scenes), loose=0.0, most=4 if scenes else 1) for n in range(VALIDATION)]


def _said(one: Pair) -> set[str]:
    """The names and widest kinds of what a picture shows, with their articles."""
    things = {placed.thing for placed in one.scene.things}
    return {named(noun) for noun in things | {THINGS[name].kinds[-1] for name in things}}


@cache
def _patches_of(name: str, side: int, grid: int) -> list[dict[int, Bool[Tensor, " patches"]]]:
    """Of each caption of a split the places of words about things, and the patches that show these; 2 ms a picture."""
    return [dict(_patches(one, side, grid)) for one in _pairs_of(name)]


def _patches(one: Pair, side: int, grid: int) -> Iterator[tuple[int, Bool[Tensor, " patches"]]]:
    """The place of every word that is about things of the picture, and the patches that show these."""
    seen = truth(one.scene, side)
    places = [place for place, word in enumerate(one.caption.words) if word.members]
    masks = np.stack([where(one.caption, place, seen)[0] for place in places])
    yield from zip(places, right_patches(torch.from_numpy(masks), grid), strict=True)
