"""What a run says in the end: figures with intervals, arms paired by seed, how soon each reaches scratch's end, sizes.

Knows the rows of metrics.jsonl and outcomes; no model and no torch.
"""

import statistics
from collections.abc import Mapping, Sequence
from math import comb

from backend.runs.intervals import apart, spread
from backend.studies.tiny_clip.arms import ARMS, AUTO, PAIRED, SCRATCH, TEACHER
from backend.studies.tiny_clip.cells import CONTROL, Cell, Outcome
from backend.studies.tiny_clip.config import TinyClipConfig

METRICS = ("top1", "top5", "i2t5", "t2i5")
LEADING = "top5"  # what the speed is told of first
PIXELS = ("nearest", "ridge")
Ends = dict[tuple[str, int], dict]  # (arm, seed) -> the last evaluation


def evaluations(rows: Sequence[dict], lrs: Mapping[str, float]) -> dict[tuple[str, int], list[dict]]:
    """What chosen students scored on the test, update by update, of every arm and seed."""
    found: dict[tuple[str, int], list[dict]] = {}
    for row in rows:
        if row["stage"] == "evaluate" and row["lr"] == lrs.get(row["arm"]) and row["phase"] != CONTROL:
            found.setdefault((row["arm"], row["seed"]), []).append(row)
    return {key: sorted(found[key], key=lambda row: row["step"]) for key in sorted(found, key=_place)}


def _place(key: tuple[str, int]) -> tuple:
    return list(ARMS).index(key[0]), key[1]


def ends_of(rows: Sequence[dict], lrs: Mapping[str, float], steps: int) -> Ends:
    """Every student's figures after its last update."""
    return {key: looks[-1] for key, looks in evaluations(rows, lrs).items() if looks[-1]["step"] == steps}


def by_seed(ends: Ends, arm: str, metric: str) -> dict[int, float]:
    """Seed -> figure, of one arm."""
    return {seed: end[metric] for (who, seed), end in ends.items() if who == arm}


def figures(ends: Ends, teacher: Mapping[str, float]) -> list[dict]:
    """Every arm's figures over its seeds, the teacher's before them."""
    told = {"low": None, "high": None, "seeds": 1, "n": teacher["n"]}
    found = [{"arm": TEACHER, "metric": metric, "mean": teacher[metric], **told} for metric in METRICS]
    for arm in dict.fromkeys(arm for arm, _ in ends):
        n = next(end["n"] for (who, _), end in ends.items() if who == arm)
        for metric in METRICS:
            values = by_seed(ends, arm, metric)
            found.append({"arm": arm, "metric": metric} | spread([*values.values()]) | {"seeds": len(values), "n": n})
    return found


def shares_of_teacher(ends: Ends, teacher: Mapping[str, float]) -> list[dict]:
    """Every arm's figures as shares of the teacher's."""
    found = []
    for arm in dict.fromkeys(arm for arm, _ in ends):
        for metric in METRICS:
            values = [value / teacher[metric] for value in by_seed(ends, arm, metric).values() if teacher[metric]]
            if values:
                found.append({"arm": arm, "metric": metric} | spread(values) | {"seeds": len(values)})
    return found


def differences(ends: Ends) -> list[dict]:
    """Arms minus what they are compared with, paired by seed: students of one seed saw the same batches.

    `wins` counts seeds in which the arm is ahead, `beyond` says whether 0 lies outside the interval.
    """
    found = []
    for arm, against in PAIRED:
        for metric in METRICS:
            a, b = by_seed(ends, arm, metric), by_seed(ends, against, metric)
            moved = apart(a, b)
            if not moved:
                continue
            row = {"arm": arm, "against": against, "metric": metric} | spread(moved)
            row |= {"seeds": len(moved), "wins": sum(value > 0 for value in moved), "n": ends[arm, min(a)]["n"]}
            beyond = None if row["low"] is None else row["low"] > 0 or row["high"] < 0
            found.append(row | {"beyond": beyond})
    return found


def reach(rows: Sequence[dict], lrs: Mapping[str, float], steps: int) -> list[dict]:
    """The update from which on a student is never again below the end of scratch's student of its seed, and the
    processor's seconds until then; None where it never is.

    Only evaluations at the student's last size count: before a cut it is larger.
    """
    looks, found = evaluations(rows, lrs), []
    for (arm, seed), own in looks.items():
        scratch = looks.get((SCRATCH, seed))
        if arm == SCRATCH or not scratch or scratch[-1]["step"] != steps or own[-1]["step"] != steps:
            continue
        for metric in METRICS:
            goal = scratch[-1][metric]
            at = _from_there_on([row for row in own if row["share"] == own[-1]["share"]], metric, goal)
            row = {"arm": arm, "seed": seed, "metric": metric, "goal": goal, "of": steps}
            found.append(row | {"step": at and at["step"], "seconds": at and at["seconds"]})
    return found


