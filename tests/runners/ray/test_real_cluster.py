"""Runs on a real Ray cluster of three nodes: the same files as this machine's, whoever is killed, stopped or lost."""

import os
import signal

import pytest

pytest.importorskip("ray", reason="ray is not installed (requirements-ray.txt)")

from backend.core.matrices import PRODUCTS
from backend.limits.hosts import HOSTS, LOCAL
from backend.runners.ray.book import Book
from backend.runners.ray.cluster import Cluster
from backend.runners.ray.launcher import RayLauncher, RayRunner, Share
from backend.runs import folder as run_folder
from benchmarks.cluster_kills import aim, processes_of
from benchmarks.kill_case import Case, differing
from benchmarks.three_nodes import ThreeNodes
from tests.lab import state_of, until

LONG_S = 600.0


@pytest.fixture(scope="module")
def nodes():
    made = ThreeNodes(jobs=True)
    yield made
    made.close()


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """What this machine makes of the run by itself."""
    os.environ[PRODUCTS] = "plain"
    case = Case("bench", tmp_path_factory.mktemp("alone"))
    case.finish()
    yield case.found()
    del os.environ[PRODUCTS]


@pytest.fixture
def far(nodes, alone, tmp_path, monkeypatch):
    """A run and the runner of its cluster, whose students train on two workers."""
    case = Case("bench", tmp_path)
    monkeypatch.setenv("DISTILLOSCOPE_HOME", str(tmp_path / "home"))
    launcher = RayLauncher(Book(Cluster(nodes.api), look_s=0.2), Share(workers=2))
    runner = RayRunner(tmp_path, HOSTS[LOCAL], launcher=launcher)
    yield case, runner
    runner.shutdown()


def trains(case, runner) -> None:
    """It has begun to train students."""
    runner.start(case.run)
    until(lambda: case.rows_of("tune") > 2 or state_of(runner, case.run) == "failed", LONG_S)
    assert state_of(runner, case.run) == "running", case.run.status()


def ends(case, runner, alone) -> None:
    """Resumed, it ends with the files of a run that nobody disturbed."""
    if state_of(runner, case.run) != "running":
        runner.start(case.run)
    until(lambda: state_of(runner, case.run) not in ("queued", "running"), LONG_S)
    assert case.run.status()["state"] == "finished", case.run.log_file.read_text()[-2000:]
    assert differing(case.found(), alone) == []


def test_a_stopped_run_goes_on_and_ends_with_the_files_of_this_machine(far, alone):
    case, runner = far
    trains(case, runner)
    assert runner.usage(case.run) > 2**20 and runner.computing() == [case.run.path]
    assert case.run.worker().launcher == "ray" and "Fine-tune" in case.run.log_file.read_text()
    runner.stop(case.run)
    until(lambda: state_of(runner, case.run) == "stopped", LONG_S)
    ends(case, runner, alone)


def test_a_killed_worker_is_told_in_words_and_nothing_is_lost(far, alone):
    case, runner = far
    trains(case, runner)
    for process in processes_of(case):
        process.send_signal(signal.SIGKILL)
    until(lambda: state_of(runner, case.run) == "failed", LONG_S)
    assert "killed" in case.run.status()["error"]["found"]
    ends(case, runner, alone)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["node", "server", "hand", "head"])
def test_whatever_is_lost_nothing_of_the_run_is(far, alone, nodes, monkeypatch, kind):
    monkeypatch.setattr(run_folder, "SILENT_S", 20.0)
    case, runner = far
    trains(case, runner)
    runner = aim(kind, case, runner, nodes)
    until(lambda: state_of(runner, case.run) != "running", LONG_S)
    until(lambda: runner.launcher.book.fresh, LONG_S)
    if case.run.status()["state"] == "finished":
        assert differing(case.found(), alone) == []
    else:
        ends(case, runner, alone)
