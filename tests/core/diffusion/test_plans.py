"""Plans check themselves, say in a sentence what is wrong with them, and are the same after JSON."""

import json

import pytest

from backend.core.diffusion.modules import Module, modules_of
from backend.core.diffusion.plans import Inherit, Plan
from backend.errors import UserError
from tests.core.diffusion.drawing import UNETS
from tests.core.diffusion.tiny import tiny_unet


@pytest.fixture(scope="module")
def modules():
    return modules_of(tiny_unet())


def test_a_plan_survives_json():
    plan = Plan(20, (Inherit("mid_block", "output", (3, 1)), Inherit("down_blocks.0.resnets.1", "branch", (7,))))
    assert Plan.of(json.loads(json.dumps(plan.as_dict()))) == plan
    assert plan.inherit[0].at == (1, 3)
    assert plan.at(1) == {"mid_block": "output"} and plan.at(7) == {"down_blocks.0.resnets.1": "branch"}


def test_the_plan_of_nothing_is_a_plan():
    assert Plan.of({"steps": 5}) == Plan(5) == Plan(5, (Inherit("mid_block", "output", ()),))


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({"steps": 5, "inherit": [{"module": "mid_block", "at": [0, 1]}]}, "step 0, before anything was computed"),
        ({"steps": 5, "inherit": [{"module": "mid_block", "at": [5]}]}, "at step 5"),
        ({"steps": 5, "inherit": [{"module": "mid_block", "at": [-1]}]}, "at step -1"),
        ({"steps": 5, "inherit": [{"module": "mid_block", "reading": "half", "at": [1]}]}, "as 'half'"),
        ({"steps": 0}, "0 steps"),
        ({"steps": 5, "inherit": [{"module": "mid_block", "at": [1]}] * 2}, "twice at step 1"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_a_sentence(told, found):
    with pytest.raises(UserError) as error:
        Plan.of(told)
    assert found in error.value.found


@pytest.mark.parametrize(
    "told",
    [None, [], {}, "plan", {"steps": "5"}, {"steps": True}, {"steps": 5, "inherit": [{"module": 3, "at": [1]}]}]
    + [{"steps": 5, "inherit": [entry]} for entry in ({}, {"module": "a", "at": 3}, {"module": "a", "at": [1.5]}, 7)],
)
def test_what_is_no_plan_is_said_to_be_none(told):
    with pytest.raises(UserError, match="This is no plan"):
        Plan.of(told)


def test_a_module_that_the_unet_does_not_have_is_named_with_its_nearest(modules):
    with pytest.raises(UserError, match=r"no module 'up_blocks.7'.*up_blocks\.0"):
        Plan(5, (Inherit("up_blocks.7", "output", (1,)),)).check(modules)


@pytest.mark.parametrize("id", ["mid_block", "conv_in", "mid_block.resnets.0.conv2", "down_blocks.0.downsamplers.0"])
def test_only_layers_with_a_residual_have_a_branch(modules, id):
    Plan(5, (Inherit(id, "output", (1,)),)).check(modules)
    with pytest.raises(UserError, match="Expected output"):
        Plan(5, (Inherit(id, "branch", (1,)),)).check(modules)


def test_every_address_is_a_module_of_the_unet_and_reads_what_runs_before_it(modules):
    for unet in (make() for make in UNETS.values()):
        found = modules_of(unet)
        order = {module.id: at for at, module in enumerate(found)}
        for module in found:
            assert unet.get_submodule(module.id) is not None
            inside = {read for read in module.reads if read.startswith(f"{module.id}.")}
            assert all(order[read] < order[module.id] for read in set(module.reads) - inside)
        assert found[0].id == "conv_in" and found[-1].id == "conv_out"
    assert [Module.of_row(json.loads(json.dumps(module.row()))) for module in modules] == list(modules)


def test_a_unet_of_another_family_is_refused():
    unet = tiny_unet(
        down_block_types=("DownBlock2D", "SimpleCrossAttnDownBlock2D"),
        up_block_types=("SimpleCrossAttnUpBlock2D", "UpBlock2D"),
    )
    with pytest.raises(UserError, match="SimpleCrossAttnDownBlock2D"):
        modules_of(unet)
