"""The search decoder as a whole: a search repeats itself, goes on from any round, and never gets worse."""

import importlib
import json
import math
from collections.abc import Callable
from dataclasses import asdict, replace

import pytest
import torch

from backend.core.models.readers import Reader
from backend.errors import UserError
from backend.search import search as module
from backend.search.court import Students
from backend.search.moves import Material
from backend.search.objectives import Answers
from backend.search.search import Found, Search, move_of
from backend.search.state import found_of
from tests import tiny_search
from tests.double import EXACT, in_double
from tests.tiny_search import DRAFTS, PLAN, SPEC, TRAIN, VALIDATION, trained

readers = tiny_search.readers


def make(readers: list[Reader], **changes) -> Search:
    plan = replace(PLAN, lrs=PLAN.lrs[: len(readers)], **changes)
    material = Material.of(DRAFTS[:12], [len(e.answer) for e in readers[0].train.examples])
    return Search(readers, TRAIN, VALIDATION, material, plan)


@pytest.fixture(scope="module")
def whole(readers) -> list[Found]:
    return list(make(readers).run(DRAFTS[:4]))


def test_a_search_repeats_itself_and_another_seed_does_not(readers, whole):
    assert [found.round for found in whole] == [0, 1, 2, 3]
    assert list(make(readers).run(DRAFTS[:4])) == whole
    assert list(make(readers, seed=2).run(DRAFTS[:4])) != whole


def test_the_search_changes_texts_and_keeps_their_answers_tokens(readers):
    walked = list(make(readers, validate_every=9).run(DRAFTS[:4]))  # nothing that was taken is given back on the way
    assert any(found.drafts != DRAFTS[:4] for found in walked)
    for found in walked:
        for before, now in zip(DRAFTS[:4], found.drafts, strict=True):
            rows = readers[0].rows([module.as_example(before, SPEC), module.as_example(now, SPEC)])
            assert len(rows.examples[0].answer) == len(rows.examples[1].answer)
        assert len({draft.question for draft in found.drafts}) == 4


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_search_goes_on_from_any_round_through_json_to_the_same_end(readers, whole, after):
    saved = found_of(json.loads(json.dumps(asdict(whole[after]))))
    assert saved == whole[after]
    assert list(make(readers).run(DRAFTS[:4], saved)) == whole[after + 1 :]


def test_the_best_texts_are_the_ones_that_validated_best(readers, whole):
    search, validated = make(readers), {found.round: found.row["validation"] for found in whole}
    assert [number for number, loss in validated.items() if loss is not None] == [0, 2, 3]
    best = min((loss, number) for number, loss in validated.items() if loss is not None)
    assert whole[-1].best_loss == best[0] <= whole[0].best_loss
    assert whole[-1].best == whole[best[1]].drafts
    assert search.validate(whole[-1].best) == pytest.approx(whole[-1].best_loss)
    assert search.validate(DRAFTS[:4]) == whole[0].best_loss


def test_a_search_that_only_gets_worse_returns_the_start(readers, monkeypatch):
    rising = iter(range(100))
    monkeypatch.setattr(Search, "validate", lambda self, drafts: float(next(rising)))
    found = list(make(readers[:1], moves=("word",), seed=4).run(DRAFTS[:4]))
    assert any(one.row["changed"] for one in found[1:]), "it tried"
    assert found[-1].best == found[-1].drafts == DRAFTS[:4] and found[-1].best_loss == 0.0


def test_a_round_never_takes_texts_that_judge_worse_nor_ones_that_nobody_else_finds_better(readers, whole):
    found = whole[1:] + list(make(readers, seed=4, rounds=6).run(DRAFTS[:4]))[1:]
    assert all(one.row["gain"] >= 0 for one in found)
    assert any(one.row["gain"] > 0 and one.row["changed"] for one in found)
    for one in found:
        taken = one.row["confirmed"] is not None and one.row["confirmed"] > 0
        assert bool(one.row["changed"]) == taken
    assert any(one.row["gain"] > 0 and not one.row["changed"] for one in found), "some were only lucky"
    alone = list(make(readers, confirmations=0).run(DRAFTS[:4]))[1:]
    assert all(bool(one.row["changed"]) == (one.row["gain"] > 0) and one.row["confirmed"] is None for one in alone)


