"""The local runner, with real child processes: a stand-in worker of a few lines, no engine."""

import os
import signal
import time

import psutil
import pytest

from backend.errors import UserError
from backend.runners.local import LocalRunner
from backend.runners.processes import worker_environment
from tests import lab as laboratory
from tests.lab import ended, state_of, until

lab = laboratory.lab


def test_a_started_run_computes_and_its_output_goes_to_the_log(lab):
    runner, run = lab.runner(), lab.run("a", "quick")
    runner.start(run)
    until(lambda: state_of(runner, run) == "finished")
    assert "hello from the worker" in run.log_file.read_text()


def test_the_stages_asked_for_reach_the_worker_and_are_kept_for_a_resume(lab):
    runner, run = lab.runner(), lab.run("a", "quick")
    runner.start(run, stages="experts,distil")
    until(lambda: not runner.poll(run)["alive"])
    runner.start(run)
    until(lambda: not runner.poll(run)["alive"])
    assert run.log_file.read_text().count("'--stages', 'experts,distil'") == 2
    runner.start(run, stages="")
    until(lambda: not runner.poll(run)["alive"])
    assert run.log_file.read_text().splitlines()[-1].endswith("'--from-config']")


def test_starting_twice_starts_one_worker(lab):
    runner, run = lab.runner(), lab.run("a")
    for _ in range(3):
        runner.start(run)
    until(lambda: state_of(runner, run) == "running")
    runner.start(run)
    assert run.log_file.read_text().count("hello") == 1
    runner.stop(run)
    until(lambda: state_of(runner, run) == "stopped")


def test_stop_returns_at_once_and_a_willing_worker_ends_as_stopped(lab):
    runner, run = lab.runner(grace_s=60.0), lab.run("a")
    runner.start(run)
    until(lambda: state_of(runner, run) == "running")
    began = time.monotonic()
    runner.stop(run)
    assert time.monotonic() - began < 5
    assert state_of(runner, run) in ("stopping", "stopped")
    until(lambda: state_of(runner, run) == "stopped")


def test_stop_asked_before_the_worker_has_claimed_its_folder_is_not_forgotten(lab):
    runner, run = lab.runner(grace_s=60.0), lab.run("a", before_claim=1.0)
    runner.start(run)
    runner.stop(run)
    until(lambda: state_of(runner, run) == "stopped")
    assert run.worker(), "it ended by itself, after claiming"


def test_a_run_that_was_told_to_stop_says_so_even_while_its_worker_clears_the_flag_of_an_earlier_one(lab):
    runner, run = lab.runner(grace_s=60.0), lab.run("a", "stubborn")
    runner.start(run)
    until(lambda: state_of(runner, run) == "running")
    runner.stop(run)
    assert not ended(run.worker().id), "who stops a run does not wait for its end"
    for _ in range(50):
        run.stop_flag.unlink(missing_ok=True)
        assert state_of(runner, run) == "stopping"
    os.kill(run.worker().id, signal.SIGKILL)
    until(lambda: state_of(runner, run) in ("stopped", "failed"))
    runner.start(run)
    assert state_of(runner, run) in ("queued", "running"), "the next worker was told nothing"


def test_stop_leaves_no_process_behind_even_of_a_stubborn_worker(lab):
    runner, run = lab.runner(grace_s=0.5), lab.run("a", "stubborn")
    runner.start(run)
    until(lambda: state_of(runner, run) == "running")
    worker = psutil.Process(run.worker().id)
    until(worker.children)
    family = [worker.pid, *(child.pid for child in worker.children())]
    runner.stop(run)
    until(lambda: state_of(runner, run) == "stopped")
    until(lambda: all(map(ended, family)))


