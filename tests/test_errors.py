"""The exception meant for people keeps all its parts on its way to another process and into a file."""

import pickle

from backend.errors import UserError

FULL = UserError("There is no model x.", "a model", "Name one.", kind="model", about="x")


def test_an_error_comes_out_of_another_process_as_it_went_in():
    assert pickle.loads(pickle.dumps(FULL)).__dict__ == FULL.__dict__


def test_an_error_can_be_made_again_from_what_was_written_down():
    assert UserError(**FULL.as_dict()).__dict__ == FULL.__dict__


def test_a_word_for_programs_is_written_down_only_where_there_is_one():
    plain = UserError("It is red.", "blue", "Paint it.").as_dict()
    assert list(plain) == ["found", "expected", "next_step"]
    assert list(FULL.as_dict()) == [*plain, "kind", "about"]


def test_people_read_no_word_for_programs():
    assert str(FULL) == "There is no model x. Expected a model. Name one."
