"""Students of a run, several trained at a time, each once: what is not in the run folder yet.

Knows processes and who is still to be trained; not what a student is, nor how one is trained.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from backend.core.pool import Workers, each, worker_count

Cell = TypeVar("Cell")
Outcome = TypeVar("Outcome")
Look = Callable[[], None]


def trained(
    cells: Sequence[Cell],
    read: Callable[[Cell], Outcome | None],
    begin: Callable[[Look | None], Callable[[Cell], Outcome]],
    write: Callable[[Cell, Outcome], None],
    watch: Look,
    workers: Workers | None = None,
) -> dict[Cell, Outcome]:
    """The outcome of every cell: `read`, where it is there, else what training gives, which is handed to `write`.

    `begin` can be pickled and is called once in each process; it returns what trains a cell, and is given `watch` where
    no other process looks up, so that the training itself has to. Without `workers` there are some for these cells
    alone. Whatever `watch` or a training raises is raised here.
    """
    found = {cell: outcome for cell in cells if (outcome := read(cell)) is not None}
    todo = [cell for cell in cells if cell not in found]
    if todo:
        count = workers.count if workers else worker_count()
        inline = count == 1 or (workers is None and len(todo) == 1)
        work = partial(begin, watch if inline else None)
        for cell, outcome in workers.each(work, todo, watch) if workers else each(work, todo, count, watch):
            found[cell] = outcome
            write(cell, outcome)
        watch()
    return {cell: found[cell] for cell in cells}  # in their own order, not in the one they ended in
