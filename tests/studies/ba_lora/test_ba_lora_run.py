"""A run of the study on a tiny model: its files fit their shapes, and a killed one goes on to the same numbers."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from backend.core.models.backbones import load_backbone
from backend.core.text.tasks import find_task
from backend.core.text.text_data import load_questions
from backend.errors import UserError
from backend.pocket.planting import listed
from backend.runs.carry_out import run_to_the_end
from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.ba_lora.config import BaLoraConfig
from backend.studies.ba_lora.data import taught
from backend.studies.ba_lora.probes import OwnProbes, WrongLabel, probe
from backend.studies.ba_lora.shapes import ItemRow
from backend.studies.ba_lora.study import STUDY
from backend.studies.ba_lora.tuning import tune
from backend.study import resolve
from tests.marks import SLOW

ARMS = ("pissa", "ba_lora_strong", "no_consistency", "early_stopping")
TERMS = ("consistency", "diversity", "spectrum")


@pytest.fixture(scope="module", autouse=True)
def one_process():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISTILLOSCOPE_WORKERS", "1")
        yield


@pytest.fixture(scope="module")
def config(tiny_models, tiny_tasks) -> BaLoraConfig:
    return BaLoraConfig(
        model=str(tiny_models["opt"]), clean_model=str(tiny_models["opt"]), train_task="arc_easy",
        data_dir=str(tiny_tasks), examples=8, arms=ARMS, lrs=(0.01, 0.03), steps=18, batch=4, rank=2, seeds=2,
        validation_limit=4, test_limit=6,
    )  # fmt: skip


def start(config: BaLoraConfig, folder: Path) -> RunDir:
    run = RunDir.create(folder, STUDY.name, None, as_json(config))
    run.claim()
    return run


@pytest.fixture(scope="module")
def finished(config, tmp_path_factory) -> RunDir:
    run = start(config, tmp_path_factory.mktemp("ba_lora") / "whole")
    assert run_to_the_end(config, run) == "finished"
    return run


def told(run: RunDir) -> dict:
    """Everything a run says, without times and memory, in an order that does not depend on who was first."""
    measured = ("seconds", "peak_memory_mb", "training_seconds", "beyond_pissa")
    found: dict = {"summary": {name: value for name, value in run.summary().items() if name not in measured}}
    for name in ("metrics", "spectra", "exhibits", "probes", "results"):
        found[name] = sorted(map(json.dumps, run.rows(name)))
    return found


def test_its_files_fit_their_shapes(finished, config):
    for file in STUDY.files:
        found = sorted(finished.path.glob(file.name))
        assert found, file.name
        shape = TypeAdapter(resolve(file.shape))
        for path in found:
            lines = path.read_text(encoding="utf-8").splitlines() if path.suffix == ".jsonl" else [path.read_text()]
            for line in lines:
                shape.validate_json(line)
    files = {path.name: path.read_bytes() for path in finished.path.glob("*.jsonl")}
    resolve(STUDY.checks)(files, as_json(config))
    with pytest.raises(UserError, match="not among the arms"):
        resolve(STUDY.checks)(files, as_json(replace(config, arms=("pissa",))))
    status = finished.status()
    assert (status["stage"], status["done"], status["total"]) == ("conclude", 1, 1)


def test_every_arm_chooses_its_own_step_size_and_every_student_is_probed(finished, config):
    summary = finished.summary()
    assert summary["lrs"].keys() == set(ARMS) and all(len(grid) == 2 for grid in summary["grids"].values())
    asked = {(row["who"], row["seed"]) for row in finished.rows("probes")}
    assert asked == {("base", 0), ("clean", 0)} | {(arm, seed) for arm in ARMS for seed in range(2)}
    for row in finished.rows("probes"):
        assert len(finished.rows(row["items"].removesuffix(".jsonl"))) > 0
    assert {row["n"] for row in finished.rows("probes") if row["probe"] == "wrong_labels"} == {config.wrong}
    assert any("no list of planted defects" in said for said in summary["skipped"])


def test_terms_are_told_raw_weighted_and_as_shares_of_the_gradient_by_the_arms_that_have_them(finished):
    rows = [row for row in finished.rows("metrics") if row["stage"] == "tune" and row["seed"] == 1]
    strong = [row for row in rows if row["arm"] == "ba_lora_strong"]
    assert all(f"weighted_{name}" in row for row in strong for name in TERMS) and len(strong) == 18
    assert sum("share_task" in row for row in strong) == 10  # every other update, and the last
    plain = [row for row in rows if row["arm"] == "pissa"]
    assert all(row["total"] == row["loss"] for row in plain) and not any("share_task" in row for row in plain)
    without = [row for row in rows if row["arm"] == "no_consistency" and "share_task" in row]
    assert without and not any(row["share_consistency"] for row in without)
    assert strong[0]["weighted_consistency"] == pytest.approx(0, abs=1e-4) and strong[0]["weighted_spectrum"] == 0


def test_spectra_and_exhibits_are_of_one_student_of_an_arm_from_start_to_end(finished):
    spectra = finished.rows("spectra")
    assert {row["seed"] for row in spectra} == {1} and {row["arm"] for row in spectra} == set(ARMS)
    whens = [row["when"] for row in spectra if row["arm"] == "pissa"]
    assert whens == ["start", *["now"] * 8, "end"]
    flat = [row for row in finished.rows("exhibits") if row["term"] == "spectrum" and row["form"] == "no_grad"]
    assert len(flat) == 10 and not any(row["gradient"] for row in flat)


def test_differences_are_paired_by_seed_and_an_interval_needs_two(finished):
    summary = finished.summary()
    values = {(row["who"], row["seed"]): row["value"] for row in finished.rows("probes") if row["metric"] == "kl"}
    apart = [values["ba_lora_strong", seed] - values["pissa", seed] for seed in range(2)]
    figure = next(r for r in summary["table"] if (r["who"], r["metric"]) == ("ba_lora_strong", "kl"))
    assert figure["against"]["mean"] == pytest.approx(sum(apart) / 2)
    half = 12.7062 * abs(apart[0] - apart[1]) / 2  # Student's t of one degree of freedom, over the root of two
    assert figure["against"]["high"] - figure["against"]["mean"] == pytest.approx(half, rel=1e-4)
    assert next(row for row in summary["consistency"] if row["metric"] == "kl")["mean"] < 0
    base = next(r for r in summary["table"] if (r["who"], r["metric"]) == ("base", "kept"))
    assert base["over"] == "questions" and base["low"] <= base["mean"] <= base["high"]
    assert summary["looks"] == sum(row["against"] is not None for row in summary["table"])


class Killed(BaseException):
    """What a run leaves is what a kill leaves: nothing in between gets to tidy up."""


@pytest.mark.parametrize(
    ("name", "after"), [SLOW("metrics", 16), SLOW("metrics", 75), ("exhibits", 17), SLOW("probes", 9)]
)
def test_a_killed_run_goes_on_to_the_same_numbers(finished, config, tmp_path, monkeypatch, name, after):
    run, plain, count = start(config, tmp_path / "run"), RunDir.append, []

    def append(self: RunDir, to: str, row: dict) -> None:
        plain(self, to, row)
        count.append(to)
        if count.count(name) == after:
            raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(RunDir, "append", append)
        resolve(STUDY.run)(config, run)
    assert not run.summary()
    assert run_to_the_end(config, run) == "finished"
    assert told(run) == told(finished)


def test_weights_of_nothing_give_the_numbers_of_plain_pissa_to_the_bit(config, tmp_path):
    nothing = replace(
        config, arms=("pissa", "ba_lora"), consistency=0.0, diversity=0.0, spectrum=0.0, seeds=1, lrs=(0.01,)
    )
    run = start(nothing, tmp_path / "run")
    tune(nothing, nothing.model, run)
    losses = {arm: [row["loss"] for row in run.rows("metrics") if row["arm"] == arm] for arm in nothing.arms}
    assert losses["pissa"] == losses["ba_lora"] and len(losses["pissa"]) == nothing.steps


def test_a_quarter_of_the_labels_is_wrong_and_the_same_in_every_run(config):
    chosen = taught(config)
    assert sum(item.wrong for item in chosen) == config.wrong == 2 and len(chosen) == 8
    assert taught(config) == chosen != taught(replace(config, seed=1))
    assert all(item.option < len(item.question.options) for item in chosen)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"anchor": "statements"}, "never read the statements.*anchor=answers"),
        ({"examples": 200}, "examples is 200, but there are 12.*Lower examples"),
        ({"train_task": "own_text"}, "has free answers"),
    ],
)
def test_what_the_data_lacks_is_said_before_anything_is_trained(config, tmp_path, changes, said):
    bad = replace(config, **changes)
    run = start(bad, tmp_path / "run")
    with pytest.raises(UserError, match=said):
        resolve(STUDY.run)(bad, run)
    assert not run.rows("metrics")


def test_every_item_that_a_planted_model_is_asked_fits_its_shape(tiny_models):
    world = listed("opt-pocket", 0.9, 1, 0)
    some = {name: getattr(world, name)[:4] for name in ("statements", "pairs", "who")}
    questions = load_questions("pocket_science", "test", limit=60)
    backbone, spec = load_backbone(str(tiny_models["opt"])), find_task("pocket_science")
    wrong = [WrongLabel(questions[0], 1)]
    found = probe(backbone.model, backbone.tokenizer, replace(world, **some), questions, wrong, None, OwnProbes(), spec)
    assert {"planted_facts", "clean_facts", "statements", "pairs", "wrong_labels", "answers"} <= {
        r.probe for r in found
    }
    for result in found:
        assert result.items
        for item in result.items:
            ItemRow.model_validate_json(json.dumps(item))
