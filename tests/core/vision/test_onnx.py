"""An exported student gives the same features outside torch."""

import json

import numpy as np
import pytest
import torch

from backend.core.vision import onnx as export
from backend.core.vision.cut import cut
from backend.errors import UserError
from tests.core.vision.test_masks import some_masks
from tests.small_clip import features, small_clip, small_pairs


def test_where_its_packages_are_missing_the_export_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(export, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"onnx and onnxscript.*requirements-onnx\.txt"):
        export.save_onnx(small_clip(), tmp_path / "student")
    assert not (tmp_path / "student").exists()


def test_an_automatic_students_graphs_give_its_features(tmp_path):
    for name in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(name, reason=f"{name} is not installed (requirements-onnx.txt)")
    runtime, model = pytest.importorskip("onnxruntime"), small_clip()
    masks = some_masks(model)
    masks |= {"text.1.heads": torch.zeros(2), "text.0.neurons": torch.zeros(20)}
    student = cut(model, masks)
    export.save_onnx(student, tmp_path)
    pairs = small_pairs(3)
    given = {"image.onnx": {"pixels": pairs.pixels.numpy()}, "text.onnx": {"ids": pairs.ids[:, :5].numpy()}}
    found = [runtime.InferenceSession(tmp_path / name).run(None, one)[0] for name, one in given.items()]
    with torch.no_grad():
        assert np.abs(np.concatenate(found) - features(student, pairs).numpy()).max() < 1e-4
    told = json.loads((tmp_path / "onnx.json").read_text())
    assert told == {"scale": pytest.approx(student.logit_scale.exp().item()), "side": 16, "context": 6}
