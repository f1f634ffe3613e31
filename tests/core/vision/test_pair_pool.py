"""A fixed pool of pictures and captions: batches by seed and step alone, moved views, captions handed on, features
that are looked up instead of computed."""

import numpy as np
import pytest
import torch

from backend.core.seeding import generator
from backend.core.vision.cached_features import cached_features
from backend.core.vision.models import outputs
from backend.core.vision.pair_pool import exchanged, pool_of
from backend.errors import UserError
from tests.tiny_clip_model import CONTEXT, SIZES, TEXTS, tiny_clip, tiny_tokenizer

SIDE = SIZES.side


def pool(count: int = 10, views: int = 3, told: int = 2, seed: int = 0):
    pixels = torch.randint(0, 256, (count, SIDE, SIDE, 3), generator=generator("pool", seed)).byte().numpy()
    captions = [[TEXTS[(row + k) % len(TEXTS)] for k in range(told)] for row in range(count)]
    return pool_of(pixels, captions, tiny_tokenizer(), CONTEXT, views, seed)


def test_a_batch_depends_on_its_seed_and_step_alone():
    one, other = pool(), pool()
    for step in (5, 0, 2):
        a, b = one.batch(1, step, 4), other.batch(1, step, 4)
        assert torch.equal(a.pairs.pixels, b.pairs.pixels) and torch.equal(a.pairs.ids, b.pairs.ids)
    assert not torch.equal(one.batch(1, 0, 4).rows, one.batch(2, 0, 4).rows)


def test_an_epoch_has_every_picture_once_and_leaves_out_the_rest():
    one = pool(10)
    for epoch in (0, 1):
        rows = torch.cat([one.batch(0, 3 * epoch + place, 3).rows for place in range(3)])
        assert len(set(rows.tolist())) == 9
    assert one.batch(0, 0, 99).rows.sort().values.tolist() == list(range(10))


def test_captions_of_a_batch_are_those_of_its_pictures():
    one = pool()
    batch = one.batch(0, 3, 6)
    for row, caption, ids, mask in zip(batch.rows, batch.captions, batch.pairs.ids, batch.pairs.mask, strict=True):
        assert caption in one.said[row]
        words = tiny_tokenizer()(one.texts[caption]).input_ids
        assert ids[: len(words)].tolist() == words and mask.sum() == len(words) and not ids[len(words) :].any()
    assert batch.pairs.mask.sum(1).max() == batch.pairs.ids.shape[1]


def test_views_are_moved_as_pixel_after_pixel_would_be():
    one = pool(6, views=4)
    rows, views = np.array([0, 3, 5, 5]), np.array([1, 2, 3, 0])
    for seen, row, view in zip(one.seen(rows, views), rows, views, strict=True):
        down, right = one.shifts[row, view]
        for y in range(SIDE):
            for x in range(SIDE):
                source = min(max(y - down, 0), SIDE - 1), min(max(x - right, 0), SIDE - 1)
                assert (seen[y, x] == one.pixels[row][source]).all()
    assert (one.seen(rows, np.zeros(4, dtype=int)) == one.pixels[rows]).all()
    assert one.shifts.any() and abs(one.shifts).max() <= SIDE // 16


def test_the_asked_share_of_captions_is_handed_on_and_each_is_there_as_often_as_before():
    whose = exchanged(50, 3, 0.4, seed=1)
    assert (whose != np.arange(50)[:, None]).sum(0).tolist() == [20, 20, 20]
    assert all(sorted(column) == list(range(50)) for column in whose.T)
    assert (exchanged(50, 3, 0.0, seed=1) == np.arange(50)[:, None]).all()


def test_features_that_are_looked_up_are_those_that_are_computed():
    one, model = pool(), tiny_clip()
    cache = cached_features(model, one)
    batch = one.batch(0, 1, 5)
    ours, theirs = cache.outputs(batch), outputs(model, batch.pairs)
    assert torch.allclose(ours.image, theirs.image, atol=1e-6) and torch.allclose(ours.text, theirs.text, atol=1e-6)
    assert torch.equal(ours.scale, theirs.scale)


def test_a_caption_longer_than_the_context_is_refused():
    pixels = np.zeros((2, SIDE, SIDE, 3), dtype=np.uint8)
    with pytest.raises(UserError, match="nothing is cut off"):
        pool_of(pixels, [["a star"], ["a red star " * 5]], tiny_tokenizer(), CONTEXT)
