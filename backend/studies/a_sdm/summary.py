"""What a run says in the end: differences picture by picture and net by net, the order of harm, and the front.

Knows measured rows and what every picture came to; no model and no torch.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, stdev

from backend.runs.intervals import apart, spread
from backend.studies.a_sdm.arms import ARMS, FULL, PAIRED
from backend.studies.a_sdm.recipes import Recipe, recipe_of

METRICS = ("psnr", "right", "slots")
NORMAL = 1.96  # standard errors of a 95 % interval over pictures
RIVAL = "fewer_steps"
TURN = "every2"  # the steps at which levels are compared


@dataclass(frozen=True)
class Measured:
    """All settings: their rows in order, and what every picture of each came to, seed by seed."""

    rows: Sequence[dict]
    pictures: Mapping[str, list[dict]]

    def row(self, id: str) -> dict | None:
        return next((row for row in self.rows if row["id"] == id), None)

    def values(self, id: str, metric: str) -> list[float]:
        """Of every picture, the mean over light nets; empty where nobody judged."""
        seeds = [one[metric] for one in self.pictures[id]]
        return [] if seeds[0] is None else [fmean(column) for column in zip(*seeds, strict=True)]

    def by_seed(self, id: str, metric: str) -> dict[int, float]:
        """Of every light net the mean over pictures; empty where nobody judged."""
        seeds = [one[metric] for one in self.pictures[id]]
        return {} if seeds[0] is None else {seed: fmean(one) for seed, one in enumerate(seeds)}

    def recipe(self, row: dict) -> Recipe | None:
        """How a row was made; None of a plan that somebody drew."""
        nets = tuple({*(row["nets"] or []), row["net"]} - {"switch", FULL})
        return None if row["id"] == "own" else recipe_of(row["id"], (*ARMS, *nets))


def paired(what: str, a: str, b: str, metric: str, moved: Sequence[float], seeds: int = 1) -> dict:
    """A row of a difference over pictures, with a 95 % interval."""
    mean, error = fmean(moved), stdev(moved) / math.sqrt(len(moved)) if len(moved) > 1 else None
    row = {"what": what, "a": a, "b": b, "metric": metric, "mean": mean, "se": error, "n": len(moved), "seeds": seeds}
    if error is None:
        return row | {"low": None, "high": None, "beyond": None}
    low, high = mean - NORMAL * error, mean + NORMAL * error
    return row | {"low": low, "high": high, "beyond": low > 0 or high < 0}


def arm_figures(measured: Measured, arms: Sequence[str]) -> list[dict]:
    """Every arm's figures over its seeds."""
    found = []
    for arm in arms:
        n = measured.row(arm)["n"]
        for metric in METRICS:
            values = [*measured.by_seed(arm, metric).values()]
            if values:
                found.append({"arm": arm, "metric": metric} | spread(values) | {"seeds": len(values), "n": n})
    return found


def arm_differences(measured: Measured, arms: Sequence[str]) -> list[dict]:
    """Arms minus what they are compared with: seed by seed, for nets of one seed saw the same batches; of a single net
    picture by picture, which says nothing of another net."""
    found = []
    for a, b in PAIRED:
        if not {a, b} <= set(arms):
            continue
        for metric in METRICS:
            ours, theirs = measured.by_seed(a, metric), measured.by_seed(b, metric)
            if not ours:
                continue
            moved = [x - y for x, y in zip(measured.values(a, metric), measured.values(b, metric), strict=True)]
            row = paired("arms", a, b, metric, moved, len(ours))
            if len(ours) > 1:
                told = spread(apart(ours, theirs))
                row |= told | {"se": stdev(apart(ours, theirs)) / math.sqrt(len(ours))}
                row["beyond"] = told["low"] > 0 or told["high"] < 0
            found.append(row)
    return found


def plain_inheritance(measured: Measured) -> dict[str, Recipe]:
    """The settings of the full net that inherit, in the run's own number of steps."""
    found = {}
    for row in measured.rows:
        recipe = measured.recipe(row)
        if recipe and recipe.inherit and recipe.nets == (FULL,) and recipe.steps is None:
            found[row["id"]] = recipe
    return found


def reading_differences(measured: Measured) -> list[dict]:
    """The branch minus the output of the same modules at the same steps."""
    found = []
    for id, recipe in plain_inheritance(measured).items():
        other = id.replace(".branch@", ".output@")
        if recipe.inherit.reading == "branch" and other in measured.pictures:
            found.append(_moved(measured, "readings", id, other, "psnr"))
    return found


