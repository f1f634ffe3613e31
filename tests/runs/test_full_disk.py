"""A disk that is really full, and one that is read-only: a sentence, nothing lost, and Resume when there is room.

Small file systems of their own; skipped where none may be mounted.
"""

import errno
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest

from backend.errors import UserError
from backend.limits.hosts import HOSTS, LOCAL
from backend.runners.local import LocalRunner
from backend.runners.processes import PROJECT
from backend.runs.carry_out import carry_out, of_the_disk
from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.text_distillation.config import DistillConfig
from benchmarks.kill_case import content
from components.api import Api, published
from components.run.shelf import new_owner
from tests.pages import distil_values, in_loop, make_page
from tests.studies.text_distillation.test_run import tiny_config

STUDY = "text_distillation"
UNGUARDED = replace(HOSTS[LOCAL], reserve=0)  # else nothing would start on so small a disk


WAITING = """
import sys, time
from pathlib import Path
from backend.__main__ import main
from backend.runs.folder import RunDir
append = RunDir.append
def append_and_wait(run, name, row):
    append(run, name, row)
    while name == "metrics" and (row["stage"], row["step"]) == ("distil", 2) and not Path({full!r}).exists():
        time.sleep(0.01)
RunDir.append = append_and_wait
sys.exit(main())
"""  # the engine as it is, but after its second update it waits for the disk to be full


