"""What decoding costs: the picture's moves are the paired differences, and it says no more than the answers do."""

import re

import pytest

from backend.runs.folder import RunDir
from components.studies.text_distillation.gap import gap_markup
from tests.page.panels.test_judge_view import CONFIG, add

QUESTIONS, MINUS = 40, "\N{MINUS SIGN}"


@pytest.fixture
def make(tmp_path):
    """A run whose students answer so many of 40 questions, by arm."""

    def run(right: dict[str, int], students: int = 4, **config) -> RunDir:
        made = RunDir.create(tmp_path / "run", "text_distillation", None, CONFIG | config)
        (made.artifacts / "scores").mkdir(parents=True, exist_ok=True)
        for arm, count in right.items():
            for seed in range(students):
                add(made, arm, [number < count for number in range(QUESTIONS)], seed)
        return made

    return run


def moves(markup: str) -> list[tuple[str, str]]:
    """(kind, points) of each move."""
    return re.findall(r'ds-gap-move" data-kind="(\w+)">.*?<b>([^<]+)<small>', markup)


def test_each_move_is_the_paired_difference_of_the_two_arms_beside_it(make):
    found = gap_markup(make({"soft": 36, "projected": 16, "text": 24}))
    assert moves(found) == [("down", f"{MINUS}50.0"), ("up", "+20.0")]
    assert 'data-points="-30.0"' in found and f"{MINUS}30.0 points" in found


def test_a_move_inside_the_noise_is_drawn_as_none(make):
    found = gap_markup(make({"soft": 20, "text": 20}))
    assert [kind for kind, _ in moves(found)] == ["even"] and "within the noise" in found


def test_few_students_are_no_verdict(make):
    found = gap_markup(make({"soft": 36, "text": 8}, students=2))
    assert "this may still be luck" in found and [kind for kind, _ in moves(found)] == ["even"]


def test_the_starting_questions_are_a_line_where_they_were_scored(make):
    assert "ds-gap-start" not in gap_markup(make({"soft": 30, "text": 20}))
    assert "ds-gap-start" in gap_markup(make({"init": 18}))  # the same run, with one more arm


def test_without_soft_prompts_or_text_there_is_nothing_to_show(make):
    assert gap_markup(make({"text": 20, "random": 10})) == ""


def test_a_search_does_not_claim_to_write_the_learned_tokens(make):
    found = gap_markup(make({"soft": 30, "projected": 10, "text": 34}, decoder="search"))
    assert "texts that the search found" in found and "tokenised again" not in found


def test_a_decoder_that_chooses_its_tokens_is_not_called_the_nearest(make):
    found = gap_markup(make({"soft": 30, "projected": 10, "text": 34}, decoder="guided"))
    assert "token that its decoder chose" in found and "nearest" not in found


def test_prompts_that_gave_way_are_counted_and_names_are_escaped(make):
    run = make({"soft": 30, "text": 34}, model="own")
    for reverted in (True, False, True):
        run.append("distilled", {"provenance": {"reverted": reverted}})
    assert "2 prompts put back to the real question" in gap_markup(run)


def test_unreadable_answers_leave_the_picture_out(make):
    run = make({"soft": 30, "text": 34})
    next((run.artifacts / "scores").glob("soft*")).write_text("{}\n")
    assert gap_markup(run) == ""
