"""Chunks: row numbers in groups of similar length, so that a padded batch of each wastes little.

Knows lengths only.
"""

from collections.abc import Sequence


def chunks(lengths: Sequence[int], tokens: int, most: int | None = None) -> list[list[int]]:
    """All row numbers, shortest rows first, each chunk at most `most` rows and about `tokens` with its padding.

    Rows of one length keep their order. A row longer than `tokens` is a chunk of its own.
    """
    found: list[list[int]] = []
    for row in sorted(range(len(lengths)), key=lambda row: lengths[row]):  # ascending: the newcomer is the longest
        if not found or len(found[-1]) == most or (len(found[-1]) + 1) * lengths[row] > tokens:
            found.append([])
        found[-1].append(row)
    return found
