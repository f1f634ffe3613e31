"""Restarts: the rounds are shared, each restart begins anew, and many fresh students choose among what they came to."""

import json
from dataclasses import asdict, replace
from itertools import pairwise

import pytest

from backend.core.models.readers import Reader
from backend.errors import UserError
from backend.search.moves import Material
from backend.search.schedule import ends, restart_of, validates, within
from backend.search.search import CHOICE, Found, Search
from backend.search.state import found_of
from tests import tiny_search
from tests.tiny_search import DRAFTS, PLAN, TRAIN, VALIDATION

readers = tiny_search.readers


def make(readers: list[Reader], **changes) -> Search:
    plan = replace(PLAN, lrs=PLAN.lrs[: len(readers)], rounds=4, restarts=2, choosers=3, trials=2, **changes)
    material = Material.of(DRAFTS[:12], [len(e.answer) for e in readers[0].train.examples])
    return Search(readers, TRAIN, VALIDATION, material, plan)


@pytest.fixture(scope="module")
def whole(readers) -> list[Found]:
    return list(make(readers[:1]).run(DRAFTS[:4]))


# -- the rounds -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("rounds", "restarts"), [(1, 1), (12, 1), (12, 2), (12, 3), (7, 3), (5, 5), (24, 4)])
def test_restarts_share_the_rounds_evenly_and_each_counts_its_own_from_one(rounds, restarts):
    of = [restart_of(n, rounds, restarts) for n in range(1, rounds + 1)]
    assert of == sorted(of) and set(of) == set(range(restarts))
    shares = [of.count(one) for one in range(restarts)]
    assert max(shares) - min(shares) <= 1
    assert [within(n, rounds, restarts) for n in range(1, rounds + 1)] == [
        n for share in shares for n in range(1, share + 1)
    ]
    assert [ends(n, rounds, restarts) for n in range(1, rounds + 1)].count(True) == restarts


def test_each_restart_is_validated_as_a_search_of_its_own_would_be():
    assert [n for n in range(1, 15) if validates(n, 14, 1, 6)] == [6, 12, 14]
    assert [n for n in range(1, 17) if validates(n, 16, 2, 6)] == [6, 8, 14, 16]


def test_more_restarts_than_rounds_are_refused():
    with pytest.raises(UserError, match="restarts is 3, but there are 2 rounds"):
        replace(PLAN, rounds=2, restarts=3)


# -- the search -----------------------------------------------------------------------------------------------------
def test_the_first_restart_is_the_search_that_ends_there(readers, whole):
    alone = list(make(readers[:1]).run(DRAFTS[:4], None))[:3]
    single = replace(make(readers[:1]).plan, rounds=2, restarts=1)
    search = make(readers[:1])
    search.plan = single
    for one, found in zip(search.run(DRAFTS[:4]), alone, strict=True):
        assert (one.drafts, one.best, one.best_loss) == (found.drafts, found.best, found.best_loss)
        assert one.row | {"restart": 1} == found.row | {"restart": 1}


def test_every_restart_begins_with_what_was_given_and_keeps_its_own_best(readers, whole):
    assert [found.row.get("restart") for found in whole] == [None, 1, 1, 2, 2]
    assert [len(found.kept) for found in whole] == [1, 1, 1, 2, 2]
    assert all(before.best_loss >= now.best_loss for before, now in pairwise(whole[:-1])), "what is shown never worsens"
    again = make(readers[:1])._begin_anew(DRAFTS[:4], whole[2])
    assert again.drafts == again.kept[-1] == DRAFTS[:4] and again.kept_loss == whole[0].best_loss
    assert again.row["trainings"] == PLAN.validations


def test_fresh_students_choose_among_the_restarts(readers, whole):
    search, last = make(readers[:1]), whole[-1]
    losses = search._losses(last.kept, 3, CHOICE).tolist()
    assert last.best == last.kept[last.row["chosen"] - 1] and last.best_loss == min(losses)
    assert losses != [search.validate(one) for one in last.kept], "they are others than those that validated"


def test_with_drawn_sets_restarts_begin_with_different_ones(readers, monkeypatch):
    monkeypatch.setattr(Search, "_round", lambda self, now: replace(now, round=now.round + 1, row={"trainings": 0}))
    found = list(make(readers[:1], starts=4).run(DRAFTS[:4]))
    assert found[-1].kept[0] != found[-1].kept[1]


@pytest.mark.parametrize("after", [1, 2, 3])
def test_it_goes_on_from_any_round_through_json_to_the_same_end(readers, whole, after):
    saved = found_of(json.loads(json.dumps(asdict(whole[after]))))
    assert saved == whole[after]
    assert list(make(readers[:1]).run(DRAFTS[:4], saved)) == whole[after + 1 :]


def test_a_round_from_before_there_were_restarts_is_read(whole):
    old = {name: value for name, value in asdict(whole[0]).items() if name not in ("kept", "kept_loss")}
    found = found_of(json.loads(json.dumps(old)))
    assert found.kept == () and found.own == (found.best, found.best_loss)
