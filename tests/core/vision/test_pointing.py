"""Pointing counts a patch that shows enough of the thing, and chance is what any patch would reach."""

import pytest
import torch

from backend.core.vision.pointing import Pointing, pointing, right_patches

SIDE, GRID = 8, 4


def mask(*pixels: tuple[int, int]) -> torch.Tensor:
    found = torch.zeros(1, SIDE, SIDE, dtype=torch.bool)
    for row, column in pixels:
        found[0, row, column] = True
    return found


def naive_right(one, least):
    cover = []
    for row in range(GRID):
        for column in range(GRID):
            pixels = [one[0, 2 * row + i, 2 * column + j].item() for i in (0, 1) for j in (0, 1)]
            cover.append(sum(pixels) / 4)
    return [share >= least or (share == max(cover) > 0) for share in cover]


@pytest.mark.parametrize("least", [0.25, 0.5, 0.9])
def test_patches_are_right_as_a_count_of_their_pixels_says(least):
    drawn = torch.rand(1, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) < 0.3
    for one in (drawn, mask((0, 0)), mask((2, 3), (2, 4), (3, 4)), mask()):
        assert right_patches(one, GRID, least).tolist() == [naive_right(one, least)]


def test_a_thing_that_fills_no_patch_has_the_one_that_it_covers_most():
    assert right_patches(mask((2, 3), (2, 4), (3, 4)), GRID, 0.9).nonzero().tolist() == [[0, 6]]


def test_a_word_hits_by_its_heaviest_patch_and_chance_is_the_share_of_right_ones():
    masks = torch.cat([mask((0, 0), (0, 2)), mask(), mask((7, 7))])
    weights = torch.zeros(3, GRID * GRID)
    weights[0, 1] = weights[1, 3] = weights[2, 0] = 1
    found = pointing(weights, right_patches(masks, GRID))
    assert found == Pointing([0, 2], [True, False], [2 / 16, 1 / 16])
    assert (found.accuracy, found.by_chance) == (0.5, 3 / 32)


def test_no_words_have_no_accuracy():
    found = pointing(torch.zeros(1, GRID * GRID), right_patches(mask(), GRID))
    assert (found.word, found.accuracy, found.by_chance) == ([], None, None)


def test_a_grid_that_does_not_divide_the_picture_is_refused():
    with pytest.raises(ValueError, match="8 pixels do not divide into 3 patches"):
        right_patches(mask(), 3)
