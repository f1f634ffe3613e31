"""Light nets on the disk, and those that others made of Stable Diffusion."""

import json

import pytest
import torch
from diffusers import UNet2DConditionModel

from backend.core.diffusion.assembly import assembled, sources
from backend.core.diffusion.cuts import NETS, cut_of
from backend.core.diffusion.distillation import block_states, features
from backend.core.diffusion.experts import mixtures, with_experts
from backend.core.diffusion.light_files import EXPERTS, check_light, load_light, save_light
from backend.errors import UserError
from tests.core.diffusion.tiny import tiny_pipeline, tiny_unet

TEACHER = tiny_unet()
LATENTS, WORDS, AT = torch.randn(2, 12, 8, 8), torch.randn(2, 5, 16), torch.tensor([3, 700])
CROSS = {
    "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
    "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
    "block_out_channels": (8, 8, 16, 16),
}


def answer(unet):
    return unet(LATENTS, AT, WORDS).sample


@pytest.mark.parametrize("net", NETS)
def test_a_plain_net_comes_back_in_half_precision(net, tmp_path):
    light = assembled(TEACHER, net)
    before = {name: p.clone() for name, p in light.state_dict().items()}
    save_light(light, tmp_path)
    found = load_light(tmp_path)
    for name, p in found.state_dict().items():
        assert torch.equal(p, before[name].half().float())
    assert all(torch.equal(p, before[name]) for name, p in light.state_dict().items())
    assert not any(p.requires_grad for p in found.parameters())
    assert not (tmp_path / EXPERTS).exists()


def test_experts_come_back_and_diffusers_reads_the_plain_net(tmp_path):
    base = assembled(TEACHER, "base")
    mixed = with_experts(base, TEACHER, "base").half().float()  # what half precision can say
    save_light(mixed, tmp_path)
    found = load_light(tmp_path)
    assert mixtures(found).keys() == mixtures(mixed).keys()
    assert torch.equal(answer(found), answer(mixed))
    plain = UNet2DConditionModel.from_pretrained(tmp_path, torch_dtype=torch.float32, low_cpu_mem_usage=False).eval()
    assert torch.equal(answer(plain), answer(base.half().float()))
    save_light(base, tmp_path)  # over it: no experts are left
    assert not mixtures(load_light(tmp_path))


@pytest.mark.parametrize("net", ["base", "small", "tiny"])
def test_the_nets_of_bk_sdm_are_read_from_their_folders(net, tmp_path):
    """Pipelines of their shapes with random weights: fewer layers, no middle block, no innermost stage."""
    teacher, light = tiny_unet(**CROSS), {"layers_per_block": 1}
    if net != "base":
        light["mid_block_type"] = None
    shape = CROSS | light
    if net == "tiny":
        types = {"down_block_types": CROSS["down_block_types"][:3], "up_block_types": CROSS["up_block_types"][1:]}
        shape |= types | {"block_out_channels": (8, 8, 16)}
    tiny_unet(1, **shape).save_pretrained(tmp_path / "unet")
    found = load_light(tmp_path)
    assert cut_of(found, teacher) == NETS[net]
    assert found.state_dict().keys() == assembled(teacher, net).state_dict().keys()
    assert set(sources(teacher, net).values()) <= {name for name, _ in teacher.named_modules()}
    with block_states(found) as ours, block_states(teacher) as theirs:
        assert answer(found).shape == answer(teacher).shape
    assert features(ours, theirs, len(found.down_blocks)).isfinite()


def test_a_folder_without_a_net_is_refused(tmp_path):
    with pytest.raises(UserError) as told:
        load_light(tmp_path)
    assert told.value.kind == "model"


def test_damaged_experts_are_refused(tmp_path):
    save_light(with_experts(assembled(TEACHER, "base"), TEACHER, "base"), tmp_path)
    (tmp_path / EXPERTS).write_bytes(b"nothing")
    with pytest.raises(UserError):
        load_light(tmp_path)


def test_a_net_for_other_latents_or_words_is_refused():
    pipeline = tiny_pipeline()
    check_light(assembled(pipeline.unet, "tiny"), pipeline)
    with pytest.raises(UserError, match="has 4 channels of latents, tiny has 12"):
        check_light(tiny_unet(in_channels=4, out_channels=4), pipeline)
    with pytest.raises(UserError, match="8 numbers a word, tiny has 16"):
        check_light(tiny_unet(cross_attention_dim=8), pipeline)


def test_the_folder_says_what_it_is(tmp_path):
    save_light(assembled(TEACHER, "small"), tmp_path)
    told = json.loads((tmp_path / "config.json").read_text())
    assert told["_class_name"] == "UNet2DConditionModel" and told["mid_block_type"] is None
