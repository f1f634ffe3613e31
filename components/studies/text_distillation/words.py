"""The sentences of the text distillation page: what a recording shows, what its results say. Plain values in and out.

Knows the run folder's words and numbers and the study's own; no widget.
"""

import math
import statistics
from html import escape

from backend.runs.results import summarise_results
from backend.studies.text_distillation.decoders import SEARCH
from backend.studies.text_distillation.study import STUDY
from components.frame.words import ENOUGH, change, count, is_better, quantity, unit

ARMS = {word.name: (word.title, word.about) for word in STUDY.words.arms}
REGIMES = {word.name: (word.title, word.about) for word in STUDY.words.regimes}


def watching(config: dict) -> str:
    """What there is to see in a recorded run, for someone who has never seen one."""
    steps, prompts = config.get("outer_steps", 0), config["prompts"]
    if not steps:
        return ""
    said = (
        f"Over {steps:,} updates, {count(prompts, 'real question')} "
        f"{'become soft prompts that lead' if prompts > 1 else 'becomes a soft prompt that leads'} a student "
        "along the expert's path."
    )
    if config.get("decoder") != SEARCH:
        return said
    return f"{said} The {'texts come' if prompts > 1 else 'text comes'} from a later search."


def heldout(summary: dict) -> str:
    """How well the prompts steer experts they never followed; empty when that was not measured."""
    means = {
        name: statistics.fmean(row["matching_loss"] for row in rows)
        for name, rows in (summary.get("heldout") or {}).items()
        if rows and all(row.get("matching_loss") is not None for row in rows)
    }
    if "soft" not in means:
        return ""
    parts = [f"{means['soft']:.2f} with the learned prompts"]
    parts += [f"{means['projected']:.2f} with their nearest tokens"] if "projected" in means else []
    parts += [f"{means['init']:.2f} with the real questions they started from"] if "init" in means else []
    return f"On held-out experts, the matching loss is {', '.join(parts)}."


def verdict(table: list[dict], student: str, bounds: tuple[float, float] | None = None) -> str:
    """Distilled text against as many random real questions, for one student, in a sentence or two.

    `bounds`: the 95 % interval of the difference, paired by question, where the answers are at hand.
    """
    rows = {row["arm"]: row for row in table if row["student"] == student and row["regime"] == plainest(table)}
    text, random = rows.get("text"), rows.get("random")
    if text is None:
        return ""
    said = f"Distilled text: {quantity(text)}."
    if random is None:
        return said
    said += f" The same number of random real questions: {quantity(random)}. "
    metric, gap = text.get("metric", ""), text["mean"] - random["mean"]
    side = "better" if is_better(gap, metric) else "worse"
    if bounds is not None:
        low, high = bounds
        bounded = f"{change(low, metric)} to {change(high, metric)}"
        said += f"Question by question: {change(gap, metric)} {unit(metric)} (95 % interval {bounded}). "
        if low <= 0 <= high:
            return said + "The difference is within the noise."
        if (seeds := min(text["seeds"], random["seeds"])) < ENOUGH:
            return said + f"It teaches {side} here, but with {count(seeds, 'student')} each, this may still be luck."
        return said + f"Distilled text is {side} by more than the noise."
    # the two arms answer the same questions, so treating them as independent makes the noise look larger, not smaller
    if abs(gap) <= math.hypot(text["interval"], random["interval"]):
        return said + "The difference is within the noise."
    return said + f"Distilled text is {side} by more than the noise."


METRIC_HERE = "accuracy after ordinary training"


UNCHANGED = "No word of the prompts has changed, so the distilled text is still the starting questions."


def plainest(table: list[dict]) -> str:
    """The regime a reader would meet outside of this program, when there is one."""
    regimes = [row["regime"] for row in table]
    return "ordinary" if "ordinary" in regimes or not regimes else regimes[0]


def verdict_markup(rows: list[dict], config: dict, bounds: tuple[float, float] | None, unchanged: bool) -> str:
    """The verdict on a run's own student as a paragraph. `unchanged`: the prompts still read as at the start."""
    everything = summarise_results(rows)
    metric = next((m.name for m in STUDY.words.metrics if any(r["metric"] == m.name for r in everything)), "")
    said = verdict([row for row in everything if row["metric"] == metric], config["model"], bounds)
    return f'<p class="ds-verdict">{escape(said)}{" " + UNCHANGED if unchanged else ""}</p>'


def arm(name: str) -> str:
    """What an arm is called on screen; its own name where it is of another version."""
    return ARMS.get(name, (name,))[0]


def what_is(name: str) -> str:
    """An arm in a few words; nothing where it is of another version."""
    return ARMS.get(name, (name, ""))[1]
