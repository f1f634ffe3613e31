"""Parts of the study that need no run: recipes as text, plans by legs, speeds, differences, work, and bad input."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest

from backend.core.diffusion.modules import modules_of
from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.settings import as_json, build, load_preset
from backend.studies.a_sdm import summary
from backend.studies.a_sdm.bars import bars, verdicts
from backend.studies.a_sdm.config import ASdmConfig
from backend.studies.a_sdm.data import World
from backend.studies.a_sdm.drawing import Studio
from backend.studies.a_sdm.entries import entry_of, read_plan
from backend.studies.a_sdm.legs import legs_of, plan_of, within
from backend.studies.a_sdm.recipes import recipe_of, steps_of
from backend.studies.a_sdm.study import STUDY
from backend.studies.a_sdm.sweeper import figures_of
from backend.studies.a_sdm.timing import speeds
from backend.studies.a_sdm.tuning import tune
from backend.studies.a_sdm.words import setting_title
from backend.studies.a_sdm.work import work
from benchmarks.computed_steps import by_hand, climbed, neighbours
from tests.tiny_drawing import tiny_config, tiny_pipeline


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_pipeline(tmp_path_factory.mktemp("a_sdm_parts") / "teacher")


@pytest.fixture(scope="module")
def modules(folder, tmp_path_factory):
    return modules_of(World(tiny_config(folder), RunDir(tmp_path_factory.mktemp("run"))).pipeline.unet)


def test_every_usual_setting_is_written_as_it_is_read():
    found = ASdmConfig().recipes()
    assert len(found) >= 30 and len({one.text for one in found}) == len(found)
    assert all(recipe_of(one.text) == one for one in found)
    assert all(setting_title(one)[0].isupper() or setting_title(one)[0].isdigit() for one in found)


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("full", "full"),
        ("full:10", "fewer_steps"),
        ("deep1@uniform10", "inherit"),
        ("base", "light"),
        ("base>full@5", "switch"),
        ("base:10", "combined"),
        ("base+deep1@every2", "combined"),
        ("deepcache0@every3:10", "combined"),
        ("deepcache0@start10", "inherit"),
        ("deepcache0@hand0_1_3", "inherit"),
    ],
)
def test_a_setting_is_of_one_family(text, family):
    assert recipe_of(text).family == family


@pytest.mark.parametrize(
    "text",
    [
        *("deep1", "deep1@uniform", "deep1@uniform0", "deep9@every2", "deep1@warmup3", "mid@every2_3", ""),
        *("deep1@hand", "deep1@hand0_1.5", "deepcache@every2", "deepcache0.branch@every2", "broadcast@gate3"),
        *("base>base@3", "base>full@0", "nobody>full@3", "full:0", "base+"),
    ],
)
def test_what_is_no_setting_is_refused_with_advice(text):
    with pytest.raises(UserError, match=r"(cannot be read|names no net)"):
        recipe_of(text)


def test_a_switch_gives_each_net_a_plan_of_its_own_whose_first_step_is_computed(modules):
    recipe = recipe_of("base>full@3+deep1@every2")
    first, then = legs_of(recipe, 8, lambda _: modules, [0.0] * 8)
    assert (first.first, first.last, then.first, then.last) == (0, 3, 3, 8)
    assert {one.at for one in first.plan.inherit} == {(1,)} and {one.at for one in then.plan.inherit} == {(2, 4)}
    whole, _ = plan_of(recipe.inherit, modules, 8, [])
    assert within(whole, 0, 8) == whole


def test_step_sets_are_the_cores(modules):
    assert steps_of(recipe_of("deep1@uniform5").inherit, 20) == (0, 4, 8, 12, 16)
    assert steps_of(recipe_of("deep1@gate3").inherit, 6) == (0, 1, 2)
    assert steps_of(recipe_of("deep1@hand3_0_1").inherit, 6) == (0, 1, 3)
    for numbers in ("1_2", "0_6"):
        with pytest.raises(UserError, match="The computed steps are"):
            steps_of(recipe_of(f"deep1@hand{numbers}").inherit, 6)
    plan, threshold = plan_of(recipe_of("deep1@change0.2").inherit, modules, 5, [])
    assert threshold == 0.2 and {one.at for one in plan.inherit} == {(1, 2, 3, 4)}


def test_deepcache_computes_the_very_steps_of_its_set(modules):
    def at(text: str) -> set:
        return {one.at for one in plan_of(recipe_of(text).inherit, modules, 8, [])[0].inherit}

    assert at("deepcache0@every3") == {(1, 2, 4, 5, 7)} and at("deepcache0@gate3") == {(3, 4, 5, 6, 7)}
    computed = steps_of(recipe_of("deepcache0@start4").inherit, 8)
    assert at("deepcache0@start4") == {tuple(step for step in range(8) if step not in computed)}


def test_speed_is_the_median_of_rounds_and_its_interval_the_ends_of_five():
    mid, low, high = speeds([1.0, 2.0, 4.0, 1.0, 1.0], [2.0, 2.0, 2.0, 3.0, 5.0])
    assert (mid, low, high) == (2.0, 0.5, 5.0)
    many = speeds([1.0] * 15, [float(number) for number in range(1, 16)])
    assert many[0] == 8.0 and 1.0 < many[1] < 8.0 < many[2] < 15.0


def test_an_error_over_nets_holds_that_of_pictures_and_that_of_nets():
    seeds = [{"psnr": [10.0, 14.0], "right": None, "slots": None, "distance": None, "frechet": None},
             {"psnr": [20.0, 24.0], "right": None, "slots": None, "distance": None, "frechet": None}]  # fmt: skip
    found = figures_of(seeds)
    assert found["psnr"] == 17.0 and found["psnr_se"] == pytest.approx((2.0**2 + 5.0**2) ** 0.5, abs=1e-4)
    assert found["right"] is None and found["frechet"] is None


def test_computed_steps_are_moved_one_at_a_time_until_no_move_is_better():
    def value(steps: tuple[int, ...]) -> float:
        return -sum((step - wanted) ** 2 for step, wanted in zip(steps, (0, 2, 5, 6), strict=True))

    found = list(climbed((0, 1, 2, 3), 8, value))
    values = [worth for _, worth in found]
    assert values == sorted(set(values)) and all(value(steps) == worth for steps, worth in found)
    assert found[-1][0] == (0, 2, 5, 6) and all(value(one) < 0 for one in neighbours(found[-1][0], 8))
    assert all(one == tuple(sorted(set(one))) and one[0] == 0 and one[-1] < 8 for one in neighbours((0, 1, 3, 7), 8))
    assert by_hand(recipe_of("deepcache0@start9:16"), (0, 1, 4)).text == "deepcache0@hand0_1_4:16"


def row(id: str, family: str, speed: float, psnr: float | None, **more) -> dict:
    base = {
        "id": id,
        "title": id,
        "family": family,
        "net": "full",
        "nets": None,
        "plan": {"steps": 20, "inherit": []} if family == "inherit" else None,
        "steps": 4,
        "n": 4,
        "seeds": 1,
        "flops": 1 / speed,
    }
    return base | {"speed8": speed, "psnr": psnr, "psnr_se": 0.1, "right": 1.0, "slots": 1.0, "frechet": None} | more


def measured(**psnr: list[float]) -> summary.Measured:
    """Made-up settings: the full one, two of fewer steps, and a plan between them."""
    rows = [row("full", "full", 1.0, None), row("full:3", "fewer_steps", 1.5, 30.0),
            row("full:2", "fewer_steps", 2.0, 20.0), row("deep1@every2", "inherit", 1.75, 31.0),
            row("mid@every2", "inherit", 1.1, 50.0)]  # fmt: skip
    values = {"full": [100.0] * 4, "full:3": [29.0, 31.0, 30.0, 30.0], "full:2": [19.0, 21.0, 20.0, 20.0],
              "deep1@every2": [30.0, 32.0, 31.0, 31.0], "mid@every2": [50.0, 50.1, 49.9, 50.0]}  # fmt: skip
    pictures = {
        id: [{"psnr": one, "right": [1.0] * 4, "slots": [1.0] * 4, "distance": None, "frechet": None}]
        for id, one in values.items()
    }
    return summary.Measured(rows, pictures)


def test_a_rival_of_equal_time_lies_between_its_neighbours_and_one_that_is_slower_than_all_has_none():
    found = [one for one in summary.rival_differences(measured()) if one["metric"] == "psnr"]
    [only] = found
    assert only["a"] == "deep1@every2" and only["mean"] == pytest.approx(31.0 - 25.0) and only["beyond"]


def test_the_front_holds_whom_nobody_beats():
    found = [one["setting"] for one in summary.front(measured()) if one["metric"] == "psnr"]
    assert found == ["mid@every2", "deep1@every2", "full:2"]


def test_the_order_of_harm_is_told_in_paired_standard_errors():
    first, second = summary.order_of_harm(measured())
    assert (first["level"], second["level"]) == ("mid", "deep1") and first["errors"] > 4 and second["errors"] is None


def test_a_bar_is_met_missed_or_was_not_measured():
    told = measured()
    found = {"differences": summary.rival_differences(told), "order": summary.order_of_harm(told),
             "front": summary.front(told), "floor": None, "peak_memory_mb": 900}  # fmt: skip
    by_name = {one["name"]: one for one in bars(told, found, [])}
    assert by_name["full model"]["met"] is True and by_name["memory"]["met"] is True
    assert by_name["a light net"]["met"] is None and by_name["the front"]["met"] is False
    assert by_name["inheritance, nearly the same"]["met"] is False  # 1.1 times at 50 dB
    [said] = verdicts(told, found)
    assert "1 of 1 above fewer steps" in said and "+6.00 dB" in said


@pytest.mark.parametrize("preset", ["quick", "standard", "train", "real"])
def test_every_preset_is_a_run_whose_work_is_known(preset):
    config = build(STUDY.config, load_preset(STUDY.presets, preset)["settings"])
    found = work(config, 2)
    assert all(count >= 0 for part in found.parts for count in part.amount.counts)
    assert found.memory_mb > 0 and {part.stage for part in found.parts} >= {"prepare", "sweep"}


def test_more_updates_prompts_and_rounds_are_more_work():
    def steps(config: ASdmConfig) -> float:
        return sum(part.amount.steps for part in work(config, 2).parts)

    base = ASdmConfig()
    changes = ({}, {"updates": 480}, {"prompts": 256}, {"rounds": 9}, {"seeds": 5})
    found = [steps(replace(base, **change)) for change in changes]
    assert all(one > found[0] for one in found[1:]) and all(a != b for a, b in pairwise(found))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"plans": ("deep1",)}, "cannot be read"),
        ({"switches": ("base>full@20",)}, "after the last of 20 steps"),
        ({"fewer": (20,)}, "below it"),
        ({"lrs": ()}, "lrs is empty"),
        ({"lrs": (0.1, 0.1)}, "twice"),
        ({"size": "16", "teacher": "somewhere"}, "either a model"),
        ({"updates": 2}, "updates is 2"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes, said):
    with pytest.raises(UserError, match=said):
        ASdmConfig(**changes)


def test_a_plan_that_inherits_at_step_0_or_is_no_plan_is_refused(tmp_path, folder):
    place = tmp_path / "plan.json"
    place.write_text(json.dumps({"steps": 4, "inherit": [{"module": "mid_block", "at": [0]}]}))
    with pytest.raises(UserError, match="at step 0"):
        read_plan(str(place))
    place.write_text("no json")
    with pytest.raises(UserError, match="cannot be read"):
        read_plan(str(place))
    place.write_text(json.dumps({"steps": 4, "inherit": [{"module": "nowhere", "at": [1]}]}))
    config = tiny_config(folder, plan=str(place))
    studio = Studio(World(config, RunDir(tmp_path / "run")))
    with pytest.raises(UserError, match="no module 'nowhere'"):
        entry_of(config, "own").legs(studio)


def test_nets_of_another_schedule_or_other_words_take_no_turns(tmp_path, folder):
    other = tiny_pipeline(tmp_path / "other", prediction="epsilon", seed=1)
    config = tiny_config(folder, ready=(str(other),), switches=(), mixed=(), arms=())
    studio = Studio(World(config, RunDir(tmp_path / "run")))
    with pytest.raises(UserError, match="cannot take turns"):
        studio.nets.net("other")
    same = tiny_pipeline(tmp_path / "same", seed=2)
    studio = Studio(World(replace(config, ready=(str(same),)), RunDir(tmp_path / "run")))
    assert studio.nets.net("same") is studio.nets.net("same")


def test_a_level_that_a_net_does_not_have_is_refused(tmp_path, folder):
    config = tiny_config(folder, plans=("deep2@every2",))
    with pytest.raises(UserError, match="no level 'deep2'"):
        entry_of(config, "deep2@every2").legs(Studio(World(config, RunDir(tmp_path))))


def test_a_pipeline_of_another_family_is_refused(tmp_path):
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "StableDiffusionXLPipeline"}))
    with pytest.raises(UserError, match="another family"):
        _ = World(tiny_config(tmp_path), RunDir(tmp_path / "run")).pipeline


def test_an_image_size_that_the_unet_cannot_halve_is_refused(tmp_path, folder):
    odd = tiny_pipeline(tmp_path / "odd")
    (odd / "latents.json").write_text(json.dumps({"patch": 2, "side": 18}))
    with pytest.raises(UserError, match="cannot be halved"):
        _ = World(tiny_config(odd), RunDir(tmp_path / "run")).pipeline


def test_prompts_of_ones_own_are_read_and_not_judged(tmp_path, folder):
    file = tmp_path / "prompts.txt"
    file.write_text("a red circle, sand\n\ntwo blue stars, night\n")
    world = World(tiny_config(folder, prompt_file=str(file)), RunDir(tmp_path))
    assert world.test.texts[:3] == ("a red circle, sand", "two blue stars, night", "a red circle, sand")
    assert world.test.slots is None and len(set(world.test.seeds)) == 4
    with pytest.raises(UserError, match="cannot be read"):
        _ = World(tiny_config(folder, prompt_file=str(tmp_path / "none")), RunDir(tmp_path)).test


def test_arms_of_a_model_that_reads_other_words_are_refused(tmp_path, folder, monkeypatch):
    monkeypatch.setattr(World, "pocket", False)
    with pytest.raises(UserError, match="does not read their words"):
        tune(tiny_config(folder), RunDir(tmp_path))


def test_the_config_goes_to_json_and_back():
    config = ASdmConfig()
    assert build(ASdmConfig, as_json(config)) == config
