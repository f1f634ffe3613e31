"""Students trained side by side end where each would have ended alone; in double precision."""

from dataclasses import replace

import pytest
import torch

from backend.core.models.readers import Reader
from backend.core.seeding import generator, shuffled_batches
from backend.core.training import stacked as module
from backend.core.training.finetune import Plan, finetuned
from backend.core.training.stacked import Pupil, finetuned_each, finetuned_stacked
from backend.search.court import as_example
from tests import tiny_search
from tests.double import EXACT
from tests.tiny_search import DRAFTS, SPEC

pytestmark = pytest.mark.usefixtures("double")
readers = tiny_search.double_readers
PLAN = Plan(5, 0.02)


def pupils(reader: Reader, batch: int = 3) -> list[Pupil]:
    """Other texts, other starts, other orders; texts of other lengths."""
    found = []
    for i in range(4):
        rows = reader.rows([as_example(draft, SPEC) for draft in DRAFTS[i : i + 5]])
        start = reader.student.initial(("pupil", i // 2))
        found.append(Pupil(rows, start, shuffled_batches(5, batch, PLAN.steps, generator("order", i))))
    return found


def apart(found: dict, expected: dict, start: dict) -> float:
    """The distance between two ends, as a share of the way from the start."""
    way = sum((expected[n] - start[n].cpu()).square().sum() for n in expected)
    return (sum((found[n] - expected[n]).square().sum() for n in expected) / way).sqrt().item()


@pytest.mark.parametrize("tokens", [1, 300, 10_000])
@pytest.mark.parametrize("batch", [3, 8])
@pytest.mark.parametrize("family", [0, 1])
def test_students_side_by_side_end_where_each_ends_alone(readers, family, batch, tokens):
    reader = readers[family]
    given = pupils(reader, batch)
    together = finetuned_stacked(reader.student, given, PLAN, tokens)
    for pupil, end in zip(given, together, strict=True):
        alone = finetuned(reader.student, pupil.rows, pupil.start, pupil.order, PLAN)
        assert list(end) == list(alone) and apart(end, alone, pupil.start) < EXACT


def test_ends_are_not_each_others(readers):
    ends = finetuned_stacked(readers[0].student, pupils(readers[0]), PLAN)
    name = next(iter(ends[0]))
    assert len({end[name].sum().item() for end in ends}) == 4


def test_one_that_diverges_ends_as_none_and_leaves_the_others_alone(readers):
    student, given = readers[1].student, pupils(readers[1])
    broken = {name: p * torch.inf for name, p in given[1].start.items()}
    ends = finetuned_stacked(student, [given[0], replace(given[1], start=broken), given[2]], PLAN)
    assert [end is None for end in ends] == [False, True, False]
    alone = finetuned(student, given[2].rows, given[2].start, given[2].order, PLAN)
    assert apart(ends[2], alone, given[2].start) < EXACT
    assert finetuned_each(student, [replace(given[1], start=broken)], PLAN) == [None]


def test_on_a_cpu_small_steps_are_stacked_and_large_or_unlike_ones_are_not(readers, monkeypatch):
    student, given = readers[0].student, pupils(readers[0])
    stacked = []
    monkeypatch.setattr(module, "_train", lambda student, some, *_: stacked.append(len(some)) or [None] * len(some))
    assert finetuned_each(student, given, PLAN) == [None] * 4 and stacked == [4]
    unlike = replace(given[1], order=[[0]] * PLAN.steps)
    assert None not in finetuned_each(student, [given[0], unlike], PLAN) and stacked == [4]


@pytest.mark.parametrize("stacked", [True, False])
def test_every_step_of_every_student_is_told(readers, stacked):
    given, heard = pupils(readers[0])[: 3 if stacked else 1], []
    finetuned_each(readers[0].student, given, PLAN, heard.append)
    assert heard == [len(given)] * PLAN.steps


def test_the_model_is_its_own_again_afterwards(readers):
    student, given = readers[0].student, pupils(readers[0])
    batch, params = given[0].rows.batch([0, 1]), student.initial(3)
    before = student.loss(params, batch)
    finetuned_stacked(student, given, PLAN)
    assert student.loss(params, batch) == before
    with pytest.raises(RuntimeError, match="read alike"):
        finetuned_stacked(student, [given[0], replace(given[1], order=[[0]] * PLAN.steps)], PLAN)
    assert student.loss(params, batch) == before


def test_as_many_pass_at_once_as_there_is_room_for(readers):
    given = pupils(readers[0])
    longest = max(max(pupil.rows.lengths()) for pupil in given)
    assert [len(some) for some in module._passes(given, 2 * 3 * longest)] == [2, 2]
    assert [len(some) for some in module._passes(given, 1)] == [1] * 4 and list(module._passes([], 1)) == []


def test_on_a_cpu_larger_steps_are_trained_one_by_one(readers, monkeypatch):
    given = pupils(readers[0])
    monkeypatch.setattr(module, "SMALL", 3)
    ends = finetuned_each(readers[0].student, given[:2], PLAN)
    alone = finetuned(readers[0].student, given[1].rows, given[1].start, given[1].order, PLAN)
    assert all(torch.equal(ends[1][name], p) for name, p in alone.items())
