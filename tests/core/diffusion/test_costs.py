"""Costs add up, and what is predicted of a plan is what is counted while it is carried out."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from backend.core.diffusion.costs import cost_rows, measured, own_flops, value_bytes
from backend.core.diffusion.dead_code import programs
from backend.core.diffusion.inheriting import Inheriting
from backend.core.diffusion.modules import Module, modules_of
from backend.core.diffusion.named_plans import level_plan
from backend.core.diffusion.plans import Inherit, Plan
from backend.core.diffusion.prediction import inclusive, predicted, step_costs
from tests.core.diffusion.drawing import STEPS, UNETS, drawn, noise, words
from tests.core.diffusion.tiny import tiny_unet


@pytest.fixture(scope="module", params=["small", "stable"])
def unet(request):
    return UNETS[request.param]()


def called(unet, count=2):
    return lambda: unet(noise(count), 500, words(count))


def counted(call):
    with FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops()


def test_the_operations_of_a_plan_are_those_that_are_counted_while_it_runs(unet):
    modules = modules_of(unet)
    own = own_flops(unet, modules, called(unet))
    assert sum(own.values()) == counted(called(unet)) == inclusive(modules, own)[""]
    for level in ("mid", "deep1", "encoder", "resnets", "attentions", "self", "whole"):
        plan = level_plan(modules, level, 2, (0,))
        with Inheriting(unet, plan):
            assert counted(lambda: (called(unet)(), called(unet)())) == sum(step_costs(modules, own, plan))


def test_a_full_step_is_predicted_as_one_and_the_whole_output_as_none(unet):
    modules = modules_of(unet)
    own = own_flops(unet, modules, called(unet))
    assert predicted(modules, own, Plan(STEPS)) == pytest.approx(1)
    last = [module.id for module in modules if module.level == "layer"][-1]
    assert step_costs(modules, own, Plan(2, (Inherit(last, "output", (1,)),)))[1] == 0


def test_rows_are_inclusive_and_own_and_can_be_read_without_the_unet():
    unet = tiny_unet()
    modules = modules_of(unet)
    rows = cost_rows(unet, modules, {1: called(unet, 1), 2: called(unet)}, repeats=2)
    whole = rows[0]
    assert whole["level"] == "unet" and whole["parameters"] == sum(p.numel() for p in unet.parameters())
    assert [Module.of_row(row) for row in rows[1:]] == list(modules)
    for name in ("flops", "ms1", "ms2"):
        assert sum(row[f"own_{name}"] for row in rows) == pytest.approx(whole[name])
        assert all(row[name] >= row[f"own_{name}"] >= 0 for row in rows)
    assert whole["flops"] == pytest.approx(1) and whole["ms1"] > 0


def test_the_cache_holds_what_the_table_says():
    unet = tiny_unet()
    modules = modules_of(unet)
    bytes_of = value_bytes(unet, modules, called(unet))
    for level in ("deep1", "resnets", "cross", "encoder", "whole"):
        plan = level_plan(modules, level, STEPS, (0,))
        with Inheriting(unet, plan) as run:
            drawn(unet)
            assert run.cache_bytes == sum(bytes_of[id] for id in programs(modules, plan)[0].kept)


def test_looking_at_costs_leaves_no_hook():
    unet = tiny_unet()
    before = {name: len(part._forward_hooks) for name, part in unet.named_modules()}
    cost_rows(unet, modules_of(unet), {1: called(unet, 1)}, repeats=1)
    assert {name: len(part._forward_hooks) for name, part in unet.named_modules()} == before


def test_runs_are_measured_in_turns():
    done, clock = [], iter(range(1000))
    runs = {name: lambda name=name: done.append(name) for name in "abc"}
    found = measured(runs, 3, lambda: float(next(clock)))
    assert "".join(done) == "abc" + "abc" + "bca" + "cab"
    assert found == {name: [1.0, 1.0, 1.0] for name in "abc"}


def test_a_step_that_reuses_the_whole_output_takes_a_tenth_of_a_full_one_at_most():
    torch.set_num_threads(1)
    unet = tiny_unet(block_out_channels=(16, 32), sample_size=16)
    last = [module.id for module in modules_of(unet) if module.level == "layer"][-1]
    plan = Plan(11, (Inherit(last, "output", tuple(range(1, 11))),))

    def steps(run, count):
        run.restart()
        for _ in range(count):
            unet(noise(), 500, words())

    with torch.no_grad(), Inheriting(unet, plan) as run:
        took = measured({"one": lambda: steps(run, 1), "eleven": lambda: steps(run, 11)}, 9)
    assert min(took["eleven"]) <= 2 * min(took["one"])
