"""The scores a bench run left, by task and student. Reads files only, without torch; the page and commands use it."""

import json

from backend.core.scoring.scored import Scored, from_row
from backend.errors import UserError
from backend.runs.folder import RunDir

SCORES = "artifacts/scores"
BASE = "base"
TUNED = "tuned"  # all the seeds together


def students_of(run: RunDir, who: str = TUNED) -> dict[str, list[dict]]:
    """Task -> what was written beside the scores of each student that `who` means, in the order of seeds."""
    found: dict[str, list[dict]] = {}
    for file in sorted((run.path / SCORES).glob("*.json")):
        facts = json.loads(file.read_text(encoding="utf-8"))
        meant = facts["who"] == who or (who == TUNED and facts["who"] != BASE)
        if meant and "summary" in facts:  # else the sitting is not over
            found.setdefault(facts["task"], []).append(facts)
    for several in found.values():
        several.sort(key=lambda facts: facts["seed"])
    return found


def scores_of(run: RunDir, who: str, task: str) -> list[Scored]:
    """What one student has been asked of a task so far."""
    return [from_row(row) for row in run.rows(f"{SCORES}/{who}-{task}")]


def questions_scored(run: RunDir, who: str, task: str) -> list[list[Scored]]:
    """One list for each student that `who` means. UserError where there is none."""
    students = students_of(run, who)
    if task not in students:
        present = ", ".join(students) or "no finished scores"
        raise UserError(
            f"{run.path.name} has no scores of {who} on {task}; it has {present}.",
            "a finished score of that student on that task",
            "Finish the run, or choose another task or student.",
        )
    return [scores_of(run, facts["who"], task) for facts in students[task]]
