"""A caption: its words, what each is about, what it claims, and whether that is true of a scene.

Knows scenes and relations. Does not choose words (telling.py does) and does not draw.
"""

from dataclasses import dataclass
from itertools import permutations

import numpy as np
from jaxtyping import Bool

from backend.pocket.pictures.drawing import Truth
from backend.pocket.pictures.relations import holding
from backend.pocket.pictures.scene import Group, Scene
from backend.pocket.pictures.words import meanings

NAMING = ("name", "kind")  # roles of words that name a thing


@dataclass(frozen=True)
class Word:
    """`role`: name, kind, colour, number, relation, ground or other. `members`: things of the scene it is about."""

    text: str
    role: str = "other"
    members: tuple[int, ...] = ()


@dataclass(frozen=True)
class Claim:
    """One group as the caption has it. A number of 0 says "several", None says nothing."""

    noun: str
    colour: str | None
    number: int | None


@dataclass(frozen=True)
class Caption:
    """`relation` is that of the first claim to the second. `loose` captions leave out or blur what they could say."""

    words: tuple[Word, ...]
    claims: tuple[Claim, ...]
    relation: str | None
    ground: str | None
    loose: bool

    @property
    def text(self) -> str:
        """The words with spaces between them; one word of the text is one of `words`."""
        return " ".join(word.text for word in self.words)

    @property
    def naming(self) -> tuple[int, ...]:
        """Positions of the words that name a thing, by its name or by its kind."""
        return tuple(position for position, word in enumerate(self.words) if word.role in NAMING)


def where(caption: Caption, position: int, truth: Truth) -> tuple[Bool[np.ndarray, "side side"], tuple[int, ...]]:
    """Mask and box of what the word at this position is about; the box as in `Truth`, around all its things.

    Raises ValueError where the word is about no thing.
    """
    members = list(caption.words[position].members)
    if not members:
        raise ValueError(f"{caption.words[position].text!r} is about no thing of the picture")
    boxes = truth.boxes[members]
    box = (*boxes[:, :2].min(axis=0).tolist(), *boxes[:, 2:].max(axis=0).tolist())
    return truth.masks[members].any(axis=0), box


def fits(caption: Caption, scene: Scene) -> bool:
    """Whether the caption is true of the scene: each claim of a group of its own, the relation, and the ground.

    A caption may leave groups out. So one caption fits many scenes, and one scene many captions.
    """
    if caption.ground not in (None, scene.ground):
        return False
    return any(
        all(_true(claim, group) for claim, group in zip(caption.claims, groups, strict=True))
        and (caption.relation is None or caption.relation in holding(scene, groups[0], groups[1]))
        for groups in permutations(scene.groups, len(caption.claims))
    )


def _true(claim: Claim, group: Group) -> bool:
    count = len(group.members)
    number = claim.number is None or claim.number == count or (claim.number == 0 and count > 1)
    return number and claim.colour in (None, group.colour) and group.thing in meanings()[claim.noun]
