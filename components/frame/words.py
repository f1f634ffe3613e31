"""The sentences of the page: what a run is, how far it is, what its results say. Plain values in, plain text out.

Knows the run folder's words and numbers. Knows no widget and no markup.
"""

import math
import statistics

from backend.core.scoring.compare import Paired
from backend.runs.folder import LIVE_STATES, ORPHANED

STAGES = {"experts": "Experts", "distil": "Distil", "decode": "Decode", "evaluate": "Score"}
STAGE_NOTES = {
    "experts": "learn from the real data",
    "distil": "prompts learn to follow",
    "decode": "prompts become text",
    "evaluate": "fresh students try it",
}
STATES = {
    "queued": "Waiting",
    "running": "Running",
    "stopping": "Stopping",
    "stopped": "Stopped",
    "finished": "Finished",
    "failed": "Failed",
    "orphaned": "Interrupted",
}
ARMS = {  # in the order shown: what every model can read first, so that the rows of two models lie side by side
    "text": ("Distilled text", "the learned prompts, read as ordinary text"),
    "random": ("Random questions", "as many other real questions"),
    "init": ("Starting questions", "the real questions the prompts started from"),
    "full": ("All the data", "every real question"),
    "base": ("Untrained", "a student that saw nothing"),
    "projected": ("Nearest tokens", "the learned prompts, each position moved to its closest real token"),
    "soft": ("Soft prompts", "the learned prompts as they are; no text can say them"),
}
KINDS = {"text": "made", "projected": "made", "soft": "made", "init": "real", "random": "real", "full": "real"}
MADE_BY = {  # by decoder: runs of before there was a choice are the paper's
    "nearest": "Their text is the nearest token at each place.",
    "straight_through": "While they learn, the student reads only the tokens nearest to them, the later text.",
    "guided": "Their text is chosen among near tokens by the model itself.",
    "search": "Their text is not theirs: it is searched for among real questions, phrases and words, by {objective}.",
}
OBJECTIVES = {
    "error": "trained students' error on real questions",
    "answers": "trained students' loss on real questions",
    "matching": "trained students' distance to an expert",
}
REGIMES = {
    "matched": ("Trained like the expert", "with the learned step sizes"),
    "ordinary": ("Trained the ordinary way", "with AdamW"),
}


def duration(seconds: float | None) -> str:
    """Roughly how long: '40 s', '3 min', '2 h 10 min'; empty when unknown."""
    if seconds is None or not math.isfinite(seconds):
        return ""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def fraction(status: dict) -> float:
    """How much of the present stage is done, 0 to 1."""
    total = status.get("total") or 0
    return min(1.0, status.get("done", 0) / total) if total else 0.0


def about(config: dict) -> str:
    """The run in one sentence."""
    prompts, experts = config["prompts"], config["experts"]
    return (
        f"{count(prompts, 'synthetic prompt')} of {config['prompt_tokens']} tokens "
        f"{'follow' if prompts > 1 else 'follows'} {count(experts, 'expert')} on {config['task'].replace('_', ' ')}. "
        f"{made_by(config)}"
    )


def watching(config: dict) -> str:
    """What there is to see in a recorded run, for someone who has never seen one."""
    steps, prompts = config.get("outer_steps", 0), config["prompts"]
    if not steps:
        return ""
    return (
        f"A recording you can play below: over {steps:,} updates, {count(prompts, 'real question')} "
        f"{'turn into prompts' if prompts > 1 else 'turns into a prompt'} that lead a student along its expert's way."
    )


def made_by(config: dict) -> str:
    """Which decoder made the text, and by which objective."""
    said = MADE_BY.get(config.get("decoder", "nearest"), "")
    return said.format(objective=OBJECTIVES.get(config.get("search_objective", "answers"), ""))


def arm(name: str) -> str:
    """What an arm is called on screen; its own name where it is of another version."""
    return ARMS.get(name, (name,))[0]


