"""The cells of the table of room, cheapest first: data, share of it, steps, and where the adapters lie.

Knows names and numbers; no model and no file.
"""

from dataclasses import asdict, dataclass
from itertools import product

DATA = ("arc_easy", "pocket_science", "mmlu_halves", "free_answers")
BUDGETS, STEPS, TOPS, MODULES = (0.01, 0.05), (20, 60, 150), (6, 15, 30), ("attention", "mlp")
DEAR = {0.05: 1.5, 60: 1.0, 150: 3.0, "mlp": 1.5, "both": 2.0}  # how far these push a cell back


@dataclass(frozen=True)
class Cell:
    """`budget` is the share of the training questions that a set has; `top` layers carry adapters on `modules`."""

    data: str
    budget: float
    steps: int
    top: int
    modules: str

    def key(self) -> tuple:
        return tuple(asdict(self).values())

    def full(self) -> "Cell":
        """The cell of a student that learns from all the data: the same for every budget."""
        return Cell(self.data, 1.0, self.steps, self.top, self.modules)


@dataclass(frozen=True)
class Axes:
    """What the cells are made of."""

    data: tuple[str, ...] = DATA
    budgets: tuple[float, ...] = BUDGETS
    steps: tuple[int, ...] = STEPS
    tops: tuple[int, ...] = TOPS
    modules: tuple[str, ...] = MODULES

    def cells(self) -> list[Cell]:
        """Every cell, in the order in which they are measured."""
        found = [
            Cell(data, budget, steps, top, modules)
            for data, budget, steps, top, modules in product(
                self.data, self.budgets, self.steps, self.tops, self.modules
            )
        ]
        return sorted(found, key=lambda c: (cost(c), self.data.index(c.data), c.top))


def cost(cell: Cell) -> float:
    """Where a cell stands in the order."""
    return DEAR.get(cell.budget, 0) + DEAR.get(cell.steps, 0) + DEAR.get(cell.modules, 0)
