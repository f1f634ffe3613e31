"""Fine-tuning equals its textbook twin whatever saves its memory, and goes on from any step to the same numbers."""

import math

import pytest
import torch

from backend.core import matrices
from backend.core.models.adapters import METHODS, make_student
from backend.core.models.backbones import load_backbone
from backend.core.models.lora import Student
from backend.core.params import as_leaves
from backend.core.text.examples import Rows, TokenBatch, answer_tokens, encode
from backend.core.text.prompts import Example, question_prompt
from backend.core.training.finetune import Plan, always, answer_loss, finetune, learning_rate, sum_of
from backend.core.training.finetune_state import FinetuneState
from backend.errors import UserError
from tests import tiny

EXAMPLES = [Example(question_prompt(q), options[answer]) for q, options, answer in tiny.FACTS[:8]]
EVERYTHING = list(range(len(EXAMPLES)))
STEPS, LR = 3, 0.01


@pytest.fixture(params=tiny.FAMILIES)
def student(request, tiny_models) -> Student:
    return make_student(load_backbone(str(tiny_models[request.param])), "lora", 2, 4)


@pytest.fixture(params=METHODS)
def any_student(request, tiny_models) -> Student:
    return make_student(load_backbone(str(tiny_models["llama"])), request.param, 2, 4)


@pytest.fixture
def one(tiny_models) -> Student:
    return make_student(load_backbone(str(tiny_models["opt"])), "lora", 2, 4)


def rows_of(student: Student) -> Rows:
    return Rows([encode(student.backbone.tokenizer, example) for example in EXAMPLES], student.table)


def tune(student: Student, plan: Plan | None = None, start: FinetuneState | None = None, tokens: int = 64, **kwargs):
    rows = rows_of(student)
    start = start or FinetuneState.fresh(student.initial(0))
    return finetune(
        student, start, lambda step: rows.micro_batches(EVERYTHING, tokens), plan or Plan(STEPS, LR), **kwargs
    )


def equal(a: dict, b: dict) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def close(a: dict, b: dict) -> bool:
    return a.keys() == b.keys() and all(torch.allclose(a[name], b[name], atol=2e-4, rtol=1e-3) for name in a)


def naive(student: Student, plan: Plan, extra=None) -> tuple[list[float], dict]:
    """The textbook: the whole batch at once, as a function of free parameters."""
    batch = rows_of(student).batch(EVERYTHING)
    params = as_leaves({name: p.clone() for name, p in student.initial(0).items()})
    optimizer, losses = torch.optim.AdamW(params.values(), weight_decay=0.0), []
    for step in range(plan.steps):
        optimizer.param_groups[0]["lr"] = learning_rate(step, plan.steps, plan.lr)
        loss = student.loss(params, batch) + (extra(params) if extra else 0.0)
        optimizer.zero_grad()
        loss.backward()
        if plan.clip:
            torch.nn.utils.clip_grad_norm_(params.values(), plan.clip)
        optimizer.step()
        losses.append(loss.item())
    return losses, params


@pytest.mark.parametrize("clip", [None, 0.1])
def test_micro_batches_trained_in_place_equal_whole_batches_of_free_parameters(student, clip):
    plan = Plan(STEPS, LR, clip=clip)
    losses, expected = naive(student, plan)
    steps = list(tune(student, plan))
    assert [step.loss for step in steps] == pytest.approx(losses, rel=1e-4)
    assert [step.lr for step in steps] == [learning_rate(k, STEPS, LR) for k in range(STEPS)]
    assert close(steps[-1].params(), expected)
    assert len(rows_of(student).micro_batches(EVERYTHING, 64)) > 2  # or there was nothing to add up


def test_every_method_learns(any_student):
    losses = [step.loss for step in tune(any_student, Plan(8, 0.03))]
    assert losses[-1] < 0.97 * losses[0]


