"""Rounding and bfloat16 are used only where they save time, by everyone who may round."""

import pytest
import torch

from backend.core import matrices
from backend.core.models.adapters import make_student
from backend.core.models.backbones import load_backbone
from backend.core.text.examples import Rows, encode
from backend.core.text.prompts import Example
from backend.core.training.finetune import Plan, finetuned
from backend.core.training.stacked import Pupil, finetuned_stacked
from backend.selection.gradients import example_gradients


@pytest.fixture(scope="module")
def student():
    return make_student(load_backbone("opt-pocket"), "lora", 2, 4)


@pytest.fixture(scope="module")
def rows(student) -> Rows:
    told = [Example("Question: What is ice made of?\nAnswer:", " water"), Example("Question: Why?\nAnswer:", " so")]
    return Rows([encode(student.backbone.tokenizer, example) for example in told], student.table)


@pytest.fixture
def dtypes(student):
    """The types in which the model's output is computed from now on."""
    seen = set()
    hook = student.backbone.model.get_output_embeddings().register_forward_hook(lambda _, __, out: seen.add(out.dtype))
    yield seen
    hook.remove()


PLAN = Plan(2, 0.01, mixed_precision=True)
ORDER = [[0, 1], [1, 0]]


def tune(student, rows):
    finetuned(student, rows, student.initial(0), ORDER, PLAN)


def tune_stacked(student, rows):
    finetuned_stacked(student, [Pupil(rows, student.initial(seed), ORDER) for seed in range(2)], PLAN)


def take_gradients(student, rows):
    list(example_gradients(student, student.initial(0), rows, mixed_precision=True))


@pytest.mark.parametrize("work", [tune, tune_stacked, take_gradients])
@pytest.mark.parametrize("gain, used", [(0.02, torch.float32), (1.2, torch.float32), (3.0, torch.bfloat16)])
def test_mixed_precision_is_used_only_where_it_is_faster(student, rows, dtypes, monkeypatch, work, gain, used):
    monkeypatch.setattr(matrices, "autocast_gain", lambda _: gain)
    work(student, rows)
    assert dtypes == {used}


def test_where_nothing_may_be_rounded_no_second_is_spent_on_a_probe(monkeypatch):
    asked = []
    monkeypatch.setattr(matrices, "autocast_gain", lambda _: asked.append(1) or 3.0)
    with matrices.mixed("cpu", wanted=False):
        assert not torch.is_autocast_enabled("cpu") and not asked
    with matrices.mixed("cpu", wanted=True):
        assert torch.is_autocast_enabled("cpu") and asked


def test_a_sentence_for_each_setting_that_is_left_aside(monkeypatch):
    monkeypatch.setattr(matrices, "autocast_gain", lambda _: 0.02)
    monkeypatch.setattr(matrices, "probe", lambda _: matrices.Probe(error=1e-3, gain=1.0))
    assert [said.split()[0] for said in matrices.not_used("cpu", True, True)] == ["mixed_precision", "fast"]
    assert matrices.not_used("cpu") == []
    monkeypatch.setattr(matrices, "autocast_gain", lambda _: 3.0)
    monkeypatch.setattr(matrices, "probe", lambda _: matrices.Probe(error=1e-3, gain=3.0))
    assert matrices.not_used("cpu", True, True) == []


def test_the_probe_compares_both_ways_in_turn_and_gives_up_on_a_hopeless_one(monkeypatch):
    monkeypatch.setattr(matrices, "_seconds", lambda product: product())
    inside = []

    class Way:
        def __enter__(self):
            inside.append(1)

        def __exit__(self, *_):
            inside.pop()

    calls = []

    def product(slow: float) -> float:
        calls.append(len(inside))
        return slow if inside else 1.0

    assert matrices._gain(lambda: product(50.0), Way) == pytest.approx(1 / 50)
    assert sum(calls) == 2  # once to build it, once to time it
    calls.clear()
    assert matrices._gain(lambda: product(0.5), Way) == pytest.approx(2.0)
    assert sum(calls) == 1 + matrices.TRIES


def test_the_probe_of_bfloat16_measures_this_machine():
    threads = torch.get_num_threads()
    assert matrices.autocast_gain("cpu") > 0
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize(
    "probe, rounded, used", [((1e-3, 6.0), True, "tf32"), ((1e-3, 6.0), False, "ieee"), ((1e-3, 1.1), True, "ieee")]
)
def test_a_gpu_rounds_where_it_may_and_where_that_is_faster(monkeypatch, probe, rounded, used):
    switch = torch.backends.cuda.matmul
    before = switch.fp32_precision
    monkeypatch.setattr(matrices, "probe", lambda _: matrices.Probe(*probe))
    with matrices.products("cuda", rounded):
        assert switch.fp32_precision == used
    assert switch.fp32_precision == before


@pytest.mark.parametrize("has, gain, mixes", [(True, 3.0, True), (True, 1.1, False), (False, 3.0, False)])
def test_a_gpu_mixes_only_where_it_has_bfloat16_and_is_faster_in_it(monkeypatch, has, gain, mixes):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: has)
    monkeypatch.setattr(matrices, "autocast_gain", lambda _: gain)
    assert matrices.can_mix("cuda") == mixes


def test_processes_that_are_to_agree_try_no_switch_by_the_clock(monkeypatch):
    monkeypatch.setattr(matrices, "probe", lambda _: pytest.fail("looked at the clock"))
    monkeypatch.setenv(matrices.PRODUCTS, "plain")
    with matrices.products("cpu", rounded=False):
        pass
