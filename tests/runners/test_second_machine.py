"""Two machines on one disk: neither takes the other's living worker for dead, nor clears what it is writing.

The worker is a real process of this machine; the second machine is this one under another name.
"""

import json
import os
import time
from dataclasses import asdict

import pytest

from backend import disk
from backend.errors import UserError
from backend.process import HOST_NAME, host_name
from backend.runners import workers
from backend.runs import folder
from backend.runs.folder import RunDir
from backend.runs.heartbeat import silence_s
from backend.runs.worker import JOB, Worker, this_process, worker_of
from backend.serving.keeper import Keeper
from tests import lab as laboratory
from tests.lab import ended, state_of, until
from tests.runners import places
from tests.runners.places import FAR_AWAY, GONE, Place

lab = laboratory.lab
ELSEWHERE = Worker("local", FAR_AWAY, os.getpid(), 1.0)


@pytest.fixture
def run(tmp_path):
    made = RunDir.create(tmp_path / "runs" / "owner" / "one", "text_distillation", None, {})
    made.set_status(state="running", worker=asdict(ELSEWHERE))
    return made


def silent(run: RunDir, seconds: float = 2 * folder.SILENT_S) -> None:
    """Its worker has given no sign of life for so long."""
    for file in (run.heartbeat, run.path / "status.json"):
        if file.exists():
            os.utime(file, (time.time() - seconds,) * 2)


# -- the folder -----------------------------------------------------------------------------------------------------
def test_a_foreign_worker_is_never_judged_by_the_processes_of_this_machine(run, monkeypatch):
    monkeypatch.setattr(
        "backend.runs.worker.lives", lambda *_: pytest.fail("asked this machine about another's process")
    )
    assert run.worker_alive()
    silent(run)
    assert not run.worker_alive()


def test_a_folder_whose_foreign_worker_gives_signs_of_life_cannot_be_claimed(run):
    run.heartbeat.write_text(json.dumps({"worker": asdict(ELSEWHERE)}))
    silent(run)
    os.utime(run.heartbeat)  # the heart beats, though the run writes nothing
    with pytest.raises(UserError, match=f"on {FAR_AWAY}"):
        run.claim()
    assert run.worker() == ELSEWHERE
    silent(run)
    run.claim()
    assert run.worker() == this_process()


def test_a_foreign_worker_that_has_written_how_it_ended_is_gone_at_once(run):
    run.set_status(state="finished")
    assert not run.worker_alive()


def test_a_job_claims_its_folder_by_the_name_its_launcher_gave_it(run, monkeypatch):
    run.set_status(worker=None)
    monkeypatch.setenv(HOST_NAME, "node-7")
    monkeypatch.setenv(JOB, "cluster:job-12")
    run.claim()
    run.claim()  # again, as a resume within one process does
    assert run.worker() == Worker("cluster", "node-7", "job-12", this_process().started)
    assert not run.worker().here, "only its launcher can be asked about it"


@pytest.mark.parametrize("told", [None, {}, [], "x", {"launcher": "local", "host": "a", "id": 1}, {"id": []}])
def test_a_worker_that_cannot_be_read_is_none(told):
    assert worker_of({"worker": told, "pid": os.getpid(), "pid_started": 1.0}) is None


def test_a_run_folder_of_an_earlier_version_names_a_process_of_this_machine():
    assert worker_of({"pid": 17, "pid_started": 2.5}) == Worker("local", host_name(), 17, 2.5)
    assert worker_of({"pid": None, "pid_started": None}) is None
    assert worker_of({"state": "queued"}) is None


def test_the_silence_of_a_worker_is_counted_from_its_own_heartbeat(run):
    run.heartbeat.write_text(json.dumps({"worker": asdict(ELSEWHERE)}))
    silent(run, 50.0)
    assert 49 < silence_s(run) < 80
    run.set_status(worker=asdict(this_process()))
    assert silence_s(run) == 0.0, "it is another's"


