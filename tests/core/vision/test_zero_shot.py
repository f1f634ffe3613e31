"""Scoring: classes by their prompts, and retrieval both ways, an item a row."""

import pytest
import torch

from backend.core.vision.captions import numbered
from backend.core.vision.models import text_features
from backend.core.vision.zero_shot import class_features, ranked, retrieved
from backend.errors import UserError
from tests.tiny_clip_model import CONTEXT, tiny_clip, tiny_tokenizer


def test_a_rank_counts_the_wrong_candidates_that_are_as_near_or_nearer():
    similarity = torch.tensor([[0.9, 0.1, 0.5], [0.2, 0.2, 0.2], [0.1, 0.3, 0.2]])
    right = torch.tensor([[True, False, False], [False, True, False], [True, False, True]])
    found = ranked(similarity, right, k=2)
    assert found.rank.tolist() == [1, 3, 2]
    assert found.share(1) == pytest.approx(1 / 3) and found.share(2) == pytest.approx(2 / 3)
    assert found.rows()[0] == {"rank": 1, "top": [0, 2]}


def test_a_class_is_the_mean_of_its_prompts():
    model, tokenizer = tiny_clip(), tiny_tokenizer()
    found = class_features(model, tokenizer, ["star", "circle"], ["a {}", "a red {}"])
    ids, _ = numbered(tokenizer, ["a circle", "a red circle"], CONTEXT)
    mean = text_features(model, ids).mean(0)
    assert torch.allclose(found[1], mean / mean.norm(), atol=1e-6)


@pytest.mark.parametrize("templates", [["a picture"], []])
def test_templates_without_a_place_for_the_name_are_refused(templates):
    with pytest.raises(UserError):
        class_features(tiny_clip(), tiny_tokenizer(), ["star"], templates)


def test_retrieval_looks_both_ways_and_may_have_several_right_ones():
    image, text = torch.eye(3), torch.tensor([[1.0, 0, 0], [0.9, 0.8, 0], [0, 0.9, 1.0]])
    both = retrieved(image, text)
    assert both["image_to_text"].rank.tolist() == [1, 2, 1]
    assert both["text_to_image"].rank.tolist() == [1, 2, 1]
    right = torch.tensor([[True, True, False], [True, True, True], [False, False, True]])
    assert retrieved(image, text, right)["image_to_text"].rank.tolist() == [1, 1, 1]
