"""Sitters: everybody whose profile is taken, and what its rows and files are called.

Standard library only; knows no model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backend.studies.active_inheritance.cells import Cell, cells, name_of, student_of
from backend.studies.active_inheritance.config import PASSIVE, ActiveConfig
from backend.studies.active_inheritance.scores import METRICS

BEFORE, BEFORE_PASSIVE = "before", "before_passive"
PROFILES, SCORES = "artifacts/profiles", "artifacts/scores"
LONG = {"mtld": "mtld_long", "mattr": "mattr_long"}  # the same of texts that are long enough for it
ANY = "any"  # the regime of an arm that aims at nothing
TASK = "pocket_science"


@dataclass(frozen=True)
class Sitter:
    """`who` is an arm, a talker's name or the student before; `spec` the model, with the adapter of `cell` on it."""

    who: str
    spec: str
    cell: Cell | None = None

    @property
    def name(self) -> str:
        """What its files are called."""
        return self.cell.name if self.cell else self.who

    @property
    def where(self) -> dict:
        """Its columns in profiles.jsonl."""
        if self.cell is None:
            return {"who": self.who, "objective": None, "k": None, "seed": 0}
        return {"who": self.who, "objective": self.cell.objective, "k": self.cell.k, "seed": self.cell.seed}

    @property
    def items(self) -> str:
        return f"{PROFILES}/{self.name}.jsonl"

    @property
    def scores(self) -> str:
        return f"{SCORES}/{self.name}-{TASK}.jsonl"


def sitters(config: ActiveConfig) -> list[Sitter]:
    """The untouched students, the talkers, then every student, seed by seed."""
    every = cells(config)
    passive = any(cell.arm in PASSIVE for cell in every)
    found = [Sitter(BEFORE, config.student)]
    found += [Sitter(BEFORE_PASSIVE, config.passive_student)] if passive else []
    names = [config.talker, *([config.second_talker] if config.needs_second else [])]
    found += [Sitter(name_of(spec), spec) for spec in names]
    return found + [Sitter(cell.arm, student_of(config, cell.arm), cell) for cell in every]


def is_asked(config: ActiveConfig, sitter: Sitter) -> bool:
    """Whether it answers questions too: students before and after, of the doses the largest."""
    if not config.test_limit:
        return False
    return sitter.who in (BEFORE, BEFORE_PASSIVE) or (sitter.cell is not None and sitter.cell.k == config.k)


def by_prompt(items: Sequence[Mapping], equal_words: int) -> dict[str, dict[int, float]]:
    """Metric -> prompt -> the mean over its texts. A metric that the texts have no score of is left out."""
    found: dict[str, dict[int, float]] = {}
    for metric in METRICS:
        _put(found, metric, [(row["prompt"], row["scores"][metric]) for row in items])
        if metric in LONG and equal_words:
            long = [row for row in items if row["scores"]["words"] >= equal_words]
            _put(found, LONG[metric], [(row["prompt"], row["scores"][metric]) for row in long])
    return found


def _put(found: dict[str, dict[int, float]], metric: str, pairs: Sequence[tuple[int, float | int | None]]) -> None:
    values: dict[int, list[float]] = {}
    for prompt, value in pairs:
        if value is not None:
            values.setdefault(prompt, []).append(value)
    if values:
        found[metric] = {prompt: sum(each) / len(each) for prompt, each in values.items()}
