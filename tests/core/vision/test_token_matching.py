"""Matchings equal their naive twins, keep to what their rules promise, and give a gradient to matched pairs alone."""

import itertools
import math

import pytest
import torch

from backend.core.vision.soft_labels import softened_loss
from backend.core.vision.token_matching import (
    RULES,
    Matching,
    cosines,
    plan,
    token_loss,
    token_scores,
    word_places,
)

PICTURES, CAPTIONS, WORDS, PATCHES, WIDTH = 3, 4, 5, 4, 6
HARD = [rule for rule in RULES if rule != "sinkhorn"]


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def patches() -> torch.Tensor:
    return draw(PICTURES, PATCHES, WIDTH)


def words() -> torch.Tensor:
    return draw(CAPTIONS, WORDS, WIDTH, seed=1)


def places() -> torch.Tensor:
    """The first caption has more words than there are patches, and the last has none."""
    return torch.tensor([[1, 1, 1, 1, 1], [0, 1, 1, 0, 0], [0, 1, 1, 1, 1], [0, 0, 0, 0, 0]]).bool()


def naive_best(similar, k):
    """The largest mean over every way to give each word a patch so that none serves more than k; k grows to fit."""
    count, k = len(similar), max(k, math.ceil(len(similar) / PATCHES))
    ways = itertools.product(range(PATCHES), repeat=count)
    legal = (way for way in ways if max(way.count(patch) for patch in way) <= k)
    return max(sum(similar[word][patch] for word, patch in enumerate(way)) / count for way in legal)


def naive_scores(rule, k):
    found = []
    for picture in patches():
        for caption, real in zip(words(), places(), strict=True):
            rows = [[(w @ p / w.norm() / p.norm()).item() for p in picture] for w in caption[real]]
            limit = {"one_to_one": 1, "relaxed": k, "row_max": WORDS}[rule]
            found.append(naive_best(rows, limit) if rows else 0.0)
    return torch.tensor(found, dtype=torch.float64).view(PICTURES, CAPTIONS)


@pytest.mark.parametrize(
    ("rule", "k"), [("one_to_one", 2), ("relaxed", 1), ("relaxed", 2), ("relaxed", 3), ("row_max", 2)]
)
def test_scores_are_those_of_the_best_of_all_legal_matchings(rule, k):
    found = token_scores(patches(), words(), places(), Matching(rule, k))
    assert torch.allclose(found, naive_scores(rule, k), atol=1e-12)


def test_a_patch_that_may_serve_more_words_never_lowers_a_score():
    rules = [Matching("one_to_one"), Matching("relaxed", 2), Matching("relaxed", 3), Matching("row_max")]
    scores = [token_scores(patches(), words(), places(), rule) for rule in rules]
    assert all((more >= less - 1e-12).all() for less, more in itertools.pairwise(scores))
    assert (scores[-1] > scores[0] + 1e-3).any()  # the rules do differ here
    assert torch.allclose(scores[0], token_scores(patches(), words(), places(), Matching("relaxed", 1)))


@pytest.mark.parametrize("rule", HARD)
def test_every_word_gets_one_patch_and_no_patch_too_many_words(rule):
    matching = Matching(rule)
    found = plan(cosines(patches(), words()), places(), matching)
    assert set(found.unique().tolist()) == {0, 1}
    assert torch.equal(found.sum(-1), places().double().expand(PICTURES, -1, -1))
    capacity = [matching.capacity(count, PATCHES) for count in places().sum(-1).tolist()]
    assert (found.sum(-2) <= torch.tensor(capacity)[:, None]).all()


def naive_sinkhorn(similar, epsilon, iterations):
    rows = [[math.exp(x / epsilon) for x in row] for row in similar]
    for _ in range(iterations):
        received = [sum(row[p] for row in rows) * PATCHES / len(similar) for p in range(PATCHES)]
        rows = [[x / received[p] for p, x in enumerate(row)] for row in rows]
        rows = [[x / sum(row) for x in row] for row in rows]
    return rows


def test_sinkhorn_equals_its_naive_twin_and_leaves_other_signs_out():
    similar = cosines(patches(), words())
    found = plan(similar, places(), Matching("sinkhorn", epsilon=0.2, iterations=4))
    assert not found[:, ~places()].any()
    for picture, caption in itertools.product(range(PICTURES), (0, 1, 2)):
        real = places()[caption]
        expected = naive_sinkhorn(similar[picture, caption, real].tolist(), 0.2, 4)
        assert found[picture, caption, real].tolist() == [pytest.approx(row) for row in expected]


def test_a_cold_and_long_sinkhorn_is_the_one_to_one_assignment_of_as_many_words_as_patches():
    similar, every = draw(PATCHES, PATCHES), torch.ones(PATCHES, dtype=torch.bool)
    soft = plan(similar, every, Matching("sinkhorn", epsilon=0.05, iterations=500))
    assert torch.allclose(soft, plan(similar, every, Matching("one_to_one")), atol=0.02)


@pytest.mark.parametrize("rule", RULES)
def test_the_gradient_reaches_matched_pairs_alone(rule):
    similar = cosines(patches(), words())
    leaf, matching = similar.clone().requires_grad_(), Matching(rule)
    found = plan(leaf, places(), matching)
    assert not found.requires_grad
    moved = patches().requires_grad_()
    token_scores(moved, words(), places(), matching)[0].sum().backward()
    assert moved.grad[0].any() and not moved.grad[1:].any()
    if rule != "sinkhorn":
        used = found[0].sum((0, 1)) > 0
        assert torch.equal(moved.grad[0].norm(dim=-1) > 0, used)


@pytest.mark.parametrize("rule", RULES)
def test_the_loss_and_its_gradient_are_those_of_a_matching_that_stays_as_it_is(rule):
    real, leaf, along, h = places()[:3], patches().requires_grad_(), draw(PICTURES, PATCHES, WIDTH, seed=2), 1e-6
    kept = plan(cosines(leaf, words()[:3]), real, Matching(rule))

    def loss(at):
        return softened_loss(8 * (kept * cosines(at, words()[:3])).sum((-1, -2)) / real.sum(-1)).item()

    value = token_loss(leaf, words()[:3], real, 8.0, Matching(rule))
    exact = (torch.autograd.grad(value, leaf)[0] * along).sum().item()
    still = leaf.detach()
    assert value.item() == pytest.approx(loss(still))
    assert exact == pytest.approx((loss(still + h * along) - loss(still - h * along)) / (2 * h), rel=1e-4, abs=1e-7)


def test_labels_of_the_token_loss_can_be_softened():
    scores = 8 * token_scores(patches(), words()[:3], places()[:3], Matching())
    found = token_loss(patches(), words()[:3], places()[:3], 8.0, Matching(), softness=0.3, weights="uniform")
    assert found.item() == pytest.approx(softened_loss(scores, 0.3, "uniform").item())


def test_words_are_neither_the_first_nor_the_last_sign_nor_padding():
    mask = torch.tensor([[1, 1, 1, 1, 0], [1, 1, 0, 0, 0], [1, 1, 1, 1, 1]])
    assert word_places(mask).int().tolist() == [[0, 1, 1, 0, 0], [0, 0, 0, 0, 0], [0, 1, 1, 1, 0]]


@pytest.mark.parametrize("rule", RULES)
def test_a_model_that_came_apart_gives_a_loss_that_is_no_number_instead_of_a_solvers_error(rule):
    broken = patches()
    broken[1, 0, 0] = torch.nan
    assert torch.isnan(token_loss(broken, words()[:3], places()[:3], 8.0, Matching(rule)))
