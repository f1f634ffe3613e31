"""Likeness of pairs of pictures: decibels, judge's distance, and standard errors that are those of pairs."""

import math

import pytest
import torch

from backend.core.diffusion.judge import Judge, JudgeSizes
from backend.core.diffusion.likeness import SAME, feature_distance, judge_distance, mean_error, paired_difference, psnr
from backend.core.seeding import generator


@pytest.fixture
def pictures():
    return torch.rand(5, 3, 8, 8, generator=generator("pictures"))


def test_decibels_are_those_of_the_mean_squared_error(pictures):
    off = pictures.clone()
    off[0] += 0.1
    off[1, 0, 0, 0] += 1.0
    found = psnr(pictures, off)
    assert found[0].item() == pytest.approx(20, abs=1e-4)
    assert found[1].item() == pytest.approx(10 * math.log10(3 * 64), abs=1e-4)
    assert (found[2:] == SAME).all()


def test_no_pair_is_told_to_be_more_than_equal(pictures):
    assert (psnr(pictures, pictures + 1e-7) <= SAME).all()


def test_the_judges_distance_is_nought_for_equal_pictures_and_symmetric(pictures):
    torch.manual_seed(0)
    judge = Judge(JudgeSizes({"a": 2}, side=8, channels=(8, 8), features=4))
    other = pictures.roll(1, 0)
    assert (judge_distance(judge, pictures, pictures) == 0).all()
    there, back = judge_distance(judge, pictures, other), judge_distance(judge, other, pictures)
    assert torch.equal(there, back) and (there > 0).all()
    assert torch.allclose(there, feature_distance(judge.features(pictures), judge.features(other)), atol=1e-6)


def test_pairs_have_less_chance_than_either_of_them():
    rng = generator("pairs")
    hard = 10 * torch.randn(200, generator=rng)
    one, other = hard + 1 + torch.randn(200, generator=rng), hard
    gain, error = paired_difference(one, other)
    assert gain == pytest.approx(1, abs=4 * error) and error < mean_error(one)[1] / 5
    assert mean_error(torch.tensor([1.0, 3.0])) == (2.0, pytest.approx(1.0))
    assert math.isnan(mean_error(torch.tensor([1.0]))[1])
