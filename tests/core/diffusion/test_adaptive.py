"""Inheritance that decides while it samples does what its own record, as a plan, does."""

import pytest
import torch

from backend.core.diffusion.adaptive import Adaptive
from backend.core.diffusion.inheriting import Inheriting
from backend.core.diffusion.modules import modules_of
from backend.core.diffusion.named_plans import level_plan
from backend.core.diffusion.plans import Inherit, Plan
from backend.errors import UserError
from tests.core.diffusion.drawing import STEPS, drawn
from tests.core.diffusion.tiny import tiny_unet


@pytest.fixture(scope="module")
def unet():
    return tiny_unet()


def test_the_record_of_what_was_decided_draws_the_same(unet):
    modules, plain = modules_of(unet), drawn(unet)
    for level in ("deep1", "encoder", "resnets", "convs", "whole"):  # what the first layer is, and is not, part of
        for threshold in (0.3, 100.0):
            with Adaptive(unet, level_plan(modules, level, STEPS, (0,)), threshold) as run:
                decided, taken = drawn(unet), run.taken
                assert torch.equal(drawn(unet), decided) and run.taken == taken
            with Inheriting(unet, taken):
                assert torch.equal(drawn(unet), decided), (level, threshold)
    assert torch.equal(drawn(unet), plain)


def test_no_change_at_all_is_allowed_or_any(unet):
    plan = level_plan(modules_of(unet), "deep1", STEPS, (0, 2))
    with Adaptive(unet, plan, 0.0) as run:
        assert torch.equal(drawn(unet), drawn(unet)) and run.taken == Plan(STEPS)
    with Adaptive(unet, plan, 1e9) as run:
        drawn(unet)
        assert run.taken == plan


def test_a_middle_threshold_computes_some_steps(unet):
    plan = level_plan(modules_of(unet), "deep1", STEPS, (0,))
    counts = []
    for threshold in (0.0, 0.2, 0.4, 0.8, 1e9):
        with Adaptive(unet, plan, threshold) as run:
            drawn(unet)
            counts.append(len(run.taken.inherit[0].at) if run.taken.inherit else 0)
    assert counts == sorted(counts) and counts[0] == 0 and counts[-1] == STEPS - 1


def test_modules_with_steps_of_their_own_are_refused(unet):
    plan = Plan(STEPS, (Inherit("mid_block", "output", (1,)), Inherit("conv_in", "output", (2,))))
    with pytest.raises(UserError, match="at different steps"):
        Adaptive(unet, plan, 0.1)