def what_is(name: str) -> str:
    """An arm in a few words; nothing where it is of another version."""
    return ARMS.get(name, (name, ""))[1]


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def doing(status: dict, stages: dict[str, str] = STAGES) -> str:
    """What happens right now, in a few words. `stages` are the study's names of its stages."""
    state, stage = status.get("state", "queued"), stages.get(status.get("stage"), next(iter(stages.values())))
    done, total = status.get("done", 0), status.get("total", 0)
    if state == "queued":
        ahead = status.get("ahead", 0)
        return f"Waiting for {count(ahead, 'other run')} to end" if ahead else "Starting"
    if state == "stopping":
        return "Saving and stopping"
    if state in ("stopped", ORPHANED) and status.get("reason"):
        return status["reason"]
    if state == "stopped":
        return f"Stopped in {stage.lower()} at {done:,} of {total:,}" if total else "Stopped"
    if state == "running":
        message = status.get("message") or "Starting"
        return f"{message}, {done:,} of {total:,}" if total else message
    return ""


def page_title(status: dict, stages: dict[str, str] = STAGES) -> str:
    """For the browser's tab: a live run shows how far it is."""
    if status.get("state") in LIVE_STATES and status.get("total"):
        return f"{fraction(status):.0%} {stages.get(status.get('stage'), '')} · Distilloscope"
    return "Distilloscope"


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
    parts += [f"{means['projected']:.2f} as real tokens"] if "projected" in means else []
    parts += [f"{means['init']:.2f} with the real questions they started from"] if "init" in means else []
    return f"On experts they never followed, the matching loss is {', '.join(parts)}."


# -- results --------------------------------------------------------------------------------------------------------
def quantity(row: dict) -> str:
    """'0.47 ± 0.05 (n = 150 x 3 seeds)'."""
    seeds = f" x {row['seeds']} seeds" if row["seeds"] > 1 else ", one seed"
    return f"{row['mean']:.2f} ± {row['interval']:.2f} (n = {row['n']:,}{seeds})"


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
    said += f" As many random real questions: {quantity(random)}. "
    gap = text["mean"] - random["mean"]
    if bounds is not None:
        low, high = bounds
        said += f"Question by question: {100 * gap:+.1f} points (95 % interval {100 * low:+.1f} to {100 * high:+.1f}). "
        if low <= 0 <= high:
            return said + "The difference is inside the noise."
        if (seeds := min(text["seeds"], random["seeds"])) < ENOUGH:
            side = "better" if gap > 0 else "worse"
            return said + f"Here it teaches {side}, but with {count(seeds, 'student')} each that may still be luck."
        return said + f"Distilled text is {'better' if gap > 0 else 'worse'} by more than the noise."
    # the two arms answer the same questions, so treating them as independent makes the noise look larger, not smaller
    if abs(gap) <= math.hypot(text["interval"], random["interval"]):
        return said + "The difference is inside the noise."
    return said + f"Distilled text is {'better' if gap > 0 else 'worse'} by more than the noise."


def short_verdict(found: Paired) -> str:
    """What a finished run came to, in one line: its text paired with as many random questions."""
    verdict = "inside the noise" if found.inside_noise else "better" if found.difference > 0 else "worse"
    if not found.inside_noise and min(found.seeds_a, found.seeds_b) < ENOUGH:
        verdict += ", if so few students tell"
    points = [f"{100 * v:+.1f}".replace("-", "\N{MINUS SIGN}") for v in (found.difference, found.low, found.high)]
    return (
        f"Its text against as many random questions: {points[0]} points (95 % interval {points[1]} to {points[2]}), "
        f"{verdict}."
    )


METRIC_HERE = "accuracy after ordinary training"
ENOUGH = 4  # students a side: with fewer, an interval over students that differ as a whole is too short (core.compare)
UNCHANGED = "No word of the prompts has changed, so the distilled text is still the starting questions."


def plainest(table: list[dict]) -> str:
    """The regime a reader would meet outside of this program, when there is one."""
    regimes = [row["regime"] for row in table]
    return "ordinary" if "ordinary" in regimes or not regimes else regimes[0]
