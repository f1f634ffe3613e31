"""The list of students, and the sentence under the picker: how large, whose licence, what this run will take of it.

Knows the registry's figures. Knows no widget.
"""

import re
from html import escape

from backend.core.models.registry import KNOWN, Entry, find, memory_mb, seconds
from backend.studies.bench.config import BenchConfig
from components.frame.words import duration

TWO_CORES = 6e10  # products and sums a second: what two ordinary cores reach on small matrices
TOKENS = 40  # of one example or question, about
START_S, STEP_S, QUESTION_S = 8, 0.02, 0.005  # what even the smallest model takes
TRAINING_SET = 1200


def student_choices() -> tuple[tuple[str, str], ...]:
    return tuple((f"{entry.id} · {size(entry)}", entry.id) for entry in KNOWN)


def size(entry: Entry) -> str:
    millions = entry.parameters / 1e6
    return (
        f"{millions / 1000:.1f} B"
        if millions >= 1000
        else f"{millions:.0f} M"
        if millions >= 10
        else f"{millions:.1f} M"
    )


def student_markup(student: str, config: BenchConfig | None) -> str:
    """`config` is what the form holds, None while it makes no sense."""
    entry = find(student)
    if entry is None:
        return (
            f'<p class="ds-student ds-quiet">{escape(student[:120]) or "This student"} is not in the list. '
            "The name of a model on the hub, a folder or a .gguf file may work too.</p>"
        )
    notes = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(entry.notes))
    gated = '<b class="ds-badge ds-gated">gated</b> ' if entry.gated else ""
    return (
        f'<p class="ds-student ds-quiet" data-gated="{str(entry.gated).lower()}">{gated}'
        f"{size(entry)} parameters, licence: {escape(entry.licence)}. {expectation(entry, config)}"
        f"<small>{notes}</small></p>"
    )


def expectation(entry: Entry, config: BenchConfig | None) -> str:
    if config is None:
        return ""
    tunes = config.data != "none"
    memory = memory_mb(entry, "tune" if tunes else "score", config.method, config.precision)
    return f"Expect about {memory / 1024:.1f} GB of memory and {roughly(expected_s(entry, config))} on two cores."


def roughly(seconds: float) -> str:
    """A guess deserves no minutes beside its hours."""
    return duration(seconds) if seconds < 5400 else f"{round(seconds / 3600)} h"


def expected_s(entry: Entry, config: BenchConfig) -> float:
    """Seconds on two cores, good to a factor of two or three: the questions' real lengths are not known here."""
    tunes = config.data != "none"
    tries = len(config.lrs) if len(config.lrs) > 1 and config.regime == "ordinary" else 0
    steps = config.steps * (config.seeds + tries) if tunes else 0
    batch = min(config.batch, config.examples or TRAINING_SET)
    asked = (config.test_limit or 1000) * (len(config.tasks) + bool(config.test_file))
    asked *= (config.seeds if tunes else 0) + config.score_base
    training = seconds(entry, "tune", config.method, steps, batch * TOKENS, TWO_CORES) + steps * STEP_S
    return START_S + training + seconds(entry, "score", "", asked, 2 * TOKENS, TWO_CORES) + asked * QUESTION_S
