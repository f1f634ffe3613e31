"""What a CLIP model is made of is counted from its weights."""

import pytest
import torch

from backend.core.vision.parts import axes_of, blocks_of, counted, positions, shapes_of, taken, tensors_of, units
from tests.small_clip import small_clip


@pytest.fixture(scope="module")
def model():
    return small_clip()


def test_blocks_are_the_matrices_of_attention_and_mlps(model):
    matrices = [p for name, p in model.named_parameters() if ".layers." in name and p.ndim == 2]
    assert blocks_of(shapes_of(model)) == sum(p.numel() for p in matrices)


def test_parts_together_are_the_whole_model(model):
    found = counted(model)
    assert sum(found.values()) == sum(p.numel() for p in model.parameters())
    assert found["text.embeddings"] == 16 * (20 + 6) and found["scale"] == 1
    assert found["image.norms"] == 24 * 2 * (2 * 4 + 2)


def test_every_axis_of_every_tensor_is_as_long_as_its_unit(model):
    shapes = shapes_of(model)
    lengths = {unit: count * (8 if unit.endswith("heads") else 1) for unit, count in units(shapes).items()}
    seen = set()
    for name, p in tensors_of(model).items():
        axes = axes_of(name)
        assert len(axes) == p.ndim
        assert all(lengths[unit] == n for unit, n in zip(axes, p.shape, strict=True) if unit), name
        seen |= set(axes)
    assert seen - {""} == set(units(shapes))


def test_a_name_that_clip_does_not_have_is_no_tensor_of_it():
    with pytest.raises(KeyError):
        axes_of("vision_model.encoder.layers.0.self_attn.rotary.weight")


def test_a_head_is_taken_with_its_whole_width(model):
    where = positions({"image.0.heads": [0, 2]}, shapes_of(model))
    weight = tensors_of(model)["vision_model.encoder.layers.0.self_attn.q_proj.weight"]
    expected = torch.cat([weight[:8], weight[16:24]])
    assert torch.equal(taken(weight, ("image.0.heads", "image.hidden"), where), expected)
