"""What the bench's bars and lines are called. Plain values in, plain text out.

Knows the settings and the run folder's words of a bench run; sentences that others need too are the study's own. Knows
no widget and no markup.
"""

from backend.studies.bench.study import STUDY

DATA = {  # as the form offers it
    "real": "Real questions",
    "random": "A random handful",
    "distilled": "Distilled prompts",
    "file": "Your own file",
    "none": "Nothing, only score",
}
KINDS = {"distilled": "made", "real": "real", "random": "real", "file": "real"}  # the colours of the stylesheet
METRICS = {metric.name: metric.title for metric in STUDY.words.metrics}


def who(name: str) -> str:
    """`base` or `seed-0`, for people."""
    if name == "base":
        return "before"
    number = name.removeprefix("seed-")
    return f"student {int(number) + 1}" if number.isdecimal() else name


def share(value: float) -> str:
    return f"{100 * value:.1f} %"
