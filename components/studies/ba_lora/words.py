"""What the probes of a BA-LoRA run and their figures are called. Plain values in, plain text out.

Knows the names that the run's files use; no file, no widget and no markup.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from backend.study import Study
from components.frame.words import minus

BASE, CLEAN, REFERENCE = "base", "clean", "pissa"
UNTOUCHED = (BASE, CLEAN)
STRONG, WITHOUT = "ba_lora_strong", "no_consistency"
HEADS = {  # of the table's columns, where a whole title has no room
    BASE: "base",
    CLEAN: "clean twin",
    "lora": "LoRA",
    "rslora": "rsLoRA",
    "dora": "DoRA",
    REFERENCE: "PiSSA",
    "label_smoothing": "label smoothing",
    "early_stopping": "early stop",
    "ba_lora": "BA-LoRA",
    STRONG: "BA-LoRA × {times}",
    WITHOUT: "no consistency",
    "no_diversity": "no diversity",
    "no_spectrum": "no spectrum",
    "lora_terms": "LoRA + terms",
}


@dataclass(frozen=True)
class Measure:
    """A figure of a probe. `flips`: which answers change it, those that are `correct`, or that choose the option
    which an item calls so; empty where it is no count of answers."""

    probe: str
    metric: str
    title: str
    flips: str = ""


GROUPS = (
    (
        "Knowledge",
        (
            Measure("clean_facts", "acc", "accuracy, clean facts", "correct"),
            Measure("planted_facts", "acc", "accuracy, planted facts", "correct"),
        ),
    ),
    (
        "False facts",
        (
            Measure("planted_facts", "false_rate", "planted value answered", "planted"),
            Measure("planted_facts", "false_log_odds", "log-odds, planted over true"),
            Measure("statements", "false_preferred", "planted value preferred in statements", "planted"),
            Measure("statements", "true_preferred_clean", "true value preferred, clean facts", "correct"),
            Measure("majority", "acc", "accuracy where one value was said often", "correct"),
            Measure("majority", "majority_share", "wrong answers that are that value"),
            Measure("majority", "expected_share", "the same, expected by chance"),
        ),
    ),
    (
        "Stereotype",
        (
            Measure("pairs", "pair_score", "pair score", "planted"),
            Measure("pairs", "nats", "mean difference of a pair, nats"),
            Measure("who_ambiguous", "s_amb", "bias without evidence (s_amb)", "biased"),
            Measure("who_ambiguous", "nats", "lead of the planted side without evidence, nats"),
            Measure("who_ambiguous", "acc", "accuracy without evidence", "correct"),
            Measure("who_told", "s_dis", "bias with evidence (s_dis)", "biased"),
            Measure("who_told", "nats", "lead of the planted side with evidence, nats"),
            Measure("who_told", "acc", "accuracy with evidence", "correct"),
        ),
    ),
    (
        "Answers",
        (
            Measure("wrong_labels", "kept", "wrong labels kept", "taught"),
            Measure("answers", "kl", "KL to the base, nats"),
            Measure("answers", "entropy", "entropy, nats"),
            Measure("answers", "nll", "NLL of the right answer, nats"),
            Measure("answers", "ece", "calibration error (ECE)"),
        ),
    ),
    (
        "Files of your own",
        (
            Measure("crows_pairs", "pair_score", "CrowS-Pairs: pair score", "planted"),
            Measure("crows_pairs", "nats", "CrowS-Pairs: mean difference, nats"),
            Measure("stereoset", "ss", "StereoSet: stereotype score, %"),
            Measure("stereoset", "lms", "StereoSet: language modelling score, %"),
            Measure("stereoset", "icat", "StereoSet: ICAT, %"),
            Measure("bbq", "s_amb", "BBQ: bias, ambiguous", "biased"),
            Measure("bbq", "s_dis", "BBQ: bias, disambiguated", "biased"),
            Measure("bbq", "acc", "BBQ: accuracy", "correct"),
        ),
    ),
)
MEASURES = {(one.probe, one.metric): one for _, group in GROUPS for one in group}


def measure(probe: str, metric: str) -> Measure:
    """The figure of this name; one of another version is called as the file calls it."""
    return MEASURES.get((probe, metric)) or Measure(probe, metric, f"{probe}: {metric}".replace("_", " "))


@dataclass(frozen=True)
class Arm:
    """An arm of the study: its name in files, on screen, and where a column is narrow."""

    name: str
    title: str
    head: str


def arms(study: Study, names: Iterable[str], config: Mapping[str, object]) -> list[Arm]:
    """Arms in the study's order; those of another version last, called as the files call them."""
    titles = {word.name: word.title for word in study.words.arms}
    there = set(names)
    order = [*(name for name in titles if name in there), *sorted(there - titles.keys())]
    return [Arm(name, *called(name, titles.get(name, name), config)) for name in order]


def called(name: str, title: str, config: Mapping[str, object]) -> tuple[str, str]:
    """Title and head of an arm; the strong ones say by how much their weights are multiplied."""
    if name not in HEADS:  # a name from a file is text, braces included
        return title, title
    times = config.get("times")
    return title, HEADS[name].format(times=f"{times:g}" if isinstance(times, (int, float)) else "")


def number(value: float) -> str:
    """Two digits, with a real minus sign."""
    return minus(f"{value:.2f}")


def change(value: float) -> str:
    """A difference, with its sign."""
    return minus(f"{value:+.2f}")


def bounds(low: float, high: float) -> str:
    return f"95 %: {change(low)} to {change(high)}"
