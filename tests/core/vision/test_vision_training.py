"""Training a model of pictures and captions: it learns, and goes on from a state to the same numbers."""

import pytest
import torch

from backend.core.training.finetune import Diverged
from backend.core.training.finetune_state import FinetuneState
from backend.core.vision.contrastive import clip_loss
from backend.core.vision.models import outputs
from backend.core.vision.training import Plan, train
from backend.errors import UserError
from tests.tiny_clip_model import tiny_clip, tiny_pairs

PLAN = Plan(steps=6, lr=1e-2, warm=2)


def plain(model, pairs):
    return clip_loss(outputs(model, pairs))


def weighted(step):
    return lambda model, pairs: (1 + step) * plain(model, pairs)


def batch_at(step):
    return tiny_pairs(4, seed=step % 2)


def weights(model):
    return {name: p.detach().clone() for name, p in model.named_parameters()}


def test_a_training_that_was_broken_off_goes_on_to_the_same_numbers(tmp_path):
    whole, losses = tiny_clip(), []
    for step in train(whole, batch_at, weighted, PLAN):
        losses.append(step.loss)
        if step.step == 3:
            step.state().save(tmp_path / "state.safetensors")
    resumed = tiny_clip(seed=9)
    start = FinetuneState.load(tmp_path / "state.safetensors")
    assert [step.loss for step in train(resumed, batch_at, weighted, PLAN, start)] == losses[3:]
    assert all(torch.equal(a, b) for a, b in zip(weights(whole).values(), weights(resumed).values(), strict=True))


def test_pairs_are_learned():
    losses = [step.loss for step in train(tiny_clip(), lambda k: tiny_pairs(), lambda k: plain, Plan(40, 5e-3, 4))]
    assert losses[-1] < losses[0] / 3


def test_the_step_size_warms_up_and_ends_near_nothing():
    sizes = [PLAN.lr_at(step) for step in range(PLAN.steps)]
    assert sizes[:3] == pytest.approx([5e-3, 1e-2, 1e-2]) and sizes[2:] == sorted(sizes[2:], reverse=True)
    assert Plan(steps=100, lr=1.0).lr_at(99) < 1e-3


def test_what_has_no_gradient_stays_and_vectors_do_not_decay():
    model = tiny_clip()
    model.visual_projection.requires_grad_(False)
    before = weights(model)
    for _ in train(model, batch_at, lambda step: lambda m, p: 0 * plain(m, p), Plan(steps=2, lr=0.1, decay=0.5)):
        pass
    after = weights(model)
    assert torch.equal(before["visual_projection.weight"], after["visual_projection.weight"])
    same = {name for name in before if torch.equal(before[name], after[name])}
    assert same - {"visual_projection.weight"} == {name for name, p in before.items() if p.ndim < 2}


def test_the_scale_never_passes_a_hundred():
    model = tiny_clip()
    for _ in train(model, batch_at, lambda step: lambda m, p: -m.logit_scale, Plan(steps=3, lr=5.0)):
        assert model.logit_scale.exp() <= 100.001


def test_a_loss_that_is_no_number_stops_it():
    with pytest.raises(Diverged):
        next(train(tiny_clip(), batch_at, lambda step: lambda m, p: plain(m, p) * torch.nan, PLAN))


def test_a_state_of_another_model_is_refused():
    state = next(train(tiny_clip(), batch_at, weighted, PLAN)).state()
    other = torch.nn.Linear(2, 2)
    with pytest.raises(UserError):
        next(train(other, batch_at, weighted, PLAN, state))
