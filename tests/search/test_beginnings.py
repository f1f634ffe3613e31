"""Where a search begins: drawn sets, their children, and that it begins with the best of them."""

import math
import random
from dataclasses import replace

import pytest

from backend.core.training import stacked
from backend.search import count
from backend.search import search as module
from backend.search.beginnings import PARENTS, beginnings, changed, children, mixed
from backend.search.moves import Draft
from backend.search.search import Heat, Search
from tests import tiny_search
from tests.tiny_search import DRAFTS, MATERIAL, PLAN, TRAIN, VALIDATION

readers = tiny_search.readers
WORDS = ("phrase", "word")


def texts(drafts) -> set[str]:
    return {draft.question for draft in drafts}


def test_a_beginning_is_of_different_real_questions_and_the_same_lot_draws_the_same():
    sets = beginnings(4, 6, MATERIAL, random.Random(3))
    assert len(set(sets)) == 6 and all(len(texts(one)) == 4 for one in sets)
    assert all(draft in MATERIAL.drafts for one in sets for draft in one)
    assert beginnings(4, 6, MATERIAL, random.Random(3)) == sets


@pytest.mark.parametrize("seed", range(20))
def test_a_mixture_has_each_slot_from_either_set_and_no_text_twice(seed):
    first, other = beginnings(5, 2, MATERIAL, random.Random(seed))
    child = mixed(first, other, random.Random(seed))
    assert len(texts(child)) == 5
    assert all(draft in pair for draft, pair in zip(child, zip(first, other, strict=True), strict=True))


def test_mixtures_take_from_both_sets():
    first, other = DRAFTS[:5], DRAFTS[5:10]
    found = [mixed(first, other, random.Random(seed)) for seed in range(8)]
    assert {draft for child in found for draft in child} == set(DRAFTS[:10])


@pytest.mark.parametrize("seed", range(20))
def test_a_change_is_of_one_text_and_keeps_its_answer(seed):
    found = changed(DRAFTS[:5], MATERIAL, WORDS, random.Random(seed))
    differing = [(a, b) for a, b in zip(DRAFTS[:5], found, strict=True) if a != b]
    assert len(differing) <= 1 and all(a.answer == b.answer for a, b in differing)
    assert len(texts(found)) == 5


def test_where_only_whole_questions_may_change_children_are_mixtures_alone():
    sets = beginnings(4, 6, MATERIAL, random.Random(1))
    parents = {draft for one in sets[:PARENTS] for draft in one}
    found = children(sets, MATERIAL, ("question",), random.Random(2))
    assert found and {draft for child in found for draft in child} <= parents


def test_children_are_new_and_come_of_the_best_sets_alone():
    sets = beginnings(4, 6, MATERIAL, random.Random(1))
    found = children(sets, MATERIAL, WORDS, random.Random(2))
    assert len(found) <= PARENTS * (PARENTS - 1) // 2 and not set(found) & set(sets)
    answers = {draft.answer for one in sets[:PARENTS] for draft in one}
    assert {draft.answer for child in found for draft in child} <= answers


def search(readers, **more) -> Search:
    plan = replace(PLAN, **{"rounds": 0} | more.pop("plan", {}))
    return Search(readers, TRAIN, VALIDATION, MATERIAL, plan, **more)


def test_a_search_begins_with_the_set_that_its_students_find_best(readers, monkeypatch):
    wanted = DRAFTS[7]
    monkeypatch.setattr(
        Search, "heat", lambda self, heat: [0.5 - 0.1 * (wanted in drafts) for drafts in heat.texts], raising=True
    )
    (found,) = search(readers, plan={"starts": 8}).run(DRAFTS[:4])
    assert wanted in found.best


def test_a_beginning_without_drawn_sets_is_the_given_one(readers):
    (found,) = search(readers).run(DRAFTS[:4])
    assert found.drafts == DRAFTS[:4]


def test_students_of_a_beginning_are_counted_as_they_are_made(readers, monkeypatch):
    made, heat = [], Search.heat

    def counted(self, one: Heat) -> list[float]:
        made.append(len(one.texts) * one.students)
        return heat(self, one)

    monkeypatch.setattr(Search, "heat", counted)
    (found,) = search(readers, plan={"starts": 5}).run(DRAFTS[:4])
    assert found.row["trainings"] == sum(made)


def test_heats_may_end_in_any_order_and_in_any_process(readers):
    alone = search(readers, plan={"starts": 5, "at_once": 2})
    elsewhere = search(readers, plan={"starts": 5, "at_once": 2})
    backwards = search(
        readers, plan={"starts": 5, "at_once": 2}, spread=lambda heats: [(h, elsewhere.heat(h)) for h in heats[::-1]]
    )
    assert list(backwards.run(DRAFTS[:4])) == list(alone.run(DRAFTS[:4]))


@pytest.mark.parametrize(("small", "objective"), [(0, "error"), (10_000, "error"), (0, "matching")])
def test_others_judge_one_text_at_a_time_where_students_are_trained_alone(readers, monkeypatch, small, objective):
    monkeypatch.setattr(stacked, "SMALL", small)
    plan = {"rounds": 2, "objective": objective}
    whole, elsewhere, sizes = search(readers, plan=plan), search(readers, plan=plan), []

    def spread(heats):
        sizes.extend(len(heat.texts) for heat in heats)
        return [(heat, elsewhere.heat(heat)) for heat in heats[::-1]]

    assert list(search(readers, plan=plan, spread=spread).run(DRAFTS[:4])) == list(whole.run(DRAFTS[:4]))
    assert (max(sizes) == 1) == (small == 0 and objective == "error")


def test_the_estimate_counts_the_students_that_choose_a_beginning(readers, monkeypatch):
    asked, fresh = [], iter(range(1000))

    def heat(self, one: Heat) -> list[float]:
        asked.append(len(one.texts) * one.students)
        return [0.5 for _ in one.texts]

    def all_new(*_) -> list[tuple[Draft, ...]]:
        texts = (replace(draft, question=f"{next(fresh)}?") for _ in range(count.CHILDREN) for draft in DRAFTS[:4])
        return list(zip(*[texts] * 4, strict=True))

    monkeypatch.setattr(Search, "heat", heat)
    monkeypatch.setattr(module, "children", all_new)
    for starts in (8, 12, 13):
        asked.clear()
        list(search(readers, plan={"starts": starts}).run(DRAFTS[:4]))
        counted = count.SearchCount(0, 1, 1, 1, 1, 1, starts=starts).trainings() - count.VALIDATIONS
        assert sum(asked) / len(readers) - PLAN.validations == counted
    assert count.CHILDREN == math.comb(PARENTS, 2)
