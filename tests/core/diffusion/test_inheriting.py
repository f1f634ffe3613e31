"""A plan draws what the slow way of inheriting draws, runs only what is read, and leaves no trace on the UNet."""

from collections import Counter
from contextlib import contextmanager
from random import Random

import pytest
import torch

from backend.core.diffusion import step_sets
from backend.core.diffusion.dead_code import programs, states
from backend.core.diffusion.inheriting import Inheriting
from backend.core.diffusion.modules import modules_of
from backend.core.diffusion.named_plans import level_modules, level_plan, levels_of
from backend.core.diffusion.plans import Inherit, Plan
from backend.errors import UserError
from tests.core.diffusion.drawing import STEPS, UNETS, drawn, noise, words
from tests.core.diffusion.naive import inheriting_naively
from tests.core.diffusion.tiny import tiny_unet

HALF = step_sets.uniform(STEPS, STEPS // 2)


@pytest.fixture(scope="module", params=UNETS)
def unet(request):
    return UNETS[request.param]()


@pytest.fixture(scope="module")
def small():
    return tiny_unet()


def last_layer(unet):
    """The address of the last up layer."""
    return [module.id for module in modules_of(unet) if module.level == "layer"][-1]


def traces(unet):
    return {name: set(vars(module)) for name, module in unet.named_modules()}


@contextmanager
def counting(unet, ids):
    """Counts how often the forwards of these modules themselves are called, below all hooks of diffusers."""
    counted = Counter()

    def counter(id, forward):
        def counts(*args, **kwargs):
            counted[id] += 1
            return forward(*args, **kwargs)

        return counts

    for id in ids:
        unet.get_submodule(id).forward = counter(id, unet.get_submodule(id).forward)
    yield counted
    for id in ids:
        del unet.get_submodule(id).forward


def inherited_at_random(modules, seed, steps=STEPS):
    """A plan of a few modules of any level at any steps, read either way."""
    rng = Random(seed)
    entries = []
    for module in rng.sample(modules, rng.randint(1, 6)):
        at = tuple(step for step in range(1, steps) if rng.random() < 0.6)
        reading = rng.choice(["output", "branch"]) if module.branch else "output"
        entries.append(Inherit(module.id, reading, at))
    return Plan(steps, tuple(entries))


def test_the_null_plan_and_the_unet_afterwards_are_bit_identical(unet):
    plain, before = drawn(unet), traces(unet)
    with Inheriting(unet, Plan(STEPS)):
        assert torch.equal(drawn(unet), plain)
    with Inheriting(unet, level_plan(modules_of(unet), "decoder", STEPS, HALF)):
        assert not torch.equal(drawn(unet), plain)
    assert torch.equal(drawn(unet), plain) and traces(unet) == before


def test_an_exception_leaves_no_trace(small):
    plain, before = drawn(small), traces(small)
    run = Inheriting(small, level_plan(modules_of(small), "resnets", STEPS, HALF))
    with pytest.raises(KeyboardInterrupt), run:
        small(noise(), 999, words())
        raise KeyboardInterrupt
    with pytest.raises(RuntimeError), run:
        small(noise(), 999, words()[:, :, 1:])  # words of a wrong width, found out in the midst of a call
    assert run.cache_bytes == 0 and traces(small) == before
    assert torch.equal(drawn(small), plain)


def test_levels_draw_what_the_naive_twin_draws(unet):
    modules = modules_of(unet)
    for level in levels_of(modules) if len(modules) < 100 else ("deep1", "encoder", "resnets", "attentions", "convs"):
        for reading in sorted({how for _, how in level_modules(modules, level)} | {"output"}):
            plan = level_plan(modules, level, STEPS, HALF, reading)
            with inheriting_naively(unet, plan):
                slow = drawn(unet)
            with Inheriting(unet, plan):
                assert torch.equal(drawn(unet), slow), (level, reading)


@pytest.mark.parametrize("seed", range(16))
def test_any_plan_draws_what_the_naive_twin_draws(seed):
    unet = list(UNETS.values())[seed % 4]()
    plan = inherited_at_random(modules_of(unet), seed)
    with inheriting_naively(unet, plan):
        slow = drawn(unet)
    with Inheriting(unet, plan):
        assert torch.equal(drawn(unet), slow)


def test_only_what_a_program_executes_runs(unet):
    modules = modules_of(unet)
    leaves = [module.id for module in modules if module.is_value and module.level != "layer"]
    levels = ("deep1", "encoder", "resnets", "attentions", "convs", "whole")
    for plan in (*(level_plan(modules, level, STEPS, HALF) for level in levels), Plan(STEPS)):
        with counting(unet, leaves) as counted, Inheriting(unet, plan):
            drawn(unet)
        executed = [id for program in programs(modules, plan) for id in program.executed]
        assert counted == Counter(id for id in executed if id in leaves)


def test_the_last_up_layer_as_output_is_the_whole_output(unet):
    modules = modules_of(unet)
    plan = Plan(STEPS, (Inherit(last_layer(unet), "output", (1, 3)),))
    found = programs(modules, plan)
    assert not found[1].executed and found[1].given == {"conv_out"} and found[2].executed
    whole = level_plan(modules, "whole", STEPS, (0, 2))
    assert programs(modules, whole)[1] == found[1]
    with Inheriting(unet, plan):
        pictures = drawn(unet)
    with Inheriting(unet, whole):
        assert torch.equal(drawn(unet), pictures)


def test_plans_that_draw_the_same_run_the_same(unet):
    modules = modules_of(unet)

    def executed(level, reading=None):
        return [found.executed for found in programs(modules, level_plan(modules, level, STEPS, HALF, reading))]

    assert executed("conv2") == executed("convs") == executed("resnets", "branch")
    assert executed("resnets", "output") == executed("decoder") == executed("whole")
    outputs = [Inherit(module.id, "branch", (1,)) for module in modules if module.kind == "attention"]
    units = [Inherit(module.id, "output", (1,)) for module in modules if module.kind == "proj_out"]
    assert programs(modules, Plan(2, tuple(outputs))) == programs(modules, Plan(2, tuple(units)))


def test_what_a_later_step_inherits_is_computed_even_where_its_own_step_needs_it_not(small):
    modules = modules_of(small)
    plan = Plan(3, (Inherit("conv_out", "output", (1,)), Inherit("mid_block", "output", (2,))))
    second = programs(modules, plan)[1]
    assert second.kept == {"mid_block.attentions.0"} or second.kept == {"mid_block.resnets.1"}
    assert "conv_in" in second.executed and "conv_out" in second.given


def test_states_say_what_is_computed_inherited_and_dead(small):
    modules = modules_of(small)
    table = states(modules, level_plan(modules, "deep1", STEPS, HALF))
    assert all(row[0] == "computed" for row in table.values())
    assert table["conv_in"][1] == table["up_blocks.1"][1] == table["conv_out"][1] == "computed"
    assert table["up_blocks.0"][1] == "inherited" and table["mid_block"][1] == "dead"
    assert table["down_blocks.0.downsamplers.0"][1] == "dead" and table["down_blocks.0"][1] == "computed"
    branch = states(modules, Plan(2, (Inherit("mid_block.resnets.0", "branch", (1,)),)))
    layer = [branch[f"mid_block.resnets.0{unit}"][1] for unit in ("", ".conv1", ".conv2")]
    assert layer == ["inherited", "dead", "inherited"] and branch["mid_block"][1] == "computed"


def test_guidance_and_batches_of_other_sizes_are_sampled_with_the_same_hooks(small):
    plan = level_plan(modules_of(small), "deep1", STEPS, HALF)
    with inheriting_naively(small, plan):
        slow = drawn(small, guidance=3.0)
    with Inheriting(small, plan) as run:
        first = drawn(small, 3)
        assert torch.equal(drawn(small, guidance=3.0), slow)
        assert torch.equal(drawn(small, 3), first)
        assert run.cache_bytes > 0
        small(noise(), 999, words())
        with pytest.raises(UserError, match="one batch from the first step to the last"):
            small(noise(3), 900, words(3))
        run.restart()
        assert run.cache_bytes == 0 and torch.equal(drawn(small, 3), first)


def test_other_plans_may_follow_on_the_same_unet(small):
    modules, plain = modules_of(small), drawn(small)
    for level in ("mid", "whole", "mid"):
        with Inheriting(small, level_plan(modules, level, STEPS, HALF)):
            drawn(small)
    assert torch.equal(drawn(small), plain)


def test_what_is_left_out_whole_is_hooked_once_and_a_null_plan_hooks_the_unet_alone(small):
    plain = traces(small)

    def hooked(plan):
        with Inheriting(small, plan):
            return [name for name, had in traces(small).items() if had != plain[name]]

    modules = modules_of(small)
    assert hooked(Plan(STEPS)) == [""]
    assert hooked(level_plan(modules, "whole", STEPS, HALF)) == ["", "conv_out"]  # to keep its value
    left_out = ["down_blocks.0.downsamplers.0", "down_blocks.1", "up_blocks.0", "up_blocks.0.upsamplers.0", "mid_block"]
    assert hooked(level_plan(modules, "deep1", STEPS, HALF)) == ["", *left_out]  # the upsampler's value is kept


def test_what_is_unread_is_no_number_and_takes_no_memory(small):
    with Inheriting(small, level_plan(modules_of(small), "deep1", STEPS, HALF)):
        small(noise(), 999, words())
        small(noise(), 800, words())
        stale = small.mid_block(noise(), None)
        assert stale.isnan().all() and stale.untyped_storage().nbytes() == 4
