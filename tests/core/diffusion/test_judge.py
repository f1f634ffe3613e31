"""The judge: a head for every slot, files that come back, and refusals that say what to do."""

import json

import pytest
import torch

from backend.core.diffusion.judge import Judge, JudgeSizes, load_judge, save_judge
from backend.core.seeding import generator
from backend.errors import UserError

SIZES = JudgeSizes({"colour": 3, "shape": 5}, side=16, channels=(8, 16), features=12)


@pytest.fixture
def judge():
    torch.manual_seed(0)
    return Judge(SIZES).eval()


@pytest.fixture
def pictures():
    return torch.rand(7, 3, 16, 16, generator=generator("pictures"))


def test_there_is_a_head_for_every_slot(judge, pictures):
    assert [tuple(logits.shape) for logits in judge(pictures)] == [(7, 3), (7, 5)]
    slots, features = judge.seen(pictures)
    assert features.shape == (7, 12) and torch.equal(features, judge.features(pictures))
    assert torch.equal(slots, torch.stack([logits.argmax(1) for logits in judge(pictures)], 1))


def test_a_picture_is_read_alone_whatever_lies_beside_it(judge, pictures):
    assert torch.allclose(judge.features(pictures)[2:3], judge.features(pictures[2:3]), atol=1e-5)


def test_pictures_of_another_side_are_resized(judge, pictures):
    doubled = pictures.repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert torch.allclose(judge.features(doubled), judge.features(pictures), atol=1e-5)


def test_what_is_written_is_read_in_half_precision(judge, pictures, tmp_path):
    save_judge(judge, tmp_path / "judge")
    found = load_judge(tmp_path / "judge")
    assert found.sizes == SIZES and not any(p.requires_grad for p in found.parameters())
    assert torch.equal(found.whole.weight, judge.whole.weight.half().float())
    assert torch.allclose(found.features(pictures), judge.features(pictures), atol=1e-2)
    save_judge(found, tmp_path / "again")
    for name in ("config.json", "model.safetensors"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "judge" / name).read_bytes()


@pytest.mark.parametrize("harm", ["missing", "torn", "other sizes", "no JSON"])
def test_a_folder_without_a_whole_judge_is_refused(judge, tmp_path, harm):
    save_judge(judge, tmp_path)
    config = tmp_path / "config.json"
    if harm == "missing":
        (tmp_path / "model.safetensors").unlink()
    elif harm == "torn":
        (tmp_path / "model.safetensors").write_bytes((tmp_path / "model.safetensors").read_bytes()[:500])
    elif harm == "other sizes":
        config.write_text(json.dumps(json.loads(config.read_text()) | {"features": 8}))
    else:
        config.write_text("{")
    with pytest.raises(UserError, match="no judge that can be read"):
        load_judge(tmp_path)