def step_differences(measured: Measured) -> list[dict]:
    """Evenly placed steps minus as many of another placing, of the same level."""
    found, plans = [], plain_inheritance(measured)
    for id, recipe in plans.items():
        if recipe.inherit.set != "uniform":
            continue
        for other, its in plans.items():
            alike = (its.inherit.level, its.inherit.numbers) == (recipe.inherit.level, recipe.inherit.numbers)
            if alike and its.inherit.set in ("start", "middle", "end"):
                found += [
                    _moved(measured, "steps", id, other, name) for name in ("psnr", "right") if _told(measured, name)
                ]
    return found


def switch_differences(measured: Measured) -> list[dict]:
    """The light net first minus the light net last, at as many of its steps."""
    found = []
    for row in measured.rows:
        recipe = measured.recipe(row)
        if not recipe or recipe.then != FULL or recipe.inherit:
            continue
        other = Recipe(FULL, recipe.first, row["steps"] - recipe.until, steps=recipe.steps).text
        if other in measured.pictures:
            found += [
                _moved(measured, "switch", row["id"], other, name)
                for name in ("psnr", "right", "distance")
                if _told(measured, name)
            ]
    return found


def rival_differences(measured: Measured) -> list[dict]:
    """Every setting minus fewer steps of equal measured time, picture by picture.

    The rival's figure lies on the line between its two neighbours in speed; a setting that is slower than all of them,
    or faster, has no rival of equal time and no row.
    """
    rivals = sorted((row for row in measured.rows if row["family"] == RIVAL), key=lambda row: row["speed8"])
    found = []
    for row in measured.rows:
        pair = _neighbours(rivals, row["speed8"])
        if row["family"] in ("full", RIVAL) or pair is None:
            continue
        slow, fast = pair
        share = (row["speed8"] - slow["speed8"]) / max(fast["speed8"] - slow["speed8"], 1e-9)
        for name in ("psnr", "right"):
            if not _told(measured, name):
                continue
            ours = measured.values(row["id"], name)
            lines = zip(measured.values(slow["id"], name), measured.values(fast["id"], name), strict=True)
            moved = [a - (b + share * (c - b)) for a, (b, c) in zip(ours, lines, strict=True)]
            told = paired("rival", row["id"], RIVAL, name, moved, row["seeds"])
            found.append(_with_nets(told, [*measured.by_seed(row["id"], name).values()]))
    return found


def _with_nets(row: dict, nets: Sequence[float]) -> dict:
    """A row of a difference, with the spread of light nets in its error."""
    if len(nets) < 2 or row["se"] is None:
        return row
    error = math.hypot(row["se"], stdev(nets) / math.sqrt(len(nets)))
    low, high = row["mean"] - NORMAL * error, row["mean"] + NORMAL * error
    return row | {"se": error, "low": low, "high": high, "beyond": low > 0 or high < 0}


def order_of_harm(measured: Measured) -> list[dict]:
    """Levels that are inherited at every second step, the most harmless first, each against the next one."""
    plans = {
        id: recipe.inherit
        for id, recipe in plain_inheritance(measured).items()
        if id.endswith(f"@{TURN}") and recipe.inherit.reading != "output"
    }
    ranked = sorted(plans, key=lambda id: -measured.row(id)["psnr"])
    found = []
    for number, id in enumerate(ranked):
        row, errors = measured.row(id), None
        if number + 1 < len(ranked):
            moved = _moved(measured, "steps", id, ranked[number + 1], "psnr")
            errors = moved["mean"] / moved["se"] if moved["se"] else None
        found.append({"setting": id, "level": id.partition("@")[0], "psnr": row["psnr"], "se": row["psnr_se"]})
        found[-1]["errors"] = errors
    return found


def front(measured: Measured) -> list[dict]:
    """The settings that no other beats in both speed and a metric, the slowest first."""
    found = []
    for metric in ("psnr", "right"):
        rows = [row for row in measured.rows if row[metric] is not None]
        best = -math.inf
        ranked = sorted(rows, key=lambda row: (-row["speed8"], -row[metric]))
        kept = []
        for row in ranked:
            if row[metric] > best:
                best = row[metric]
                kept.append({"setting": row["id"], "metric": metric})
        found += reversed(kept)
    return found


def _neighbours(rivals: Sequence[dict], speed: float) -> tuple[dict, dict] | None:
    for slow, fast in pairwise(rivals):
        if slow["speed8"] <= speed <= fast["speed8"]:
            return slow, fast
    return None


def _moved(measured: Measured, what: str, a: str, b: str, metric: str) -> dict:
    ours, theirs = measured.values(a, metric), measured.values(b, metric)
    seeds = min(measured.row(a)["seeds"], measured.row(b)["seeds"])
    return paired(what, a, b, metric, [x - y for x, y in zip(ours, theirs, strict=True)], seeds)


def _told(measured: Measured, metric: str) -> bool:
    return bool(measured.values(FULL, metric))
