"""A run's time while it goes on: what was expected of each stage, what each took, and what is left of the whole.

`time` in status.json, kept with the run for good. A stage that is over tells timings.jsonl, so that the next estimate
knows. Knows clocks and numbers; no file but that one, and no study.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from backend.runs.machine import Machine
from backend.runs.timings import age, cpu_before, cpu_seconds, crowding, note, peak_memory_mb
from backend.runs.work import START, Part

LEAST_LEFT = 0.05  # of a stage that takes longer than expected, before its own pace is known
TRUSTED = 0.25  # of a stage: from there on its own pace is believed, not what was expected
LONGEST_START_S = 300.0  # a notebook's process is older
HELD = 0.5  # of the whole: how much has to be seen before it turns what is expected of the rest by half


@dataclass(frozen=True)
class Expected:
    """What an estimate said of a run: seconds by stage in their order, and what it counted, for timings.jsonl."""

    seconds: Mapping[str, float]
    parts: Sequence[Part] = ()
    about: Mapping = field(default_factory=dict)  # study, models, memory_counted


def elapsed(status: Mapping) -> float | None:
    """Seconds that a run has computed, up to now where it does; None of one that does not know, as older ones."""
    told = status.get("time") or {}
    if status.get("state") in ("running", "stopping") and status.get("worker") and told.get("began_at"):
        return max(0.0, told["before_s"] + time.time() - told["began_at"])
    return told.get("spent_s")


def left_of(status: Mapping) -> float | None:
    """Seconds that are left of the whole run, as its worker last said; None where that is unknown."""
    told = status.get("time") or {}
    return told.get("left_s") if status.get("state") == "running" else None


class Outlook:
    """The time of one run in one sitting; `before` is `time` of its status as earlier sittings left it.

    Without an estimate (`expected` None) what is left is known in the last stage alone.
    """

    def __init__(
        self, expected: Expected | None, stages: Sequence[str], machine: Machine, before: Mapping | None = None
    ):
        self.expected, self.machine, self.order = expected, machine, [START, *stages]
        self._planned = dict(expected.seconds) if expected else {}
        self._before = dict(before or {})
        self._unbroken = not self._before.get("spent_s")
        self._fresh = age() < LONGEST_START_S
        start = age() if self._fresh else 0.0
        self._began, self._mark = time.time() - start, time.monotonic() - start
        self._spent: dict[str, float] = {}
        self._stage, self._cpu = START, cpu_before()

    def enter(self, stage: str, share: float) -> None:
        """A stage begins, or goes on in another of its bars; `share`: how much of it is to do."""
        if stage != self._stage and stage in self.order:
            self._leave()
            self._stage = stage
            if stage not in self._spent:
                self._planned[stage] = self._planned.get(stage, 0.0) * share
                self._spent[stage] = 0.0

    def told(self, left_here: float | None = None, done: float = 0.0) -> dict:
        """`time` for the status. `left_here`: seconds left of this stage at its own pace, `done` how much of it is."""
        self._count()
        return self._as_dict(self._left(left_here, done))

    def ended(self, finished: bool) -> dict:
        """`time` for the status when nothing more is computed."""
        if finished:
            self._leave()
        self._count()
        return self._as_dict(None)

    # -- time left ----------------------------------------------------------------------------------------------
    def _left(self, left_here: float | None, done: float) -> float | None:
        behind = self.order.index(self._stage) + 1
        ahead = [stage for stage in self.order[behind:] if stage != START]
        if not self.expected or not self.expected.seconds:
            return left_here if not ahead else None
        spent, plan = self._spent.get(self._stage, 0.0), self._planned.get(self._stage, 0.0)
        here = max(plan - spent, LEAST_LEFT * plan)
        if left_here is not None:
            trust = min(1.0, done / TRUSTED)
            here = (1 - trust) * here + trust * left_here
        later = sum(self._planned.get(stage, 0.0) for stage in ahead)
        return here + later * self._drift(here)

    def _drift(self, here: float) -> float:
        """How much longer than expected what was seen so far took, told carefully while that is little."""
        seen = sum(self._planned.get(stage, 0.0) for stage in {*self._spent, self._stage})
        held = HELD * sum(self._planned.values())
        return (sum(self._spent.values()) + here + held) / max(1e-9, seen + held)

    # -- what it took -------------------------------------------------------------------------------------------
    def _count(self) -> None:
        now = time.monotonic()
        self._spent[self._stage] = self._spent.get(self._stage, 0.0) + now - self._mark
        self._mark = now

    def _leave(self) -> None:
        """The present stage is over."""
        self._count()
        cpu, counted = cpu_seconds(), self.expected.parts if self.expected else ()
        parts = [part for part in counted if part.stage == self._stage]
        if self._unbroken and parts and (self._stage != START or self._fresh):
            helpers = max(part.at_once for part in parts)
            row = {"stage": self._stage, "seconds": round(self._spent[self._stage], 3)}
            row |= {"cpu_s": self._processors_time(cpu), "crowding": round(crowding(), 2)}
            row |= {"device": "cuda" if self.machine.gpu else "cpu", "parts": [part.as_dict() for part in parts]}
            note({**self.expected.about, **row, "memory_mb": round(peak_memory_mb(helpers if helpers > 1 else 0))})
        self._cpu = cpu

    def _processors_time(self, cpu: tuple[float, float]) -> float | None:
        """Of the stage that is over, with its helpers. None where a product has several threads
        (core.pool gives a process half the cores) or a GPU works: that time is no measure of the work."""
        if self.machine.cores >= 4 or self.machine.gpu:
            return None
        return round(sum(cpu) - sum(self._cpu), 3)

    def _as_dict(self, left: float | None) -> dict:
        stages = dict(self._before.get("stages") or {})
        for stage, seconds in self._spent.items():
            stages[stage] = round(stages.get(stage, 0.0) + seconds, 1)
        before = float(self._before.get("spent_s") or 0.0)
        whole = sum(self.expected.seconds.values()) if self.expected else 0.0
        return {
            "began_at": round(self._began, 1),
            "before_s": before,
            "spent_s": round(before + sum(self._spent.values()), 1),
            "left_s": None if left is None else round(left, 1),
            "expected_s": self._before.get("expected_s", round(whole, 1) or None),
            "stages": stages,
        }
