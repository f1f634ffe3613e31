"""The whole loss is the weighted sum of its parts, is CLIP's where all are left out, and is resumed to its numbers."""

import itertools
from dataclasses import replace

import pytest
import torch

from backend.core.seeding import generator
from backend.core.vision.contrastive import clip_loss, logits_of
from backend.core.vision.light_loss import Light, Parts, light_losses
from backend.core.vision.masked_words import Asked, Fusion, hide_words, image_states, masked_word_loss
from backend.core.vision.models import outputs
from backend.core.vision.soft_labels import softened_loss
from backend.core.vision.token_matching import RULES, Matching, token_loss, word_places
from backend.core.vision.training import Plan, train
from tests.tiny_clip_model import tiny_clip, tiny_pairs

NONE = Parts(softness=0.0, tokens=0.0, masked=0.0)
STEPS = 5


def light(seed: int = 0) -> Light:
    model = tiny_clip(seed)
    return Light(model, Fusion(model, seed=seed))


def losses(parts: Parts, step: int = 4, module: Light | None = None):
    return light_losses(module or light(), tiny_pairs(), parts, step, STEPS, generator("draws", step))


def test_without_its_parts_it_is_the_loss_of_clip_and_needs_no_module():
    found = losses(NONE, module=Light(tiny_clip()))
    assert found.total.item() == pytest.approx(clip_loss(outputs(tiny_clip(), tiny_pairs())).item(), abs=1e-5)
    assert found.tokens is None and found.masked is None


def test_every_part_is_that_of_its_own_module_and_the_total_their_weighted_sum():
    model, pairs = tiny_clip(), tiny_pairs()
    parts = Parts(tokens=0.5, masked=0.3, blind=0.5)
    found, apart = losses(parts), outputs(model, pairs, tokens=True)
    soft = softened_loss(logits_of(apart), 0.3)
    tokens = token_loss(apart.patches, apart.words, word_places(pairs.mask), apart.scale, Matching(), 0.3)
    rng = generator("draws", 4)
    sighted = torch.rand(len(pairs), generator=rng) >= 0.5
    asked = Asked(pairs, hide_words(pairs.mask, rng), sighted)
    masked = masked_word_loss(model, Fusion(model), asked, image_states(model, pairs.pixels))
    for one, other in ((found.pairs, soft), (found.tokens, tokens), (found.masked, masked)):
        assert one.item() == pytest.approx(other.item(), abs=1e-5)
    assert found.total.item() == pytest.approx((soft + 0.5 * tokens + 0.3 * masked).item(), abs=1e-5)


def test_labels_are_as_hard_as_clips_at_the_first_step_and_soften_from_there():
    parts = replace(NONE, softness=0.4)
    hard = [losses(NONE, step).total.item() for step in range(STEPS)]
    soft = [losses(parts, step).total.item() for step in range(STEPS)]
    away = [abs(one - other) for one, other in zip(soft, hard, strict=True)]
    assert away[0] == 0
    assert all(more > less for less, more in itertools.pairwise(away))


def test_masked_words_without_a_module_are_refused():
    with pytest.raises(ValueError, match="fusion module"):
        losses(Parts(), module=Light(tiny_clip()))


@pytest.mark.parametrize("rule", RULES)
def test_a_training_with_all_parts_goes_on_from_its_state_to_the_unbroken_numbers(rule):
    parts = Parts(matching=Matching(rule))

    def loss_at(step):
        return lambda module, pairs: light_losses(module, pairs, parts, step, STEPS, generator("at", step)).total

    def steps(module, start=None):
        return train(module, lambda step: tiny_pairs(seed=step), loss_at, Plan(STEPS, 1e-3, warm=1), start)

    whole, states = [], []
    for step in steps(light()):
        whole.append(step.loss)
        states.append(step.state())
    again = [step.loss for step in steps(light(seed=9), states[1])]
    assert again == whole[2:]
