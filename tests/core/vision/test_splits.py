"""Splits that models are scored on, and what methods that see only pixels make of them."""

import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image

from backend.core.vision.models import image_features, text_features
from backend.core.vision.pixel_baselines import pixel_baselines
from backend.core.vision.splits import Scorer, Split, labels
from backend.core.vision.zero_shot import class_features, classified, ranked, retrieved
from backend.errors import UserError
from tests.tiny_clip_model import CONTEXT, SIZES, TEXTS, tiny_clip, tiny_tokenizer

TEMPLATES = ("{}", "a {}")


def split(texts=TEXTS) -> Split:
    pixels = np.random.default_rng(0).integers(0, 256, (len(texts), SIZES.side, SIZES.side, 3), dtype=np.uint8)
    classes = ("circle", "square", "star")
    found = [set(text.split()) for text in texts]
    return Split("test", pixels, tuple(texts), tuple((t,) for t in texts), classes, labels(found, classes).bool())


def test_scores_are_ranks_of_classes_captions_and_pictures():
    one, model = split(), tiny_clip()
    scorer = Scorer(one, tiny_tokenizer(), TEMPLATES, CONTEXT)
    found = scorer.scores(model)
    image, text = image_features(model, scorer.pairs.pixels), text_features(model, scorer.pairs.ids)
    classes = class_features(model, tiny_tokenizer(), one.classes, TEMPLATES)
    assert torch.equal(found.zero_shot.rank, classified(image, classes, one.right).rank)
    both = retrieved(image, text)
    assert torch.equal(found.image_to_text.rank, both["image_to_text"].rank)
    assert torch.equal(found.text_to_image.rank, both["text_to_image"].rank)
    shares = found.shares()
    assert shares["top1"] == found.zero_shot.share(1) and shares["t2i5"] == found.text_to_image.share(5)
    assert list(shares) == ["top1", "top5", "i2t1", "i2t5", "t2i1", "t2i5"]


def test_captions_of_equal_words_are_right_for_each_other():
    one = split((*TEXTS, TEXTS[0]))
    assert one.same[0].tolist() == [True, False, False, False, True]
    assert one.same.sum() == len(one) + 2
    model = tiny_clip()
    scores = Scorer(one, tiny_tokenizer(), TEMPLATES, CONTEXT).scores(model)
    assert scores.text_to_image.rank[0] == scores.text_to_image.rank[4]


def test_a_row_is_what_a_page_can_show():
    row = split().row(1)
    assert row["id"] == 1 and row["text"] == TEXTS[1] and row["names"] == [TEXTS[1]]
    image = Image.open(io.BytesIO(base64.b64decode(row["png"])))
    assert (np.asarray(image) == split().pixels[1]).all()


def test_the_first_pictures_alone_keep_their_classes():
    one = split()
    assert len(one.first(2)) == 2 and one.first(2).classes == one.classes
    assert one.chance == pytest.approx(sum(len({*t.split()} & {*one.classes}) for t in TEXTS) / 12)


def test_labels_say_for_each_class_whether_it_is_there():
    rows, classes = [{"a", "x"}, set(), {"b", "a"}], ("a", "b", "c")
    assert labels(rows, classes).tolist() == [[float(one in row) for one in classes] for row in rows]
    assert labels([], classes).shape == (0, 3)


def test_a_caption_longer_than_the_context_is_refused():
    with pytest.raises(UserError, match="nothing is cut off"):
        _ = Scorer(split(("a star " * 9,)), tiny_tokenizer(), TEMPLATES, CONTEXT).pairs


def test_baselines_are_the_votes_of_the_nearest_and_a_solved_system_of_kernels():
    rng = np.random.default_rng(1)
    known, asked = (rng.integers(0, 256, (count, 4, 4, 3), dtype=np.uint8) for count in (30, 8))
    classes = ("a", "b", "c")
    wanted = labels([{classes[number % 3]} for number in range(30)], classes)
    right = labels([{classes[number % 3]} for number in range(8)], classes).bool()
    found = pixel_baselines(known, wanted, Split("test", asked, ("",) * 8, ((),) * 8, classes, right))
    x, y = (one.reshape(len(one), -1).astype(np.float64) / 255 for one in (known, asked))
    apart = ((y[:, None] - x[None]) ** 2).sum(-1)
    votes = sum(wanted[np.argsort(apart)[:, place]] / 10**place for place in range(5))
    assert torch.equal(found["nearest"].rank, ranked(votes, right).rank)
    gamma = 1 / (48 * x.var())
    weights = np.linalg.solve(np.exp(-gamma * ((x[:, None] - x[None]) ** 2).sum(-1)) + np.eye(30), wanted.numpy())
    scores = torch.from_numpy(np.exp(-gamma * apart) @ weights)
    assert torch.equal(found["ridge"].rank, ranked(scores, right).rank)
