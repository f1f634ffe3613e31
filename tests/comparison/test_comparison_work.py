"""What a comparison is counted as follows its settings, arm by arm."""

from dataclasses import replace

import pytest

from backend.comparison.config import ComparisonConfig
from backend.comparison.names import ARMS
from backend.comparison.work import work
from backend.runs.pace import REFERENCE
from backend.runs.work import START
from backend.search.count import SearchCount

CONFIG = ComparisonConfig(arms=("base", "random", "text", "full"), start="random", rounds=4, budget=0.01)


def seconds(config: ComparisonConfig, stage: str = "") -> float:
    parts = [part for part in work(config, 2).parts if stage in ("", part.stage)]
    return sum(REFERENCE.seconds(part.amount, part.model) / part.at_once for part in parts)


@pytest.mark.parametrize(
    "more",
    [{"budget": 0.05}, {"seeds": 8}, {"steps": 120}, {"lrs": (*CONFIG.lrs, 0.02)}, {"rounds": 8},
     {"candidates": 900}, {"judged_by": 600}, {"judges": 2}, {"start": "best"}, {"style": "letters"}],
)  # fmt: skip
def test_more_of_anything_takes_longer(more):
    assert seconds(replace(CONFIG, **more)) > seconds(CONFIG)


@pytest.mark.parametrize("arm", [arm for arm in ARMS if arm not in CONFIG.arms])
def test_every_arm_has_its_cost(arm):
    assert seconds(replace(CONFIG, arms=(*CONFIG.arms, arm))) > seconds(CONFIG)


def test_fewer_questions_and_readers_take_less():
    for less in ({"test_limit": 100}, {"validation_limit": 50}, {"readers": "own"}, {"students": ("opt-pocket",)}):
        assert seconds(replace(CONFIG, **less)) < seconds(CONFIG)


def test_a_second_decoder_finds_the_experts_of_the_first():
    one, two = (replace(CONFIG, arms=arms) for arms in (("nearest",), ("nearest", "guided")))
    experts = [
        [part for part in work(c, 2).parts if "experts" in part.name and "held" not in part.name] for c in (one, two)
    ]
    assert len(experts[0]) == len(experts[1]) > 0


def test_both_stages_and_the_start_are_counted_and_no_part_is_negative():
    parts = work(replace(CONFIG, arms=ARMS, regimes=("ordinary", "matched")), 2).parts
    assert {part.stage for part in parts} == {START, "arms", "students"}
    assert all(count >= 0 for part in parts for count in part.amount.counts)


# -- the search ---------------------------------------------------------------------------------------------------
SEARCH = SearchCount(rounds=7, steps=60, texts=12, tokens=22.0, asked=200, held_out=300)


def test_a_search_is_counted_round_by_round_and_every_sixth_and_the_last_validate():
    first, *rounds = SEARCH.amounts()
    assert len(rounds) == 7 and first.questions == 1200
    extra = [amount.questions - rounds[0].questions for amount in rounds]
    assert extra == [0, 0, 0, 0, 0, 1200, 1200]


def test_small_students_are_stacked_and_large_ones_are_not():
    small, large = SEARCH.students(10), replace(SEARCH, texts=60).students(10)
    assert small.steps == 60 and large.steps == 600
    assert small.tokens == 10 * 60 * 12 * 22


def test_the_trainings_of_a_search_are_at_most_those_of_its_race():
    assert SEARCH.trainings() == 7 * (1 + 17 + 10 + 8 + 8) + 3 * 4


def test_sets_to_begin_with_are_chosen_by_students_before_the_first_round():
    begun = replace(SEARCH, starts=12)
    assert begun.amounts()[0].questions > SEARCH.amounts()[0].questions
    assert begun.amounts()[1:] == SEARCH.amounts()[1:] and begun.trainings() > SEARCH.trainings()


def test_heats_that_processes_share_train_fewer_at_once():
    assert replace(SEARCH, heat=4).students(16, 16).steps == 4 * 60 and SEARCH.students(15, 15).steps == 60
