"""The score stage: every student on every test, written question by question, so that a stop loses nothing.

To free answers a student also writes its own, all of a test at once: these a stop does lose. Knows the run folder's
scores; not how a student came about.
"""

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from transformers import PreTrainedTokenizerBase

from backend.core.scoring.fast_score import arithmetic, stream_of
from backend.core.scoring.generated import with_generated
from backend.core.scoring.metrics import interval, mean_interval, summarise
from backend.core.scoring.score import Plan, plan
from backend.core.scoring.scored import Scored
from backend.core.text.prompts import PROMPT_VERSION
from backend.disk import write_atomically
from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.runs.progress import Progress
from backend.studies.bench.data import Test
from backend.studies.bench.files import BASE, SCORES, scores_of
from backend.studies.bench.words import scored_line, task_name

ROWS = 60  # running estimates written for one student and test, about


@dataclass(frozen=True)
class Sitting:
    """One student before one test. `who` is base or seed-0, seed-1...; `facts` are written beside its scores."""

    who: str
    test: Test
    facts: dict

    @property
    def name(self) -> str:
        """What its files are called."""
        return f"{self.who}-{self.test.spec.name}"

    @property
    def said(self) -> str:
        """What people call it."""
        student = "the untuned student" if self.who == BASE else scored_line({"who": self.who})
        return f"{student} on {task_name(self.test.spec.name)}"


def sit(
    run: RunDir, sitting: Sitting, model, tokenizer: PreTrainedTokenizerBase, fast: bool, progress: Progress
) -> dict:
    """Score what this sitting has not scored yet, then write what it says. Raises Stopped; no score is made twice.

    Raises UserError where what is there was scored with another student or on other questions.
    """
    (run.path / SCORES).mkdir(parents=True, exist_ok=True)
    test, begin = sitting.test, time.perf_counter()
    before = _checked_facts(run, sitting)
    done = {scored.id: scored for scored in scores_of(run, sitting.who, test.spec.name)}
    scored_before = {i for i, question in enumerate(test.questions) if question.id in done}
    left = len(test.questions) > len(scored_before)
    p = plan(model, tokenizer, test.spec, test.shots)
    stream, doubt = stream_of(p, test.questions, fast, scored_before)
    try:
        if left:
            _score_left(run, sitting, done, stream, progress)
        elif not _told(run, sitting):  # killed between the last question and its row
            run.append("metrics", _estimate(sitting, list(done.values()), len(test.questions)))
        if test.spec.free:
            _write_answers(run, sitting, done, p, progress)
    finally:  # a stopped sitting keeps its time
        facts = before | {
            "again": before["again"] + (doubt.gauged if doubt else 0),
            "seconds": round(before["seconds"] + time.perf_counter() - begin, 2),
        }
        write_atomically(_meta_file(run, sitting.name), json.dumps(facts, indent=1))
    facts |= {
        "arithmetic": arithmetic(facts["again"] if doubt else None, sitting.facts["precision"]),
        "summary": summarise([done[question.id] for question in test.questions]),
    }
    write_atomically(_meta_file(run, sitting.name), json.dumps(facts, indent=1))
    return facts


def _checked_facts(run: RunDir, sitting: Sitting) -> dict:
    """What stands beside the scores, from an earlier part of this sitting or new."""
    test, file = sitting.test, _meta_file(run, sitting.name)
    asked = repr((test.spec, list(test.questions), sorted(test.shots.items())))
    fresh = sitting.facts | {
        "who": sitting.who,
        "task": test.spec.name,
        "split": test.split,
        "shots": test.spec.shots,
        "n": len(test.questions),
        "questions": hashlib.sha256(asked.encode()).hexdigest()[:12],
        "prompt_version": PROMPT_VERSION,
    }
    if not file.exists():
        fresh |= {"seconds": 0.0, "again": 0}
        write_atomically(file, json.dumps(fresh, indent=1))
        return fresh
    older = {"bos": "auto", "begins_with": fresh["begins_with"]}  # of scores begun before there was a choice
    found = older | json.loads(file.read_text(encoding="utf-8"))
    changed = sorted(name for name in fresh if fresh[name] != found.get(name))
    if changed:
        raise UserError(
            f"The scores of {sitting.name} were begun with other {', '.join(changed)}.",
            "the same student and the same questions to the end of a run",
            "Start a new run; the old scores stay in this one.",
        )
    return found


def _score_left(
    run: RunDir,
    sitting: Sitting,
    done: dict[str, Scored],
    stream: Iterator[list[tuple[int, Scored]]],
    progress: Progress,
) -> None:
    total = len(sitting.test.questions)
    written = len(done)
    for news in stream:
        for _, scored in news:
            _check_finite(sitting, scored)
            run.append(f"{SCORES}/{sitting.name}", scored.as_row())
            done[scored.id] = scored
        if len(done) - written >= total / ROWS or len(done) == total:
            written = len(done)
            run.append("metrics", _estimate(sitting, list(done.values()), total))
        try:
            progress.advance(f"Scoring {sitting.said}", by=len(news))
        except BaseException:
            stream.close()  # the model must attend as before when Stopped reaches whoever holds it
            raise


def _write_answers(run: RunDir, sitting: Sitting, done: dict[str, Scored], p: Plan, progress: Progress) -> None:
    """Have the student write an answer to every question, and put them all beside its scores at once."""
    questions = sitting.test.questions
    if all(done[question.id].generated is not None for question in questions):
        return

    def written(_: int) -> None:
        progress.advance(f"Writing answers: {sitting.said}")

    scores = [done[question.id] for question in questions]
    found = with_generated(p.model, p.tokenizer, p.spec, questions, scores, written)
    done |= {item.id: item for item in found}
    rows = "".join(f"{json.dumps(item.as_row(), ensure_ascii=False)}\n" for item in found)
    write_atomically(run.path / SCORES / f"{sitting.name}.jsonl", rows)


def _check_finite(sitting: Sitting, scored: Scored) -> None:
    if not scored.finite:
        found = f"{sitting.who} finds an answer of question {scored.id!r} neither likely nor unlikely (not a number)."
        raise UserError(found, "a student that computes", "Its training diverged: lower the step size and start again.")


def _estimate(sitting: Sitting, scored: list[Scored], total: int) -> dict:
    """Accuracy so far, or bits of free answers, with its interval, which shrinks to nothing but the test's own size."""
    where = {"stage": "score", "who": sitting.who, "task": sitting.test.spec.name, "done": len(scored), "total": total}
    if sitting.test.spec.free:
        bits = [item.bits for item in scored]
        low, high = mean_interval(bits)
        return where | {"bits": fmean(bits), "low": low, "high": high}
    right = sum(item.correct for item in scored)
    low, high = interval(right, len(scored))
    return where | {"acc": right / len(scored), "low": low, "high": high}


def _told(run: RunDir, sitting: Sitting) -> bool:
    """Whether the estimate over all of the questions is logged."""
    mine = ("score", sitting.who, sitting.test.spec.name)
    logged = [row for row in run.rows("metrics") if (row["stage"], row.get("who"), row.get("task")) == mine]
    return any(row["done"] == row["total"] for row in logged)


def _meta_file(run: RunDir, name: str) -> Path:
    return run.path / SCORES / f"{name}.json"
