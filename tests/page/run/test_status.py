"""The head of the run on screen: every state, what it took, what went wrong."""

import pytest

from backend.studies.text_distillation.study import STUDY
from components.frame import words
from components.run.status import status_markup


@pytest.mark.parametrize("state", ["queued", "running", "stopping", "stopped", "finished", "failed"])
def test_every_state_has_its_head(state):
    markup = status_markup(
        "Quick", "A run.", {"state": state, "stage": "distil", "done": 3, "total": 4}, STUDY.stages, False
    )
    assert f'data-status="{state}"' in markup
    assert words.STATES[state] in markup


def test_what_was_expected_on_another_machine_is_not_told():
    status = {"state": "finished", "time": {"spent_s": 60.0, "expected_s": 300.0}}
    assert "estimated 5 min" in status_markup("Quick", "A run.", status, STUDY.stages, False)
    recorded = status_markup("Quick", "A run.", status, STUDY.stages, True)
    assert "Took 1 min" in recorded and "estimated" not in recorded


def test_a_failure_shows_what_was_found_and_what_to_do():
    error = {"found": "The disk is full.", "expected": "room", "next_step": "Free some space."}
    markup = status_markup("Quick", "A run.", {"state": "failed", "error": error}, STUDY.stages, False)
    assert "The disk is full." in markup
    assert "Free some space." in markup
