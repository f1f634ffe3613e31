"""The straight-through decoder: the unroll reads real tokens, the copy behind them moves, the best are kept."""

import torch

from backend.core.models.nearest_tokens import as_grid
from backend.studies.text_distillation.distill import begin, distil
from backend.studies.text_distillation.engines import make_engine
from backend.studies.text_distillation.heldout import followed_loss
from backend.studies.text_distillation.nearest import Nearest
from tests import tiny_decoding
from tests.tiny_decoding import moved

one_process = tiny_decoding.one_process
config = tiny_decoding.config
ready = tiny_decoding.ready


def test_straight_through_unrolls_on_real_tokens_and_moves_the_copy_behind_them(ready):
    setup, decoder, state, buffer = ready("straight_through")
    moved(setup, state)
    ids = setup.nearest.project(state.prompts, setup.synthetic.lengths)
    tokens = setup.synthetic.table[as_grid(ids)]
    used = setup.synthetic.used
    assert torch.equal(decoder.seen(state)[used], tokens[used])
    assert not torch.allclose(decoder.seen(state)[used], state.prompts[used])
    on_tokens = begin(setup.config, setup.synthetic, 1.0)
    with torch.no_grad():
        on_tokens.prompts[used] = tokens[used]
        on_tokens.log_lrs.copy_(state.log_lrs)
    copy = state.prompts.detach().clone()
    row = first_row(setup, decoder, state, buffer)
    plain = first_row(setup, Nearest(setup), on_tokens, buffer)
    assert (row["matching_loss"], row["gradient_norm"]) == (plain["matching_loss"], plain["gradient_norm"])
    assert torch.equal(state.prompts.grad, on_tokens.prompts.grad)
    # Adam's first step is of one length, so the same gradient moves both by the same from where they were
    assert torch.allclose(state.prompts - copy, on_tokens.prompts - tokens, atol=1e-6)


def first_row(setup, decoder, state, buffer) -> dict:
    return next(distil(setup.config, make_engine("exact", setup.own.student), buffer, setup.synthetic, decoder, state))


def test_straight_through_keeps_the_best_tokens_and_lets_worse_ones_go(ready):
    setup, decoder, state, buffer = ready("straight_through", snapshot_every=1)

    def loss(ids):
        return followed_loss(setup, buffer, setup.synthetic.table[ids], state.log_lrs)

    losses, real = [loss(state.memory["kept"])], state.prompts.detach().clone()
    for seed in range(6):
        with torch.no_grad():
            noise = torch.randn(real.shape, generator=torch.Generator().manual_seed(seed))
            state.prompts.copy_(real + 1.5 * setup.synthetic.table.std() * noise)
        losses.append(loss(as_grid(setup.nearest.project(state.prompts, setup.synthetic.lengths))))
        state.step = seed + 1
        decoder.after(state, buffer)
        assert loss(state.memory["kept"]) == min(losses)
    assert losses[0] > min(losses) and losses[-1] > min(losses)  # both kinds happened
