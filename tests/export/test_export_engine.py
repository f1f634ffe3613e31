"""What the engine really writes fits the contract, and a stopped run goes on after its journey as if it had none."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from backend.errors import UserError
from backend.export import contract, copy, travel
from backend.export.copy import RunCopy
from backend.export.run_file import pack, restore, unpack
from backend.runs.carry_out import run_to_the_end
from backend.runs.folder import RunDir
from backend.runs.lineage import ancestors, snapshot_steps
from backend.studies.text_distillation.branching import make_branch
from backend.studies.text_distillation.decoders import DECODERS
from backend.studies.text_distillation.tables import tables_of
from tests import tiny_decoding
from tests.exported import with_document, with_file
from tests.studies.text_distillation import test_run
from tests.studies.text_distillation.test_run import outcome, start, stopped_at_three

one_process = tiny_decoding.one_process
config = test_run.config


@pytest.mark.parametrize("decoder", DECODERS)
def test_a_run_with_any_decoder_can_travel(decoder, config, tmp_path):
    config = replace(config, decoder=decoder, search_rounds=2, admm_every=2, outer_steps=2, regimes=("ordinary",))
    run, _ = start(config, tmp_path / "run")
    first = pack(RunCopy.of(run))
    back = restore(unpack(first), tmp_path / "back")
    assert pack(RunCopy.of(back)) == first
    assert ("metrics-search.csv" in tables_of(RunCopy.of(back))) == (decoder == "search")
    assert str(tmp_path).encode() not in b"".join(RunCopy.of(run).files.values())


def test_a_run_of_another_model_folder_says_only_its_name(config, tmp_path):
    run, _ = start(replace(config, outer_steps=2), tmp_path / "run")
    found = RunCopy.of(run)
    assert config.model.encode() not in json.dumps(found.config).encode()
    folder = str(Path(config.model).parent).encode()
    assert not [name for name, content in found.files.items() if folder in content and name != "status.json"]
    assert set(found.rows("facts")[0]["surprise"]) == {found.config["model"], found.config["other_model"]}
    assert {row["student"] for row in found.rows("results")} == {found.config["model"], found.config["other_model"]}


@pytest.mark.parametrize("decoder", ["nearest", "guided"])
def test_a_stopped_run_resumes_after_its_journey_to_the_same_numbers(decoder, config, tmp_path, monkeypatch):
    monkeypatch.setattr(copy, "paths_of", lambda *_: [])  # the tiny models and their data lie at absolute places
    monkeypatch.setattr(contract, "is_local", lambda _: False)
    config = replace(config, decoder=decoder, admm_every=2)
    whole, _ = start(config, tmp_path / "whole")
    folder = stopped_at_three(config, tmp_path / "broken", monkeypatch)
    back = restore(unpack(pack(RunCopy.of(RunDir(folder)))), tmp_path / "back")
    assert back.status()["state"] == "stopped"
    run, state = start(config, back.path)
    assert state == "finished"
    assert outcome(run) == outcome(whole)


def test_a_branch_travels_with_its_lineage_and_the_snapshots_to_branch_again(config, tmp_path):
    parent, _ = start(config, tmp_path / "parent", ("experts", "distil"))
    branch = make_branch(parent, 2, tmp_path / "branch", config)
    branch.claim()
    run_to_the_end(config, branch, ("experts", "distil"))
    first = pack(RunCopy.of(branch))
    back = restore(unpack(first), tmp_path / "back")
    assert ancestors(back) == [{"run": "parent", "step": 2}]
    assert snapshot_steps(back) == snapshot_steps(branch) and 4 in snapshot_steps(back)
    assert pack(RunCopy.of(back)) == first


def test_snapshots_that_are_large_together_stay_behind(config, tmp_path, monkeypatch):
    run, _ = start(config, tmp_path / "run", ("experts", "distil"))
    assert [name for name in RunCopy.of(run).files if "snapshots" in name]
    monkeypatch.setattr(travel, "within", lambda entry, size: entry.most is None or size <= 1000)
    assert not [name for name in RunCopy.of(run).files if "snapshots" in name]


@pytest.mark.parametrize("lineage", [[], {}, [{"run": "a"}], [{"run": "a", "step": -1}], [{"run": 3, "step": 1}], "x"])
def test_a_lineage_that_is_none_is_refused(lineage):
    with pytest.raises(UserError, match=r"config\.json"):
        unpack(with_document("config.json", lineage=lineage))


def test_a_snapshot_that_is_no_checkpoint_of_this_run_is_refused():
    with pytest.raises(UserError, match="checkpoint"):
        unpack(with_file("artifacts/snapshots/5.safetensors", b"\x80\x04" + bytes(100)))
