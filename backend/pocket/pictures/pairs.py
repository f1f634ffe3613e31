"""Pairs of a picture and a caption: endless ones by split, seed and number, and the fixed test set with its hash.

Knows which hand and which things training never sees. Number 7 of a split and seed is always one and the same pair,
whatever was drawn before, so a resumed run goes on with the pairs of an unbroken one.
"""

import hashlib
import random
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from backend.pocket.pictures.caption import Caption
from backend.pocket.pictures.drawing import SIDE, draw
from backend.pocket.pictures.hands import HANDS, HELD_OUT_HAND
from backend.pocket.pictures.scene import Choice, Scene, draw_scene
from backend.pocket.pictures.telling import tell
from backend.pocket.pictures.things import HELD_OUT, KNOWN, THINGS

KNOWN_HANDS = tuple(hand for hand in HANDS if hand != HELD_OUT_HAND)
LOOSE = 0.4  # share of loose captions, where nothing else is asked
CHOICES = {
    "train": Choice(KNOWN, KNOWN_HANDS),
    "validation": Choice(KNOWN, KNOWN_HANDS),
    "test": Choice(KNOWN, KNOWN_HANDS),
    "hand": Choice(KNOWN, (HELD_OUT_HAND,)),
    "things": Choice(tuple(THINGS), KNOWN_HANDS, must=HELD_OUT),
}
TEST_PARTS = {"singles": 650, "scenes": 600, "hand": 325, "hand_scenes": 300, "things": 320, "things_scenes": 300}
TEST_HASH = "d958cc05724980cb35340e224854af49512823a59b22db9e1ebaffb82b776fd2"


@dataclass(frozen=True)
class Pair:
    """A scene and what is said of it."""

    scene: Scene
    caption: Caption


def pair(split: str, number: int, *, seed: int = 0, loose: float = LOOSE, most: int = 4) -> Pair:
    """The pair of this number. `loose` is the probability of a loose caption, `most` the largest number of things."""
    return _pair(f"{split} {seed} {number}", CHOICES[split], loose, most)


def fixed_part(part: str) -> list[Pair]:
    """One part of the fixed test set, each caption naming all that is there.

    `singles`: one known thing, each equally often; `scenes`: up to four of them; `hand` and `hand_scenes`: the same in
    the hand that training never sees; `things` and `things_scenes`: things that training never sees (in the scenes
    at least one of them).
    """
    split = {"hand": "hand", "things": "things"}.get(part.partition("_")[0], "test")
    choice, found = CHOICES[split], []
    names = choice.must or choice.things
    for number in range(TEST_PARTS[part]):
        seed = f"fixed {part} {number}"
        if part.endswith("scenes"):
            found.append(_pair(seed, choice, 0.0, 4))
        else:
            found.append(_pair(seed, Choice((names[number % len(names)],), choice.hands), 0.0, 1))
    return found


def pictures(pairs: Iterable[Pair], side: int = SIDE) -> UInt8[np.ndarray, "pairs side side 3"]:
    """The pictures of the pairs, red, green and blue from 0 to 255."""
    return np.stack([draw(pair.scene, side) for pair in pairs])


def fixed_hash() -> str:
    """SHA-256 of every caption and every pixel of the fixed test set, part after part."""
    found = hashlib.sha256()
    for part in TEST_PARTS:
        for one in fixed_part(part):
            found.update(one.caption.text.encode())
            found.update(draw(one.scene).tobytes())
    return found.hexdigest()


def _pair(seed: str, choice: Choice, loose: float, most: int) -> Pair:
    rng = random.Random(f"pocket pictures {seed}")
    limited = Choice(choice.things, choice.hands, min(most, choice.most), choice.must)
    scene = draw_scene(rng, limited)
    return Pair(scene, tell(rng, scene, loose))
