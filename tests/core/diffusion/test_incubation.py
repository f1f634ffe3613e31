"""Blocks that learn inside the teacher: what they are given, what they should answer, and who does not fit."""

import pytest
import torch

from backend.core.diffusion.assembly import assembled
from backend.core.diffusion.cuts import Cut
from backend.core.diffusion.incubation import block_losses, calls, fitting, incubate
from backend.core.diffusion.noising import Lesson
from backend.core.diffusion.tuning import TuningPlan
from backend.errors import UserError
from tests.core.diffusion.tiny import tiny_unet

TEACHER = tiny_unet()
EDGES = ("conv_in.weight", "conv_out.weight", "time_embedding.linear_1.weight", "mid_block.resnets.0.conv1.weight")


def lesson_at(step: int) -> Lesson:
    rng = torch.Generator().manual_seed(step)
    noisy, words = torch.randn(4, 12, 8, 8, generator=rng), torch.randn(4, 5, 16, generator=rng)
    return Lesson(noisy, torch.tensor([3, 300, 600, 900]), words, noisy)


def test_every_block_with_fewer_layers_has_its_place():
    assert fitting(TEACHER, assembled(TEACHER, "base")) == {
        name: name for name in ("down_blocks.0", "down_blocks.1", "up_blocks.0", "up_blocks.1")
    }


def test_a_narrower_block_has_no_place():
    with pytest.raises(UserError, match="No block of this light net"):
        fitting(TEACHER, assembled(TEACHER, "narrow"))


def test_without_the_innermost_stage_the_outer_blocks_learn():
    light = assembled(TEACHER, "tiny")
    assert fitting(TEACHER, light) == {"down_blocks.0": "down_blocks.0"}
    plain = {"down_block_types": ("DownBlock2D",) * 3, "up_block_types": ("UpBlock2D",) * 3}
    deep = tiny_unet(block_out_channels=(8, 16, 16), **plain)
    pairs = fitting(deep, assembled(deep, "tiny"))  # as in Stable Diffusion, the two innermost stages are as wide
    assert pairs == {
        "down_blocks.0": "down_blocks.0",
        "down_blocks.1": "down_blocks.1",
        "up_blocks.0": "up_blocks.1",
        "up_blocks.1": "up_blocks.2",
    }
    assert block_losses(deep, assembled(deep, "tiny"), lesson_at(0), pairs)["loss"].isfinite()


def test_a_block_that_lost_nothing_has_nothing_to_learn():
    whole = assembled(TEACHER, Cut(layers=2))
    pairs = {name: name for name in ("down_blocks.0", "down_blocks.1", "up_blocks.0", "up_blocks.1")}
    assert block_losses(TEACHER, whole, lesson_at(0), pairs)["loss"] == 0


def test_a_light_block_reads_what_its_layers_would_have_read():
    """A layer that adds nothing can be left out: then the light block answers what the teacher's does."""
    teacher = tiny_unet(down_block_types=("DownBlock2D",) * 2, up_block_types=("UpBlock2D",) * 2)
    light = assembled(teacher, "base")
    dropped = teacher.down_blocks[1].resnets[1].conv2
    dropped.weight.zero_()
    dropped.bias.zero_()
    found = block_losses(teacher, light, lesson_at(0), {"down_blocks.1": "down_blocks.1"})
    assert found["down_blocks.1"] < 1e-10
    assert block_losses(teacher, light, lesson_at(0), {"down_blocks.0": "down_blocks.0"})["loss"] > 1e-4


def test_blocks_learn_and_all_else_stays():
    light = assembled(TEACHER, "base")
    before = {name: tensor.clone() for name, tensor in light.state_dict().items()}
    teacher = {name: tensor.clone() for name, tensor in TEACHER.state_dict().items()}
    steps = list(incubate(TEACHER, light, lambda step: lesson_at(0), TuningPlan(12, 3e-3, warm=2)))
    for name in ("down_blocks.0", "down_blocks.1", "up_blocks.0", "up_blocks.1"):
        assert steps[-1].losses[name] < steps[0].losses[name]
    after = light.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in EDGES)
    assert all(torch.equal(tensor, teacher[name]) for name, tensor in TEACHER.state_dict().items())


def test_nobody_goes_on_listening():
    with pytest.raises(RuntimeError, match="unhappy"), calls(TEACHER, {"down_blocks.0"}):
        raise RuntimeError("unhappy")
    assert not TEACHER.down_blocks[0]._forward_hooks
