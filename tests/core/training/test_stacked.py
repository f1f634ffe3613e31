"""Students trained side by side end where each would have ended alone; in double precision."""

from dataclasses import replace

import pytest
import torch

from backend.core.cached.quicker import top_of
from backend.core.models.adapted import Adapted
from backend.core.models.adapters import make_student
from backend.core.models.lora import LoraStudent
from backend.core.models.readers import Reader
from backend.core.seeding import generator, shuffled_batches
from backend.core.text.examples import Rows, encode
from backend.core.training import stacked as module
from backend.core.training.finetune import Plan, finetuned
from backend.core.training.stacked import Pupil, finetuned_each, finetuned_stacked
from backend.search.court import as_example
from tests import tiny_search
from tests.double import EXACT, double_backbone
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


def many(reader: Reader, count: int = 16, rows: int = 3) -> list[Pupil]:
    """Students of texts, starts, orders and step sizes of their own."""
    found = []
    for i in range(count):
        own = reader.rows([as_example(DRAFTS[(i + j) % len(DRAFTS)], SPEC) for j in range(rows)])
        order = shuffled_batches(rows, rows, PLAN.steps, generator("order", i))
        found.append(Pupil(own, reader.student.initial(("one of many", i)), order, 0.01 * (1 + i % 4)))
    return found


def one_by_one(reader: Reader, given: list[Pupil], plan: Plan = PLAN) -> list[dict]:
    plans = [replace(plan, lr=one.lr or plan.lr) for one in given]
    return [finetuned(reader.student, p.rows, p.start, p.order, own) for p, own in zip(given, plans, strict=True)]


@pytest.mark.parametrize("clip", [None, 0.01])
@pytest.mark.parametrize("name", ["opt", "llama", "opt-pocket", "llama-pocket"])
def test_sixteen_students_in_one_batch_have_the_parameters_of_sixteen_alone(tiny_models, name, clip):
    reader = Reader(str(tiny_models.get(name, name)), 4, 8, [as_example(DRAFTS[0], SPEC)])
    given, plan = many(reader, rows=2), replace(PLAN, steps=2, clip=clip)
    together, alone = finetuned_stacked(reader.student, given, plan), one_by_one(reader, given, plan)
    far = [(a[n] - b[n]).abs().max().item() for a, b in zip(together, alone, strict=True) for n in a]
    assert max(far) < 1e-9  # in double precision; the way of a parameter is about 0.1
    if clip:
        free = finetuned_stacked(reader.student, given[:2], replace(PLAN, steps=2))
        assert apart(together[0], free[0], given[0].start) > 0.001, "clipping does something"


def kept_bytes(reader: Reader, given: list[Pupil]) -> int:
    """What the way back of one step needs beside the model's weights."""
    weights = {p.untyped_storage().data_ptr() for p in reader.student.model.parameters()}
    found = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        found[storage.data_ptr()] = 0 if storage.data_ptr() in weights else storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        finetuned_stacked(reader.student, given, Plan(1, 0.01), 10**9)
    return sum(found.values())


def test_memory_grows_with_the_students_and_no_faster(readers):
    given = [replace(one, rows=many(readers[0], 1)[0].rows) for one in many(readers[0])]
    few, more, most = (kept_bytes(readers[0], given[:count]) for count in (4, 8, 16))
    assert most - more == pytest.approx(2 * (more - few), rel=0.02) and most < 4.05 * few


def test_students_that_read_unlike_are_stacked_with_their_likes(readers, monkeypatch):
    given = [one for pair in zip(many(readers[0], 2), many(readers[0], 2, rows=2), strict=True) for one in pair]
    train, together = module._train, []
    monkeypatch.setattr(module, "_train", lambda s, some, *rest: together.append(len(some)) or train(s, some, *rest))
    ends = finetuned_each(readers[0].student, given, PLAN)
    assert together == [2, 2]
    for pupil, end, alone in zip(given, ends, one_by_one(readers[0], given), strict=True):
        assert apart(end, alone, pupil.start) < EXACT


def test_a_method_whose_adapters_are_no_plain_product_is_trained_one_by_one(tiny_models):
    backbone = double_backbone(tiny_models["llama"])
    student = make_student(backbone, "dora", 2, 4)
    rows = Rows([encode(backbone.tokenizer, as_example(draft, SPEC)) for draft in DRAFTS[:2]], student.table)
    given = [Pupil(rows, student.initial(seed), [[0, 1]] * PLAN.steps) for seed in range(2)]
    ends = finetuned_each(student, given, PLAN)
    alone = finetuned(student, rows, given[1].start, given[1].order, PLAN)
    assert all(torch.equal(ends[1][name], p) for name, p in alone.items())


def test_on_a_gpu_students_are_stacked_whatever_a_step_takes(readers, monkeypatch):
    student, given, asked = readers[0].student, many(readers[0], 3), []
    monkeypatch.setattr(module, "SMALL", 0)
    monkeypatch.setattr(
        module, "finetuned_stacked", lambda _, some, *rest, **told: asked.append(len(some)) or [None] * 3
    )
    monkeypatch.setattr(student, "device", torch.device("cuda"))
    assert finetuned_each(student, given, PLAN) == [None] * 3 and asked == [3]


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


def test_where_lower_layers_carry_no_adapters_each_is_trained_alone_and_reads_them_once(tiny_models, monkeypatch):
    backbone = double_backbone(tiny_models["llama"])
    student = LoraStudent(backbone, 2, 4, Adapted(1))
    rows = Rows([encode(backbone.tokenizer, as_example(draft, SPEC)) for draft in DRAFTS[:2]], student.table)
    given = [Pupil(rows, student.initial(seed), [[0, 1]] * PLAN.steps) for seed in range(3)]
    monkeypatch.setattr(module, "finetuned_stacked", lambda *_: pytest.fail("they were trained side by side"))
    finetuned(student, rows, given[0].start, given[0].order, PLAN)
    read = top_of(student).below.read
    assert None not in finetuned_each(student, given, PLAN) and top_of(student).below.read == read > 0
