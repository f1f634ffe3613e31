"""Settings, legs and figures of the study: what needs no training."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from backend.core.vision.parts import Shape, blocks_of
from backend.core.vision.student_sizes import shape_of_size
from backend.errors import UserError
from backend.runs.estimate import part_seconds
from backend.runs.folder import RunDir
from backend.runs.pace import Pace
from backend.settings import build, from_saved, list_presets, load_preset
from backend.studies.tiny_clip import summary
from backend.studies.tiny_clip.cells import control_cells, final_cells, grid_cells
from backend.studies.tiny_clip.config import PRESETS, TinyClipConfig
from backend.studies.tiny_clip.legs import legs_of, share_of, stage_sizes
from backend.studies.tiny_clip.work import work

RECORDED = Path(__file__).resolve().parents[3] / "assets" / "sample_runs"
# as the probe found it, with nothing beside it, where those were recorded
THERE = Pace(start=4.2, step=0.0034, token=7.0e-5, question=9.0e-4, gflop=0.01)
TEACHER = {"image": Shape(128, 32, (4,) * 4, (512,) * 4), "text": Shape(96, 24, (4,) * 3, (384,) * 3)}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"arms": ()}, "arms is empty"),
        ({"arms": ("both", "both")}, "different arms"),
        ({"lrs": (0.1, 0.1)}, "different step sizes"),
        ({"world": "own"}, "data_dir is empty.*Set data_dir"),
        ({"batch": 64, "pairs": 32}, "batch is 64"),
        ({"keep": 0.9}, "0.08 to 0.75"),
    ],
)
def test_settings_that_make_no_sense_are_refused_with_advice(changes, said):
    with pytest.raises(UserError, match=said):
        TinyClipConfig(**changes)


@pytest.mark.parametrize("name", list_presets(PRESETS))
def test_every_preset_builds(name):
    build(TinyClipConfig, load_preset(PRESETS, name)["settings"])


def test_every_arms_legs_come_to_equal_updates_and_follow_each_other():
    config = TinyClipConfig()
    for arm in config.arms:
        legs = legs_of(config, arm, TEACHER)
        assert sum(leg.steps for leg in legs) == config.steps
        assert [leg.first for leg in legs] == [0, *(leg.last for leg in legs[:-1])]


@pytest.mark.parametrize("share", [0.08, 0.11, 0.27, 0.5])
@pytest.mark.parametrize("stages", [2, 3, 5])
def test_stages_nest_fall_and_end_at_the_size_of_a_single_leap(share, stages):
    sizes = stage_sizes(TEACHER, share, stages)
    assert len(sizes) == stages
    assert sizes[-1] == legs_of(TinyClipConfig(small=share), "one_leap", TEACHER)[0].sizes
    for before, after in pairwise(sizes):
        for one, two in zip(before, after, strict=True):
            assert one.width >= two.width and one.depth >= two.depth
            assert one.heads >= two.heads and one.neurons >= two.neurons
    shares = [share_of(one, TEACHER) for one in sizes]
    assert shares == sorted(shares, reverse=True) and 1 > shares[0] and shares[-1] <= share
    assert blocks_of(dict(zip(TEACHER, map(shape_of_size, sizes[-1]), strict=True))) == round(
        shares[-1] * blocks_of(TEACHER)
    )


def test_nothing_is_trained_twice():
    config = TinyClipConfig()
    grid, lrs = grid_cells(config), dict.fromkeys(config.arms, config.lrs[0])
    last = final_cells(config, lrs)
    assert len(grid) == len(config.arms) * len(config.lrs) and len(last) == len(config.arms) * 5
    assert len(set(grid) & set(last)) == len(config.arms)
    assert len(control_cells(config, lrs)) == 5 and not control_cells(replace(config, arms=("both",)), {})
    assert not grid_cells(replace(config, lrs=(0.001,)))


def looks(arm: str, seed: int, values: list[float], shares: list[float] | None = None) -> list[dict]:
    return [
        {"stage": "evaluate", "arm": arm, "phase": "final", "lr": 0.1, "seed": seed, "step": 10 * number}
        | {"top1": v, "top5": v, "i2t5": v, "t2i5": v, "n": 50, "share": shares[number] if shares else 0.3}
        | {"seconds": number / 2}
        for number, v in enumerate(values)
    ]


def test_scratchs_end_is_reached_where_a_student_stays_above_it():
    rows = [*looks("scratch", 0, [0, 0.2, 0.3, 0.5]), *looks("both", 0, [0.6, 0.4, 0.5, 0.7])]
    rows += [*looks("affinity", 0, [0, 0.6, 0.6, 0.4])]
    found = {r["arm"]: r for r in summary.reach(rows, {"scratch": 0.1, "both": 0.1, "affinity": 0.1}, 30)
             if r["metric"] == "top5"}  # fmt: skip
    assert (found["both"]["step"], found["both"]["seconds"], found["both"]["goal"]) == (20, 1.0, 0.5)
    assert found["affinity"]["step"] is None and found["affinity"]["of"] == 30
    assert "scratch" not in found


def test_what_a_larger_student_reaches_before_its_cut_does_not_count():
    rows = [*looks("scratch", 0, [0, 0.2, 0.3, 0.5])]
    rows += looks("progressive", 0, [0.9, 0.9, 0.6, 0.7], [0.6, 0.6, 0.1, 0.1])
    [found] = [r for r in summary.reach(rows, {"scratch": 0.1, "progressive": 0.1}, 30) if r["metric"] == "top1"]
    assert found["step"] == 20


def test_differences_are_paired_by_seed_and_count_who_is_ahead():
    rows = []
    for seed, (a, b) in enumerate([(0.5, 0.3), (0.6, 0.5), (0.4, 0.4)]):
        rows += [*looks("affinity", seed, [0, a]), *looks("scratch", seed, [0, b])]
    ends = summary.ends_of(rows, {"affinity": 0.1, "scratch": 0.1}, 10)
    [row] = [row for row in summary.differences(ends) if row["metric"] == "top5"]
    assert row["mean"] == pytest.approx(0.1) and (row["wins"], row["seeds"], row["beyond"]) == (2, 3, False)
    half = 4.302653 * 0.1 / 3**0.5  # Student's t of two degrees of freedom
    assert row["high"] - row["mean"] == pytest.approx(half, rel=1e-5)


def test_chance_is_what_drawing_classes_comes_to():
    found = summary.chance([1, 2], 10)
    assert found["top1"] == pytest.approx(0.15)
    assert found["top5"] == pytest.approx((0.5 + (1 - (5 / 10) * (4 / 9))) / 2)


def test_more_students_are_more_work():
    one = sum(sum(part.amount.counts) for part in work(TinyClipConfig(seeds=1), 2).parts)
    five = sum(sum(part.amount.counts) for part in work(TinyClipConfig(), 2).parts)
    assert 0 < one < five


@pytest.mark.parametrize(("name", "workers"), [("tiny_clip_quick", 2), ("tiny_clip", 1)])
def test_what_is_counted_is_what_recorded_runs_took(name, workers):
    run = RunDir(RECORDED / name)
    config = build(TinyClipConfig, from_saved(TinyClipConfig, run.config()["config"]))
    took, counted = run.status()["time"]["stages"], Counter()
    for part in work(config, workers).parts:
        counted["train" if part.stage == "train" else "start"] += part_seconds(part, THERE)  # they had no other stage
    assert took.keys() == counted.keys()
    assert all(took[stage] / 1.5 < counted[stage] < 1.5 * took[stage] for stage in took), (took, counted)
