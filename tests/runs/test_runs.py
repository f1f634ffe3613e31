"""The run folder: whole rows, atomic files, one worker, and disks that refuse."""

import json
import os
import subprocess
from pathlib import Path

import psutil
import pytest

from backend.core import pool_ray
from backend.disk import clear_parts, write_atomically
from backend.errors import UserError
from backend.runs.folder import RunDir, list_runs
from backend.runs.worker import this_process


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    return RunDir.create(tmp_path / "run", "text_distillation", "quick", {"seed": 0})


def test_a_follower_reads_every_row_once_and_never_half_a_row(run):
    run.append("metrics", {"step": 1})
    rows, cursor = run.rows_since("metrics", 0)
    assert rows == [{"step": 1}]
    with (run.path / "metrics.jsonl").open("ab") as file:
        file.write(b'{"step": 2}\n{"st')
    rows, cursor = run.rows_since("metrics", cursor)
    assert rows == [{"step": 2}]
    with (run.path / "metrics.jsonl").open("ab") as file:
        file.write(b'ep": 3}\n')
    assert run.rows_since("metrics", cursor)[0] == [{"step": 3}]


def test_a_file_that_was_cut_back_is_read_again(run):
    for step in range(5):
        run.append("metrics", {"step": step})
    _, cursor = run.rows_since("metrics", 0)
    run.keep_rows("metrics", lambda row: row["step"] < 2)
    assert [row["step"] for row in run.rows_since("metrics", cursor)[0]] == [0, 1]


def test_text_of_any_kind_survives_a_row(run):
    row = {"text": 'a "quote", a\nline, \u2028 and \U0001f52c'}
    run.append("prompts", row)
    assert run.rows("prompts") == [row]


def test_a_number_json_cannot_hold_is_a_defect_not_a_broken_file(run):
    with pytest.raises(ValueError, match="JSON"):
        run.append("metrics", {"loss": float("nan")})
    assert run.rows("metrics") == []


def test_status_changes_are_merged_and_a_kill_between_leaves_no_half_file(run):
    run.set_status(stage="distil", done=3)
    assert run.status()["state"] == "queued"
    assert run.status()["done"] == 3
    assert not list(run.path.glob(".*.part"))


def test_an_attempt_that_goes_on_says_nothing_of_the_stages_it_passes_by(run):
    stages = ("experts", "distil", "decode")
    run.set_status(stage="distil", done=7, total=9)
    run.queue(None)
    again = RunDir(run.path)
    again.pass_by(stages)
    again.set_status(stage="experts", done=0, total=0, message="Loading")
    assert [again.status()[name] for name in ("stage", "done", "total", "message")] == ["distil", 7, 9, ""]
    again.set_status(stage="distil", done=8)
    again.set_status(stage="decode", done=0)
    assert again.status()["stage"] == "decode"
    first = RunDir(run.path)
    first.set_status(stage="")
    first.pass_by(stages)
    first.set_status(stage="experts")
    assert first.status()["stage"] == "experts", "a run that begins passes nothing by"


def test_the_same_settings_reopen_a_folder_and_others_are_refused(run):
    assert RunDir.create(run.path, "text_distillation", "quick", {"seed": 0}).path == run.path
    with pytest.raises(UserError, match="differs in seed"):
        RunDir.create(run.path, "text_distillation", "quick", {"seed": 1})


def test_a_folder_with_other_things_in_it_is_not_taken(tmp_path):
    (tmp_path / "holiday.txt").write_text("photos")
    with pytest.raises(UserError, match="is not a run"):
        RunDir.create(tmp_path, "text_distillation", None, {})
    assert (tmp_path / "holiday.txt").read_text() == "photos"


def test_a_second_worker_is_refused_while_the_first_lives(run):
    with subprocess.Popen(["sleep", "30"]) as other:
        born = psutil.Process(other.pid).create_time()
        run.set_status(state="running", pid=other.pid, pid_started=born)
        assert run.worker_alive()
        with pytest.raises(UserError, match="one worker"):
            run.claim()
        other.kill()
    assert not run.worker_alive()
    run.claim()
    assert run.worker() == this_process()


def test_a_process_id_used_again_is_not_taken_for_the_worker(run):
    run.set_status(state="running", pid=os.getpid(), pid_started=12345.0)
    assert not run.worker_alive()


def test_runs_are_listed_newest_first(tmp_path):
    for number in range(3):
        RunDir.create(tmp_path / str(number), "text_distillation", None, {}).set_status(started_at=number)
    assert [found.path.name for found in list_runs(tmp_path)] == ["2", "1", "0"]