# -- half-written files ---------------------------------------------------------------------------------------------
def test_a_file_that_another_machine_is_writing_stays_until_nobody_adds_to_it(tmp_path, monkeypatch):
    monkeypatch.setenv(HOST_NAME, "node-7.example")
    theirs = disk.part_of(tmp_path / "a.safetensors")
    monkeypatch.delenv(HOST_NAME)
    ours = disk.part_of(tmp_path / "a.safetensors")
    killed = ours.with_name(ours.name.replace(f"-{os.getpid()}.", f"-{GONE[0]}."))
    for part in (theirs, ours, killed):
        part.write_bytes(b"half")
    disk.clear_parts(tmp_path)
    assert set(tmp_path.iterdir()) == {theirs, ours}
    os.utime(theirs, (time.time() - 2 * disk.ABANDONED_S,) * 2)
    disk.clear_parts(tmp_path)
    assert set(tmp_path.iterdir()) == {ours}


# -- a server on the second machine -----------------------------------------------------------------------------------
def test_a_server_of_a_second_machine_shows_the_others_run_and_computes_its_own(lab, monkeypatch):
    first, theirs = lab.runner(), lab.run("theirs")
    first.start(theirs)
    until(lambda: state_of(first, theirs) == "running")
    monkeypatch.setenv(HOST_NAME, FAR_AWAY)
    second = lab.runner()
    assert second.reconcile() == [], "it is alive"
    told = second.poll(theirs)
    assert told["alive"] and told["state"] == "running" and second.computing() == []
    second.start(theirs)
    assert theirs.log_file.read_text().count("hello") == 1
    own = lab.run("own")
    second.start(own)
    until(lambda: state_of(second, own) == "running")  # its own turn is not taken by the other's run
    second.shutdown()
    until(lambda: own.status()["state"] == "orphaned")
    assert theirs.status()["state"] == "running", "a server ends no worker of another machine"
    monkeypatch.delenv(HOST_NAME)
    first.stop(theirs)
    until(lambda: state_of(first, theirs) == "stopped")


def test_a_second_machine_stops_and_discards_by_the_flag_and_signals_no_process_of_its_own(lab, monkeypatch):
    first, theirs = lab.runner(), lab.run("theirs")
    first.start(theirs)
    until(lambda: state_of(first, theirs) == "running")
    monkeypatch.setattr("backend.runners.local.signal_group", lambda *_: pytest.fail("signalled a stranger"))
    monkeypatch.setenv(HOST_NAME, FAR_AWAY)
    second = lab.runner(grace_s=0.1)
    second.discard(theirs)
    assert second.poll(theirs)["state"] in ("stopping", "stopped")
    until(lambda: not theirs.path.exists())


def test_a_run_whose_machine_fell_silent_is_orphaned_and_may_be_taken_up_here(lab):
    run = lab.run("one", "quick")
    run.set_status(state="running", worker=asdict(ELSEWHERE))
    runner = lab.runner()
    keeper = Keeper(runner)
    keeper.look()
    assert run.status()["state"] == "running"
    silent(run)
    keeper.look()
    assert (run.status()["state"], run.status()["reason"]) == ("orphaned", workers.SILENT)
    assert not run.status().get("error")
    runner.start(run)
    until(lambda: run.status()["state"] == "finished")


def test_a_launcher_that_gives_no_answer_leaves_the_judgement_to_the_heartbeat(tmp_path, monkeypatch):
    places.prepare(monkeypatch)
    place = Place("remote", tmp_path)
    runner, run = place.server(), place.run("one")
    runner.launcher.answers = False
    runner.start(run)
    until(lambda: run.status()["state"] == "running")
    assert runner.poll(run)["alive"]
    place.kill(run)
    time.sleep(0.3)
    assert runner.poll(run)["alive"], "nobody has said otherwise, and it beat a moment ago"
    silent(run)
    until(lambda: not runner.poll(run)["alive"])
    assert run.status()["state"] in ("failed", "orphaned")
    place.close()


# -- of an earlier version --------------------------------------------------------------------------------------------
def test_a_server_takes_over_a_worker_that_an_earlier_version_started(lab):
    first, run = lab.runner(), lab.run("one", "stubborn")
    first.start(run)
    until(lambda: state_of(first, run) == "running")
    worker, status = run.worker(), run.status()
    del status["worker"]
    (run.path / "status.json").write_text(json.dumps(status | {"pid": worker.id, "pid_started": worker.started}))
    second = lab.runner(grace_s=0.3)
    assert second.reconcile() == [] and second.poll(run)["alive"] and second.computing() == [run.path]
    second.stop(run)
    until(lambda: state_of(second, run) == "stopped")
    until(lambda: ended(worker.id))
    second.start(run)
    until(lambda: state_of(second, run) == "running")
    assert run.worker().id != worker.id, "what is said of the old one counts no more"
