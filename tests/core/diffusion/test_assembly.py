"""Light UNets from a teacher's parts: what is copied, what it is called, and what cannot be cut."""

from fractions import Fraction

import pytest
import torch

from backend.core.diffusion.assembly import assembled, kept, scratch, source_of, sources
from backend.core.diffusion.cuts import NETS, Cut, cut_named, cut_of
from backend.errors import UserError
from tests.core.diffusion.tiny import tiny_unet

TEACHER = tiny_unet()
THREE = tiny_unet(
    block_out_channels=(8, 16, 24),
    down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
    up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    attention_head_dim=[1, 2, 4],
)
LATENTS, WORDS, AT = torch.randn(2, 12, 8, 8), torch.randn(2, 5, 16), torch.tensor([3, 700])


def answer(unet):
    return unet(LATENTS, AT, WORDS).sample


@pytest.mark.parametrize("teacher", [TEACHER, THREE])
def test_a_net_that_keeps_everything_is_the_teacher(teacher):
    whole = assembled(teacher, Cut(layers=2))
    assert torch.equal(answer(whole), answer(teacher))
    assert whole.state_dict().keys() == teacher.state_dict().keys()


@pytest.mark.parametrize("net", ["base", "small"])
@pytest.mark.parametrize("teacher", [TEACHER, THREE])
def test_of_the_teachers_width_every_tensor_is_a_copy(teacher, net):
    light, came, theirs = assembled(teacher, net), sources(teacher, net), teacher.state_dict()
    for name, tensor in light.state_dict().items():
        assert torch.equal(tensor, theirs[source_of(name, came)])
        assert tensor.data_ptr() != theirs[source_of(name, came)].data_ptr()
    assert answer(light).shape == LATENTS.shape


def test_the_last_layer_of_an_up_block_is_the_teachers_last():
    came = sources(TEACHER, "base")
    assert came["up_blocks.0.resnets.1"] == "up_blocks.0.resnets.2"
    assert came["up_blocks.0.attentions.1"] == "up_blocks.0.attentions.2"
    assert came["down_blocks.1.resnets.0"] == "down_blocks.1.resnets.0"
    assert "up_blocks.1.attentions.0" not in came


def test_without_the_innermost_stage_the_up_blocks_move():
    came = sources(THREE, "tiny")
    assert came["up_blocks.0.resnets.1"] == "up_blocks.1.resnets.2"
    assert "down_blocks.1.downsamplers.0" not in came and "mid_block.resnets.0" not in came
    light = assembled(THREE, "tiny")
    ours, theirs = (unet.state_dict() for unet in (light, THREE))
    # the first up layer read 24 channels from below and 16 over the skip; now it reads 16 and 16
    joined, whole = ours["up_blocks.0.resnets.0.conv1.weight"], theirs["up_blocks.1.resnets.0.conv1.weight"]
    assert torch.equal(joined, torch.cat([whole[:, :16], whole[:, 24:]], 1))
    assert answer(light).shape == LATENTS.shape


def test_a_narrower_net_takes_leading_channels_of_every_part():
    light = assembled(TEACHER, Cut(width=Fraction(1, 2)))
    assert light.config.norm_num_groups == 2 and light.config.attention_head_dim == 1
    ours, theirs = light.state_dict(), TEACHER.state_dict()
    assert torch.equal(ours["conv_in.weight"], theirs["conv_in.weight"][:4])
    name = "up_blocks.0.resnets.1.conv1.weight"  # from the last: 16 channels of the layer before, 8 of the skip
    whole = theirs["up_blocks.0.resnets.2.conv1.weight"][:8]
    assert torch.equal(ours[name], torch.cat([whole[:, :8], whole[:, 16:20]], 1))
    values_and_gates = theirs["mid_block.attentions.0.transformer_blocks.0.ff.net.0.proj.bias"].chunk(2)
    found = ours["mid_block.attentions.0.transformer_blocks.0.ff.net.0.proj.bias"]
    assert torch.equal(found, torch.cat([part[:32] for part in values_and_gates]))
    sines = theirs["time_embedding.linear_1.weight"][:16]  # four frequencies in each half, of which two stay
    assert torch.equal(ours["time_embedding.linear_1.weight"], sines[:, [0, 2, 4, 6]])
    assert answer(light).shape == LATENTS.shape


def test_where_heads_do_not_come_out_even_each_becomes_narrower():
    light = assembled(TEACHER, Cut(width=Fraction(3, 4)))
    assert light.config.attention_head_dim == 2 and light.config.norm_num_groups == 3
    name = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q.weight"
    first, second = TEACHER.state_dict()[name].chunk(2)
    assert torch.equal(light.state_dict()[name], torch.cat([first[:6, :12], second[:6, :12]]))


def test_random_weights_depend_on_the_seed_alone():
    torch.manual_seed(5)
    one = scratch(TEACHER, "base", 1).state_dict()
    torch.manual_seed(6)
    again, other = scratch(TEACHER, "base", 1).state_dict(), scratch(TEACHER, "base", 2).state_dict()
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert not torch.equal(one["conv_in.weight"], other["conv_in.weight"])
    assert one.keys() == assembled(TEACHER, "base").state_dict().keys()


@pytest.mark.parametrize("net", NETS)
def test_the_cut_of_a_net_is_seen_from_its_shape(net):
    assert cut_of(assembled(THREE, net), THREE) == NETS[net]
    assert kept(THREE, net)[0] == "conv_in" and kept(THREE, net)[-1] == "conv_out"
    for part in kept(THREE, net):
        THREE.get_submodule(part)


def test_a_net_of_another_teacher_is_refused():
    with pytest.raises(UserError, match="no cut of this teacher"):
        cut_of(assembled(tiny_unet(block_out_channels=(8, 24)), "base"), TEACHER)
    with pytest.raises(UserError, match="no cut of this teacher"):
        cut_of(THREE, TEACHER)


@pytest.mark.parametrize(
    ("cut", "said"),
    [
        (Cut(layers=3), "3 layers a block are to be kept of 2"),
        (Cut(stages=2), "2 stages are to be left out of 2"),
        (Cut(width=Fraction(1, 3)), "does not come out even"),
        (Cut(width=Fraction(3, 2)), "A width of 3/2"),
    ],
)
def test_what_cannot_be_cut_is_said(cut, said):
    with pytest.raises(UserError, match=said):
        assembled(TEACHER, cut)


def test_an_unknown_net_is_named():
    with pytest.raises(UserError, match="no light net 'huge'"):
        cut_named("huge")
