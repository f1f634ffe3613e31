"""Cells: which students there are, and what each of them is taught. Follows from settings and the pool alone.

Standard library only; knows no model and no file.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.studies.active_inheritance.config import BEST, BOTH, PASSIVE, WORST, ActiveConfig
from backend.studies.active_inheritance.objectives import Chosen, rechoose

RANDOM = "random"


@dataclass(frozen=True)
class Cell:
    """One student. `objective` is None where nothing is aimed at; `k` is how many texts were chosen among."""

    arm: str
    objective: str | None
    k: int
    seed: int

    @property
    def name(self) -> str:
        """What its files are called."""
        return "-".join([self.arm, *([self.objective] if self.objective else []), f"k{self.k}", f"seed{self.seed}"])

    @property
    def where(self) -> dict:
        """Its columns in rows."""
        return {"arm": self.arm, "objective": self.objective, "k": self.k, "seed": self.seed}


def cells(config: ActiveConfig) -> list[Cell]:
    """Every student of a run: seed by seed, so that a stopped run has whole comparisons of fewer seeds."""
    first, found = config.objectives[0], [(RANDOM, None, config.k)]
    if BEST in config.arms:
        found += [(BEST, objective, config.k) for objective in config.objectives]
        found += [(BEST, first, k) for k in config.ks if k != config.k]
    found += [(arm, first, config.k) for arm in (WORST, BOTH) if arm in config.arms]
    found += [(arm, None, config.k) for arm in PASSIVE if arm in config.arms]
    return [Cell(*one, seed) for seed in range(config.seeds) for one in found]


def chosen(config: ActiveConfig, rows: Sequence[dict], names: Sequence[str], cell: Cell) -> list[Chosen]:
    """What a student is taught: a text of every prompt. `names` are the talkers of the pool, the first one first.

    Random texts are drawn anew for every seed, so that the spread over students holds that luck too.
    """
    own = names[1] if cell.arm == PASSIVE[1] else names[0]
    mine = rows if cell.arm == BOTH else [row for row in rows if row["talker"] == own]
    how = {BOTH: BEST, PASSIVE[0]: RANDOM, PASSIVE[1]: RANDOM}.get(cell.arm, cell.arm)
    objective, seed = cell.objective or config.objectives[0], config.seed * 1000 + cell.seed
    return rechoose(mine, objective, config.sum_weights, cell.k, how, seed=seed, equal_words=config.equal_words)


def student_of(config: ActiveConfig, arm: str) -> str:
    """The model that an arm's students begin as."""
    return config.passive_student if arm in PASSIVE or arm == "before_passive" else config.student


def texts_of(rows: Sequence[dict], picked: Sequence[Chosen]) -> list[tuple[dict, dict]]:
    """(row, text) of what was chosen, in its order."""
    by_place = {(row["prompt"], row["talker"]): row for row in rows}
    found = [(by_place[prompt, talker], index) for prompt, talker, index in picked]
    return [(row, row["texts"][index]) for row, index in found]


def name_of(spec: str) -> str:
    """What a talker is called in rows: the last part of its name or path."""
    return spec.rstrip("/").rpartition("/")[2]