def test_a_killed_worker_is_reported_failed_in_plain_words_and_can_be_resumed(lab):
    runner, run = lab.runner(grace_s=0.5), lab.run("a", "stubborn")
    runner.start(run)
    until(lambda: state_of(runner, run) == "running")
    worker = psutil.Process(run.worker().id)
    until(worker.children)
    children = [child.pid for child in worker.children()]
    worker.kill()
    until(lambda: state_of(runner, run) == "failed")
    until(lambda: all(map(ended, children)))
    error = run.status()["error"]
    assert "killed" in error["found"]
    assert "Resume" in error["next_step"]
    runner.start(run)
    until(lambda: state_of(runner, run) == "running")
    assert run.status()["error"] is None
    runner.stop(run)
    until(lambda: state_of(runner, run) == "stopped")


def test_a_worker_that_dies_before_it_says_anything_is_reported_failed(lab):
    runner, run = lab.runner(), lab.run("a", "silent_death")
    runner.start(run)
    until(lambda: state_of(runner, run) == "failed")


def test_no_zombie_stays_behind(lab):
    runner, run = lab.runner(), lab.run("a", "quick")
    runner.start(run)
    until(lambda: state_of(runner, run) == "finished")
    pid = run.worker().id
    until(lambda: not psutil.pid_exists(pid))


def test_a_new_server_finds_the_living_run_again_and_can_stop_it(lab):
    first, run = lab.runner(), lab.run("a")
    first.start(run)
    until(lambda: state_of(first, run) == "running")
    second = lab.runner()
    assert second.poll(run)["alive"]
    second.start(run)
    assert run.log_file.read_text().count("hello") == 1, "it must not start a second worker"
    second.stop(run)
    until(lambda: state_of(second, run) == "stopped")


def test_a_new_server_reports_a_run_whose_worker_died_meanwhile(lab):
    run = lab.run("a")
    run.set_status(state="running", pid=2**22 - 3, pid_started=1.0)
    assert state_of(lab.runner(), run) == "failed"


def test_a_reused_process_id_is_not_taken_for_the_worker(lab):
    run = lab.run("a")
    run.set_status(state="running", pid=os.getpid(), pid_started=1.0)
    assert state_of(lab.runner(), run) == "failed"


def test_one_run_computes_at_a_time_and_the_next_starts_by_itself(lab):
    runner, first, second, third = lab.runner(), lab.run("a"), lab.run("b", "quick"), lab.run("c", "quick")
    for run in (first, second, third):
        runner.start(run)
    until(lambda: state_of(runner, first) == "running")
    assert [runner.poll(run)["ahead"] for run in (first, second, third)] == [0, 1, 2]
    assert state_of(runner, second) == "queued"
    runner.stop(third)
    assert third.status()["state"] == "stopped"
    runner.stop(first)
    until(lambda: second.status()["state"] == "finished")  # without any poll
    assert not third.log_file.exists()


def test_a_run_left_waiting_by_an_earlier_server_starts_when_someone_looks(lab):
    runner, run = lab.runner(), lab.run("a", "quick")
    assert run.status()["state"] == "queued"
    runner.poll(run)
    until(lambda: state_of(runner, run) == "finished")


def test_a_full_queue_is_refused_with_a_sentence(lab):
    runner, first = lab.runner(), lab.run("a")
    runner.start(first)
    until(lambda: state_of(runner, first) == "running")
    with pytest.raises(UserError, match="waiting"):
        for number in range(20):
            runner.start(lab.run(f"b{number}", "quick"))
    runner.stop(first)
    until(lambda: state_of(runner, first) == "stopped")


def test_a_worker_that_cannot_be_started_is_reported_failed(lab):
    runner, run = LocalRunner(lab.root, [str(lab.root / "no-such-program")]), lab.run("a")
    runner.start(run)
    assert "could not be started" in run.status()["error"]["found"]


def test_the_worker_sees_no_secrets_and_a_thread_count(monkeypatch):
    for name in ("HF_TOKEN", "MY_API_KEY", "DB_PASSWORD", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("HARMLESS", "x")
    env = worker_environment()
    assert not {"HF_TOKEN", "MY_API_KEY", "DB_PASSWORD", "AWS_SECRET_ACCESS_KEY"} & set(env)
    assert env["HARMLESS"] == "x"
    assert int(env["OMP_NUM_THREADS"]) >= 1
