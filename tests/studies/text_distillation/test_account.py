"""The account of an update: its numbers are those of the log, and what it works out is what the worker did."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from backend.runs.folder import RunDir
from backend.settings import build, from_saved
from backend.studies.text_distillation.account import account, changed_words
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.distill import distil
from backend.studies.text_distillation.engines import make_engine
from backend.studies.text_distillation.schedule import latest_start, shrinking, typical_norm
from components.studies.text_distillation import slow_motion
from tests import tiny_decoding

one_process = tiny_decoding.one_process
config = tiny_decoding.config
ready = tiny_decoding.ready
QUICK = RunDir(Path(__file__).parents[3] / "assets" / "sample_runs" / "paper")
ROWS = [row for row in QUICK.rows("metrics") if row["stage"] == "distil"]
CONFIG = build(DistillConfig, from_saved(DistillConfig, QUICK.config()["config"]))


def row(step: int, **more) -> dict:
    plain = {"stage": "distil", "step": step, "expert": 0, "start": 1, "matching_loss": 0.25, "cosine": 0.5}
    plain |= {"gradient_norm": 1.0, "skipped": 0, "regulariser": 0.1, "weight": 0.0, "inner_lr": 0.01}
    return plain | more


def test_the_clipping_it_works_out_is_the_workers_own(ready):
    setup, decoder, state, buffer = ready("nearest", outer_steps=4)
    rows, memory = [], []
    for found in distil(setup.config, make_engine("exact", setup.own.student), buffer, setup.synthetic, decoder, state):
        rows.append({"stage": "distil", **found})
        memory.append(state.typical_norm)
        grads = [state.prompts.grad, state.log_lrs.grad]
        left = math.sqrt(sum(float(grad.square().sum()) for grad in grads))  # what clipping left of it
        told = account(setup.config, rows, [], len(rows))
        assert told["typical"] == memory[-1]
        assert told["shrink"] * found["gradient_norm"] == pytest.approx(left, rel=1e-5)
    assert len(rows) == 4


def test_every_update_of_a_recorded_run_is_told_with_its_own_row():
    for found in ROWS:
        told = account(CONFIG, ROWS, [], found["step"])
        assert told["row"] == found and told["left"] ** 2 == pytest.approx(found["matching_loss"])
        assert math.cos(math.radians(told["angle"])) == pytest.approx(found["cosine"])
        assert found["start"] <= told["latest_start"] and told["target"] <= CONFIG.expert_steps
    clipped = [found["step"] for found in ROWS if account(CONFIG, ROWS, [], found["step"])["shrink"] < 1]
    assert 0 < len(clipped) < len(ROWS)


def test_a_step_between_or_outside_gives_the_nearest_before_it():
    rows = [row(3), row(5)]
    assert [account(CONFIG, rows, [], step)["row"]["step"] for step in (0, 4, 5, 99)] == [3, 3, 5, 5]
    assert account(CONFIG, [], [], 1) is None


@pytest.mark.parametrize(
    ("change", "why"),
    [({"matching_loss": 9.0, "skipped": 1}, "loss"), ({"matching_loss": None, "skipped": 1}, "numbers"),
     ({"gradient_norm": None, "skipped": 1}, "numbers"), ({}, None)],
)  # fmt: skip
def test_a_skipped_update_says_why_and_has_no_clipping(change, why):
    told = account(CONFIG, [row(1), row(2, **change)], [], 2)
    assert told["skipped"] == why and (told["shrink"] is None) == bool(why)
    assert slow_motion.move(CONFIG, told)["title"] == ("Skip" if why else "Move the prompts")
    after = account(CONFIG, [row(1), row(2, **change), row(3, skipped=len(change) and 1)], [], 3)
    assert after["skipped"] is None and after["typical"] == pytest.approx(1.0)


def test_words_are_compared_with_the_snapshot_before_and_only_where_one_was_taken():
    def snapshot(step, *texts):
        return {"step": step, "prompts": [{"slot": k, "text": text} for k, text in enumerate(texts)]}

    taken = [snapshot(0, "a b", "c"), snapshot(5, "a x", "c")]
    assert changed_words(taken, 5) == [{"slot": 0, "before": "a b", "after": "a x"}]
    assert changed_words(taken, 4) is None is changed_words(taken, 0)


def test_the_schedule_is_what_it_says():
    half = replace(CONFIG, outer_steps=100, curriculum=0.5, max_start=4)
    assert [latest_start(half, step) for step in (0, 25, 50, 99)] == [0, 2, 4, 4]
    assert typical_norm(0.0, 3.0) == 3.0 and typical_norm(1.0, 2.0) == pytest.approx(1.1)
    assert shrinking(half, 1.0, half.clip * 2) == 0.5 and shrinking(half, 1.0, 0.0) == 1.0