def test_a_change_whose_fresh_students_run_away_is_not_taken(readers, monkeypatch):
    fresh = module.Court.judge
    monkeypatch.setattr(
        module.Court,
        "judge",
        lambda self, t: torch.tensor([1.0, math.inf]) if "again" in self.students[0].key else fresh(self, t),
    )
    found = list(make(readers).run(DRAFTS[:4]))
    assert any(one.row["gain"] for one in found[1:]) and found[-1].drafts == DRAFTS[:4]
    assert all(one.row["confirmed"] is None for one in found[1:])


def test_no_rounds_are_the_start(readers):
    (found,) = make(readers, rounds=0).run(DRAFTS[:4])
    assert found.drafts == found.best == DRAFTS[:4] and found.row["validation"] == found.best_loss


@pytest.mark.parametrize("moves", [("question",), ("token",)])
def test_a_round_without_a_proposal_keeps_the_texts(readers, moves, monkeypatch):
    monkeypatch.setattr(module, "draw", lambda move, draft, *_: draft)
    found = list(make(readers[:1], moves=moves, candidates=1, rounds=1).run(DRAFTS[:4]))
    assert found[-1].drafts == DRAFTS[:4] and found[-1].row["changed"] == 0


@pytest.mark.parametrize("objective", ["error", "answers", "matching"])
def test_trainings_are_counted_as_they_are_made(readers, objective, monkeypatch):
    made = []

    def counted(place: str, of: Callable[..., int]) -> None:
        name, function = f"backend.search.{place}", place.rpartition(".")[2]
        original = getattr(importlib.import_module(name.rpartition(".")[0]), function)
        monkeypatch.setattr(name, lambda *given: made.append(of(*given)) or original(*given))

    for place in ("search.finetuned_each", "court.finetuned_each"):
        counted(place, lambda student, pupils, plan: len(pupils))
    for place in ("court.walk", "objectives.finetuned"):
        counted(place, lambda *given: 1)
    found = list(make(readers, rounds=1, objective=objective, seeds=2).run(DRAFTS[:4]))
    assert sum(one.row["trainings"] for one in found) == sum(made)


@in_double()  # the students are trained side by side there and one by one here
def test_the_validation_counts_readers_alike_whatever_the_size_of_their_losses(tiny_models):
    losses, readers = [], tiny_search.make_readers(tiny_models)
    for reader in readers:
        for seed in range(PLAN.validations):
            students = Students(reader, module.Plan(3, 0.05), PLAN, ("validation", seed))
            rows = reader.rows([module.as_example(draft, SPEC) for draft in DRAFTS[:4]])
            losses.append(Answers(reader, "arc_easy", VALIDATION, "answers").value(trained(students, rows)))
    first, second = (sum(part) / PLAN.validations for part in (losses[: len(losses) // 2], losses[len(losses) // 2 :]))
    assert make(readers).validate(DRAFTS[:4]) == pytest.approx((first * second) ** 0.5, rel=EXACT)
    assert len(set(losses)) == 2 * PLAN.validations


@pytest.mark.parametrize(
    ("change", "says"),
    [({"moves": ("phrase", "leap")}, "no move 'leap'"), ({"objective": "beauty"}, "no objective 'beauty'"),
     ({"moves": ()}, "No move")],
)  # fmt: skip
def test_a_plan_that_makes_no_sense_is_refused(change, says):
    with pytest.raises(UserError, match=says):
        replace(PLAN, **change)


def test_whole_questions_take_every_other_round_and_the_other_moves_turns_between():
    moves = ("question", "phrase", "word")
    assert [move_of(number, moves) for number in range(1, 7)] == "question phrase question word question phrase".split()
    assert [move_of(number, ("phrase", "word")) for number in range(1, 4)] == ["phrase", "word", "phrase"]
    assert [move_of(number, ("question",)) for number in range(1, 4)] == ["question"] * 3
