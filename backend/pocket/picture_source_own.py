"""A user's own pictures with captions as a source, parted into training, validation and test by the pictures' names.

Knows pairs of files; nothing of what they show. So captions are taken for true of their own pictures and of those with
the same caption, and classes are a table's labels, or else the captions themselves.
"""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from jaxtyping import Float
from torch import Tensor

from backend.core.vision.captions import FEW, WORD
from backend.core.vision.pair_files import FilePair, LeftOut, PairFiles, read_pairs, read_pixels
from backend.core.vision.splits import Split, labels
from backend.errors import UserError
from backend.pocket.picture_source import Source, SourceConfig, Told

LEAST = 12  # pictures
HELD_OUT = {"test": (5, 1000), "validation": (10, 500)}  # one in so many, and at most so many
MOST_KNOWN = 8000  # words of a vocabulary, the most frequent ones
MOST_CLASSES = 1000


class OwnSource(Source):
    """`singles`, `most` and `loose` mean nothing here. Every picture is opened once, at the beginning.

    Raises UserError where the pairs cannot be read, or are fewer than twelve.
    """

    tests = ("test",)
    validations = ("validation",)

    def __init__(self, config: SourceConfig, folder: Path | None = None):
        super().__init__(config, folder)
        files, left = read_pairs(config.data_dir), LeftOut()
        parts = _parted(files, config.pairs, left)
        self._pairs, self._pixels = {}, {}
        for name, pairs in parts.items():
            self._pairs[name], self._pixels[name] = self._read(files, name, pairs, left)
        count = sum(map(len, self._pairs.values()))
        if count < LEAST or not all(self._pairs.values()):
            told = " ".join([*files.remarks, *left.sentences()])
            found = f"{files.folder.name} has {count} pictures that can be used. {told}"
            raise UserError(found, f"at least {LEAST} pictures with captions", "Add more pairs.", "data")
        texts = [text for pairs in self._pairs.values() for pair in pairs for text in pair.captions]
        self.context = 2 + max(len(_words(text)) for text in texts)
        self.remarks = (*files.remarks, *left.sentences(), *self._unlearned())

    def words(self) -> tuple[str, ...]:
        """The words of the training captions and labels, the 8,000 most frequent ones."""
        return tuple(sorted(word for word, _ in self._counted.most_common(MOST_KNOWN)))

    @cached_property
    def _counted(self) -> Counter[str]:
        texts = [text for pair in self._pairs["train"] for text in (*pair.captions, pair.label)]
        return Counter(word for text in texts for word in _words(text))

    def _unlearned(self) -> tuple[str, ...]:
        """Which words of the captions the vocabulary lacks, for people."""
        texts = [text for pairs in self._pairs.values() for pair in pairs for text in (*pair.captions, pair.label)]
        lost = Counter(word for text in texts for word in _words(text))
        for word in self.words():
            lost.pop(word, None)
        if not lost:
            return ()
        more = f" and {len(lost) - FEW:,} more" if len(lost) > FEW else ""
        names = ", ".join(word[:40] for word, _ in lost.most_common(FEW))
        return (f"Words that training does not learn, and that are read as unknown: {names}{more}.",)

    def told(self) -> Told:
        pairs, count = self._pairs["train"], self.config.captions
        captions = [[pair.captions[place % len(pair.captions)] for place in range(count)] for pair in pairs]
        return Told(self._pixels["train"], captions)

    def shown(self, classes: tuple[str, ...]) -> Float[Tensor, "pictures classes"]:
        return labels([_names(pair) for pair in self._pairs["train"]], classes)

    def fits(self, text: str, row: int) -> bool:
        """Whether it is among the picture's own captions."""
        return text in self._pairs["train"][row].captions

    def split(self, name: str, most: int | None = None) -> Split:
        pairs = self._pairs[name]
        labelled = all(pair.label for parts in self._pairs.values() for pair in parts)
        of = self._pairs.values() if labelled else (pairs,)
        classes = tuple(dict.fromkeys(_class(pair) for parts in of for pair in parts))[:MOST_CLASSES]
        texts = tuple(pair.captions[0] for pair in pairs)
        right = labels([{_class(pair)} for pair in pairs], classes).bool()
        names = tuple((_class(pair),) for pair in pairs)
        return Split(name, self._pixels[name], texts, names, classes, right).first(most)

    def _read(self, files: PairFiles, name: str, pairs: list[FilePair], left: LeftOut) -> tuple:
        """The pairs whose pictures can be read, and these; a held-out one that is also in training is left out."""
        key = f"own-{name}-{_key(pairs)}-{self.config.side}"
        made = []

        def make(which: int):
            made[:] = made or [read_pixels(pairs, self.config.side)]
            return made[0][which]

        pixels, kept = self.kept(f"{key}-pixels", lambda: make(0)), self.kept(f"{key}-kept", lambda: make(1))
        there = set(kept.tolist())
        for number, pair in enumerate(pairs):
            if number not in there:
                left.add("pictures that are broken or too large", pair.path.name)
        known = {one.tobytes() for one in self._pixels.get("train", ())}
        new = [place for place, one in enumerate(pixels) if one.tobytes() not in known]
        for place in set(range(len(pixels))) - set(new):
            left.add("held-out pictures that are also in training", pairs[kept[place]].path.name)
        return [pairs[kept[place]] for place in new], pixels[new]


def _parted(files: PairFiles, most: int, left: LeftOut) -> dict[str, list[FilePair]]:
    """The pairs of each split, `train` first. The order is drawn by the pictures' names alone."""
    root = files.folder.resolve()
    names = {pair.path: str(pair.path.resolve().relative_to(root)) for pair in files.pairs}
    drawn = sorted(files.pairs, key=lambda pair: hashlib.sha256(os.fsencode(names[pair.path])).digest())
    held = {name: min(limit, len(drawn) // one) for name, (one, limit) in HELD_OUT.items()}
    found = {"train": drawn[sum(held.values()) :][:most]}
    start = 0
    for name, count in held.items():
        found[name] = drawn[start : start + count]
        start += count
    for pair in drawn[start + most :]:
        left.add("pictures beyond those that were asked for", names[pair.path])
    return found


def _key(pairs: Sequence[FilePair]) -> str:
    """A name that changes where a file's name, size or time does."""
    found = hashlib.sha256()
    for pair in pairs:
        stat = pair.path.stat()
        found.update(os.fsencode(pair.path) + f" {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return found.hexdigest()[:16]


def _class(pair: FilePair) -> str:
    return pair.label or pair.captions[0]


def _names(pair: FilePair) -> set[str]:
    return {pair.label, *pair.captions}


def _words(text: str) -> list[str]:
    return re.findall(WORD, text.lower())
