"""The launcher of a Ray cluster in front of a stand-in for its Job API: what fails, what is passed on, what is lost."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from backend.core import pool_ray
from backend.errors import UserError
from backend.limits.hosts import HOSTS, LOCAL, this_host
from backend.runners.chosen import LAUNCHER, chosen_runner
from backend.runners.ray import book as books
from backend.runners.ray.cluster import Cluster
from backend.runners.ray.launcher import LOST, Share, job_environment
from backend.runs import folder
from backend.runs.heartbeat import heartbeat, memory_told
from backend.runs.worker import JOB, Worker
from tests.lab import state_of, until
from tests.runners import places
from tests.runners.job_api import JobApi
from tests.runners.places import Place


@pytest.fixture
def place(tmp_path, monkeypatch):
    places.prepare(monkeypatch)
    made = Place("ray", tmp_path)
    yield made
    made.close()


def running(runner, run):
    runner.start(run)
    until(lambda: state_of(runner, run) == "running")
    return run


# -- how a cluster is named -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("address", ["", "auto", "ray://head:10001", "head:6379", "http://", "file:///etc/passwd"])
def test_an_address_that_is_none_is_refused_with_a_sentence(address):
    with pytest.raises(UserError, match=r"RAY_ADDRESS is .*such as http://head:8265"):
        Cluster.named({"RAY_ADDRESS": address})


def test_a_cluster_that_does_not_answer_is_said_at_each_start_and_the_page_goes_on(tmp_path, monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "http://127.0.0.1:9")
    runner = chosen_runner(tmp_path / "runs", HOSTS[LOCAL], {LAUNCHER: "ray"})
    run = folder.RunDir.create(tmp_path / "runs" / "a" / "one", "text_distillation", None, {})
    runner.start(run)
    assert run.status()["state"] == "failed"
    assert "does not answer" in run.status()["error"]["found"] and "resume" in run.status()["error"]["next_step"]
    runner.shutdown()


def test_the_token_is_read_where_ray_reads_it_and_a_wrong_one_is_said(tmp_path):
    api, file = JobApi(), tmp_path / "token"
    file.write_text("the-token\n")
    address = {"RAY_ADDRESS": api.address}
    assert Cluster.named(address | {"RAY_AUTH_TOKEN": "the-token"}).jobs() == []
    assert Cluster.named(address | {"RAY_AUTH_TOKEN_PATH": str(file)}).jobs() == []
    with pytest.raises(UserError, match="refuses the token"):
        Cluster(api.address, "another").jobs()
    api.close()


def test_an_unknown_launcher_is_refused_and_without_a_word_this_machine_computes(tmp_path):
    with pytest.raises(UserError, match="one of local, ray"):
        chosen_runner(tmp_path, HOSTS[LOCAL], {LAUNCHER: "rai"})
    assert chosen_runner(tmp_path, HOSTS[LOCAL], {}).launcher.name == "local"


@pytest.mark.parametrize("said", ["two", "-1", "nan", "inf"])
def test_a_share_of_a_node_is_a_number(said):
    with pytest.raises(UserError, match="DISTILLOSCOPE_RAY_CPUS"):
        Share.named({"DISTILLOSCOPE_RAY_CPUS": said})


def test_a_larger_host_says_how_much_it_takes():
    host = this_host({"DISTILLOSCOPE_AT_ONCE": "12", "DISTILLOSCOPE_WAITING": "500"})
    assert (host.at_once, host.waiting) == (12, 500)
    for wrong in ("0", "many", "-3"):
        with pytest.raises(UserError, match="whole number"):
            this_host({"DISTILLOSCOPE_AT_ONCE": wrong})


def test_the_server_never_imports_ray_whatever_launches_its_runs(tmp_path):
    code = """if True:
        import sys
        from pathlib import Path
        from backend.limits.hosts import HOSTS
        from backend.runners.chosen import chosen_runner
        chosen_runner(Path(sys.argv[1]), HOSTS["local"]).shutdown()
        print([name for name in sys.modules if name.split(".")[0] == "ray"])"""
    for chosen in ("local", "ray"):
        env = os.environ | {LAUNCHER: chosen, "RAY_ADDRESS": "http://127.0.0.1:9"}
        done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], env=env, capture_output=True, text=True)
        assert done.stdout == "[]\n", done.stderr


# -- what a job is told ---------------------------------------------------------------------------------------------
def test_a_job_gets_our_settings_and_none_of_the_servers_secrets():
    server = {
        "DISTILLOSCOPE_HOST": "cpu_space",
        "DISTILLOSCOPE_API_KEY": "x",
        "DISTILLOSCOPE_HOST_NAME": "server",
        JOB: "ray:another",
        "RAY_AUTH_TOKEN": "x",
        "HF_TOKEN": "x",
        "PATH": "/server/bin",
    }
    told = job_environment("j1", Share(), server)
    assert told["DISTILLOSCOPE_HOST"] == "cpu_space" and told[JOB] == "ray:j1" and "DISTILLOSCOPE_POOL" not in told
    assert not {"DISTILLOSCOPE_API_KEY", "DISTILLOSCOPE_HOST_NAME", "RAY_AUTH_TOKEN", "HF_TOKEN", "PATH"} & set(told)
    spread = job_environment("j1", Share(workers=16), server)
    assert (spread["DISTILLOSCOPE_POOL"], spread["DISTILLOSCOPE_WORKERS"]) == ("ray", "16")


def test_a_run_with_an_odd_name_is_one_word_to_the_nodes_shell(place):
    runner, run = place.server(), place.run("it's $(touch x); one", "quick")
    runner.start(run)
    until(lambda: state_of(runner, run) == "finished")
    assert "hello from the worker" in run.log_file.read_text()


def test_a_node_without_the_runs_folder_says_so(place, monkeypatch):
    runner, run = place.server(), place.run("one")
    monkeypatch.setattr(runner.launcher, "_line", lambda *_: "exit 72")
    runner.start(run)
    until(lambda: state_of(runner, run) == "failed")
    assert "disk that all nodes share" in run.status()["error"]["found"]


def test_a_job_whose_run_was_told_to_stop_before_its_turn_on_a_node_does_not_begin(place):
    runner, run = place.server(), place.run("one")
    run.stop_flag.touch()
    line = runner.launcher._line(run, None)
    assert subprocess.run(line, shell=True).returncode == 0 and not run.log_file.exists()


def test_a_worker_of_another_machine_tells_how_much_memory_it_holds(tmp_path, monkeypatch):
    run = folder.RunDir.create(tmp_path / "one", "text_distillation", None, {})
    monkeypatch.setenv(JOB, "ray:j1")
    run.claim()
    with heartbeat(run, 0.05):
        assert memory_told(run, "j1") > 2**20 and memory_told(run, "j2") == 0
        before = run.heartbeat.stat().st_mtime
        until(lambda: run.heartbeat.stat().st_mtime > before)
        own = memory_told(run, "j1")
        monkeypatch.setitem(pool_ray._held, "a worker on another node", 2**40)
        until(lambda: memory_told(run, "j1") > 2**40 + own // 2)
    assert memory_told(run, "j1") == 0


# -- what is lost ---------------------------------------------------------------------------------------------------
def test_a_head_that_falls_silent_ends_no_run_and_when_it_is_back_everything_goes_on(place, monkeypatch):
    monkeypatch.setattr(books, "STALE_S", 0.3)
    runner = place.server()
    run = running(runner, place.run("one"))
    place.api.silent = True
    until(lambda: not runner.launcher.book.fresh)
    assert runner.poll(run)["alive"] and state_of(runner, run) == "running", "its heart beats"
    place.api.silent = False
    until(lambda: runner.launcher.book.fresh)
    runner.stop(run)
    until(lambda: state_of(runner, run) == "stopped")


def test_of_a_lost_node_the_heart_decides_so_that_no_two_workers_write_one_folder(place, monkeypatch):
    monkeypatch.setattr(folder, "SILENT_S", 1.5)
    runner = place.server()
    run = running(runner, place.run("one"))
    place.api.lose_node(run.worker().id)
    time.sleep(0.5)
    assert runner.poll(run)["alive"], "it was cut off, and lives"
    os.killpg(place.api.process(run.worker().id)[0], signal.SIGKILL)
    until(lambda: state_of(runner, run) in ("failed", "orphaned"))
    status = run.status()
    assert LOST.found == (status["error"] or {}).get("found") or "not responding" in status["reason"]
    running(runner, run)
    runner.stop(run)
    until(lambda: state_of(runner, run) == "stopped")


def test_a_new_server_says_why_a_run_ended_that_an_earlier_one_began(place):
    first = place.server()
    run, second = running(first, place.run("one")), place.server()
    assert second.reconcile() == []
    first.shutdown()
    os.killpg(place.api.process(run.worker().id)[0], signal.SIGKILL)
    until(lambda: state_of(second, run) == "failed")
    assert "was killed" in run.status()["error"]["found"]


def test_a_job_that_a_new_head_knows_nothing_of_is_lost_where_it_never_began(place):
    runner, run = place.server(), place.run("one", before_claim=60)
    runner.start(run)
    until(lambda: place.api.jobs)
    until(lambda: run.log_file.exists())
    place.api.jobs.clear()
    until(lambda: state_of(runner, run) == "failed")


def test_a_job_that_still_waits_for_a_node_is_found_by_a_new_server_and_stopped_at_once(place):
    run = place.run("one")
    run.set_status(queued_at=1.0)
    notes = {"distilloscope": str(run.path)}
    place.api.jobs["j1"] = {
        "submission_id": "j1",
        "metadata": notes,
        "status": "PENDING",
        "driver_exit_code": None,
        "start_time": 1,
    }
    place.api.answer = lambda method, *_: (200, list(place.api.jobs.values()) if method == "GET" else {})
    runner = place.server(grace_s=0.3)
    assert runner.reconcile() == [] and runner.computing() == [run.path] and runner.poll(run)["alive"]
    runner.stop(run)
    until(lambda: state_of(runner, run) == "stopped")


def test_the_worker_of_another_launcher_is_left_to_its_heart(place):
    launcher = place.server().launcher
    assert launcher.alive(Worker("local", "far-away", 17, 1.0)) is None


def test_a_cluster_that_answers_nonsense_is_said(place):
    for answer in ({"error": 1}, [1], [{"metadata": {"distilloscope": "x"}}], "x"):
        place.api.answer = lambda *_, answer=answer: (200, answer)
        with pytest.raises(UserError, match="is not Ray's Job API"):
            Cluster(place.api.address, place.api.token).jobs()
    place.api.answer = lambda *_: (500, {"error": "x" * 9000})
    with pytest.raises(UserError, match="refused \\(500\\)") as raised:
        Cluster(place.api.address, place.api.token).jobs()
    assert len(str(raised.value)) < 600


def test_a_head_that_takes_no_job_yet_is_asked_again(place):
    runner, run, real, times = place.server(), place.run("one", "quick"), place.api.answer, []

    def not_yet(method, path, body):
        if method == "POST":
            times.append(path)
        return (500, "try again later") if method == "POST" and len(times) < 3 else real(method, path, body)

    place.api.answer = not_yet
    runner.start(run)
    until(lambda: state_of(runner, run) == "finished")
    assert len(times) == 3


def test_a_job_that_the_cluster_does_not_take_is_told_in_its_words(place):
    runner, run, real = place.server(), place.run("one"), place.api.answer
    place.api.answer = lambda method, *rest: (400, "no such resource") if method == "POST" else real(method, *rest)
    runner.start(run)
    until(lambda: state_of(runner, run) == "failed")
    assert "no such resource" in run.status()["error"]["found"]


def test_memory_is_limited_as_on_this_machine(place):
    runner = place.server()
    run = running(runner, place.run("one"))
    until(lambda: runner.usage(run) > 0)
    runner.host = replace(runner.host, memory=1)
    assert runner.usage(run) > runner.host.memory
    runner.stop(run)
    until(lambda: state_of(runner, run) == "stopped")
