"""A cell's students, one after another: untrained, step sizes by validation, random sets with several seeds, all data.

Knows cells, material and the workshop; each student is one row, and rows that are there are not made again.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property

from backend.core.models.adapted import Adapted
from backend.core.scoring.scored import Scored
from backend.core.text.tasks import Question
from benchmarks.room.cells import Cell
from benchmarks.room.data import Material, drawn
from benchmarks.room.kept import Kept
from benchmarks.room.student import Workshop, error
from benchmarks.rows import machine, machine_line

GRID, FACTOR, LEAST, MOST = (0.001, 0.003, 0.01), 10**0.5, 1e-4, 0.1
UNTRAINED, RANDOM, FULL = "untrained", "random", "full"


@dataclass(frozen=True)
class Measure:
    """What every cell of one kind of data is measured with."""

    workshop: Workshop
    material: Material
    kept: Kept
    draws: int = 3
    seeds: int = 2

    def cell(self, cell: Cell) -> Iterator[str]:
        """Make the cell's rows; says each student as it is done."""
        untrained = replace(cell, budget=0.0, steps=0, top=0, modules="attention")  # wherever adapters lie: they are 0
        yield self._student(untrained, self._adapted(cell), UNTRAINED, 0, 0, 0.0)
        yield from self._arm(cell, RANDOM, self.draws)
        yield from self._arm(cell.full(), FULL, 1)

    def _arm(self, cell: Cell, arm: str, draws: int) -> Iterator[str]:
        lr = None
        for said, lr in self._step_size(cell, arm):  # noqa: B007 - the last one is the choice
            yield said
        for draw in range(draws):
            for seed in range(self.seeds):
                yield self._student(cell, self._adapted(cell), arm, draw, seed, lr)

    def questions(self, cell: Cell, draw: int) -> list[Question]:
        """The training questions of a set: the same for every number of steps and every place of adapters."""
        count = max(2, round(cell.budget * len(self.material.train)))
        return drawn(self.material.train, count, "set", draw, cell.budget)

    def _step_size(self, cell: Cell, arm: str) -> Iterator[tuple[str, float]]:
        """Try the grid on validation questions, and on past its ends while the best lies there; last the choice."""
        found: dict[float, float] = {}
        todo = list(GRID)
        while todo:
            lr = todo.pop(0)
            row = self._tried(cell, arm, lr)
            found[lr] = row["error"]
            best = min(found, key=lambda size: (found[size], size))
            yield f"{arm}, step size {lr:g}: {row['error']:.4f} on validation", best
            if not todo:
                todo = [size for size in beyond(best, sorted(found)) if size not in found]

    def _tried(self, cell: Cell, arm: str, lr: float) -> dict:
        """One student of the first set, judged by validation; it is scored nowhere else."""
        key = self._key(cell, "grid") | {"arm": arm, "lr": lr}
        if row := self.kept.find(key):
            return row
        m = self.material
        params, took = self.workshop.taught(
            self._adapted(cell), self.questions(cell, 0), m.spec, cell.steps, lr, ("grid", *cell.key())
        )
        found, judged = math.inf, 0.0
        if params is not None:
            scored, judged = self.workshop.answers(self._adapted(cell), params, m.validation, m.spec)
            found = error(scored, m.spec.free)
        found = found if math.isfinite(found) else 1e9  # JSON has no infinity
        return self.kept.add(key, {"error": found, "validated": len(m.validation)} | self._told(took, judged))

    def _student(self, cell: Cell, adapted: Adapted, arm: str, draw: int, seed: int, lr: float) -> str:
        key = self._key(cell, "student") | {"arm": arm, "set": draw, "seed": seed, "n": len(self.material.test)}
        row = self.kept.find(key)
        if row is None:
            m, taught = self.material, self.questions(cell, draw)
            params, took = self.workshop.taught(adapted, taught, m.spec, cell.steps, lr, (draw, seed))
            if params is None:
                row = self.kept.add(key, {"lr": lr, "diverged": True} | self._told(took, 0.0))
            else:
                scored, judged = self.workshop.answers(adapted, params, m.test, m.spec)
                told = {"lr": lr, "taught": len(taught) if cell.steps else 0} | results(scored, m.spec.free)
                row = self.kept.add(key, told | self._told(took, judged))
        return f"{arm}, set {draw}, seed {seed}, step size {lr:g}: {row.get('mean', math.nan):.4f}"

    def _adapted(self, cell: Cell) -> Adapted:
        return Adapted(cell.top, cell.modules)

    def _key(self, cell: Cell, kind: str) -> dict:
        return {"kind": kind, "model": self.workshop.model, "rounded": self.workshop.rounded} | asdict(cell)

    def _told(self, trained: float, judged: float) -> dict:
        return {"train_s": round(trained, 2), "judge_s": round(judged, 2), "machine": self._machine}

    @cached_property
    def _machine(self) -> str:
        return machine_line(machine())


def results(scored: Sequence[Scored], free: bool) -> dict:
    """Of a student's answers: the mean, and each question's part of it, right or wrong as one digit of 0 and 1."""
    mean = sum(item.bits if free else item.correct for item in scored) / len(scored)
    each = [round(item.bits, 4) for item in scored] if free else "".join(str(int(item.correct)) for item in scored)
    found = {"metric": "bits" if free else "acc", "mean": mean, "each": each, "error": error(scored, free)}
    return found | {"bits": sum(item.bits for item in scored) / len(scored)}


def beyond(best: float, tried: list[float]) -> list[float]:
    """The next step size to try where the best is the first or the last of the tried ones, within bounds."""
    if best == tried[0]:
        lower = float(f"{best / FACTOR:.1g}")
        return [lower] if lower >= LEAST else []
    if best == tried[-1]:
        upper = float(f"{best * FACTOR:.1g}")
        return [upper] if upper <= MOST else []
    return []
