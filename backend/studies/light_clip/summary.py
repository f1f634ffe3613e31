"""What a run says in the end: the ablation with intervals and paired differences, and what to beware of.

Knows outcomes as plain rows; no model and no torch.
"""

import math
import statistics
from collections.abc import Sequence

from backend.runs.intervals import apart, spread
from backend.studies.light_clip.arms import REFERENCE
from backend.studies.light_clip.config import LightClipConfig

SHARES = ("top1", "top5", "i2t1", "i2t5", "t2i1", "t2i5", "pointing", "masked_with", "masked_without")
METRICS = (*SHARES, "masked_gain")  # with the picture less without it
COUNTED = {  # which count of an outcome a metric is over
    "top1": "named",
    "top5": "named",
    "pointing": "pointed",
    "masked_with": "hidden",
    "masked_without": "hidden",
    "masked_gain": "hidden",
}
Outcomes = dict[str, dict[int, dict]]  # arm -> seed -> the figures of a student on test pictures


def difference(mine: dict[int, float], others: dict[int, float]) -> dict | None:
    """mine - others, paired by seed: the mean, its interval, its standard error, in how many seeds it is above 0, and
    whether it is beyond noise, which is that the interval leaves 0 out. None where no seed is in both."""
    found = apart(mine, others)
    if not found:
        return None
    told = spread(found)
    beyond = told["low"] is not None and (told["low"] > 0 or told["high"] < 0)
    error = statistics.stdev(found) / math.sqrt(len(found)) if len(found) > 1 else None
    wins = sum(value > 0 for value in found)
    return {"arm": REFERENCE} | told | {"error": error, "wins": wins, "seeds": len(found), "beyond": beyond}


def ablation(found: Outcomes) -> list[dict]:
    """A row for each metric of each arm that has it, compared with the base seed by seed."""
    rows = []
    for arm, by_seed in found.items():
        for metric in METRICS:
            values = value_of(by_seed, metric)
            if not values:
                continue
            counted = [by_seed[seed][COUNTED.get(metric, "n")] for seed in values]
            row = {"arm": arm, "metric": metric} | spread(list(values.values()))
            row |= {"seeds": len(values), "n": counted[0]}
            against = None if arm == REFERENCE else difference(values, value_of(found.get(REFERENCE, {}), metric))
            rows.append(row | {"against": against})
    return rows


def value_of(by_seed: dict[int, dict], metric: str) -> dict[int, float]:
    """A metric by seed, of the seeds that have it."""
    return {seed: figures[metric] for seed, figures in by_seed.items() if figures.get(metric) is not None}


def looks(rows: Sequence[dict]) -> int:
    """How many intervals of a difference the table shows: one in twenty lies beside its true value by chance."""
    return sum(bool(row["against"]) and row["against"]["low"] is not None for row in rows)


def mean_of_known(values: Sequence[float | None]) -> float | None:
    """The mean of those that are known."""
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None


def warnings(config: LightClipConfig, found: Outcomes) -> list[dict]:
    """What a reader must know before believing a figure."""
    told = []
    if config.seeds < 5:
        few = "one student" if config.seeds == 1 else f"{config.seeds} students"
        told.append(_warning("seeds", f"Each arm has {few}.", "5 or more", "Set seeds to 5 for narrower intervals."))
    if REFERENCE not in config.arms:
        step = f"Add {REFERENCE} to arms."
        told.append(_warning("reference", "No arm has CLIP's own loss.", "one to compare the others with", step))
    if not any(value_of(by_seed, "pointing") for by_seed in found.values()):
        step = "Take the drawn scenes (world=pocket) to see where words lie."
        told.append(_warning("pointing", "Nobody knows where things lie in these pictures.", "drawn scenes", step))
    return told


def _warning(kind: str, found: str, expected: str, next_step: str) -> dict:
    return {"kind": kind, "found": found, "expected": expected, "next_step": next_step}


def result_rows(config: LightClipConfig, arm: str, seed: int, figures: dict) -> list[dict]:
    """The figures of a student in the columns that every study has."""
    where = {"arm": arm, "student": "light", "task": config.world, "regime": "pairs", "seed": seed, "scores": None}
    return [
        where | {"metric": metric, "value": figures[metric], "n": figures[COUNTED.get(metric, "n")]}
        for metric in SHARES
        if figures.get(metric) is not None
    ]
