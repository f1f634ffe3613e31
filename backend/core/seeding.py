"""Random numbers that depend on names, not on what ran before: a resumed run draws what an unbroken one would have.

Knows nothing of what the numbers are for.
"""

import hashlib

import torch


def generator(*parts: object) -> torch.Generator:
    """A torch generator seeded by the parts, e.g. `generator(seed, "expert", 3)`. The same on every machine."""
    digest = hashlib.sha256("/".join(str(part) for part in parts).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))


def shuffled_batches(rows: int, batch: int, steps: int, rng: torch.Generator) -> list[list[int]]:
    """`steps` batches of row numbers, by passes over fresh permutations; every batch has min(batch, rows) rows."""
    size, queue, batches = min(batch, rows), [], []
    for _ in range(steps):
        while len(queue) < size:
            queue += torch.randperm(rows, generator=rng).tolist()
        batches.append(queue[:size])
        queue = queue[size:]
    return batches
