"""A run of the study on a tiny model: its files fit their shapes, and a killed one goes on to the same numbers."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import UNet2DConditionModel
from pydantic import TypeAdapter

from backend.core.diffusion.modules import Module
from backend.core.diffusion.plans import Plan
from backend.errors import UserError
from backend.pocket.drawing import pool
from backend.runs.carry_out import run_to_the_end
from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.a_sdm import conclude, data, prepare, sweeper, training, tuning
from backend.studies.a_sdm.config import ASdmConfig
from backend.studies.a_sdm.study import STUDY
from backend.study import resolve
from tests.marks import SLOW
from tests.tiny_drawing import tiny_config, tiny_pipeline

FILES = ("metrics", "changes", "harms", "settings", "looks", "errors", "routing", "results", "nets", "modules", "races")
MEASURED = {"seconds", "peak_memory_mb", "bars", "verdicts", "front"}  # of these a part is time
TIMES = {"seconds", "ms1", "ms8", "own_ms1", "own_ms8"} | {
    f"speed{many}{end}" for many in (1, 8) for end in ("", "_low", "_high")
}


@pytest.fixture(scope="module", autouse=True)
def little_of_everything():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISTILLOSCOPE_WORKERS", "1")
        patch.setattr(pool, "CHUNK", 8)
        patch.setattr(training, "POOL", 8)
        patch.setattr(training, "LOOKED_AT", 1)
        patch.setattr(training, "SAVED_EVERY", 2)
        patch.setattr(training, "TOLD_EVERY", 2)
        patch.setattr(tuning, "TOLD_EVERY", 2)
        patch.setattr(data, "VALIDATED", 3)
        patch.setattr(conclude, "CHECKED", 4)
        yield


@pytest.fixture(scope="module")
def config(tmp_path_factory) -> ASdmConfig:
    return tiny_config(tiny_pipeline(tmp_path_factory.mktemp("a_sdm") / "teacher"))


@pytest.fixture(scope="module")
def finished(config, tmp_path_factory) -> RunDir:
    run = start(config, tmp_path_factory.mktemp("a_sdm") / "whole")
    assert run_to_the_end(config, run) == "finished"
    return run


def start(config: ASdmConfig, folder: Path) -> RunDir:
    run = RunDir.create(folder, STUDY.name, None, as_json(config))
    run.claim()
    return run


def told(run: RunDir) -> dict:
    """Everything a run says, without times and memory, in an order that does not depend on who was first."""
    found: dict = {"summary": {name: value for name, value in run.summary().items() if name not in MEASURED}}
    rivals = [row for row in found["summary"]["differences"] if row["what"] != "rival"]  # of equal time
    found["summary"]["differences"] = rivals
    for name in FILES:
        rows = [{k: v for k, v in row.items() if k not in TIMES} for row in run.rows(name)]
        rows = [row for row in rows if row.get("metric") != "speed"]
        found[name] = sorted(map(json.dumps, rows))
    return found


def test_its_files_fit_their_shapes(finished, config):
    files = {}
    for file in STUDY.files:
        [path] = sorted(finished.path.glob(file.name))
        shape = TypeAdapter(resolve(file.shape))
        lines = path.read_text(encoding="utf-8").splitlines() if path.suffix == ".jsonl" else [path.read_text()]
        assert lines, file.name
        for line in lines:
            shape.validate_json(line)
        files[file.name] = path.read_bytes()
    resolve(STUDY.checks)(files, as_json(config))
    with pytest.raises(UserError, match="not among what the run has"):
        resolve(STUDY.checks)(files, as_json(replace(config, arms=("scratch_task",))))
    assert finished.status()["stage"] == "conclude"


def test_every_setting_is_there_once_and_the_full_one_is_its_own_measure(finished, config):
    rows = finished.rows("settings")
    assert [row["id"] for row in rows] == [one.text for one in config.recipes()]
    full = rows[0]
    assert (full["speed1"], full["speed8"], full["flops"], full["psnr"]) == (1, 1, 1, None)
    assert {row["family"] for row in rows} == {"full", "fewer_steps", "inherit", "light", "switch", "combined"}
    seeds = {row["id"]: row["seeds"] for row in rows}
    assert seeds["base"] == seeds["base>full@2"] == 2 and seeds["deep1@every2"] == 1


def test_operations_fall_with_what_is_left_out(finished):
    flops = {row["id"]: row["flops"] for row in finished.rows("settings")}
    assert flops["full:2"] == 0.5
    assert flops["base"] < flops["base>full@2"] < 1 and flops["base>full@2"] == flops["full>base@2"]
    assert flops["deep1@every2"] < 1 and flops["base+deep1@every2"] < flops["base"]


def test_plans_are_those_of_the_map_and_switches_name_who_runs(finished):
    rows = {row["id"]: row for row in finished.rows("settings")}
    modules = [Module.of_row(row) for row in finished.rows("modules") if row["id"]]
    for row in rows.values():
        if row["plan"] and row["net"] == "full":
            Plan.of(row["plan"]).check(modules)
    assert rows["deep1@every2"]["plan"]["inherit"][0]["at"] == [1, 3] and rows["deep1@every2"]["computed"] == 2
    assert rows["base>full@2"]["nets"] == ["base", "base", "full", "full"]
    assert {tuple(one["at"]) for one in rows["base>full@2+deep1@every2"]["plan"]["inherit"]} == {(1, 3)}


def test_step_sizes_are_chosen_by_validation_prompts_alone(finished, config):
    summary = finished.summary()
    assert summary["lrs"].keys() == set(config.arms)
    best = {arm: max(r["score"] for r in summary["grids"] if r["arm"] == arm) for arm in config.arms}
    assert all(row["score"] == best[row["arm"]] for row in summary["grids"] if row["chosen"])
    ends = [row for row in finished.rows("metrics") if row["stage"] == "evaluate" and row["step"] == config.updates]
    chosen = {(r["arm"], r["seed"]) for r in ends if r["lr"] == summary["lrs"][r["arm"]]}
    assert chosen == {(arm, seed) for arm in config.arms for seed in range(config.seeds)}
    scores = {(r["arm"], r["lr"]): r["psnr"] for r in ends if r["seed"] == 0}
    assert all(row["score"] == scores[row["arm"], row["lr"]] for row in summary["grids"])


def test_arms_are_compared_seed_by_seed_and_levels_picture_by_picture(finished, config):
    found = finished.summary()["differences"]
    arms = [row for row in found if row["what"] == "arms"]
    assert {(row["a"], row["b"]) for row in arms} == {
        ("base", "scratch_task"), ("experts", "base")
    }  # fmt: skip
    assert all(row["seeds"] == config.seeds and row["low"] <= row["mean"] <= row["high"] for row in arms)
    [reading] = [row for row in found if row["what"] == "readings"]
    assert reading["n"] == config.prompts and (reading["a"], reading["b"]) == (
        "resnets.branch@every2",
        "resnets.output@every2",
    )
    rows = {row["id"]: row["psnr"] for row in finished.rows("settings")}
    assert reading["mean"] == pytest.approx(rows[reading["a"]] - rows[reading["b"]], abs=1e-4)
    assert len([row for row in found if row["what"] == "switch" and row["metric"] == "psnr"]) == 1


def test_seed_0s_nets_stay_as_folders_that_diffusers_loads(finished, config):
    nets = finished.artifacts / "nets"
    assert {path.name for path in nets.iterdir()} == set(config.arms)
    base = UNet2DConditionModel.from_pretrained(nets / "base", torch_dtype=torch.float32)
    size = {row["arm"]: row["parameters"] for row in finished.rows("nets")}
    assert sum(p.numel() for p in base.parameters()) == size["base"] < size["full"]
    assert not list(finished.artifacts.glob("other_nets/*")) and not list(finished.artifacts.rglob("state-*"))


def test_a_race_has_a_row_a_step_and_its_lanes_begin_alike(finished, config):
    rows = finished.rows("races")
    first = [row for row in rows if row["prompt"] == 0 and row["who"] == "full"]
    assert [row["step"] for row in first] == list(range(config.steps))
    assert [row["read"] is None for row in first] == [True] * (config.steps - 1) + [False]
    lanes = {row["who"] for row in rows}
    assert "full" in lanes and len(lanes) > 2


class Killed(BaseException):
    """What a run leaves is what a kill leaves: nothing in between gets to tidy up."""


def dying(plain, after: int, mine=lambda given: True):
    count = []

    def act(*given):
        found = plain(*given)
        if mine(given):
            count.append(1)
            if len(count) == after:
                raise Killed
        return found

    return act


@pytest.fixture(scope="module")
def shorter(config) -> ASdmConfig:
    return replace(
        config, arms=("incubated",), lrs=(0.002,), seeds=1, updates=6, plans=("deep1@every2",), switches=(), mixed=()
    )


@pytest.fixture(scope="module")
def unbroken(shorter, tmp_path_factory) -> RunDir:
    run = start(shorter, tmp_path_factory.mktemp("a_sdm") / "shorter")
    assert run_to_the_end(shorter, run) == "finished"
    return run


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("tune", 2),  # at the end of incubation
        ("sweep", 2),
        SLOW("harm", 3),
        SLOW("tune", 1),
        SLOW("tune", 3),
        SLOW("evaluate", 1),
        SLOW("settings", 2),
    ],
)
def test_a_killed_run_goes_on_to_the_same_numbers(unbroken, shorter, tmp_path, monkeypatch, name, after):
    run = start(shorter, tmp_path / "run")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        if name == "harm":
            patch.setattr(prepare, "write_atomically", dying(prepare.write_atomically, after))
        elif name == "sweep":
            patch.setattr(sweeper, "write_atomically", dying(sweeper.write_atomically, after))
        else:
            mine = lambda given: name in (given[1], given[2].get("stage"))  # noqa: E731
            patch.setattr(RunDir, "append", dying(RunDir.append, after, mine))
        resolve(STUDY.run)(shorter, run)
    assert not run.summary()
    assert run_to_the_end(shorter, run) == "finished"
    assert told(run) == told(unbroken)
