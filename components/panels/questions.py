"""The words of the questions a run asked, where they lie on this machine: the bundled tasks, and files.

A question's id is all that a score keeps. Never asks the hub: a page must not wait for another machine.
"""

from functools import lru_cache
from pathlib import Path

from backend.core.text.tasks import OWN_TASKS, TASKS, Question
from backend.core.text.text_data import load_questions
from backend.core.text.uploads import read_questions
from backend.errors import UserError

UPLOAD = "upload"  # how the run calls the questions of an uploaded file


def questions_of(config: dict, task: str) -> list[Question]:
    """The test questions of a run's task; none where they are not at hand."""
    begin = {"0": 0, "1": 1}.get(config.get("answers_from"))
    try:
        if task == UPLOAD:
            return read_questions(config["test_file"], begin)[1] if config.get("test_file") else []
        own = config.get("data_file") or config.get("data_dir")
        if own and (task in OWN_TASKS or not Path(own).is_file()):
            return load_questions(task, "test", own, answers_from=begin)
        return list(bundled(task))
    except (UserError, OSError):
        return []


@lru_cache(maxsize=8)
def bundled(task: str) -> tuple[Question, ...]:
    return tuple(load_questions(task, "test")) if task in TASKS and TASKS[task].bundled else ()