def test_a_folder_that_was_being_made_when_its_maker_was_killed_is_in_nobodys_way(tmp_path):
    (tmp_path / "run" / "artifacts").mkdir(parents=True)
    (tmp_path / "run" / "status.json").write_text('{"state": "queued"}')
    (tmp_path / "run" / ".config.json.123.part").write_text('{"stu')
    assert not list_runs(tmp_path)
    RunDir.create(tmp_path / "run", "text_distillation", "quick", {"seed": 0}).claim()
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == ["artifacts", "config.json", "status.json"]


def test_a_new_worker_clears_what_a_killed_one_was_writing(run):
    for folder in (run.path, run.artifacts):
        (folder / f".checkpoint.safetensors.{2**22 - 3}.part").write_bytes(b"half")
    (run.path / f".status.json.{os.getpid()}.part").write_bytes(b"of one that lives")
    run.append("metrics", {"step": 1})
    clear_parts(run.path)
    assert [part.name for part in run.path.rglob("*.part")] == [f".status.json.{os.getpid()}.part"]
    run.claim()
    assert run.rows("metrics") == [{"step": 1}]


def test_a_last_status_is_written_over_the_old_one_where_nothing_else_fits(run, monkeypatch):
    def full(path, text):
        raise UserError("The disk is full.", "room", "Free some.")

    run.set_status(message="a longer message than the last one " * 9)
    monkeypatch.setattr("backend.runs.folder.write_atomically", full)
    said = run.set_last_status(state="failed", message="")
    assert run.status() == said
    assert said["state"] == "failed"
    long = run.set_last_status(message="x" * 100_000)
    assert (len(long["message"]), run.status()["message"]) == (100_000, ""), "what does not fit leaves the file whole"


@pytest.fixture
def small_disk(tmp_path: Path):
    """A real file system of 64 kB; skipped where we may not mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_gets_a_sentence_and_keeps_every_whole_row(small_disk):
    run = RunDir.create(small_disk / "run", "text_distillation", None, {})
    with pytest.raises(UserError, match="disk is full"):
        for step in range(10_000):
            run.append("metrics", {"step": step, "padding": "x" * 100})
    rows = run.rows("metrics")
    assert [row["step"] for row in rows] == list(range(len(rows)))
    assert (run.path / "metrics.jsonl").read_bytes().endswith(b"}\n")
    before = run.status()
    with pytest.raises(UserError, match="disk is full"):
        write_atomically(run.path / "status.json", json.dumps({"x": "y" * 100_000}))
    assert run.status() == before


def test_a_run_that_failed_before_it_wrote_anything_gives_way_to_a_corrected_one(tmp_path):
    folder = tmp_path / "run"
    RunDir.create(folder, "bench", None, {"task": "wrong"}).set_status(state="failed")
    assert RunDir.create(folder, "bench", None, {"task": "right"}).status()["state"] == "queued"
    assert RunDir(folder).config()["config"] == {"task": "right"}


@pytest.mark.parametrize("trace", ["metrics.jsonl", "artifacts/checkpoint.safetensors", "mine.txt"])
def test_a_failed_run_that_wrote_anything_is_kept(tmp_path, trace):
    run = RunDir.create(tmp_path / "run", "bench", None, {"task": "wrong"})
    run.set_status(state="failed")
    (run.path / trace).write_text("x")
    with pytest.raises(UserError, match="already holds another run"):
        RunDir.create(run.path, "bench", None, {"task": "right"})
    assert (run.path / trace).read_text() == "x"


def test_who_does_a_lost_workers_piece_again_adds_no_row_that_is_there(tmp_path, monkeypatch):
    run = RunDir(tmp_path)
    for step in (1, 2):
        run.append("metrics", {"step": step})
    monkeypatch.setattr(pool_ray, "_again", True)
    for step in (1, 2, 3):
        run.append("metrics", {"step": step})
    assert [row["step"] for row in run.rows("metrics")] == [1, 2, 3]


def test_rows_that_differ_in_their_clock_alone_are_one_row(tmp_path, monkeypatch):
    run = RunDir(tmp_path)
    run.append("metrics", {"step": 1, "seconds": 0.52, "loss": 2.5})
    run.append("metrics", {"film": {"seconds": [0.1, 0.2], "frames": [1]}})
    run.append("metrics", {"step": 2, "loss": 2.0, "seconds": 1.0})
    monkeypatch.setattr(pool_ray, "_again", True)
    run.append("metrics", {"step": 1, "seconds": 0.7, "loss": 2.5})
    run.append("metrics", {"film": {"seconds": [0.3, 0.4], "frames": [1]}})
    run.append("metrics", {"step": 2, "loss": 2.0, "seconds": 9})
    assert [row.get("seconds") for row in run.rows("metrics")] == [0.52, None, 1.0]
    run.append("metrics", {"step": 1, "seconds": 0.7, "loss": 2.6})
    assert len(run.rows("metrics")) == 4
