"""Softened labels are distributions, equal a naive twin, have no gradient, and vanish into CLIP's own loss."""

import math

import pytest
import torch

from backend.core.vision.soft_labels import share_on_true, soft_labels, softened_loss, softness_at

PAIRS = 6
WEIGHTS = ("uniform", "similarity")


def logits(seed: int = 0, scale: float = 4.0, pairs: int = PAIRS) -> torch.Tensor:
    return scale * torch.randn(pairs, pairs, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def naive_labels(z, alpha, weights):
    rows = []
    for i, row in enumerate(z.tolist()):
        weight = [0.0 if j == i else math.exp(x) if weights == "similarity" else 1.0 for j, x in enumerate(row)]
        rows.append([1 - alpha if j == i else alpha * w / sum(weight) for j, w in enumerate(weight)])
    return rows


def naive_loss(z, alpha, weights):
    total = 0.0
    for side in (z, z.T):
        labels = naive_labels(side, alpha, weights)
        for i, row in enumerate(side.tolist()):
            whole = math.log(sum(math.exp(x) for x in row))
            total -= sum(labels[i][j] * (x - whole) for j, x in enumerate(row)) / len(row) / 2
    return total


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_labels_and_loss_equal_their_naive_twins(weights, alpha):
    z = logits()
    labels = soft_labels(z, alpha, weights)
    assert labels.tolist() == [pytest.approx(row, abs=1e-12) for row in naive_labels(z, alpha, weights)]
    assert softened_loss(z, alpha, weights).item() == pytest.approx(naive_loss(z, alpha, weights), abs=1e-12)


@pytest.mark.parametrize("weights", WEIGHTS)
def test_every_row_is_a_distribution_with_what_is_left_on_its_own_pair(weights):
    labels = soft_labels(logits(), 0.3, weights)
    assert torch.allclose(labels.sum(-1), torch.ones(PAIRS, dtype=labels.dtype))
    assert torch.allclose(labels.diagonal(), torch.full((PAIRS,), 0.7, dtype=labels.dtype))
    assert (labels >= 0).all()


def test_a_softness_of_nothing_is_the_loss_of_clip():
    z = logits()
    own = torch.arange(PAIRS)
    plain = (torch.nn.functional.cross_entropy(z, own) + torch.nn.functional.cross_entropy(z.T, own)) / 2
    assert softened_loss(z).item() == pytest.approx(plain.item(), abs=1e-12)


def test_labels_have_no_gradient_so_that_of_the_loss_is_prediction_less_label():
    z = logits().requires_grad_()
    found = torch.autograd.grad(softened_loss(z, 0.3), z)[0]
    rows = z.softmax(-1) - soft_labels(z, 0.3)
    columns = (z.T.softmax(-1) - soft_labels(z.T, 0.3)).T
    assert torch.allclose(found, (rows + columns) / (2 * PAIRS))


def test_more_goes_to_the_more_similar_negative_and_uniform_knows_no_difference():
    z = torch.tensor([[5.0, 1.0, 3.0], [0.0, 5.0, 0.0], [0.0, 0.0, 5.0]])
    by_similarity, even = soft_labels(z, 0.2)[0], soft_labels(z, 0.2, "uniform")[0]
    assert by_similarity[2] > by_similarity[1] > 0
    assert even[1] == even[2] == pytest.approx(0.1)


def test_a_lone_pair_keeps_its_whole_label_and_large_logits_stay_finite():
    assert soft_labels(torch.zeros(1, 1), 0.3).tolist() == [[1.0]]
    assert softened_loss(torch.zeros(1, 1), 0.3).item() == 0
    assert torch.isfinite(softened_loss(logits(scale=1e4), 0.3))


def test_schedules_start_and_end_where_they_say():
    grown = {name: [softness_at(step, 11, 0.4, name) for step in range(11)] for name in ("none", "constant", "linear")}
    assert grown["none"] == [0.0] * 11 and grown["constant"] == [0.4] * 11
    assert grown["linear"] == pytest.approx([0.04 * step for step in range(11)])
    late = [softness_at(step, 11, 0.4, "late") for step in range(11)]
    assert late[:6] == [0.0] * 6 and late[6:] == pytest.approx([0.08, 0.16, 0.24, 0.32, 0.4])
    assert softness_at(0, 1, 0.4) == 0.0


def test_the_share_on_true_captions_is_that_of_chance_for_even_weights_and_more_where_similarity_knows():
    true = torch.zeros(PAIRS, PAIRS, dtype=torch.bool)
    true[0, 1] = true[1, 0] = True
    true.fill_diagonal_(True)
    knowing = 3.0 * true.double()
    assert share_on_true(soft_labels(knowing, 0.3, "uniform"), true) == pytest.approx(2 / (PAIRS * (PAIRS - 1)))
    assert share_on_true(soft_labels(knowing, 0.3), true) > 0.25
    assert share_on_true(soft_labels(knowing, 0.0), true) is None
