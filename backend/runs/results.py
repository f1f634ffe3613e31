"""Results of a run: rows to a table of mean, interval and n, and the scores behind them. No torch: the page reads it.

Knows the columns of results.jsonl; not how a value came about.
"""

import functools
import math
import statistics
from pathlib import Path, PurePosixPath

from backend.core.scoring import dd_ranking, metrics
from backend.core.scoring.scored import LOWER, METRICS, Scored, from_row
from backend.errors import UserError
from backend.runs.folder import RunDir

SCORES = PurePosixPath("artifacts/scores")
KEYS = ("student", "regime", "arm", "task", "metric")
REMEMBERED = 2**19  # bytes of a file up to which its answers are kept in memory, some 2,500 questions
Z = 1.96  # half-width of a 95 % interval in standard errors


def summarise_results(rows: list[dict]) -> list[dict]:
    """One row per (student, regime, arm, task, metric): mean over seeds, 95 % half-width, n questions, seeds.

    The interval joins two kinds of luck: which questions were asked (binomial, or a row's `stderr` where answers are
    not right or wrong; shared by all seeds) and which student was trained (spread over seeds).
    """
    groups: dict[tuple, list[dict]] = {}
    for row in rows:
        groups.setdefault(tuple(row[k] for k in KEYS), []).append(row)
    return [dict(zip(KEYS, key, strict=True)) | _mean_and_interval(found) for key, found in groups.items()]


def _mean_and_interval(rows: list[dict]) -> dict:
    values, n = [row["value"] for row in rows], rows[0]["n"]
    mean = statistics.fmean(values)
    questions = _half_width(rows, mean, n) ** 2
    students = Z**2 * statistics.variance(values) / len(values) if len(values) > 1 else 0.0
    return {"mean": mean, "interval": math.sqrt(questions + students), "n": n, "seeds": len(values)}


def _half_width(rows: list[dict], mean: float, n: int) -> float:
    """Of the interval that the choice of questions leaves, for one student."""
    if rows[0]["metric"] in LOWER or any(row.get("stderr") is not None for row in rows):  # one answer has no spread
        return Z * statistics.fmean(row.get("stderr") or 0.0 for row in rows)
    low, high = metrics.interval(mean * n, n)  # Wilson's, which has a width at 0 and 1 too
    return (high - low) / 2


def ranking(table: list[dict], arms: tuple[str, ...]) -> list[dict]:
    """DD-Ranking's measures for every student and regime that has all `arms`, the study's `ranked`; none without.

    From accuracies on the same questions under the same recipe; each row holds `student`, `regime`, `task`, `recovery`
    (HLR), `improvement` (IOR) and `label_robust_score` (LRS), see core/dd_ranking.py.
    """
    groups: dict[tuple, dict[str, float]] = {}
    for row in table:
        if row["metric"] == METRICS[0]:
            groups.setdefault((row["student"], row["regime"], row["task"]), {})[row["arm"]] = row["mean"]
    found = []
    for (student, regime, task), means in groups.items():
        if arms and means.keys() >= set(arms):
            made, random, full = (means[arm] for arm in arms)
            recovery = dd_ranking.hard_label_recovery(full, made)
            gain = dd_ranking.improvement_over_random(made, random)
            where = {"student": student, "regime": regime, "task": task, "recovery": recovery, "improvement": gain}
            found.append(where | {"label_robust_score": dd_ranking.label_robust_score(gain, recovery)})
    return found


def ranking_text(rows: list[dict]) -> str:
    """The rows of `ranking` for a terminal; empty where there are none."""
    lines = [
        f"DD-Ranking, {row['student']} ({row['regime']}): improvement over random {row['improvement']:+.3f}, "
        f"short of all the data by {row['recovery']:.3f}, label-robust score {row['label_robust_score']:.3f}"
        for row in rows
    ]
    return "\n".join(lines)


def as_text(table: list[dict]) -> str:
    """The table for a terminal; `±` is the 95 % half-width."""
    if not table:
        return "No results yet."
    lines = [f"{'student':20} {'regime':9} {'arm':10} {'task':15} {'metric':9} {'mean':>6} {'±95%':>6} {'n':>6} seeds"]
    for row in table:
        lines.append(
            f"{row['student'][:20]:20} {row['regime']:9} {row['arm']:10} {row['task'][:15]:15} {row['metric']:9} "
            f"{row['mean']:6.3f} {row['interval']:6.3f} {row['n']:6} {row['seeds']:5}"
        )
    return "\n".join(lines)


def scores_of(run: RunDir, row: dict) -> list[Scored]:
    """The scored questions behind a row of results. UserError for a file that is not among the run's scores."""
    name = PurePosixPath(row["scores"])
    if name.parent != SCORES or name.suffix != ".jsonl" or not (run.path / name).is_file():
        found = f"{run.path.name} has no scores called {str(name)[:80]!r}."
        raise UserError(found, f"a file in {SCORES}", "Score again; the run's files may have been moved.")
    facts = (run.path / name).stat()
    read = _scores if facts.st_size <= REMEMBERED else _scores.__wrapped__
    return list(read(run.path, name, facts.st_mtime_ns, facts.st_size))


# a page that is opened asks for the same answers four times, of which reading is the most
@functools.lru_cache(maxsize=64)
def _scores(folder: Path, name: PurePosixPath, changed_ns: int, size: int) -> tuple[Scored, ...]:
    return tuple(from_row(item) for item in RunDir(folder).rows(str(name.with_suffix(""))))
