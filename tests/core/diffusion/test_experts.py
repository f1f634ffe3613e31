"""Mixtures of kernels: one convolution a picture, experts from pruned neighbours, gates that can be read."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from backend.core.diffusion.assembly import assembled
from backend.core.diffusion.cond_conv import CondConv2d
from backend.core.diffusion.cuts import Cut
from backend.core.diffusion.distillation import Weights, train_light
from backend.core.diffusion.experts import mixtures, neighbours, routing, with_experts, without_experts
from backend.core.diffusion.noising import Lesson
from backend.core.diffusion.tuning import TuningPlan
from backend.errors import UserError
from tests.core.diffusion.tiny import tiny_unet

TEACHER = tiny_unet()
BASE = assembled(TEACHER, "base")
LATENTS, WORDS, AT = torch.randn(3, 12, 8, 8), torch.randn(3, 5, 16), torch.tensor([3, 400, 700])


def answer(unet, rows=slice(None)):
    return unet(LATENTS[rows], AT[rows], WORDS[rows]).sample


def kernels(count: int, seed: int = 0) -> list[nn.Conv2d]:
    torch.manual_seed(seed)
    return [nn.Conv2d(4, 6, 3, padding=1) for _ in range(count)]


def gated(unet, gates):
    """The net with gates that are the same for all pictures."""
    unet = copy.deepcopy(unet)
    for mixed in mixtures(unet).values():
        mixed.router.seen.bias.data = torch.tensor(gates)
    return unet


def test_with_the_kept_kernel_alone_it_is_the_plain_convolution():
    parts, x = kernels(2), torch.randn(3, 4, 5, 5)
    mixed = CondConv2d(parts, 7)
    mixed.router.seen.bias.data = torch.tensor([torch.inf, -torch.inf])
    mixed.hear(torch.randn(3, 7))
    torch.testing.assert_close(mixed(x), parts[0](x), atol=1e-6, rtol=1e-6)


def test_grouped_is_a_loop_over_the_pictures():
    parts, x, time = kernels(3), torch.randn(4, 4, 5, 5), torch.randn(4, 7)
    mixed = CondConv2d(parts, 7)
    nn.init.normal_(mixed.router.seen.weight)
    nn.init.normal_(mixed.router.time.weight)
    mixed.hear(time)
    found = mixed(x)
    for n in range(4):
        gates = torch.sigmoid(mixed.router.seen(x[n].mean((1, 2))) + mixed.router.time(F.silu(time[n])))
        weight = sum(gate * part.weight for gate, part in zip(gates, parts, strict=True))
        bias = sum(gate * part.bias for gate, part in zip(gates, parts, strict=True))
        torch.testing.assert_close(
            found[n : n + 1], F.conv2d(x[n : n + 1], weight, bias, padding=1), atol=1e-6, rtol=1e-6
        )
        mixed.hear(time[n : n + 1])
        torch.testing.assert_close(mixed(x[n : n + 1]), found[n : n + 1], atol=1e-6, rtol=1e-6)  # merged


def test_experts_are_the_layers_pruned_beside_the_kept_one():
    found = neighbours(TEACHER, "base")
    assert found["down_blocks.1.resnets.0"] == ("down_blocks.1.resnets.1",)
    assert found["up_blocks.0.resnets.0"] == found["up_blocks.0.resnets.2"] == ("up_blocks.0.resnets.1",)
    assert found["mid_block.resnets.0"] == ()  # its own block lost nothing
    without_mid = neighbours(TEACHER, "small")["down_blocks.1.resnets.0"]
    assert without_mid == ("down_blocks.1.resnets.1", "mid_block.resnets.0", "mid_block.resnets.1")


def test_the_kernels_are_the_teachers():
    mixed = mixtures(with_experts(BASE, TEACHER, "base"))["up_blocks.0.resnets.1"]
    up = TEACHER.up_blocks[0]
    assert torch.equal(mixed.weight[0], up.resnets[2].conv2.weight)
    assert torch.equal(mixed.weight[1], up.resnets[1].conv2.weight)
    narrow = with_experts(assembled(TEACHER, "narrow"), TEACHER, "narrow")
    assert torch.equal(mixtures(narrow)["up_blocks.0.resnets.1"].weight[1], up.resnets[1].conv2.weight[:8, :8])


def test_a_net_whose_gates_take_the_kept_kernel_is_the_plain_net():
    mixed = with_experts(BASE, TEACHER, "base")
    torch.testing.assert_close(answer(gated(mixed, [torch.inf, -torch.inf])), answer(BASE), atol=1e-5, rtol=1e-5)
    assert not torch.allclose(answer(mixed), answer(BASE), atol=1e-4)
    assert torch.equal(answer(without_experts(mixed)), answer(BASE))
    assert not any("router" in name for name in BASE.state_dict())  # what was given stays plain


def test_pictures_are_routed_one_by_one():
    mixed = with_experts(BASE, TEACHER, "base")
    for part in mixtures(mixed).values():
        nn.init.normal_(part.router.seen.weight)
        nn.init.normal_(part.router.time.weight)
    together = answer(mixed)
    for n in range(3):
        torch.testing.assert_close(answer(mixed, slice(n, n + 1)), together[n : n + 1], atol=1e-5, rtol=1e-5)


def test_the_gates_can_be_read():
    mixed = with_experts(BASE, TEACHER, "base")
    with routing(mixed) as found:
        answer(mixed)
        answer(mixed)
    assert found.keys() == mixtures(mixed).keys() and len(found) == 6
    for gates in found.values():
        assert len(gates) == 2
        torch.testing.assert_close(gates[0], torch.tensor([[0.95, 0.2]]).expand(3, 2), atol=1e-5, rtol=1e-5)
    assert not any(part.router._forward_hooks for part in mixtures(mixed).values())


def test_routers_learn_and_step_further():
    mixed = with_experts(BASE, TEACHER, "base")
    before = copy.deepcopy(mixed.state_dict())
    lesson = Lesson(LATENTS, AT, WORDS, LATENTS)
    list(train_light(TEACHER, mixed, lambda step: lesson, TuningPlan(3, 1e-3, warm=0, decay=0.0), Weights()))
    moved = {name: (p - before[name]).abs().max().item() for name, p in mixed.state_dict().items()}
    routers = [far for name, far in moved.items() if "router.seen" in name]
    assert min(routers) > 5 * moved["conv_out.weight"] > 0
    copy.deepcopy(mixed)  # no graph is held


def test_nothing_to_mix_is_said():
    with pytest.raises(UserError, match="No layer of this light net"):
        with_experts(assembled(TEACHER, Cut(layers=2)), TEACHER, Cut(layers=2))
    with pytest.raises(UserError, match="can have 1 experts"):
        with_experts(BASE, TEACHER, "base", 1)


def test_a_mixture_wants_the_time():
    with pytest.raises(RuntimeError, match="time embedding"):
        CondConv2d(kernels(2), 7)(torch.randn(1, 4, 5, 5))
