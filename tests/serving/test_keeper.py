"""The keeper, with real processes: what happens to runs when nobody looks."""

import dataclasses
import os
import signal
import time

import psutil
import pytest

from backend.errors import UserError
from backend.limits.hosts import CPU_SPACE, HOSTS, LOCAL
from backend.limits.room import MB
from backend.runs.folder import RunDir
from backend.runs.heartbeat import silence_s
from backend.serving import keeper as keeping
from backend.serving.health import health
from backend.serving.keeper import Keeper
from components.run.shares import Shares
from tests import lab as laboratory
from tests.lab import ended, until

lab = laboratory.lab
OWNER, OTHER = "a" * 32, "b" * 32


def shared(**limits):
    """A public host with these limits and no others that would end a test's run."""
    return dataclasses.replace(HOSTS[LOCAL], reserve=0, **limits)


def running(run: RunDir) -> bool:
    return run.status()["state"] == "running"


def test_a_dead_workers_run_is_settled_and_the_next_starts_though_nobody_looks(lab):
    first = lab.run("a")
    lab.runner().start(first)
    until(lambda: running(first))
    later = lab.runner()  # of another server, which finds the worker at work
    keeper, second = Keeper(later), lab.run("b", "quick")
    later.start(second)
    os.killpg(first.worker().id, signal.SIGKILL)
    until(lambda: (keeper.look(), second.status()["state"] == "finished")[1])
    assert first.status()["state"] == "failed"


def test_at_boot_living_runs_go_on_waiting_ones_wait_in_their_order_and_dead_ones_are_orphaned(lab):
    living, dead = lab.run("living"), lab.run("dead")
    lab.runner().start(living)
    until(lambda: running(living))
    dead.set_status(state="running", pid=2**22 - 1, pid_started=1.0, message="Matching loss 0.5")
    for name, when in (("late", 3.0), ("early", 2.0)):
        lab.run(name, "quick").set_status(queued_at=when)
    runner = lab.runner()
    assert runner.reconcile() == [dead.path]
    assert dead.status()["state"] == "orphaned" and "no server" in dead.status()["reason"]
    assert running(living) and runner.waiting() == 2
    assert [runner.poll(RunDir(lab.root / "owner" / name))["ahead"] for name in ("early", "late")] == [1, 2]
    assert runner.reconcile() == [] and runner.waiting() == 2, "a second look changes nothing"
    runner.start(dead)  # resumed: it waits like any other
    assert dead.status()["state"] == "queued" and dead.status()["reason"] == ""
    runner.stop(living)
    until(lambda: runner.waiting() == 0)


def test_a_shutdown_leaves_no_process_and_what_waits_is_taken_up_by_the_next_server(lab):
    runner = lab.runner(grace_s=1.0)
    willing, waiting = lab.run("a", "stubborn"), lab.run("b", "quick")
    runner.start(willing)
    runner.start(waiting)
    until(lambda: running(willing))
    worker = psutil.Process(willing.worker().id)
    until(lambda: len(worker.children()) == 1)
    family = [worker.pid, *(child.pid for child in worker.children(recursive=True))]
    began = time.monotonic()
    runner.shutdown()
    assert time.monotonic() - began < 20
    until(lambda: all(map(ended, family)))
    until(lambda: willing.status()["state"] == "orphaned")
    assert waiting.status()["state"] == "queued"
    following = lab.runner()
    following.reconcile()
    until(lambda: waiting.status()["state"] == "finished")


def test_a_run_that_takes_too_long_is_stopped_with_a_word_and_may_be_resumed(lab):
    runner = lab.runner(host=shared(wall_clock_s=0.5))
    keeper, run = Keeper(runner), lab.run("a")
    runner.start(run)
    until(lambda: (keeper.look(), run.status()["state"] == "stopped")[1])
    until(lambda: "time limit" in run.status().get("reason", ""))
    runner.start(run)
    assert run.status()["reason"] == ""


def test_a_run_that_needs_too_much_memory_is_ended_and_told_how_much(lab):
    runner = lab.runner(host=shared(memory=200 * MB))
    keeper, run = Keeper(runner), lab.run("a", "greedy")
    runner.start(run)
    until(lambda: (keeper.look(), run.status()["state"] == "failed")[1])
    until(lambda: "MB of memory" in run.status()["error"]["found"])


def test_a_worker_without_a_heartbeat_is_ended_at_the_second_look(lab):
    runner = lab.runner(host=shared(hung_s=0.6))
    keeper, run = Keeper(runner), lab.run("a", "frozen")
    runner.start(run)
    until(lambda: silence_s(run) > 0.6)
    until(lambda: psutil.Process(run.worker().id).status() == psutil.STATUS_STOPPED)  # it will not beat again
    keeper.look()
    assert runner.poll(run)["alive"], "a machine that slept wakes up with an old heartbeat"
    keeper.look()
    until(lambda: run.status()["state"] == "orphaned" and "stopped responding" in run.status()["reason"])