class Disk:
    """A small disk that can be filled, emptied and made read-only."""

    def __init__(self, place: Path):
        self.place, self.ballast = place, place / "ballast"

    def fill(self, leave: int = 0) -> None:
        """Nothing but `leave` bytes stays free."""
        with self.ballast.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * 4096)
            except OSError:
                pass
        if leave:
            with self.ballast.open("rb+") as file:
                file.truncate(self.ballast.stat().st_size - leave)

    def make_room(self) -> None:
        self.ballast.unlink()

    def remount(self, how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", str(self.place)], check=True)


@pytest.fixture
def disk(tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs root")
    found = Disk(place)
    yield found
    subprocess.run(["umount", "-l", str(place)], check=True)


def until(condition, seconds=240.0):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)
    return found


@pytest.fixture
def store(disk, monkeypatch):
    """Runs and experts on the small disk."""
    monkeypatch.setenv("DISTILLOSCOPE_HOME", str(disk.place))
    monkeypatch.setenv("DISTILLOSCOPE_WORKERS", "1")
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    return disk.place / "runs"


def ended(runner, run):
    return until(lambda: None if (status := runner.poll(run))["alive"] else status)


def files_of(run: RunDir) -> dict:
    return {p: p.read_bytes() for p in run.path.rglob("*") if p.is_file() and not p.name.startswith("ballast")}


# -- a real worker ---------------------------------------------------------------------------------------------------
def test_a_run_whose_disk_fills_up_fails_with_a_sentence_keeps_what_is_done_and_resumes(
    disk, store, tmp_path, tiny_models, tiny_tasks
):
    config = tiny_config(tiny_models, tiny_tasks, "opt")
    finished = RunDir.create(store / "owner" / "before", STUDY, None, {"seed": 1})
    finished.set_status(state="finished")
    finished.append("metrics", {"stage": "distil", "step": 1})
    before = files_of(finished)
    run = RunDir.create(store / "owner" / "full", STUDY, None, as_json(config))
    script, full = tmp_path / "worker.py", tmp_path / "full"
    script.write_text(WAITING.format(full=str(full)))
    runner = LocalRunner(store, [sys.executable, str(script)], host=UNGUARDED)
    runner.start(run)
    until(lambda: any(row["stage"] == "distil" and row["step"] >= 2 for row in run.rows("metrics")))
    disk.fill()
    full.touch()
    status = ended(runner, run)
    assert status["state"] == "failed", status
    assert "disk is full" in status["error"]["found"]
    assert "resume" in status["error"]["next_step"]
    assert run.status()["error"] == status["error"], "it is on file, though the disk is full"
    assert files_of(finished) == before
    written = run.rows("metrics")
    assert all(rows_can_be_read(file) for file in run.path.glob("*.jsonl"))
    disk.fill()  # what the worker gave back when it ended
    with pytest.raises(UserError, match="disk is full"):
        runner.start(run)
    disk.make_room()
    runner.start(run)
    assert ended(runner, run)["state"] == "finished"
    assert run.rows("metrics")[: len(written) - config.checkpoint_every] == written[: -config.checkpoint_every]
    assert not list(disk.place.rglob("*.part"))
    whole = RunDir.create(tmp_path / "whole", STUDY, None, as_json(config))
    whole.claim()
    assert carry_out(whole, config, "") == "finished"  # in this process, which has loaded torch
    for name in ("metrics", "prompts", "results", "distilled"):
        assert content(run.path / f"{name}.jsonl") == content(whole.path / f"{name}.jsonl")


def rows_can_be_read(file: Path) -> bool:
    RunDir(file.parent).rows(file.stem)
    return file.read_bytes()[-1:] in (b"", b"\n")


def test_stop_works_on_a_full_disk_and_so_does_discard(disk, store, tiny_models, tiny_tasks):
    config = tiny_config(tiny_models, tiny_tasks, "opt")
    run = RunDir.create(store / "owner" / "a", STUDY, None, as_json(config))
    runner = LocalRunner(store, grace_s=1.0, host=UNGUARDED)
    runner.start(run)
    until(lambda: run.worker_alive())
    disk.fill()
    runner.stop(run)
    assert ended(runner, run)["state"] in ("stopped", "failed")  # failed: it met the full disk first
    runner.discard(run)
    until(lambda: not run.path.exists())


def test_the_command_line_says_it_too_and_leaves_no_half_folder(disk, store):
    def command(*words: str) -> str:
        words = (sys.executable, "-m", "backend", "run", STUDY, "--out", str(store / "mine"), *words)
        done = subprocess.run(words, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=240)
        assert done.returncode in (1, 2)
        assert "Traceback" not in done.stderr
        return done.stderr

    disk.fill()
    assert "disk is full" in command("--preset", "quick")
    assert not (store / "mine").exists()
    disk.make_room()
    RunDir.create(store / "mine", STUDY, "quick", as_json(quick()))
    disk.remount("ro")
    assert "cannot be written" in command("--from-config")


def test_a_librarys_own_words_for_a_full_disk_get_the_sentence_and_other_errors_do_not(tmp_path):
    run = RunDir(tmp_path / "run")
    told = of_the_disk(RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)"), run)
    assert "disk is full" in told.found
    told = of_the_disk(OSError(errno.ENOSPC, "No space left on device", "/srv/secret/runs/config.json"), run)
    assert "config.json" in told.found and "secret" not in told.found
    assert of_the_disk(PermissionError(errno.EACCES, "Permission denied", "questions.jsonl"), run) is None
    assert of_the_disk(RuntimeError("shapes differ"), run) is None


# -- the page and the API --------------------------------------------------------------------------------------------
def quick() -> DistillConfig:
    return DistillConfig()


@pytest.fixture
def made(store):
    runner = LocalRunner(store, host=UNGUARDED)
    page = make_page(STUDY, store.parent, runner, runs=store)

    def make():
        with gr.Blocks():
            return page, Api([page.shelf], runner)

    return in_loop(make)


@pytest.fixture
def page(made):
    return made[0]


@pytest.fixture
def ask(made):
    """The API's start, as a request reaches it."""
    start = published(made[1].start)
    return lambda owner: start(STUDY, "quick", {}, "", owner, None)


def distil(page, owner) -> dict:
    return page.begin(owner, "quick", True, *distil_values({}))


def folders(store: Path, owner: str) -> list[Path]:
    return list((store / owner).glob("*")) if (store / owner).exists() else []


@pytest.mark.parametrize("leave", [0, 4096, 8192])
def test_starting_on_a_full_disk_is_refused_with_a_card_and_leaves_no_folder(page, ask, disk, store, leave):
    """With room for nothing, for one small file, and for two."""
    owner = new_owner()
    (store / owner).mkdir(parents=True)
    disk.fill(leave)
    answer = distil(page, owner)
    assert list(answer) == [page.form.message]
    assert "disk is full" in answer[page.form.message]
    assert folders(store, owner) == []
    assert "disk is full" in ask(owner)["error"]["found"]
    assert folders(store, owner) == []


def test_a_read_only_store_starts_nothing_says_so_and_still_shows_what_is_done(page, ask, disk, store):
    owner = new_owner()
    done = RunDir.create(store / owner / "20260101-000000-quick-abcd", STUDY, "quick", as_json(quick()))
    done.set_status(state="finished")
    broken = RunDir.create(store / owner / "20260101-000001-quick-abcd", STUDY, "quick", as_json(quick()))
    broken.set_status(state="running", pid=2**22 - 3, pid_started=1.0)
    disk.remount("ro")
    for act in (lambda: distil(page, owner), lambda: page.resume(owner, f"own/{broken.path.name}")):
        answer = act()
        said = answer[page.form.message]
        assert "cannot be written" in said
    assert page.view.show(owner, f"own/{done.path.name}")[page.view.seen]["state"] == "finished"
    shown = page.view.show(owner, f"own/{broken.path.name}")
    assert shown[page.view.seen]["state"] == "failed", "its worker is gone, and a disk that refuses hides nothing"
    page.stop(owner, f"own/{broken.path.name}")
    page.runner.discard(broken)
    assert broken.path.exists()
    assert "cannot be written" in ask(owner)["error"]["found"]
    assert len(folders(store, owner)) == 2
