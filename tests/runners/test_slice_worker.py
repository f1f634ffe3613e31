"""A slice in the process that has the GPU: the bench too comes to the same numbers, and errors stay in the folder."""

import time
from dataclasses import replace

import psutil
import pytest

from backend.limits.hosts import HOSTS, ZERO_GPU
from backend.runners import slice_worker
from backend.runners.slice_worker import compute
from backend.runners.slices import SliceRunner
from backend.runs import timings
from backend.runs.folder import RunDir
from backend.settings import as_json
from tests import bench_run
from tests.bench_run import SMALL, BenchConfig
from tests.studies.bench.test_bench_resume import told

one_process = bench_run.one_process  # what a slice sets in its process is undone here
finished = bench_run.finished


@pytest.fixture(autouse=True)
def own_clock(monkeypatch):
    monkeypatch.setattr(timings, "_begun", None)


@pytest.mark.slow
def test_a_bench_run_in_slices_comes_to_the_numbers_of_one_go(finished, tmp_path):
    host = replace(HOSTS[ZERO_GPU], slice_s=0.5, most={}, reserve=0)
    runner = SliceRunner(tmp_path / "runs", host)
    run = RunDir.create(tmp_path / "runs" / "a" / "run", "bench", None, as_json(BenchConfig(**SMALL)))
    runner.start(run, "")
    calls = 1
    while runner.advance(run):
        assert run.status()["state"] == "running" and run.status()["worker"] is None
        calls += 1
    assert run.status()["state"] == "finished", run.status()
    assert calls > 3
    assert told(run.path) == told(finished)


def test_bad_input_ends_the_run_with_its_sentence(tmp_path):
    config = as_json(BenchConfig(**SMALL)) | {"student": "no-such-student"}
    run = RunDir.create(tmp_path / "a" / "run", "bench", None, config)
    compute(str(run.path), 30.0, 10.0)
    status = run.status()
    assert status["state"] == "failed" and "no-such-student" in status["error"]["found"]
    assert status["worker"] is None and not run.worker_alive()
    assert "Traceback" in run.log_file.read_text()


def test_a_defect_is_told_in_our_words_and_the_trace_goes_to_the_log(tmp_path, monkeypatch):
    run = RunDir.create(tmp_path / "a" / "run", "bench", None, as_json(BenchConfig(**SMALL)))

    def stumble(*_):
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr(slice_worker, "carry_out", stumble)
    compute(str(run.path), 30.0, 10.0)
    assert "of ours" in run.log_file.read_text() and run.status()["worker"] is None
    assert run.status()["state"] == "failed" and "internal error" in run.status()["error"]["found"]


def test_a_folder_that_another_process_still_writes_is_left_alone(tmp_path):
    run = RunDir.create(tmp_path / "a" / "run", "bench", None, as_json(BenchConfig(**SMALL)))
    parent = psutil.Process().parent()
    run.set_status(state="running", pid=parent.pid, pid_started=parent.create_time())
    before = run.status()
    compute(str(run.path), 30.0, 10.0)
    assert run.status() == before


def test_a_process_that_serves_a_second_run_counts_its_start_anew():
    before, began = timings.age(), time.time()
    timings.begin_again()
    assert timings.age() <= min(before, time.time() - began)
    time.sleep(0.05)
    assert timings.age() >= 0.05
