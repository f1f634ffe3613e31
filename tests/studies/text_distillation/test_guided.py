"""The guided decoder: the model chooses among near tokens, and a penalty with a dual pulls the prompts to them."""

import torch

from backend.core.models.nearest_tokens import as_rows
from backend.studies.text_distillation.guided import likeliest, next_logits
from backend.studies.text_distillation.setup import Setup
from tests import tiny_decoding
from tests.tiny_decoding import moved

one_process = tiny_decoding.one_process
config = tiny_decoding.config
ready = tiny_decoding.ready


def test_the_guided_projection_is_the_likeliest_of_the_nearest_tokens(ready):
    """Against a walk of one slot at a time over the frozen model's own logits."""
    setup, _, state, _ = ready("guided")
    moved(setup, state, 1.0)
    synthetic, k = setup.synthetic, 7
    before = synthetic.slots[0].before
    found = likeliest(setup.own.student, setup.nearest, state.prompts.detach(), before, k)
    plain = Setup(setup.config).own.student.model  # another copy, read through its own forward
    for slot, length in enumerate(synthetic.lengths):
        read = list(before)
        for place in range(length):
            near = setup.nearest.search(state.prompts[slot, place : place + 1], k)[0][0].tolist()
            plain.eval()
            with torch.no_grad(), plain.disable_adapter():
                logits = plain(input_ids=torch.tensor([read])).logits[0, -1]
            assert found[slot, place] == max(near, key=lambda token: logits[token].item())
            read.append(int(found[slot, place]))


def test_with_one_neighbour_the_guided_projection_is_the_plain_one(ready):
    setup, _, state, _ = ready("guided")
    moved(setup, state)
    ids = likeliest(setup.own.student, setup.nearest, state.prompts.detach(), setup.synthetic.slots[0].before, 1)
    assert as_rows(ids, setup.synthetic.lengths) == setup.nearest.project(state.prompts, setup.synthetic.lengths)


def test_the_model_chooses_among_writable_tokens_only(ready):
    setup, _, state, _ = ready("guided")
    everything = len(setup.synthetic.table)
    before = setup.synthetic.slots[0].before
    ids = likeliest(setup.own.student, setup.nearest, state.prompts.detach(), before, everything)
    assert set(ids.flatten().tolist()) <= set(setup.nearest.ids.tolist())
    words = torch.tensor([before])
    logits = next_logits(setup.own.student, setup.own.student.initial(0), words)[0]
    assert ids[0, 0] == max(setup.nearest.ids.tolist(), key=lambda token: logits[token].item())


def test_the_guided_pull_is_the_gradient_of_its_penalty(ready):
    setup, decoder, state, _ = ready("guided", admm_rho=0.7)
    moved(setup, state)
    used = setup.synthetic.used
    state.memory["dual"] = (
        torch.randn(state.prompts.shape, generator=torch.Generator().manual_seed(1)) * used[..., None]
    )
    leaf = state.prompts.detach().requires_grad_()
    apart = leaf - setup.synthetic.table[state.memory["z"]] + state.memory["dual"]
    penalty = 0.7 / 2 * (apart[used].norm(dim=-1) / setup.nearest.scale).square().mean()
    (wanted,) = torch.autograd.grad(penalty, leaf)
    pull = decoder.pull(state)
    assert torch.allclose(pull.gradient, wanted, rtol=1e-5, atol=1e-9)
    assert pull.weight == 0.7


def test_the_dual_adds_up_what_is_left_between_prompts_and_tokens(ready):
    setup, decoder, state, buffer = ready("guided")
    left = torch.zeros_like(state.prompts)
    for step in range(1, 5):
        moved(setup, state, 0.1)
        before = state.memory["z"].clone()
        state.step = step
        decoder.after(state, buffer)
        if step % setup.config.admm_every:
            assert torch.equal(state.memory["z"], before)
        else:
            apart = state.prompts.detach() - setup.synthetic.table[state.memory["z"]]
            left += apart * setup.synthetic.used[..., None]
        assert torch.allclose(state.memory["dual"], left)
    assert left.abs().sum() > 0
