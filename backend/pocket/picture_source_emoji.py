"""The user's own atlas of emoji as a source: real drawings by several vendors, captions by their names and other words.

Knows the atlas; not how it was built. One drawing of each seen emoji is for the test and one of every third emoji for
validation; a vendor and some emoji are in no training at all. Pictures of other sides than 32 pixels are resampled.
"""

import random
import re
from collections import defaultdict
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor

from backend.core.vision.captions import WORD
from backend.core.vision.splits import Split, labels
from backend.errors import UserError
from backend.pocket.picture_source import Source, SourceConfig, Told
from backend.pocket.pictures.drawing import SIDE
from backend.pocket.pictures.emoji import Atlas, Drawing, default_folder, read_atlas
from backend.pocket.pictures.emoji_sources import Concept

VALIDATED = 3  # one emoji in so many has a drawing for validation
BUILD = "Build it anew: python -m backend.pocket.pictures emoji --from FOLDER"


class EmojiSource(Source):
    """Splits: `drawings` of emoji that training sees in other drawings, `hand` by the held-out vendor, and `things`:
    emoji that training never sees, of which it has every word of the name. `singles` and `most` mean nothing here.

    Raises UserError where there is no atlas.
    """

    templates = ("{}", "a picture of {}", "an emoji of {}")
    tests = ("drawings", "hand", "things")
    validations = ("validation",)
    context = 32

    def __init__(self, config: SourceConfig, folder: Path | None = None):
        super().__init__(config, folder)
        whole = read_atlas(Path(config.data_dir).expanduser() if config.data_dir else default_folder())
        self.atlas = of_groups(whole, config.groups)
        self._dealt = dealt(self.atlas)
        there = self._dealt["train"]
        if len(there) < 2:
            raise UserError("The atlas has no drawings to train on.", "drawings of each emoji by four vendors", BUILD)
        self._train = sorted(random.Random(f"emoji pairs {config.seed}").sample(there, min(config.pairs, len(there))))
        if len(there) < config.pairs:
            self.remarks = (f"{config.pairs} training pictures were asked for; the atlas has {len(there)}.",)

    @cached_property
    def _seen(self) -> tuple[Concept, ...]:
        """The emoji that training may see."""
        numbers = {self.atlas.drawings[number].concept for number in self._dealt["train"]}
        return tuple(self.atlas.concepts[number] for number in sorted(numbers))

    @cached_property
    def _words(self) -> frozenset[str]:
        phrases = [*self.templates, *(phrase for one in self._seen for phrase in (one.label, *one.tags))]
        return frozenset(word for phrase in phrases for word in words_of(phrase))

    def words(self) -> tuple[str, ...]:
        return tuple(sorted(self._words))

    @cached_property
    def _phrases(self) -> dict[str, str]:
        """What each training caption says without its template."""
        return {}

    @cached_property
    def _told(self) -> Told:
        config, captions = self.config, []
        for number in self._train:
            rng = random.Random(f"emoji told {config.seed} {number}")
            captions.append([self._caption(number, rng) for _ in range(config.captions)])
        return Told(sized(self.atlas.pixels[self._train], config.side), captions)

    def told(self) -> Told:
        return self._told

    def _caption(self, number: int, rng: random.Random) -> str:
        phrase = self.atlas.caption(number, rng, self.config.loose)
        phrase = phrase if words_of(phrase) else self._concept(number).label  # some of the other words are ":)"
        text = rng.choice(self.templates).replace("{}", phrase)
        self._phrases[text] = phrase
        return text

    def _concept(self, number: int) -> Concept:
        return self.atlas.concepts[self.atlas.drawings[number].concept]

    def shown(self, classes: tuple[str, ...]) -> Float[Tensor, "pictures classes"]:
        return labels([{self._concept(number).label} for number in self._train], classes)

    def fits(self, text: str, row: int) -> bool:
        """Whether it is the emoji's name, or has only words that are among the emoji's other words."""
        self.told()
        concept, phrase = self._concept(self._train[row]), self._phrases[text]
        return phrase == concept.label or words_of(phrase) <= {word for tag in concept.tags for word in words_of(tag)}

    def split(self, name: str, most: int | None = None) -> Split:
        numbers = self._dealt[name]
        classes = [concept.label for concept in self._seen]
        if name == "things":
            numbers = [number for number in numbers if words_of(self._concept(number).label) <= self._words]
            classes = [self._concept(number).label for number in numbers]
        if not numbers:
            raise UserError(f"The atlas has no drawings for {name}.", "drawings of each emoji by four vendors", BUILD)
        texts, kinds = tuple(self._concept(number).label for number in numbers), tuple(dict.fromkeys(classes))
        right = labels([{text} for text in texts], kinds).bool()
        pixels = sized(self.atlas.pixels[numbers], self.config.side)
        return Split(name, pixels, texts, tuple((text,) for text in texts), kinds, right).first(most)


def of_groups(atlas: Atlas, groups: tuple[str, ...]) -> Atlas:
    """The emoji of these groups, numbered anew; all of them where none is named. Raises UserError for other names."""
    there = sorted({concept.group for concept in atlas.concepts})
    unknown = [group for group in groups if group not in there]
    if unknown:
        raise UserError(
            f"No emoji are of the group {unknown[0]!r}.", f"one of {', '.join(there)}", "Change the groups."
        )
    if not groups:
        return atlas
    kept = [number for number, concept in enumerate(atlas.concepts) if concept.group in groups]
    new = {number: place for place, number in enumerate(kept)}
    rows = [row for row, drawing in enumerate(atlas.drawings) if drawing.concept in new]
    drawings = tuple(Drawing(new[atlas.drawings[row].concept], atlas.drawings[row].vendor) for row in rows)
    return Atlas(atlas.pixels[rows], drawings, tuple(atlas.concepts[number] for number in kept))


def dealt(atlas: Atlas) -> dict[str, list[int]]:
    """The numbers of the drawings of each split, and of `train`. An emoji of one drawing is for training alone."""
    found: dict[str, list[int]] = {"train": [], "drawings": [], "validation": [], "hand": [], "things": []}
    known = defaultdict(list)
    for number, drawing in enumerate(atlas.drawings):
        split = atlas.split(number)
        if split == "train":
            known[drawing.concept].append(number)
        else:
            found[split].append(number)
    for concept, numbers in known.items():
        rng = random.Random(f"emoji drawings {atlas.concepts[concept].label}")
        rng.shuffle(numbers)
        for split, wanted in (("drawings", True), ("validation", rng.randrange(VALIDATED) == 0)):
            if wanted and len(numbers) > 1:
                found[split].append(numbers.pop())
        found["train"] += numbers
    seen = {atlas.drawings[number].concept for number in found["train"]}
    found["hand"] = [number for number in found["hand"] if atlas.drawings[number].concept in seen]
    return {split: sorted(numbers) for split, numbers in found.items()}


def words_of(phrase: str) -> set[str]:
    """The words of a phrase as the tokenizer parts them."""
    return set(re.findall(WORD, phrase.lower()))


def sized(pixels: UInt8[np.ndarray, "n 32 32 3"], side: int) -> UInt8[np.ndarray, "n side side 3"]:
    """The drawings at another side."""
    if side == SIDE:
        return pixels
    return np.stack([np.asarray(Image.fromarray(one).resize((side, side), Image.Resampling.BICUBIC)) for one in pixels])
