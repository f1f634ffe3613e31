"""A run leaves as one file and comes back the same, to the byte; what names the machine stays behind."""

import json
import zipfile
from dataclasses import asdict
from io import BytesIO
from pathlib import Path

import pytest

from backend.errors import UserError
from backend.export import travel
from backend.export.copy import RunCopy
from backend.export.run_file import MANIFEST, pack, restore, unpack
from backend.runs.folder import RunDir
from backend.runs.worker import this_process
from tests.exported import MADE, SAMPLES, own, sample


def listed(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("name", ["paper", "quick", "standard"])
def test_a_run_comes_back_to_the_byte(tmp_path, name):
    first = pack(sample(name))
    run = restore(unpack(first), tmp_path / "back")
    assert pack(RunCopy.of(run)) == first
    for file in sample(name).files:
        if file != "status.json":
            assert (run.path / file).read_bytes() == (SAMPLES / name / file).read_bytes()


def test_the_same_run_gives_the_same_bytes_from_another_folder_at_another_time(tmp_path):
    run = own(tmp_path / "elsewhere")
    run.set_status(worker=asdict(this_process()), message="x")  # a new time of change
    status = json.loads((SAMPLES / "paper" / "status.json").read_text())
    run.set_status()
    (run.path / "status.json").write_text(json.dumps(run.status() | {"updated_at": status["updated_at"]}))
    assert pack(RunCopy.of(run)) == pack(sample())


def test_a_finished_run_comes_back_finished_and_without_a_process(tmp_path):
    run = restore(unpack(pack(sample())), tmp_path / "back")
    assert run.status()["state"] == "finished"
    assert not {"pid", "pid_started", "worker"} & run.status().keys()
    assert not run.worker_alive()


@pytest.mark.parametrize("state", ["running", "queued", "stopping", "failed", "stopped"])
def test_any_other_run_comes_back_stopped(tmp_path, state):
    run = own(tmp_path / "run")
    run.set_status(
        state=state,
        worker=asdict(this_process()),
        error={"found": "/secret", "expected": "", "next_step": ""},
        message="/secret",
    )
    back = restore(unpack(pack(RunCopy.of(run))), tmp_path / "back")
    assert back.status()["state"] == "stopped"
    assert "secret" not in (back.path / "status.json").read_text()


def test_a_row_that_is_being_written_waits(tmp_path):
    run = own(tmp_path / "run")
    before = RunCopy.of(run).files["metrics.jsonl"]
    with (run.path / "metrics.jsonl").open("ab") as file:
        file.write(b'{"stage": "distil", "st')
    assert RunCopy.of(run).files["metrics.jsonl"] == before
    pack(RunCopy.of(run))


def test_logs_flags_parts_and_links_stay_behind(tmp_path):
    run = own(tmp_path / "run")
    for name in (
        "worker.log",
        "stop",
        ".summary.json.7.part",
        "artifacts/x.pt",
        "artifacts/scores/a.json",
        "notes.txt",
    ):
        (run.path / name).write_text("secret")
    (tmp_path / "outside").write_text("secret\n")
    (run.path / "artifacts/scores/link.jsonl").symlink_to(tmp_path / "outside")
    assert listed(pack(RunCopy.of(run))) == listed(pack(sample())) | {
        name: content for name, content in listed(pack(RunCopy.of(run))).items() if name in (MANIFEST, "status.json")
    }
    assert b"secret" not in b"".join(RunCopy.of(run).files.values())


def test_paths_of_this_machine_are_shortened_everywhere(tmp_path):
    run = own(tmp_path / "run")
    config = run.config()
    config["config"] |= {"model": "/home/ada/models/opt", "data_dir": "C:\\Users\\ada\\arc", "start": "~/ada.jsonl"}
    (run.path / "config.json").write_text(json.dumps(config))
    for name in ("results", "distilled"):
        file = run.path / f"{name}.jsonl"
        file.write_text(file.read_text().replace('"opt-pocket"', '"/home/ada/models/opt"'))
        file.write_text(file.read_text().replace("-opt-pocket-", "-_home_ada_models_opt-"))
    for file in sorted((run.path / "artifacts/scores").glob("*opt-pocket*")):
        file.rename(file.with_name(file.name.replace("opt-pocket", "_home_ada_models_opt")))
    copy = RunCopy.of(run)
    everything = b"".join(copy.files.values()) + "".join(copy.files).encode()
    assert b"ada/" not in everything and b"_ada_" not in everything and b"ada\\" not in everything
    assert copy.config["model"] == "opt" == copy.rows("distilled")[0]["provenance"]["model"]
    assert all(row["scores"] in copy.files for row in copy.rows("results"))
    first = pack(copy)
    assert pack(RunCopy.of(restore(unpack(first), tmp_path / "back"))) == first


def test_two_paths_that_end_alike_stay_two(tmp_path):
    run = own(tmp_path / "run")
    config = run.config()
    config["config"] |= {"model": "/a/opt", "other_model": "/b/opt"}
    (run.path / "config.json").write_text(json.dumps(config))
    found = RunCopy.of(run).config
    assert found["model"] != found["other_model"]
    assert not {"/a/opt", "/b/opt"} & set(map(str, found.values()))


def test_numbers_that_json_cannot_hold_become_null(tmp_path):
    run = own(tmp_path / "run")
    summary = json.loads((run.path / "summary.json").read_text())
    summary["heldout"]["text"][0]["matching_loss"] = float("nan")
    (run.path / "summary.json").write_text(json.dumps(summary))
    assert unpack(pack(RunCopy.of(run))).document("summary.json")["heldout"]["text"][0]["matching_loss"] is None


@pytest.mark.parametrize("content", ["", "[]", "{", '{"config": {}}', "[" * 9999])
def test_a_folder_whose_config_is_none_is_no_run(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(UserError, match="no run that can be read"):
        RunCopy.of(RunDir(tmp_path))


def test_what_a_folder_behind_a_link_holds_stays_behind(tmp_path):
    run = own(tmp_path / "run")
    (run.path / "artifacts" / "scores").rename(tmp_path / "outside")
    (run.path / "artifacts" / "scores").symlink_to(tmp_path / "outside")
    assert not [name for name in RunCopy.of(run).files if "scores" in name]


def test_an_export_of_an_earlier_version_opens_as_before(tmp_path):
    """Written by the version before studies had shapes of their own, from a part of the recorded run."""
    data = (Path(__file__).parent / "earlier.distilloscope.zip").read_bytes()
    run = restore(unpack(data), tmp_path / "back")
    assert RunCopy.of(run).files == unpack(data).files
    assert len(run.rows("results")) == 60 and run.config()["preset"] == "quick"
    assert run.status()["state"] == "finished"


def test_what_could_not_be_brought_back_is_not_given_out(tmp_path):
    run = own(tmp_path / "run")
    with (run.path / "prompts.jsonl").open("a") as file:
        file.write('{"step": 99, "prompts": []}\n')
    with pytest.raises(UserError, match=r"prompts\.jsonl, row 12"):
        pack(RunCopy.of(run))


def test_downloads_are_called_by_preset_and_time():
    assert sample("quick").stem == MADE
    assert travel.stem({"preset": None}, {}) == "custom-1970-01-01-0000"
    assert travel.stem({"preset": "../../x"}, {}).startswith("x-")


def test_a_folder_that_cannot_be_made_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    copy = unpack(pack(sample()))
    monkeypatch.setattr("pathlib.Path.rename", full)
    with pytest.raises(UserError, match="disk is full"):
        restore(copy, tmp_path / "owner" / "run")
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_almost_full_takes_no_run(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 10})())
    with pytest.raises(UserError, match="almost full"):
        restore(sample(), tmp_path / "owner" / "run")
    assert list(tmp_path.iterdir()) == []