def _from_there_on(looks: Sequence[dict], metric: str, goal: float) -> dict | None:
    """The first of the looks at the end that all reach the goal."""
    found = None
    for row in reversed(looks):
        if row[metric] < goal:
            break
        found = row
    return found


def sizes(config: TinyClipConfig, outcomes: Mapping[Cell, Outcome], teacher: Mapping[str, int]) -> list[dict]:
    """How large every student is, as shares of the teacher: blocks of both towers, everything, and each tower's blocks.

    Students of one arm that are all alike have a single row, without a seed.
    """
    found = []
    for arm in config.arms:
        own = [(cell.seed, one) for cell, one in outcomes.items() if cell.arm == arm and cell.phase != CONTROL]
        rows = [_size(config, arm, seed, one, teacher) for seed, one in own]
        alike = len({tuple(row[name] for name in ("blocks", "all", "image", "text")) for row in rows}) == 1
        found += [rows[0] | {"seed": None}] if alike else rows
    return found


def _size(config: TinyClipConfig, arm: str, seed: int, one: Outcome, teacher: Mapping[str, int]) -> dict:
    asked = config.small if ARMS[arm].small else config.keep
    shares = {name: getattr(one, name) / teacher[name] for name in ("blocks", "all", "image", "text")}
    return {"arm": arm, "seed": seed, "asked": asked} | shares | {"parameters": one.all}


def cuts(outcomes: Mapping[Cell, Outcome]) -> list[dict]:
    """Learned masks against slicing, right after the cut, in the test's top-5. `sliced` is a copy of the teacher that
    trained as long without masks, `sliced_same` the leading units of the very weights that were cut."""
    controls = {cell.seed: one for cell, one in outcomes.items() if cell.phase == CONTROL}
    found = []
    for cell, one in outcomes.items():
        if cell.arm == AUTO and cell.phase != CONTROL and cell.seed in controls:
            sliced = controls[cell.seed].after_cut
            row = {"seed": cell.seed, "after_cut": one.after_cut, "sliced": sliced, "sliced_same": one.sliced_same}
            found.append(row | {"ratio": one.after_cut / sliced if sliced else None})
    return found


def training_seconds(rows: Sequence[dict], lrs: Mapping[str, float], steps: int) -> dict[str, float]:
    """The processor's seconds of a student of each arm, on average."""
    ends, found = ends_of(rows, lrs, steps), {}
    for arm, _ in ends:
        found[arm] = round(statistics.fmean(by_seed(ends, arm, "seconds").values()), 3)
    return found


def chance(right: Sequence[int], classes: int) -> dict:
    """What classes drawn without looking come to; `right[i]` classes are right for picture i."""
    told = {}
    for name, k in (("top1", 1), ("top5", min(5, classes))):
        told[name] = statistics.fmean(1 - comb(classes - r, k) / comb(classes, k) for r in right)
    return told | {"n": len(right)}


def student_name(config: TinyClipConfig) -> str:
    """Whose students they are."""
    return config.teacher.rstrip("/").rpartition("/")[2] or "clip-pocket"


def regime(config: TinyClipConfig) -> str:
    """Which captions they learned from."""
    return "wrong" if config.wrong else "loose" if config.loose else "precise"


def warnings(config: TinyClipConfig, told: Mapping[str, dict], remarks: Sequence[str]) -> list[dict]:
    """What a reader must know before believing a figure."""
    found = [_warning("data", remark, "every picture as it is", "Read it before comparing.") for remark in remarks]
    if config.seeds < 5:
        few = "one student" if config.seeds == 1 else f"{config.seeds} students"
        found.append(_warning("seeds", f"Each arm has {few}.", "5 or more", "Set seeds to 5 for narrower intervals."))
    if SCRATCH not in config.arms:
        found.append(_warning("scratch", "No arm starts from scratch.", "one to compare with", "Add scratch to arms."))
    for name in PIXELS:
        if told.get(name, {}).get("top1", 0.0) > told[TEACHER]["top1"]:
            who = {"nearest": "the nearest picture by its pixels", "ridge": "kernel ridge regression on pixels"}[name]
            said = f"The teacher names {told[TEACHER]['top1']:.0%} of the pictures, {who} {told[name]['top1']:.0%}."
            found.append(
                _warning("teacher", said, "a teacher that sees more", "Choose another teacher or other pictures.")
            )
    return found


def _warning(kind: str, found: str, expected: str, next_step: str) -> dict:
    return {"kind": kind, "found": found, "expected": expected, "next_step": next_step}
