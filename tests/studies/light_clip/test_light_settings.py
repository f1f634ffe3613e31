"""The study's settings: what they refuse, what its words say, how figures are compared, and its work. No torch."""

import math
from collections import Counter
from pathlib import Path

import pytest

from backend import settings
from backend.errors import UserError
from backend.runs.estimate import part_seconds
from backend.runs.folder import RunDir
from backend.runs.pace import Pace
from backend.runs.work import Amount
from backend.studies.light_clip import summary, words
from backend.studies.light_clip.arms import ARMS, PARTS
from backend.studies.light_clip.cells import DEPTH, NOISE, TRAIN, Variant, chosen, count, first, variants
from backend.studies.light_clip.config import PRESETS, LightClipConfig
from backend.studies.light_clip.work import work

RECORDED = Path(__file__).resolve().parents[3] / "assets" / "sample_runs" / "light_clip"
# as the probe found it, with nothing beside it, where that run was recorded
THERE = Pace(start=4.2, step=0.0034, token=7.0e-5, question=9.0e-4, gflop=0.01)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"arms": ()}, "arms is empty"),
        ({"arms": ("base", "base")}, "different arms"),
        ({"arms": ("tinyclip",)}, "one of base"),
        ({"lrs": (0.01, 0.01)}, "different step sizes"),
        ({"depths": (0,)}, "from 1 to 24"),
        ({"looses": (0.5, 1.5)}, "shares from 0 to 1"),
        ({"world": "own"}, "data_dir is empty"),
        ({"image_width": 50}, "a multiple of 16"),
        ({"patch": 5}, "a divisor of 32"),
        ({"softness": 1.0}, "0.0 to 0.95"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes, said):
    with pytest.raises(UserError) as refused:
        LightClipConfig(**changes)
    assert said in str(refused.value)


def test_every_preset_is_a_legal_run_and_says_what_it_is():
    for name in settings.list_presets(PRESETS):
        given = settings.load_preset(PRESETS, name)
        config = settings.as_json(settings.build(LightClipConfig, given["settings"]))
        assert given["title"] and given["about"]
        assert words.about(config).endswith(".") and words.WORLDS[config["world"]] in words.about(config)
    assert set(words.TITLES) == set(words.ABOUT) == set(ARMS)


def test_quick_trains_three_parts_beside_the_base():
    given = settings.load_preset(PRESETS, "quick")["settings"]
    assert set(given["arms"]) == {"base", "softened", "tokens", "masked_words"} and given["seeds"] >= 3


def test_nothing_is_trained_twice():
    config = LightClipConfig(text_layers=2, loose=0.5, depths=(1, 2), looses=(0.0, 0.5), seeds=3, lrs=(0.1, 0.2))
    found = variants(config)
    assert found[TRAIN] == [Variant(arm, 2, 0.5) for arm in PARTS]
    assert found[DEPTH] == [Variant("base", 1, 0.5)]  # two layers are those of the arms
    assert found[NOISE] == [Variant("base", 2, 0.0), Variant("softened", 2, 0.0)]
    some = found[DEPTH]
    cells = set(first(config, some)) | {cell for one in some for cell in chosen(config, one, 0.2)}
    assert len(cells) == count(config, some) == 4  # two step sizes of the first seed, two more seeds


def figures(**values) -> dict:
    return {"n": 10, "named": 8, "pointed": 6, "hidden": 4} | values


def test_the_ablation_compares_seed_by_seed_and_says_what_is_beyond_noise():
    base = {seed: figures(t2i5=value, pointing=0.4) for seed, value in enumerate((0.2, 0.3, 0.4))}
    more = {seed: figures(t2i5=value, pointing=0.7 + seed / 100) for seed, value in enumerate((0.4, 0.3, 0.2))}
    rows = {(row["arm"], row["metric"]): row for row in summary.ablation({"base": base, "tokens": more})}
    assert rows["base", "t2i5"]["against"] is None and rows["base", "pointing"]["n"] == 6
    pointing, t2i5 = (rows["tokens", metric]["against"] for metric in ("pointing", "t2i5"))
    assert pointing["beyond"] and pointing["wins"] == 3 and pointing["mean"] == pytest.approx(0.31)
    half = 4.30265 * 0.01 / math.sqrt(3)  # Student's t of two degrees of freedom
    assert pointing["high"] - pointing["mean"] == pytest.approx(half, rel=1e-4)
    assert not t2i5["beyond"] and t2i5["low"] < 0 < t2i5["high"] and t2i5["error"] > 0
    assert summary.looks(list(rows.values())) == 2
    assert ("tokens", "masked_gain") not in rows


def test_one_seed_has_no_interval_and_is_never_beyond_noise():
    found = {"base": {0: figures(top1=0.1)}, "all": {0: figures(top1=0.9)}}
    (row,) = [row for row in summary.ablation(found) if row["against"]]
    assert row["against"]["low"] is None and row["against"]["error"] is None and not row["against"]["beyond"]
    assert summary.difference({0: 1.0}, {1: 1.0}) is None


def test_warnings_name_what_makes_figures_weak():
    kinds = {row["kind"] for row in summary.warnings(LightClipConfig(seeds=1, arms=("all",)), {})}
    assert kinds == {"seeds", "reference", "pointing"}


def test_results_hold_shares_alone():
    rows = summary.result_rows(LightClipConfig(), "all", 1, figures(top1=0.5, masked_gain=-0.1, pointing=None))
    assert [(row["metric"], row["n"]) for row in rows] == [("top1", 8)]


def test_more_arms_seeds_step_sizes_depths_and_captions_are_more_work():
    def total(**changes) -> Amount:
        return sum((part.amount for part in work(LightClipConfig(**changes), 2).parts), Amount())

    plain = total()
    for fewer in ({"arms": ("base",)}, {"seeds": 2}, {"lrs": (0.01,)}, {"steps": 20}, {"depths": ()}, {"looses": ()}):
        assert total(**fewer).tokens < plain.tokens
    assert total(patch=4).tokens > 1.5 * plain.tokens and total(pairs=9000).questions > plain.questions
    assert work(LightClipConfig(), 2).memory_mb > work(LightClipConfig(), 1).memory_mb


def test_what_is_counted_is_what_the_recorded_run_took():
    run, counted = RunDir(RECORDED), Counter()
    config = settings.build(LightClipConfig, settings.from_saved(LightClipConfig, run.config()["config"]))
    for part in work(config, 1).parts:
        counted[part.stage] += part_seconds(part, THERE)
    took = run.status()["time"]["stages"]
    assert all(took[stage] / 1.5 < counted[stage] < 1.5 * took[stage] for stage in (TRAIN, DEPTH, NOISE)), counted
