"""A student inherits leading slices and spaced layers of its teacher, and transformers can load it."""

import pytest
import torch
from transformers import CLIPModel

from backend.core.vision.cut import cut_to
from backend.core.vision.models import TowerSize
from backend.core.vision.parts import blocks_of, shapes_of
from backend.core.vision.slices import inherit, layers_taken, sliced
from backend.errors import UserError
from tests.small_clip import features, small_clip, small_pairs

IMAGE, TEXT = TowerSize(16, 3, 2, 25), TowerSize(8, 2, 1, 20)


@pytest.fixture(scope="module")
def teacher():
    return small_clip()


def test_the_official_rule_takes_the_first_layers_where_the_step_is_one_and_the_even_rule_spaces_them():
    assert layers_taken(12, 9, "interval_front") == list(range(9))
    assert layers_taken(12, 9, "uniform") == [0, 1, 2, 4, 5, 6, 8, 9, 10]
    assert layers_taken(12, 6, "interval_front") == layers_taken(12, 6, "uniform") == [0, 2, 4, 6, 8, 10]
    assert layers_taken(4, 1, "uniform") == [0]


def test_a_student_has_its_sizes_and_the_leading_weights_of_the_layers_taken(teacher):
    student = inherit(teacher, IMAGE, TEXT, "uniform")
    shapes = shapes_of(student)
    assert (shapes["image"].hidden, shapes["image"].heads, shapes["image"].neurons) == (16, (2, 2, 2), (25, 25, 25))
    theirs, ours = dict(teacher.named_parameters()), dict(student.named_parameters())
    for layer, source in ((0, 0), (1, 1), (2, 2)):
        queries = ours[f"vision_model.encoder.layers.{layer}.self_attn.q_proj.weight"]
        assert torch.equal(queries, theirs[f"vision_model.encoder.layers.{source}.self_attn.q_proj.weight"][:16, :16])
    second = "text_model.encoder.layers.{}.mlp.fc2.weight"
    assert layers_taken(3, 2, "uniform") == [0, 1]
    assert torch.equal(ours[second.format(1)], theirs[second.format(1)][:8, :20])
    assert torch.equal(ours["text_projection.weight"], theirs["text_projection.weight"][:, :8])
    assert ours["logit_scale"] == theirs["logit_scale"]


def test_a_student_of_spaced_layers_is_its_teacher_with_the_others_cut_away(teacher):
    """Where only depth is cut, dropping a layer's weights and dropping the layer are one, but for its last biases."""
    image, text = TowerSize(24, 2, 3, 30), TowerSize(16, 1, 2, 20)
    quiet = small_clip()
    with torch.no_grad():
        for name, p in quiet.named_parameters():
            if name.endswith(("out_proj.bias", "fc2.bias")):
                p.zero_()
        pairs, kept = small_pairs(), sliced(quiet, image, text, "interval_front")
        assert [unit for unit, numbers in kept.items() if not numbers and "heads" in unit] == [
            "image.1.heads",
            "image.3.heads",
            "text.1.heads",
            "text.2.heads",
        ]
        student = inherit(quiet, image, text, "interval_front")
        assert torch.allclose(features(student, pairs), features(cut_to(quiet, kept), pairs), atol=1e-6)


def test_a_student_of_full_size_is_its_teacher_and_shares_no_memory(teacher):
    pairs = small_pairs()
    student = inherit(teacher, TowerSize(24, 4, 3, 30), TowerSize(16, 3, 2, 20))
    with torch.no_grad():
        before = features(teacher, pairs)
        assert torch.equal(features(student, pairs), before)
        for p in student.parameters():
            p.zero_()
        assert torch.equal(features(teacher, pairs), before)


def test_transformers_loads_a_student(teacher, tmp_path):
    student = inherit(teacher, IMAGE, TEXT)
    student.save_pretrained(tmp_path)
    loaded = CLIPModel.from_pretrained(tmp_path)
    with torch.no_grad():
        assert torch.equal(features(loaded.eval(), small_pairs()), features(student, small_pairs()))
    assert blocks_of(shapes_of(loaded)) < blocks_of(shapes_of(teacher)) / 2


def test_inheriting_draws_no_random_number_of_the_caller(teacher):
    state = torch.random.get_rng_state()
    inherit(teacher, IMAGE, TEXT)
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize(
    "image", [TowerSize(32, 4, 4, 30), TowerSize(16, 5, 2, 30), TowerSize(16, 4, 4, 30), TowerSize(16, 4, 2, 31)]
)
def test_sizes_that_do_not_fit_are_refused_with_what_would(teacher, image):
    with pytest.raises(UserError, match="layers"):
        inherit(teacher, image, TEXT)


def test_an_unknown_rule_is_refused(teacher):
    with pytest.raises(UserError, match="interval_front or uniform"):
        inherit(teacher, IMAGE, TEXT, "random")