def test_an_old_heartbeat_of_an_earlier_worker_is_no_silence(lab):
    run = lab.run("a")
    run.heartbeat.write_text('{"pid": 1, "pid_started": 1.0}')
    os.utime(run.heartbeat, (1.0, 1.0))
    run.set_status(pid=1, pid_started=2.0)
    assert silence_s(run) == 0.0
    run.set_status(pid=1, pid_started=1.0)
    assert silence_s(run) > 1e6


def test_a_run_is_stopped_before_the_disk_is_full(lab, monkeypatch):
    runner = lab.runner(host=dataclasses.replace(HOSTS[LOCAL], reserve=1000))
    keeper, run = Keeper(runner), lab.run("a")
    runner.start(run)
    until(lambda: running(run))
    monkeypatch.setattr(keeping, "free", lambda folder: 499)
    keeper.look()
    until(lambda: run.status()["state"] == "stopped" and "disk" in run.status().get("reason", ""))


def test_what_nobody_touched_for_long_is_forgotten_with_its_share_and_nothing_else_is(lab):
    runner = lab.runner(host=shared(retention_s=1000.0))
    old, live, fresh = lab.run("old", owner=OWNER), lab.run("live", owner=OWNER), lab.run("fresh", owner=OTHER)
    shares = Shares(lab.root.parent / "shared")
    token = shares.share(OWNER, "old")
    for run in (old, fresh):
        run.set_status(state="finished")
    runner.start(live)
    until(lambda: running(live))
    long_ago = time.time() - 2000
    for run in (old, live):
        for file in run.path.glob("*.json"):
            os.utime(file, (long_ago, long_ago))
    assert Keeper(runner, shares.stop).sweep() == [old.path]
    assert not old.path.exists() and live.path.exists() and fresh.path.exists()
    assert shares.find(token) is None
    runner.stop(live)


def test_uploads_of_an_owner_who_is_gone_are_forgotten_too(lab):
    runner = lab.runner(host=shared(retention_s=1000.0))
    for owner, age in ((OWNER, 2000), (OTHER, 10)):
        file = lab.root / owner / "uploads" / "a.csv"
        file.parent.mkdir(parents=True)
        file.write_text("prompt,answer")
        for path in (file, file.parent, file.parent.parent):
            os.utime(path, (time.time() - age, time.time() - age))
    Keeper(runner).sweep()
    assert [path.name for path in lab.root.iterdir()] == [OTHER]


def test_at_home_nothing_is_ever_forgotten(lab):
    old = lab.run("old")
    old.set_status(state="finished")
    os.utime(old.path / "status.json", (1.0, 1.0))
    assert Keeper(lab.runner()).sweep() == [] and old.path.exists()


def test_one_visitor_has_so_many_runs_at_a_time_and_the_next_visitor_is_not_affected(lab):
    runner = lab.runner(host=shared(per_owner=1))
    runner.start(lab.run("a", owner=OWNER))
    with pytest.raises(UserError, match="1 of your runs is already running or waiting"):
        runner.start(lab.run("b", owner=OWNER))
    runner.start(lab.run("c", owner=OTHER))
    assert runner.waiting() == 1
    for path in runner.all_runs():
        runner.stop(RunDir(path))
    until(lambda: not runner.computing() and not runner.waiting())


def test_a_resumed_run_must_be_within_the_limits_too(lab):
    run = lab.run("a", prompts=10_000)
    with pytest.raises(UserError, match="prompts is 10,000"):
        lab.runner(host=HOSTS[CPU_SPACE]).start(run)


def test_health_says_so_when_the_keeper_has_stopped_looking_or_the_disk_is_full(lab, monkeypatch):
    runner = lab.runner()
    keeper = Keeper(runner)
    assert health(runner, keeper)[0] is False, "it has not looked yet"
    keeper.look()
    well, facts = health(runner, keeper)
    assert well and facts["computing"] == 0 and facts["host"] == "local"
    monkeypatch.setattr("backend.serving.health.free", lambda folder: 0)
    assert health(runner, keeper)[0] is False


def test_a_folder_that_is_no_sound_run_stops_nobody(lab):
    bad = lab.run("bad")
    (bad.path / "config.json").write_text("{}")
    worse = lab.run("worse")
    (worse.path / "status.json").write_text("[")
    runner, good = lab.runner(), lab.run("good", "quick")
    good.set_status(queued_at=1.0)
    keeper = Keeper(runner)
    assert runner.reconcile() == []
    keeper.look()
    until(lambda: good.status()["state"] == "finished")
    (worse.path / "status.json").unlink()  # the laboratory clears up by it


def test_experts_that_no_run_asked_for_lately_are_forgotten_too(lab):
    folder = lab.root.parent / "experts"
    for name, age in (("old", 2000), ("new", 10)):
        file = folder / name / "expert-0.safetensors"
        file.parent.mkdir(parents=True)
        file.write_bytes(b"")
        for path in (file, file.parent):
            os.utime(path, (time.time() - age, time.time() - age))
    lab.root.mkdir(exist_ok=True)
    Keeper(lab.runner(host=shared(retention_s=1000.0))).sweep()
    assert [path.name for path in folder.iterdir()] == ["new"]
