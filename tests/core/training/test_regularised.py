"""Training with terms on logits: nothing at the start, plain numbers without weights, and the published schedules."""

import pytest
import torch

from backend.core.models.adapters import make_student
from backend.core.models.backbones import load_backbone
from backend.core.models.lora import Student
from backend.core.params import Params, as_leaves
from backend.core.text.examples import Rows, encode
from backend.core.text.prompts import Example, question_prompt
from backend.core.training.anchored import Anchored, base_logits, whole_batch_tokens
from backend.core.training.finetune import Plan, finetune
from backend.core.training.finetune_state import FinetuneState
from backend.core.training.regularised import NO_TERMS, TERMS, Regularised, Watching, Weights, taught_logits
from tests import tiny

pytestmark = pytest.mark.usefixtures("double")
EXAMPLES = [Example(question_prompt(q), options[answer]) for q, options, answer in tiny.FACTS[:8]]
EVERYTHING = list(range(len(EXAMPLES)))
STEPS = 6
STRONG = Weights(1.0, 0.2, 0.2)


def student_of(tiny_models, method: str, family: str = "opt") -> Student:
    """In float64, but only once it is made: PiSSA's start refuses to be."""
    student = make_student(load_backbone(str(tiny_models[family])), method, 2, 2)
    student.model.double()
    student.table = student.table.double()
    return student


def start_of(student: Student) -> Params:
    return {name: p.double() for name, p in student.initial(0).items()}


@pytest.fixture
def pissa(tiny_models) -> Student:
    return student_of(tiny_models, "pissa")


def rows_of(student: Student) -> Rows:
    return Rows([encode(student.backbone.tokenizer, example) for example in EXAMPLES], student.table)


def tune(student: Student, loss: Regularised | None, kept: bool = True, tokens: int = 4096, state=None) -> list:
    start = start_of(student)
    data = Anchored.of(student, start, rows_of(student)) if kept else rows_of(student)
    more = [] if loss is None else [loss]
    state = state or FinetuneState.fresh(start)
    found = []
    for step in finetune(student, state, lambda k: data.micro_batches(EVERYTHING, tokens), Plan(STEPS, 0.02), *more):
        told = {} if loss is None else loss.told()
        found.append((step.loss, told, step.params(), step.state() if step.step == 3 else None))
    return found


def same(a: dict, b: dict) -> bool:
    return all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("method", ["lora", "rslora", "dora", "pissa"])
def test_before_the_first_update_consistency_and_its_gradient_are_nothing(tiny_models, method):
    student = student_of(tiny_models, method, "llama")
    start = start_of(student)
    batch = Anchored.of(student, start, rows_of(student)).batch(EVERYTHING)
    params = as_leaves(start)
    loss = Regularised(start, Weights(1.0, 0.0, 0.0, "constant"), STEPS)
    plain = Regularised(start, NO_TERMS, STEPS)
    value = loss(0)(student, params, batch) - plain(0)(student, params, batch)
    gradient = torch.autograd.grad(value, tuple(params.values()), allow_unused=True)
    assert abs(loss.told()["consistency"]) < 1e-6 and abs(value.item()) < 1e-6
    assert max(g.abs().max().item() for g in gradient if g is not None) < 1e-6


def test_without_weights_every_number_is_that_of_plain_training_to_the_bit(pissa):
    plain, watched = (
        tune(pissa, None),
        tune(pissa, Regularised(start_of(pissa), NO_TERMS, STEPS, watching=Watching(1, 1))),
    )
    assert [step[0] for step in plain] == [step[0] for step in watched]
    assert all(same(a[2], b[2]) for a, b in zip(plain, watched, strict=True))
    assert {"consistency", "diversity", "spectrum"} <= watched[0][1].keys()  # they were measured all the same


def test_the_loss_is_cross_entropy_plus_the_weighted_terms_and_watching_changes_nothing(pissa):
    runs = [tune(pissa, Regularised(start_of(pissa), STRONG, STEPS, watching=w)) for w in (Watching(1, 2), None)]
    for loss, told, *_ in runs[0]:
        assert loss == pytest.approx(told["loss"] + sum(told[f"weighted_{name}"] for name in TERMS), rel=1e-9)
    assert all(same(a[2], b[2]) for a, b in zip(*runs, strict=True))
    assert not same(runs[0][-1][2], tune(pissa, None)[-1][2])


