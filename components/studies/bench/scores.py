"""The scores of a bench run as the page needs them: before and after, by task, with what they say of the student.

Knows the files a finished score leaves. Knows no widget and no markup.
"""

from collections.abc import Iterator

from backend.core.scoring.metrics import calibration, letters
from backend.core.scoring.scored import Scored
from backend.runs.folder import RunDir
from backend.studies.bench.files import BASE, TUNED, scores_of, students_of

SIDES = {BASE: "before", TUNED: "after"}


def sides(run: RunDir) -> dict[str, dict[str, list[list[Scored]]]]:
    """`task -> side -> seeds of answers`, of students that answered everything; a side without any is left out."""
    found: dict[str, dict[str, list[list[Scored]]]] = {}
    for side in SIDES:
        for task, students in students_of(run, side).items():
            found.setdefault(task, {})[side] = [scores_of(run, facts["who"], task) for facts in students]
    return found


def quality(seeds: list[list[Scored]]) -> dict:
    """Calibration and letters of one side, its seeds together."""
    together = [item for answers in seeds for item in answers]
    return {"calibration": calibration(together), "letters": letters(together)}


def grid(found: dict) -> Iterator[dict]:
    """The step sizes that were tried, in order."""
    yield from sorted((row for row in found.get("grid") or [] if row.get("lr")), key=lambda row: row["lr"])
