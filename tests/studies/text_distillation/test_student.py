"""The student on language models of five families, in double precision: losses, gradients, batches."""

import pytest
import torch

from backend.core.models.lora import LoraStudent
from backend.core.models.nearest_tokens import NearestTokens, to_text, writable_ids
from backend.core.params import as_leaves, gradients
from backend.core.text.batches import IGNORED, Batch
from backend.core.text.examples import Rows, encode
from backend.core.text.prompts import Example, question_prompt
from backend.errors import UserError
from backend.studies.text_distillation.synthetic import SyntheticPrompts, check_fits, make_slots
from backend.studies.text_distillation.unroll import Segment, matching_gradient, unroll
from tests.double import EXACT, double_backbone, relative
from tests.studies.text_distillation.test_unroll import naive_matching_loss
from tests.tiny import FACTS, FAMILIES

pytestmark = pytest.mark.usefixtures("double")
EXAMPLES = [Example(question_prompt(q), options[answer]) for q, options, answer in FACTS]


@pytest.fixture(params=FAMILIES)
def student(request, tiny_models) -> LoraStudent:
    return LoraStudent(double_backbone(tiny_models[request.param]), rank=2, alpha=4)


def rows_of(student: LoraStudent) -> Rows:
    return Rows([encode(student.backbone.tokenizer, example) for example in EXAMPLES], student.table)


def prompts_of(student: LoraStudent, slots: int = 3) -> SyntheticPrompts:
    encoded = rows_of(student).examples[:slots]
    return SyntheticPrompts(make_slots(encoded, encoded[0].prompt[:1], (), 6, "replace"), student.table)


def test_padding_does_not_change_the_loss(student):
    """Left-padded prompts and right-padded answers give what each example gives alone."""
    rows, params = rows_of(student), student.initial(0)
    together = student.loss(params, rows.batch([0, 1, 2, 3]))
    alone = [(student.loss(params, b), (b.labels != IGNORED).sum()) for b in (rows.batch([i]) for i in range(4))]
    expected = sum(loss * n for loss, n in alone) / sum(n for _, n in alone)
    assert together.item() == pytest.approx(expected.item(), rel=EXACT)


def test_embeddings_give_the_loss_that_token_ids_give(student):
    """Our batch of embeddings is what the model would read from ids, all columns, its own head."""
    example = rows_of(student).examples[1]
    ids = torch.tensor([[*example.prompt, *example.answer]])
    student.put(student.initial(0))
    logits = student.model(input_ids=ids).logits[0, len(example.prompt) - 1 : -1]
    plain = torch.nn.functional.cross_entropy(logits, torch.tensor(example.answer))
    ours = student.loss(student.initial(0), rows_of(student).batch([1]))
    assert ours.item() == pytest.approx(plain.item(), rel=EXACT)


def test_micro_batches_give_the_gradient_of_the_whole_batch(student):
    rows, params = rows_of(student), student.initial(1)
    chosen = list(range(len(rows)))
    loss, found = student.mean_gradient(params, rows.micro_batches(chosen, tokens=64))
    leaves = as_leaves(params)
    whole = student.loss(leaves, rows.batch(chosen))
    assert loss == pytest.approx(whole.item(), rel=EXACT)
    for name, g in gradients(whole, leaves).items():
        assert relative(found[name], g) < EXACT


@pytest.mark.parametrize("rule", ["sgd", "normalised"])
def test_the_exact_gradient_equals_the_naive_unroll_on_every_family(student, rule):
    synthetic = prompts_of(student)
    start = student.initial(0)
    target = {
        name: p + 0.01 * torch.randn(p.shape, generator=torch.Generator().manual_seed(1)) for name, p in start.items()
    }
    segment = Segment(start, target, rule)
    prompts = (synthetic.initial + 0.01).requires_grad_()
    log_lrs = torch.full((4,), -4.0, requires_grad=True)

    def loss_at(params, p, k):
        return student.loss(params, synthetic.batch(p))

    found = matching_gradient(loss_at, segment, prompts, log_lrs)
    loss = naive_matching_loss(loss_at, segment, prompts, log_lrs)
    d_prompts, d_log_lrs = torch.autograd.grad(loss, (prompts, log_lrs))
    assert relative(found.prompts, d_prompts) < EXACT
    assert relative(found.log_lrs, d_log_lrs) < EXACT


