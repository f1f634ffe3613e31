"""A run's rows as points of named series, which is what every logger of metrics takes.

The study's curves say which columns of metrics.jsonl are a step and a value; results.jsonl is alike everywhere. Knows
no study by name and no logger.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from backend.study import Curve, Study


class Point(NamedTuple):
    """`series` is a path, such as tune/loss/lr=0.002/seed=1: viewers group by its first part."""

    series: str
    step: int
    value: float


def of_metrics(study: Study, row: Mapping) -> Iterator[Point]:
    """The points that one row of metrics.jsonl gives to the study's curves."""
    for curve in study.curves:
        step, value = row.get(curve.x), row.get(curve.y)
        mine = row.get("stage") == curve.stage and all(row.get(name) == wanted for name, wanted in curve.where.items())
        if mine and _is_number(step) and _is_number(value):
            yield Point(_series(curve, row), round(step), float(value))


def of_results(row: Mapping) -> Iterator[Point]:
    """The point of one row of results.jsonl; its step is the seed."""
    value, seed = row.get("value"), row.get("seed")
    if _is_number(value):
        named = (str(row[name]) for name in ("metric", "task", "arm", "student", "regime") if row.get(name))
        yield Point("/".join(("results", *named)), seed if isinstance(seed, int) else 0, float(value))


def _series(curve: Curve, row: Mapping) -> str:
    told = dict.fromkeys((*curve.where, *curve.by, *filter(None, [curve.choice])))
    parts = (f"{name}={row[name]}" for name in told if row.get(name) is not None)
    return "/".join((curve.stage, curve.y, *parts))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
