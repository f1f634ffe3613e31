"""Students survive their files, and files that fit no model are refused."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import CLIPModel

from backend.core.vision.cut import cut, cut_to
from backend.core.vision.cut_files import TOLD, WEIGHTS, fits_config, load_student, save_student
from backend.core.vision.parts import shapes_of
from backend.errors import UserError
from tests.core.vision.test_masks import some_masks
from tests.small_clip import features, small_clip, small_pairs


@pytest.fixture(scope="module")
def student():
    model = small_clip()
    masks = some_masks(model)
    masks |= {"image.0.heads": torch.ones(3), "text.1.heads": torch.zeros(2)}
    return cut(model, masks)


@pytest.fixture
def folder(student, tmp_path):
    save_student(student, tmp_path, torch.float32)
    return tmp_path


def test_a_cut_student_comes_back_from_its_own_format(student, folder):
    assert not fits_config(student)
    loaded = load_student(folder)
    assert shapes_of(loaded) == shapes_of(student)
    with torch.no_grad():
        assert torch.equal(features(loaded, small_pairs()), features(student, small_pairs()))


def test_half_precision_halves_the_file(student, folder, tmp_path_factory):
    half = tmp_path_factory.mktemp("half")
    save_student(student, half)
    sizes = [sum(p.numel() * p.element_size() for p in load_file(one / WEIGHTS).values()) for one in (folder, half)]
    assert sizes[0] == 2 * sizes[1]
    with torch.no_grad():
        assert torch.allclose(features(load_student(half), small_pairs()), features(student, small_pairs()), atol=2e-2)


def test_a_student_cut_to_a_shape_that_a_config_describes_is_loaded_by_transformers(tmp_path):
    model = small_clip()
    fewer = {"image.hidden": list(range(4, 20))} | {f"image.{layer}.heads": [0, 2] for layer in range(4)}
    student = cut_to(model, fewer)
    assert fits_config(student)
    save_student(student, tmp_path, torch.float32)
    with torch.no_grad():
        for loaded in (CLIPModel.from_pretrained(tmp_path).eval(), load_student(tmp_path)):
            assert torch.equal(features(loaded, small_pairs()), features(student, small_pairs()))


def changed(folder, change):
    tensors = load_file(folder / WEIGHTS)
    change(tensors)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / WEIGHTS)


def narrowed(name, axis):
    def change(tensors):
        tensors[name] = tensors[name].narrow(axis, 0, tensors[name].shape[axis] - 1)

    return change


@pytest.mark.parametrize(
    "change",
    [
        narrowed("vision_model.encoder.layers.0.mlp.fc1.weight", 1),
        narrowed("visual_projection.weight", 0),
        narrowed("vision_model.encoder.layers.0.self_attn.out_proj.weight", 1),
        lambda tensors: tensors.pop("logit_scale"),
        lambda tensors: tensors.update(more=torch.zeros(2)),
        lambda tensors: tensors.update(logit_scale=torch.zeros(2)),
    ],
)
def test_weights_that_fit_no_model_are_refused(folder, change):
    changed(folder, change)
    with pytest.raises(UserError, match="fit no model"):
        load_student(folder)


def test_a_damaged_or_missing_file_is_refused(folder, tmp_path_factory):
    (folder / WEIGHTS).write_bytes(b"no tensors")
    with pytest.raises(UserError, match="cannot be read"):
        load_student(folder)
    (folder / TOLD).write_text(json.dumps({"version": 99}))
    with pytest.raises(UserError, match="version 1"):
        load_student(folder)
    with pytest.raises(UserError, match="cannot be read"):
        load_student(tmp_path_factory.mktemp("empty"))