def test_shares_of_the_gradient_add_up_to_one_where_they_are_measured(pissa):
    found = [told for _, told, *_ in tune(pissa, Regularised(start_of(pissa), STRONG, STEPS, watching=Watching(1, 2)))]
    assert ["share_task" in told for told in found] == [True, False, True, False, True, True]  # and the last one
    for told in found:
        if "share_task" in told:
            assert sum(told[f"share_{name}"] for name in ("task", *TERMS)) == pytest.approx(1)
    assert found[0]["share_task"] == pytest.approx(1) and found[-1]["share_consistency"] > 0.01
    assert found[0]["weighted_diversity"] == 0 != found[-1]["weighted_diversity"]  # silent at first


def test_a_resumed_training_sees_the_schedule_of_an_unbroken_one(pissa):
    whole = tune(pissa, Regularised(start_of(pissa), STRONG, STEPS, watching=Watching(1, 0)))
    rest = tune(pissa, Regularised(start_of(pissa), STRONG, STEPS, watching=Watching(1, 0)), state=whole[2][3])
    assert [step[:2] for step in rest] == [step[:2] for step in whole[3:]] and same(rest[-1][2], whole[-1][2])


def test_kept_logits_and_those_computed_anew_give_the_same_training(pissa):
    kept, anew = (tune(pissa, Regularised(start_of(pissa), STRONG, STEPS), kept=k) for k in (True, False))
    assert [step[0] for step in kept] == pytest.approx([step[0] for step in anew], rel=1e-9)
    start = start_of(pissa)
    assert Anchored.of(pissa, start, rows_of(pissa), room=10).kept is None


def test_kept_logits_belong_to_their_rows_in_any_order(pissa):
    start = start_of(pissa)
    data = Anchored.of(pissa, start, rows_of(pissa))
    batch = data.batch([5, 0, 3])
    assert torch.allclose(batch.base, base_logits(pissa, start, batch), atol=1e-9)
    for part in data.micro_batches([7, 1, 4, 2], 64):
        assert torch.allclose(part.base, base_logits(pissa, start, part), atol=1e-9)


def test_means_over_places_survive_micro_batches_and_the_places_are_told(pissa):
    weights = Weights(1.0, 0.2, 0.0, "constant")
    whole, parts = (tune(pissa, Regularised(start_of(pissa), weights, STEPS), tokens=t) for t in (4096, 64))
    assert [step[0] for step in whole] == pytest.approx([step[0] for step in parts], rel=1e-6)
    assert {told["places"] for _, told, *_ in (*whole, *parts)} == {sum(len(e.answer) for e in rows_of(pissa).examples)}


def test_consistency_on_replayed_rows_looks_at_those_alone(pissa):
    start = start_of(pissa)
    asked = []

    def replayed(step):
        asked.append(step)
        return Anchored.of(pissa, start, rows_of(pissa)).batch([0, 1])

    loss = Regularised(start, Weights(1.0, 0.0, 0.0), STEPS, replayed=replayed)
    tune(pissa, loss)
    z, base = (taught_logits(pissa, p, replayed(0)) for p in (pissa.live(), start))
    assert asked[:STEPS] == list(range(STEPS)) and not torch.allclose(z, base, atol=1e-3)


def test_label_smoothing_changes_the_loss_and_not_the_cross_entropy_that_is_told(pissa):
    plain, smooth = (tune(pissa, Regularised(start_of(pissa), NO_TERMS, STEPS, smoothing=s)) for s in (0.0, 0.1))
    assert smooth[0][1]["loss"] == pytest.approx(plain[0][0]) and smooth[0][0] != pytest.approx(plain[0][0], rel=1e-3)


def test_the_published_schedule_lets_consistency_fall_and_the_others_wait_for_a_fifth():
    weights = Weights(1.0, 2.0, 3.0)
    at = {t: weights.at(t) for t in (0.0, 0.2, 0.225, 0.25, 0.5, 1.0)}
    assert [round(at[t]["consistency"], 9) for t in (0.0, 0.5, 1.0)] == [1.0, 0.55, 0.1]
    assert [at[t]["diversity"] for t in (0.0, 0.2, 0.25, 1.0)] == pytest.approx([0, 0, 2, 2])
    assert at[0.225]["spectrum"] == pytest.approx(1.5)
    assert Weights(1.0, 2.0, 3.0, "constant").at(0.7) == {"consistency": 1.0, "diversity": 2.0, "spectrum": 3.0}


def test_a_small_model_reads_a_whole_batch_at_once(pissa):
    assert whole_batch_tokens(pissa.model) >= 16 * 100
