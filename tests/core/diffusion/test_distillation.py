"""Losses of a light net against its teacher, and a tuning that goes on where it stopped."""

import pytest
import torch

from backend.core.diffusion.assembly import assembled, scratch
from backend.core.diffusion.cuts import Cut
from backend.core.diffusion.distillation import Weights, block_states, losses, train_light
from backend.core.diffusion.noising import lessons
from backend.core.diffusion.tuning import TuningPlan, TuningState
from backend.core.training.finetune import Diverged
from backend.errors import UserError
from tests.core.diffusion.tiny import tiny_pipeline

PIPELINE = tiny_pipeline()
TEACHER = PIPELINE.unet
PLAN = TuningPlan(6, 1e-3, warm=2)
WEIGHTS = Weights()


def batch_at(step: int) -> tuple[torch.Tensor, list[str]]:
    rng = torch.Generator().manual_seed(step)
    return torch.rand(4, 3, 16, 16, generator=rng), ["a red circle", "a blue square", "", "a circle on sand"]


lesson_at = lessons(PIPELINE, batch_at, 0)


def test_a_lesson_depends_on_its_step_and_seed_alone():
    one, again = lesson_at(3), lessons(PIPELINE, batch_at, 0)(3)
    assert torch.equal(one.noisy, again.noisy) and torch.equal(one.at, again.at)
    assert not torch.equal(one.noisy, lessons(PIPELINE, batch_at, 1)(3).noisy)
    assert torch.equal(one.at // 250, torch.arange(4))  # a moment out of each quarter


def test_a_copy_of_the_teacher_loses_nothing_against_it():
    found = losses(assembled(TEACHER, Cut(layers=2)), TEACHER, lesson_at(0), WEIGHTS)
    assert found["output"] == 0 and found["features"] == 0
    assert found["loss"] == found["task"] > 0


def test_without_the_teacher_the_task_is_all():
    light = assembled(TEACHER, "base")
    found = losses(light, TEACHER, lesson_at(0), Weights(output=0.0, features=0.0))
    assert found.keys() == {"loss", "task"}
    assert found["task"] == losses(light, TEACHER, lesson_at(0), WEIGHTS)["task"]


def test_the_parts_are_weighed():
    light, weights = assembled(TEACHER, "base"), Weights(0.5, 2.0, 0.25)
    found = losses(light, TEACHER, lesson_at(0), weights)
    wanted = 0.5 * found["task"] + 2 * found["output"] + 0.25 * found["features"]
    torch.testing.assert_close(found["loss"], wanted)


@pytest.mark.parametrize("net", ["base", "small", "tiny", "narrow", "tiny_narrow"])
def test_states_are_compared_in_every_light_net(net):
    assert losses(assembled(TEACHER, net), TEACHER, lesson_at(0), WEIGHTS)["features"].isfinite()


def test_the_states_are_those_behind_the_blocks_before_the_picture_is_halved():
    lesson = lesson_at(0)
    with block_states(TEACHER) as found:
        TEACHER(lesson.noisy, lesson.at, lesson.states)
    assert [tuple(state.shape[1:]) for state in found] == [(8, 8, 8), (16, 4, 4), (16, 8, 8), (8, 8, 8)]
    assert not any(block._forward_hooks for block in (*TEACHER.down_blocks, *TEACHER.up_blocks))


def test_a_tuning_that_goes_on_sees_the_numbers_of_an_unbroken_one(tmp_path):
    whole, unbroken = assembled(TEACHER, "base"), []
    for step in train_light(TEACHER, whole, lesson_at, PLAN, WEIGHTS):
        unbroken.append(step.losses)
        if step.step == 3:
            step.state().save(tmp_path / "state")
    last = step.averaged().state_dict()
    light = scratch(TEACHER, "base", 9)  # the state holds all
    resumed = list(train_light(TEACHER, light, lesson_at, PLAN, WEIGHTS, TuningState.load(tmp_path / "state")))
    assert [step.losses for step in resumed] == unbroken[3:]
    assert [step.step for step in resumed] == [4, 5, 6]
    assert all(torch.equal(p, whole.state_dict()[name]) for name, p in light.state_dict().items())
    assert all(torch.equal(p, last[name]) for name, p in resumed[-1].averaged().state_dict().items())


def test_the_light_net_learns_and_the_teacher_stays():
    light, before = assembled(TEACHER, "base"), {name: p.clone() for name, p in TEACHER.state_dict().items()}
    steps = list(train_light(TEACHER, light, lambda step: lesson_at(0), TuningPlan(15, 3e-3, warm=2), WEIGHTS))
    assert steps[-1].losses["output"] < steps[0].losses["output"]
    assert all(torch.equal(p, before[name]) for name, p in TEACHER.state_dict().items())
    assert not any(p.requires_grad for p in light.parameters())
    drawn = steps[-1].averaged()
    assert not torch.equal(drawn.conv_in.weight, light.conv_in.weight)  # it lags behind


def test_a_step_that_is_over_hands_over_nothing():
    steps = train_light(TEACHER, assembled(TEACHER, "base"), lesson_at, PLAN, WEIGHTS)
    first = next(steps)
    next(steps)
    with pytest.raises(RuntimeError, match="Step 1 is over"):
        first.state()


def test_the_state_of_another_net_is_refused(tmp_path):
    step = next(train_light(TEACHER, assembled(TEACHER, "base"), lesson_at, PLAN, WEIGHTS))
    with pytest.raises(UserError, match="another student's"):
        next(train_light(TEACHER, assembled(TEACHER, "small"), lesson_at, PLAN, WEIGHTS, step.state()))


def test_a_loss_that_is_no_number_ends_the_tuning():
    light = assembled(TEACHER, "base")
    light.conv_in.weight.data[0] = float("nan")
    with pytest.raises(Diverged, match="Lower the step size"):
        next(train_light(TEACHER, light, lesson_at, PLAN, WEIGHTS))
