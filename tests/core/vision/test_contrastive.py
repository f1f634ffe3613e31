"""Losses on similarities, each beside a naive twin written with loops."""

import math

import pytest
import torch

from backend.core.seeding import generator
from backend.core.vision.contrastive import affinity, clip_loss, logits_of, mimicked
from backend.core.vision.models import Outputs


def drawn(seed, n=5, joint=8, scale=10.0):
    rng = generator("contrastive", seed)
    image, text = (torch.nn.functional.normalize(torch.randn(n, joint, generator=rng), dim=-1) for _ in range(2))
    return Outputs(image, text, None, None, torch.tensor(scale))


def softmax(values):
    powers = [math.exp(v) for v in values]
    return [p / sum(powers) for p in powers]


def test_clips_loss_is_the_mean_surprise_of_both_searches():
    found = drawn(0)
    s = logits_of(found).tolist()
    n = len(s)
    rows = sum(-math.log(softmax(s[i])[i]) for i in range(n)) / n
    columns = sum(-math.log(softmax([s[j][i] for j in range(n)])[i]) for i in range(n)) / n
    assert clip_loss(found).item() == pytest.approx((rows + columns) / 2, rel=1e-5)


def test_mimicking_is_the_soft_cross_entropy_in_both_directions():
    student, teacher = drawn(1), drawn(2, joint=12)
    ours, theirs = logits_of(student, 50.0).tolist(), logits_of(teacher, 50.0).tolist()
    n = len(ours)

    def crossed(a, b):
        return sum(-q * math.log(p) for i in range(n) for p, q in zip(softmax(a[i]), softmax(b[i]), strict=True)) / n

    found = mimicked(student, teacher)
    assert found.image_to_text.item() == pytest.approx(crossed(ours, theirs), rel=1e-4)
    turned = (
        [list(column) for column in zip(*ours, strict=True)],
        [list(column) for column in zip(*theirs, strict=True)],
    )
    assert found.text_to_image.item() == pytest.approx(crossed(*turned), rel=1e-4)
    assert found.loss.item() == pytest.approx((found.image_to_text + found.text_to_image).item() / 2)
    assert found.divergence.item() > 0


def test_a_student_that_agrees_has_no_divergence_and_no_gradient():
    teacher = drawn(3)
    image = teacher.image.clone().requires_grad_()
    found = mimicked(Outputs(image, teacher.text, None, None, torch.tensor(1.0)), teacher)
    assert found.divergence.abs() < 1e-5
    found.loss.backward()
    assert image.grad.abs().max() < 1e-5


def test_a_fixed_scale_is_used_for_both_and_the_own_scales_otherwise():
    sharp, flat = drawn(4, scale=30.0), drawn(4, scale=3.0)
    assert mimicked(sharp, flat).divergence.abs() < 1e-5
    assert mimicked(sharp, flat, scale=None).divergence > 0.1


def test_affinities_are_probabilities_of_texts_or_of_images():
    logits = logits_of(drawn(5))
    assert torch.allclose(affinity(logits).sum(1), torch.ones(5))
    assert torch.allclose(affinity(logits, "text_to_image").sum(0), torch.ones(5))
