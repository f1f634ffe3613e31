"""A quota: how many chosen examples may have an answer of each length, the same for every selector.

Arms of a comparison must teach equally many examples AND equally many answer tokens, else the longer answers win. Free
answers come as classes of about one length. Knows lengths and row numbers; no questions, models or scores.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Bool

from backend.errors import UserError


def shares(lengths: Sequence[int], size: int) -> dict[int, int]:
    """How many of `size` rows get each answer length, in proportion to the pool.

    Largest remainder (Hamilton); of equal remainders the shorter length wins. Whole numbers throughout, so that no
    machine rounds differently, and no length is given more rows than it has. Raises UserError unless 1 <= size <= pool.
    """
    if not 1 <= size <= len(lengths):
        found = f"{size} of {len(lengths)} training questions are to be chosen."
        raise UserError(found, f"from 1 to {len(lengths)}", "Choose another size, or give more questions.")
    counts = Counter(lengths)
    given = {length: size * count // len(lengths) for length, count in counts.items()}
    remainders = sorted(counts, key=lambda length: (-(size * counts[length] % len(lengths)), length))
    for length in remainders[: size - sum(given.values())]:
        given[length] += 1
    return given


class Quota:
    """What may still be taken. `lengths` are the answer lengths of the pool's rows; `taken` the rows, in order."""

    def __init__(self, lengths: Sequence[int], size: int):
        """Raises UserError unless 1 <= size <= pool."""
        self.size, self.taken = size, []
        self._left = shares(lengths, size)
        self._lengths = np.asarray(lengths)
        self._open = np.isin(self._lengths, [length for length, left in self._left.items() if left])

    @property
    def full(self) -> bool:
        return len(self.taken) == self.size

    def open(self) -> Bool[np.ndarray, " pool"]:
        """Which rows may still be taken: those that are not, and whose length is not full. A copy."""
        return self._open.copy()

    def take(self, row: int) -> None:
        """Take one row. Taking a row that is not open is a defect of the caller's."""
        if not self._open[row]:
            raise RuntimeError(f"Row {row} is taken already, or its answer length is full.")
        length = int(self._lengths[row])
        self.taken.append(int(row))
        self._left[length] -= 1
        self._open[row] = False
        if not self._left[length]:
            self._open[self._lengths == length] = False

    def fill(self, order: Iterable[int]) -> list[int]:
        """Walk a ranking, best first, and take what is open until full. Returns all that is taken."""
        for row in order:
            if self.full:
                break
            if self._open[row]:
                self.take(row)
        return self.taken