def test_a_step_never_changes_the_model_or_the_start(student):
    before = {name: p.clone() for name, p in student.model.state_dict().items()}
    start = student.initial(0)
    synthetic = prompts_of(student)
    states = unroll(
        lambda params, p, k: student.loss(params, synthetic.batch(p)),
        Segment(start, start, "normalised"),
        synthetic.initial,
        torch.full((2,), -4.0),
    )
    assert all(torch.equal(p, before[name]) for name, p in student.model.state_dict().items())
    assert any(not torch.equal(states[0][name], states[2][name]) for name in start)
    assert all(torch.equal(start[name], states[0][name]) for name in start)


def test_prompts_are_put_exactly_where_the_questions_were(student):
    """The frame with the initial prompts is the batch of the real examples."""
    synthetic = prompts_of(student)
    batch = synthetic.batch(synthetic.initial)
    assert isinstance(batch, Batch)
    for row, slot in enumerate(synthetic.slots):
        ids = [*slot.before, *slot.initial, *slot.after]
        width = batch.labels.shape[1]
        prompt_end = batch.embeds.shape[1] - width
        assert torch.equal(batch.embeds[row, prompt_end - len(ids) : prompt_end], student.table[ids])
    some = synthetic.batch(synthetic.initial, [2, 0])
    assert torch.equal(some.labels, batch.labels[[2, 0]])


def test_a_prompt_longer_than_the_context_is_refused_with_both_lengths(student):
    slots = make_slots(rows_of(student).examples[:1] * 2, (1,), (2, 3), 6, "prefix")
    check_fits(slots, 512)
    with pytest.raises(UserError, match=r"tokens long. Expected at most 12"):
        check_fits(slots, 12)


def test_real_prompts_decode_to_themselves_and_faiss_agrees_with_brute_force(student):
    tokenizer, table = student.backbone.tokenizer, student.table
    nearest = NearestTokens(table, writable_ids(tokenizer, len(table)))
    points = table[nearest.ids[:40].tolist()] + 0.01
    brute = torch.cdist(points, table[nearest.ids.tolist()]).argmin(1)
    assert nearest.search(points)[0][:, 0].tolist() == [nearest.ids[i] for i in brute.tolist()]
    ids = tuple(i for i in tokenizer(" Which animal gives milk?").input_ids if i in set(nearest.ids.tolist()))
    assert nearest.project(table[list(ids)][None], [len(ids)]) == [ids]
    assert to_text(tokenizer, ids) == "Which animal gives milk?"


def test_banned_ids_are_never_decoded(student):
    tokenizer, table = student.backbone.tokenizer, student.table
    ids = set(writable_ids(tokenizer, len(table)))
    assert not ids & set(tokenizer.all_special_ids)
    assert all(i < len(tokenizer) for i in ids)
    assert not any(tokenizer.decode([i]) in ("", "\n", "\t", "\ufffd") for i in ids)


def test_the_regulariser_is_zero_on_real_tokens_and_pulls_towards_the_nearest(student):
    nearest = NearestTokens(student.table, writable_ids(student.backbone.tokenizer, len(student.table)))
    used = torch.ones(1, 5, dtype=torch.bool)
    on_tokens = student.table[nearest.ids[:5].tolist()][None]
    assert nearest.regulariser(on_tokens, used).item() == pytest.approx(0, abs=1e-6)
    off = (on_tokens + 0.02).requires_grad_()
    (pull,) = torch.autograd.grad(nearest.regulariser(off, used), off)
    assert nearest.regulariser(off - 0.01 * pull / pull.norm(), used) < nearest.regulariser(off, used)
