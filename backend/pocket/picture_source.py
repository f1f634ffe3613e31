"""What a study asks of pictures and captions, and what it gets, whatever world they come from.

Knows splits, pools and tokenizers. The worlds are in files of their own; picture_sources.py chooses one.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from backend.core.vision.captions import word_tokenizer
from backend.core.vision.images import OPENAI, Normal
from backend.core.vision.pair_pool import PairPool, exchanged, pool_of
from backend.core.vision.splits import Split
from backend.disk import disk_error, part_of
from backend.errors import UserError

WORLDS = ("pocket", "emoji", "own")
MOST_PAIRS = 200_000


@dataclass(frozen=True)
class SourceConfig:
    """Which pictures and captions. Raises UserError where a number is out of its range.

    `loose` is the share of captions that leave out or blur what they could say, `wrong` the share of training captions
    that are another picture's. `pairs` training pictures of `side` pixels have `views` views and `captions` captions
    each. Where the world draws them, a share `singles` of them shows one thing, the others at most `most`. Of emoji
    only those of these `groups` are taken, such as animals and food; all where none is named. The seed decides all.
    """

    world: str = "pocket"
    data_dir: str = ""
    loose: float = 0.4
    wrong: float = 0.0
    side: int = 32
    seed: int = 0
    pairs: int = 4000
    views: int = 4
    captions: int = 4
    singles: float = 0.5
    most: int = 4
    groups: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.world not in WORLDS:
            raise UserError(f"There is no world {self.world!r}.", " or ".join(WORLDS), "Choose one of them.")
        shares = {"loose": self.loose, "wrong": self.wrong, "singles": self.singles}
        counts = {"pairs": self.pairs, "views": self.views, "captions": self.captions, "side": self.side}
        counts["most"] = self.most
        most = {"pairs": MOST_PAIRS, "views": 64, "captions": 64, "side": 512, "most": 4}
        least = {"pairs": 2, "side": 8}
        for name, value in shares.items():
            if not 0 <= value <= 1:
                raise UserError(f"The share `{name}` is {value}.", "a share from 0 to 1", "Change it.")
        for name, value in counts.items():
            if not least.get(name, 1) <= value <= most[name]:
                expected = f"a whole number from {least.get(name, 1)} to {most[name]:,}"
                raise UserError(f"`{name}` is {value}.", expected, "Change it.")


@dataclass(frozen=True)
class Told:
    """Training data before it is numbered: pictures, and of each its captions, before any is exchanged."""

    pixels: UInt8[np.ndarray, "pictures side side 3"]
    captions: Sequence[Sequence[str]]


@dataclass(frozen=True)
class WordPlaces:
    """Words of captions that name a thing: the picture's number in its split, the word's place in its caption, counted
    from 0 (in `ids` one further, behind the first mark), and the patches that show what it names."""

    rows: Int[Tensor, " words"]
    places: Int[Tensor, " words"]
    right: Bool[Tensor, "words patches"]


class Source(ABC):
    """Pictures and captions of one world. `tests` and `validations` are names of splits, the main one first.

    `context` is the longest caption in numbers, both marks included. `remarks` are sentences about what was left out
    or cut, for people. Pictures that take time to draw or read are kept in `folder`, where one is given.
    """

    templates: tuple[str, ...] = ("{}",)
    tests: tuple[str, ...]
    validations: tuple[str, ...]
    context: int
    remarks: tuple[str, ...] = ()

    def __init__(self, config: SourceConfig, folder: Path | None = None):
        self.config, self.folder = config, folder

    def kept(self, name: str, make: Callable[[], UInt8[np.ndarray, "n side side 3"]]) -> np.ndarray:
        """Pictures of this name from the source's folder, or made and left there; without a folder made anew."""
        if self.folder is None:
            return make()
        path = self.folder / f"{name}.npy"
        if not path.exists():
            made, part = make(), part_of(path)
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                with part.open("wb") as stream:  # not by way of memory: at 224 pixels it is 600 MB
                    np.save(stream, made)
                part.replace(path)
            except OSError as error:
                raise disk_error(error, path) from error
        return np.load(path)

    @abstractmethod
    def words(self) -> tuple[str, ...]:
        """The vocabulary of the world, in the order of the alphabet."""

    @abstractmethod
    def told(self) -> Told:
        """The training data. Drawn or read once; later calls give it again."""

    @abstractmethod
    def split(self, name: str, most: int | None = None) -> Split:
        """One of `tests` or `validations`, at the config's side; only its first pictures where `most` says so."""

    @abstractmethod
    def shown(self, classes: tuple[str, ...]) -> Float[Tensor, "pictures classes"]:
        """1 for every class that is right for a training picture: what baselines learn from."""

    @abstractmethod
    def fits(self, text: str, row: int) -> bool:
        """Whether a caption of the training data is true of training picture `row`."""

    def tokenizer(self) -> PreTrainedTokenizerBase:
        """A tokenizer of the world's whole words."""
        return word_tokenizer(self.words(), self.context)

    def pool(
        self, tokenizer: PreTrainedTokenizerBase | None = None, context: int | None = None, normal: Normal = OPENAI
    ) -> PairPool:
        """The training data in batches, by another model's tokenizer and normalisation where these are given."""
        told, config = self.told(), self.config
        whose = exchanged(len(told.pixels), config.captions, config.wrong, config.seed)
        captions = [[told.captions[row][place] for place, row in enumerate(rows)] for rows in whose.tolist()]
        reader, longest = tokenizer or self.tokenizer(), context or self.context
        return pool_of(told.pixels, captions, reader, longest, config.views, config.seed, normal)

    def true(self, texts: Sequence[str], rows: Sequence[int]) -> Bool[Tensor, "rows texts"]:
        """Which of these training captions are true of which of these training pictures."""
        return torch.tensor([[self.fits(text, row) for text in texts] for row in rows]).reshape(len(rows), len(texts))

    def word_places(self, name: str, grid: int) -> WordPlaces | None:
        """Where things are that the words of a split's captions name, on a `grid` by `grid` division of the picture;
        None where the world does not know."""
        return None

    def word_patches(self, name: str, row: int, grid: int) -> list[list[int] | None] | None:
        """For each word of one caption of a split the patches that show what it is about, None where it is about no
        thing; None in place of all where the world does not know."""
        return None

    def word_roles(self, name: str, row: int) -> list[str] | None:
        """What each word of one caption of a split is: name, kind, colour, number, relation, ground or other; None
        where the world does not know."""
        return None
