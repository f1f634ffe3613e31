"""Masks learn to remove what was asked, and a learning that goes on from a state gives the unbroken numbers."""

import pytest
import torch

from backend.core.training.finetune_state import FinetuneState
from backend.core.vision.budget import Budget
from backend.core.vision.choice import kept_of, to_size
from backend.core.vision.mask_learning import MaskPlan, learn_masks
from backend.core.vision.models import outputs
from backend.core.vision.parts import blocks_of, shapes_of, units
from backend.core.vision.training import Plan
from backend.errors import UserError
from tests.small_clip import features, small_clip, small_config, small_pairs

SMALL = small_config((8, 2, 2, 12), (8, 1, 2, 8))


def same_features(student, pairs):
    """A loss that only the units matter for: the distance to the whole model's features."""
    return (features(student, pairs) - TARGET).square().sum()


with torch.no_grad():
    TARGET = features(small_clip(config=SMALL), small_pairs())


def learned(steps, start=None, stop=None):
    model = small_clip(config=SMALL)
    budget = Budget(blocks_of(shapes_of(model)), target=0.5, warmup=steps // 2)
    masks = MaskPlan(budget, lr=0.15, seed=1)
    found = learn_masks(model, lambda k: small_pairs(), lambda k: same_features, Plan(steps, 1e-3), masks, start)
    rows = []
    for step in found:
        rows.append((step.step, step.loss, step.cost, step.removed))
        if step.step in (stop, steps):
            return rows, step, model
    raise AssertionError


def test_the_expected_size_reaches_the_target_from_the_whole_model():
    rows, last, model = learned(80)
    assert rows[0][3] < 0.02
    assert abs(last.removed - 0.5) < 0.05
    shapes = shapes_of(model)
    kept = kept_of(to_size(last.loga(), shapes, blocks_of(shapes) // 2))
    assert 0 < sum(map(len, kept.values())) < sum(units(shapes).values())


def test_a_learning_that_was_killed_goes_on_to_the_unbroken_numbers(tmp_path):
    whole, last, model = learned(8)
    _, halfway, _ = learned(8, stop=5)
    halfway.state().save(tmp_path / "state.safetensors")
    rest, resumed, again = learned(8, FinetuneState.load(tmp_path / "state.safetensors"))
    assert rest == whole[5:]
    for unit, value in last.loga().items():
        assert torch.equal(value, resumed.loga()[unit])
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))


def test_a_state_of_another_model_is_refused():
    _, step, _ = learned(8, stop=2)
    state, other = step.state(), small_clip()
    plan = MaskPlan(Budget(1000, 0.5), lr=0.1)
    with pytest.raises(UserError, match="another student's"):
        next(learn_masks(other, lambda k: small_pairs(), lambda k: same_features, Plan(3, 1e-3), plan, state))


def test_what_a_loss_reads_is_the_model_under_masks():
    seen = []

    def loss(model, pairs):
        seen.append(outputs(model, pairs).image.detach())
        return outputs(model, pairs).image.square().sum()

    model = small_clip(config=SMALL)
    plan = MaskPlan(Budget(blocks_of(shapes_of(model)), 0.5), lr=0.0)
    for _ in learn_masks(model, lambda k: small_pairs(), lambda k: loss, Plan(2, 0.0), plan):
        pass
    assert not torch.equal(seen[0], seen[1])  # other noise in every step, though nothing was trained
