"""The Fréchet distance: a naive twin, exact cases, and what is refused."""

import math

import numpy as np
import pytest
import scipy.linalg
import torch

from backend.core.diffusion.frechet import enough, floor, frechet
from backend.core.seeding import generator
from backend.errors import UserError


def features(*parts, n=200, width=6):
    rng = generator("features", *parts)
    return torch.randn(n, width, generator=rng) @ torch.randn(width, width, generator=rng)


def naive(one, other):
    """As it is usually written, with scipy's root of a matrix."""
    one, other = one.double().numpy(), other.double().numpy()
    c1, c2 = np.cov(one.T), np.cov(other.T)
    apart = np.square(one.mean(0) - other.mean(0)).sum()
    return apart + np.trace(c1 + c2 - 2 * scipy.linalg.sqrtm(c1 @ c2).real)


@pytest.mark.parametrize("number", range(3))
def test_it_equals_the_naive_form(number):
    one, other = features("one", number), features("other", number, n=150) + number
    assert frechet(one, other) == pytest.approx(naive(one, other), rel=1e-8)
    assert frechet(one, other) == pytest.approx(frechet(other, one), rel=1e-10)


def test_a_set_lies_no_way_from_itself_and_a_shift_is_its_square():
    one = features("same")
    assert frechet(one, one) == pytest.approx(0, abs=1e-9)
    assert frechet(one, one + 2.0) == pytest.approx(4 * one.shape[1], rel=1e-5)


def test_wider_is_told_apart_where_the_means_agree():
    one = features("wide") - features("wide").mean(0)
    assert frechet(one, 2 * one) == pytest.approx(torch.cov(one.double().T).trace().item(), rel=1e-6)


def test_features_that_never_vary_are_no_obstacle():
    flat = torch.cat([features("flat"), torch.zeros(200, 2)], 1)
    assert math.isfinite(frechet(flat, flat)) and frechet(flat, flat + 1) == pytest.approx(8, rel=1e-6)


def test_the_floor_falls_with_the_number_of_pictures():
    def at(n):
        rng = generator("floor", n)
        return floor(torch.randn(n, 6, generator=rng), [torch.randn(n, 6, generator=rng) for _ in range(5)])

    few, many = at(40), at(640)
    assert few[0] > 5 * many[0] > 0 and few[1] > 0
    assert math.isnan(floor(features(0), [features(1)])[1])


def test_too_few_pictures_are_refused_with_the_number_that_is_needed():
    assert enough(30, 6) and not enough(29, 6)
    with pytest.raises(UserError, match=r"29 pictures for 6 features.*at least 30"):
        frechet(features(0, n=29), features(1))


def test_what_is_no_number_is_refused():
    spoilt = features(0)
    spoilt[3, 2] = float("nan")
    with pytest.raises(UserError, match="no numbers"):
        frechet(spoilt, features(1))
