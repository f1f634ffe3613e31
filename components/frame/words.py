"""The sentences of every page: how far a run is, what a quantity is. Plain values in, plain text out.

Knows the run folder's states and numbers, and what a study says of its stages. Knows no study by name, no widget and no
markup.
"""

import math
import re
from collections.abc import Sequence

from backend.core.scoring.scored import LOWER
from backend.runs.folder import LIVE_STATES, ORPHANED
from backend.runs.outlook import elapsed, left_of
from backend.study import Stage

STATES = {
    "queued": "Waiting",
    "running": "Running",
    "stopping": "Stopping",
    "stopped": "Stopped",
    "finished": "Finished",
    "failed": "Failed",
    "orphaned": "Interrupted",
}
LETTERS = "ABCDEFGHIJKLMNOP"  # of a question's options
ENOUGH = 4  # students a side: with fewer, an interval over students that differ as a whole is too short


def duration(seconds: float | None) -> str:
    """Roughly how long: '40 s', '3 min', '2 h 10 min'; empty when unknown."""
    if seconds is None or not math.isfinite(seconds):
        return ""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def exactly(seconds: float) -> str:
    """How long it was: '40 s', '3 min 20 s', '2 h 10 min'."""
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole // 60 % 60} min"


def times(status: dict, estimate: bool = True) -> list[str]:
    """How long a run has gone on and what is left of the whole; what it took when it is over. Old runs do not know.

    `estimate`: whether it is told what a finished run was expected to take.
    """
    told, spent = status.get("time") or {}, elapsed(status)
    if status.get("state") == "finished":
        took = [f"Took {exactly(spent)}"] if spent else []
        expected = told.get("expected_s") if took and estimate else None
        return took + ([f"estimated {exactly(expected)}"] if expected else [])
    found = [f"{exactly(spent)} so far"] if spent else []
    if status.get("state") in LIVE_STATES:
        whole, step = duration(left_of(status)), duration(status.get("eta_s"))
        found += [f"about {whole} left"] if whole else [f"about {step} left in this step"] if step else []
    return found


def fraction(status: dict) -> float:
    """How much of the present stage is done, 0 to 1."""
    total = status.get("total") or 0
    return min(1.0, status.get("done", 0) / total) if total else 0.0


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def letter(position: int) -> str:
    return LETTERS[position] if 0 <= position < len(LETTERS) else str(position + 1)


def two(share: float) -> str:
    """Two digits, half rounded up: 0.825 must not be 0.82 here and, a bit of noise later, 0.83 there."""
    return f"{share + 1e-9:.2f}"


def signed(value: float) -> str:
    """A difference in points, with a minus sign as long as the plus."""
    return minus(f"{100 * value:+.1f}")


def change(value: float, metric: str) -> str:
    """A difference in the unit of its metric: points of a share, else bits per character."""
    return minus(f"{value:+.3f}") if metric in LOWER else signed(value)


def unit(metric: str) -> str:
    """What a difference of the metric is counted in."""
    return "bits per character" if metric in LOWER else "points"


def is_better(difference: float, metric: str) -> bool:
    """Whether the first of two is the better one."""
    return difference < 0 if metric in LOWER else difference > 0


def minus(said: str) -> str:
    """A text of the engine's, which writes for terminals too, with minus signs before its numbers."""
    return re.sub(r"(?<![\w.)-])-(?=\d)", "\N{MINUS SIGN}", said)


def quantity(row: dict) -> str:
    """'0.47 ± 0.05 (n = 150 × 3 seeds)'."""
    seeds = f" × {row['seeds']} seeds" if row["seeds"] > 1 else ", one seed"
    return f"{row['mean']:.2f} ± {row['interval']:.2f} (n = {row['n']:,}{seeds})"


def stage_title(status: dict, stages: Sequence[Stage]) -> str:
    """What people call the stage that a run is at; the first one's name before it says so."""
    names = {stage.name: stage.title for stage in stages}
    return names.get(status.get("stage"), stages[0].title if stages else "")


def doing(status: dict, stages: Sequence[Stage]) -> str:
    """What happens right now, in a few words."""
    state = status.get("state", "queued")
    done, total = status.get("done", 0), status.get("total", 0)
    if state == "queued":
        ahead = status.get("ahead", 0)
        return f"Waiting for {count(ahead, 'other run')} to end" if ahead else "Starting"
    if state == "stopping":
        return "Saving and stopping"
    if state in ("stopped", ORPHANED) and status.get("reason"):
        return status["reason"]
    if state == "stopped":
        return f"Stopped in {stage_title(status, stages).lower()} at {done:,} of {total:,}" if total else "Stopped"
    if state == "running":
        message = status.get("message") or "Starting"
        return f"{message}, {done:,} of {total:,}" if total else message
    return ""


def page_title(status: dict, stages: Sequence[Stage]) -> str:
    """For the browser's tab: a live run shows how far it is."""
    if status.get("state") in LIVE_STATES and status.get("total"):
        return f"{fraction(status):.0%} {stage_title(status, stages)} · Distilloscope"
    return "Distilloscope"
