"""When a tuning stops and with which step size it goes on: by validation alone, ties to the more cautious."""

import math

import pytest
import torch

from backend.core.training.finetune import EarlyStop, choose_lr, learning_rate
from backend.errors import UserError


def stop_after(stop: EarlyStop, values: list[float]) -> list[bool]:
    start = stop.step
    return [stop.update(v, start + k, lambda v=v: {"p": torch.tensor([v])}) for k, v in enumerate(values, start=1)]


def test_early_stopping_keeps_the_best_and_waits_as_long_as_it_was_told():
    stop = EarlyStop(2)
    assert stop_after(stop, [0.1, 0.5, 0.5, 0.4]) == [False, False, False, True]  # a tie is no gain
    assert (stop.best, stop.best_step, stop.params["p"].item()) == (0.5, 2, 0.5)


def test_patience_zero_never_stops():
    stop = EarlyStop(0)
    assert not any(stop_after(stop, [0.5] + [0.1] * 20)) and stop.best_step == 1


def test_a_validation_that_is_no_number_is_no_gain():
    stop = EarlyStop(3)
    assert not any(stop_after(stop, [0.5, math.nan, 0.6])) and stop.best == 0.6


def test_a_killed_tuning_remembers_its_best_and_counts_no_step_twice(tmp_path):
    stop = EarlyStop(2)
    stop_after(stop, [0.5, 0.4])
    stop.save(tmp_path / "best.safetensors")
    again = EarlyStop.load(tmp_path / "best.safetensors")
    assert not again.update(0.4, 2, dict)
    assert again.update(0.3, 3, dict)
    assert (again.best, again.best_step, again.params["p"].item()) == (0.5, 1, 0.5)


def test_an_early_stop_that_saw_nothing_can_be_saved(tmp_path):
    EarlyStop(1).save(tmp_path / "best.safetensors")
    assert EarlyStop.load(tmp_path / "best.safetensors").best == -math.inf


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        ({0.1: (0.5, 2.0), 0.2: (0.6, 3.0)}, 0.2),  # accuracy first
        ({0.1: (0.6, 2.0), 0.2: (0.6, 1.0)}, 0.2),  # then the loss
        ({0.2: (0.6, 1.0), 0.1: (0.6, 1.0)}, 0.1),  # then the smaller step
        ({0.1: (0.2, 9.0), 0.2: (0.9, math.nan), 0.3: (0.9, math.inf)}, 0.1),
    ],
)
def test_the_learning_rate_is_chosen_by_accuracy_then_loss_then_caution(scores, best):
    assert choose_lr(scores) == best


def test_a_grid_of_nothing_but_failures_is_explained():
    with pytest.raises(UserError, match="None of the 2 learning rates gave a finite loss"):
        choose_lr({0.1: (0.5, math.nan), 0.2: (math.nan, 1.0)})


def test_the_schedule_warms_up_and_decays_to_a_tenth():
    rates = [learning_rate(step, 100, 1.0) for step in range(100)]
    assert rates[0] == pytest.approx(0.1) and rates[9] == rates[10] == max(rates) == 1.0
    assert rates[10:] == sorted(rates[10:], reverse=True) and 0.1 < rates[-1] < 0.12
