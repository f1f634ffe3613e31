"""What the lessons of all bundled models share: step sizes that rise and fall, and a folder that holds one lesson.

Knows numbers and one file. Does not know what is taught.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from backend.disk import write_atomically
from backend.errors import UserError


def share_at(step: int, steps: int, warm: int) -> float:
    """What part of the step sizes a step has, counted from 0: it rises for `warm` steps and then falls to nothing."""
    if step < warm:
        return (step + 1) / warm
    return 1 - (step - warm) / max(1, steps - warm)


def check_lesson(work: Path, lesson: Mapping) -> None:
    """Write the lesson's settings to `work`/lesson.json. Raises UserError where a state was made with others there."""
    path, text = work / "lesson.json", json.dumps(lesson, indent=1, default=str) + "\n"
    if path.exists() and path.read_text(encoding="utf-8") != text:
        found = f"{work} holds a teaching with other settings."
        raise UserError(found, "a folder of its own for each", "Give the settings it began with, or another --work.")
    write_atomically(path, text)
