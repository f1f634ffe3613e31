"""The comparison's table: each arm's mean, its interval, and how it differs from others, question by question.

Accuracy judges, or for free answers their bits per character, of which fewer are better. Knows rows of results and
scored questions; no torch. The best baseline is the one with the best mean on the very test that it is compared on, so
a learned arm has to beat the luckiest of them all: an error to the safe side.
"""

from dataclasses import asdict
from itertools import product

from backend.comparison.config import ComparisonConfig
from backend.comparison.names import BASELINES
from backend.core.scoring.compare import Paired, paired, sentence
from backend.core.scoring.scored import FREE_METRICS, LOWER, METRICS, Scored
from backend.runs.folder import RunDir
from backend.runs.results import scores_of, summarise_results

AGAINST = ("best baseline", "random", "init", "select", "evolve")  # what an arm is compared with, where it is there
JUDGED = {
    "acc": "Judged by accuracy; differences are in points.",
    "bits": "Judged by bits per character of the right answers: fewer is better.",
}


def table(config: ComparisonConfig, run: RunDir, metric: str = "") -> list[dict]:
    """One row for each student, regime and arm: `mean`, `interval`, `n`, `seeds`, `lr`, and `against`, the differences.

    `metric`: empty for what judges these answers. Untrained students belong to both regimes and stand in the ordinary
    one.
    """
    rows = run.rows("results")
    metric = metric or judged_by(rows)
    rows = [row for row in rows if row["metric"] == metric]
    found = []
    for student, regime in product(config.students, config.regimes):
        mine = [row for row in rows if (row["student"], row["regime"]) == (student, regime)]
        scored = {arm: seeds_of(run, mine, arm) for arm in dict.fromkeys(row["arm"] for row in mine)}
        summary = {row["arm"]: row for row in summarise_results(mine)}
        for arm in (arm for arm in config.arms if arm in summary):
            lr = next(row["lr"] for row in mine if row["arm"] == arm)
            told = {"against": differences(arm, scored, summary, metric), "lr": lr, "best_baseline": best_of(summary)}
            found.append(summary[arm] | told)
    return found


def judged_by(rows: list[dict]) -> str:
    """The metric that judges results: accuracy, or bits where answers are free."""
    there = {row["metric"] for row in rows}
    return FREE_METRICS[0] if FREE_METRICS[0] in there else METRICS[0]


def gain(difference: float, metric: str) -> float:
    """By how much the first of two is better."""
    return -difference if metric in LOWER else difference


def seeds_of(run: RunDir, rows: list[dict], arm: str) -> list[list[Scored]]:
    return [scores_of(run, row) for row in sorted(rows, key=lambda row: row["seed"]) if row["arm"] == arm]


def best_of(summary: dict[str, dict]) -> str | None:
    """The baseline with the best mean on the test."""
    there = [arm for arm in BASELINES if arm in summary]
    return max(there, key=lambda arm: gain(summary[arm]["mean"], summary[arm]["metric"])) if there else None


def differences(arm: str, scored: dict, summary: dict, metric: str) -> dict[str, dict]:
    """The arm minus each of AGAINST, paired by question, with a 95 % bootstrap interval over questions and seeds."""
    named = {name: name for name in AGAINST[1:]} | {"best baseline": best_of(summary)}
    found = {}
    for name in AGAINST:
        other = named[name]
        if other in scored and other != arm:
            result = paired(scored[arm], scored[other], metric)
            found[name] = {"arm": other} | _told(result, arm, other)
    return found


def _told(result: Paired, arm: str, other: str) -> dict:
    kept = {
        name: asdict(result)[name] for name in ("difference", "low", "high", "n", "seeds_a", "seeds_b", "inside_noise")
    }
    return kept | {"sentence": sentence(result, arm, other)}


def transfer(rows: list[dict], own: str) -> list[dict]:
    """Gain over random on another student as a share of the gain on the own one, for each arm and other student."""
    gains = {
        (row["student"], row["arm"]): gain(row["against"]["random"]["difference"], row["metric"])
        for row in rows
        if "random" in row["against"] and row["regime"] == "ordinary"
    }
    return [
        {"arm": arm, "student": student, "ratio": value / gains[own, arm]}
        for (student, arm), value in gains.items()
        if student != own and gains.get((own, arm), 0) > 0
    ]


def as_text(rows: list[dict]) -> str:
    """The table for a terminal: differences are in points, or in bits per character, with their 95 % interval."""
    if not rows:
        return "No results yet."
    metric = rows[0]["metric"]
    lines = [
        f"{'student':16} {'regime':9} {'arm':18} {metric:>6} {'±95%':>6} {'n':>5} {'seeds':>5} {'lr':>7}  "
        "minus best baseline     minus random"
    ]
    for row in rows:
        parts = [_difference(row["against"].get(name), metric) for name in ("best baseline", "random")]
        mark = " *" if row["arm"] == row["best_baseline"] else ""
        lr = "" if row["lr"] is None else f"{row['lr']:g}"
        lines.append(
            f"{row['student'][:16]:16} {row['regime']:9} {row['arm'] + mark:18} {row['mean']:6.3f} "
            f"{row['interval']:6.3f} {row['n']:5} {row['seeds']:5} {lr:>7}  {parts[0]:22}  {parts[1]}"
        )
    return "\n".join([*lines, "* the best baseline on this test", JUDGED.get(metric, f"Judged by {metric}.")])


def _difference(found: dict | None, metric: str) -> str:
    if found is None:
        return "-"
    mean, low, high = (found[name] for name in ("difference", "low", "high"))
    if metric in LOWER:
        return f"{mean:+.3f} ({low:+.3f} to {high:+.3f})"
    return f"{100 * mean:+5.1f} ({100 * low:+.1f} to {100 * high:+.1f})"
