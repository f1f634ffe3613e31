"""What the clock decides is decided once on a machine, whoever asks."""

import pytest

from backend.core import once as room
from backend.core.once import FOLDER, once


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DISTILLOSCOPE_HOME", str(tmp_path))
    return tmp_path


def refused() -> dict[str, float]:
    raise AssertionError("it was tried again")


def test_whoever_asks_later_believes_the_first():
    assert once("products", lambda: {"gain": 1.7}) == {"gain": 1.7}
    assert once("products", refused) == {"gain": 1.7}


def test_other_questions_and_other_processors_have_answers_of_their_own(monkeypatch):
    once("products", lambda: {"gain": 1.7})
    assert once("bfloat16", lambda: {"gain": 0.1}) == {"gain": 0.1}
    monkeypatch.setattr(room, "processor", lambda: "another")
    assert once("products", lambda: {"gain": 3.0}) == {"gain": 3.0}


def test_of_two_that_try_at_once_both_use_what_the_first_wrote():
    def slower() -> dict[str, float]:
        once("products", lambda: {"gain": 1.7})  # another process, meanwhile
        return {"gain": 1.2}

    assert once("products", slower) == {"gain": 1.7}
    assert once("products", refused) == {"gain": 1.7}


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"found": 3}', '{"found": {"gain": "fast"}}'])
def test_a_damaged_answer_is_replaced(home, damage):
    once("products", lambda: {"gain": 1.7})
    (kept,) = (home / FOLDER).iterdir()
    kept.write_text(damage)
    assert once("products", lambda: {"gain": 1.2}) == {"gain": 1.2}
    assert once("products", refused) == {"gain": 1.2}
    assert list((home / FOLDER).iterdir()) == [kept]


def test_where_nothing_can_be_kept_everyone_tries(home):
    (home / FOLDER).write_text("a file where the folder would be")
    assert once("products", lambda: {"gain": 1.7}) == {"gain": 1.7}
    assert once("products", lambda: {"gain": 1.2}) == {"gain": 1.2}