def test_the_student_that_trains_its_table_reads_ids_and_gives_the_same_loss(tiny_models):
    """Padding included: full fine-tuning and LoRA start as the same model."""
    full, lora = (make_student(load_backbone(str(tiny_models["gemma"])), method, 2, 4) for method in ("full", "lora"))
    batches = [rows_of(student).batch(EVERYTHING) for student in (full, lora)]
    assert isinstance(batches[0], TokenBatch) and len(batches[0]) == len(batches[1]) == len(EXAMPLES)
    assert answer_tokens(batches[0]) == answer_tokens(batches[1])
    assert torch.equal(batches[0].mask, batches[1].mask) and torch.equal(batches[0].labels, batches[1].labels)
    losses = [s.loss(s.initial(0), batch).item() for s, batch in zip((full, lora), batches, strict=True)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


def test_checkpointing_recomputes_the_very_same_gradients(any_student):
    plain = [step.params() for step in tune(any_student, Plan(3, LR))]
    calls = count_attention_calls(any_student)
    saved = [step.params() for step in tune(any_student, Plan(3, LR, checkpointing=True))]
    assert all(equal(a, b) for a, b in zip(plain, saved, strict=True))
    batches = len(rows_of(any_student).micro_batches(EVERYTHING, 64))
    assert len(calls) == 3 * batches * 2  # every layer ran again on the way back


def count_attention_calls(student: Student) -> list[int]:
    """Grows at each run of the last layer's attention."""
    layers = next(m for m in student.backbone.model.modules() if isinstance(m, torch.nn.ModuleList))
    calls = []
    layers[-1].self_attn.register_forward_pre_hook(lambda *_: calls.append(1))
    return calls


def test_between_steps_the_student_is_in_evaluation_mode_and_holds_the_trained_parameters(one):
    for step in tune(one, Plan(2, LR, checkpointing=True)):
        assert not any(part.training for part in one.model.modules())
        assert equal(step.params(), {name: p.detach() for name, p in one.live().items()})
    assert all(p.grad is None for p in one.live().values())


def test_mixed_precision_computes_in_bfloat16_and_keeps_float32_parameters(any_student, monkeypatch):
    monkeypatch.setattr(matrices, "autocast_gain", lambda _: 3.0)
    seen = set()
    hook = any_student.backbone.model.get_output_embeddings().register_forward_hook(
        lambda module, inputs, output: seen.add(output.dtype)
    )
    mixed = list(tune(any_student, Plan(STEPS, LR, mixed_precision=True, checkpointing=True)))
    hook.remove()
    assert seen == {torch.bfloat16}
    assert {p.dtype for p in mixed[-1].params().values()} == {torch.float32}
    full = list(tune(any_student))
    assert [s.loss for s in mixed] == pytest.approx([s.loss for s in full], rel=0.05)
    assert mixed[-1].loss != full[-1].loss


def test_extra_terms_are_added_without_the_loop_knowing_them(one):
    """A toy regulariser that pulls every parameter to 0, and one that counts what it is given."""
    seen = []

    def small(student, params, batch):
        return sum(p.square().sum() for p in params.values())

    def look(student, params, batch):
        seen.append((student, batch))
        return torch.zeros(())

    losses, expected = naive(one, Plan(STEPS, LR), extra=lambda params: 0.3 * small(one, params, None))
    steps = list(tune(one, loss_at=always(sum_of(answer_loss, (0.3, small), (1.0, look)))))
    assert [step.loss for step in steps] == pytest.approx(losses, rel=1e-4)
    assert close(steps[-1].params(), expected)
    assert not close(list(tune(one))[-1].params(), expected)
    assert all(student is one for student, _ in seen) and sum(len(batch) for _, batch in seen) == STEPS * len(EXAMPLES)


def test_a_loss_learns_the_number_of_its_update_and_a_resumed_one_the_same_numbers(one):
    def weighted_at(step):
        asked.append(step)
        return lambda student, params, batch: 0.5**step * student.loss(params, batch)

    asked = []
    whole = list(tune(one, loss_at=weighted_at))
    state = next(tune(one, loss_at=weighted_at)).state()
    rest = list(tune(one, start=state, loss_at=weighted_at))
    assert asked == [0, 1, 2, 0, 1, 2] and [step.loss for step in rest] == [step.loss for step in whole][1:]
    assert whole[1].loss < 0.6 * whole[0].loss and whole[2].loss < 0.6 * whole[1].loss


def test_an_interrupted_tuning_goes_on_to_the_same_bits(any_student, tmp_path):
    whole = list(tune(any_student, Plan(STEPS, LR, clip=1.0)))
    numbers, last = [(step.step, step.loss, step.lr) for step in whole], whole[-1].params()
    for step in tune(any_student, Plan(STEPS, LR, clip=1.0)):
        if step.step == 2:
            step.state().save(tmp_path / "state.safetensors")
            break
    any_student.put(any_student.initial(9))  # another process knows nothing of this one
    state = FinetuneState.load(tmp_path / "state.safetensors")
    assert state.step == 2
    rest = list(tune(any_student, Plan(STEPS, LR, clip=1.0), start=state))
    assert [(step.step, step.loss, step.lr) for step in rest] == numbers[2:]
    assert equal(rest[-1].params(), last)


def test_a_state_can_be_gone_on_from_twice(one):
    """Training changes the module, never the state it began from."""
    state = next(tune(one)).state()
    before = {name: p.clone() for name, p in state.params.items()}
    first, second = (list(tune(one, start=state))[-1].params() for _ in range(2))
    assert equal(first, second) and equal(state.params, before)


def test_what_a_past_step_left_cannot_be_asked_for(one):
    first, second = list(tune(one, Plan(2, LR)))
    assert second.params()
    with pytest.raises(RuntimeError, match="Step 1 is over"):
        first.params()
    with pytest.raises(RuntimeError, match="Step 1 is over"):
        first.state()


def test_a_loss_that_is_no_number_ends_it_before_the_parameters_are_spoilt(one):
    def broken(student, params, batch):
        return student.loss(params, batch) * math.nan

    with pytest.raises(UserError, match=r"loss is nan at step 0.*Lower the learning rate"):
        list(tune(one, loss_at=always(broken)))
    assert equal({name: p.detach() for name, p in one.live().items()}, one.initial(0))


@pytest.mark.parametrize("damage", ["cut", "empty", "gone", "other"])
def test_a_damaged_state_is_refused(one, tmp_path, damage):
    file = tmp_path / "state.safetensors"
    next(tune(one)).state().save(file)
    raw = file.read_bytes()
    file.write_bytes({"cut": raw[:-50], "empty": b"", "gone": b"", "other": b"PK" + raw}[damage])
    if damage == "gone":
        file.unlink()
    with pytest.raises(UserError, match=r"state\.safetensors cannot be read"):
        FinetuneState.load(file)


def test_the_state_of_another_student_is_refused(one, tiny_models):
    other = make_student(load_backbone(str(tiny_models["opt"])), "dora", 2, 4)
    with pytest.raises(UserError, match="are another student's"):
        next(tune(one, start=FinetuneState.fresh(other.initial(0))))


def test_a_saved_state_replaces_the_old_one_whole(one, tmp_path):
    for step in tune(one, Plan(2, LR)):
        step.state().save(tmp_path / "state.safetensors")
    assert [file.name for file in tmp_path.iterdir()] == ["state.safetensors"]
    assert FinetuneState.load(tmp_path / "state.safetensors").step == 2


def test_checkpointing_a_model_that_cannot_is_refused(one):
    one.backbone.model.supports_gradient_checkpointing = False
    with pytest.raises(UserError, match="Turn gradient checkpointing off"):
        next(tune(one, Plan(1, LR, checkpointing=True)))
