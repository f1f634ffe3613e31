"""A bench run that was stopped or killed goes on to the same numbers, as does one in two processes."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from backend.runs.carry_out import run_to_the_end
from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.bench.config import BenchConfig
from tests import bench_run
from tests.bench_run import SMALL
from tests.marks import SLOW

one_process = bench_run.one_process
# Every test repeats a whole run: few examples, for all 1,200 are encoded again for every student, and few questions.
SMALLER = BenchConfig(**SMALL | {"data": "random", "examples": 24, "test_limit": 30})


def start(folder: Path) -> tuple[BenchConfig, RunDir]:
    return bench_run.start(folder, **vars(SMALLER))


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """The run as it is when nothing disturbs it."""
    folder = tmp_path_factory.mktemp("bench") / "whole"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISTILLOSCOPE_WORKERS", "1")
        assert run_to_the_end(*start(folder)) == "finished"
    return folder


def told(folder: Path) -> dict:
    """Everything a run says, without times and memory."""
    summary = json.loads((folder / "summary.json").read_text())
    results = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
    keep = {name: summary[name] for name in ("lr", "grid", "steps", "comparisons", "warnings")}
    return keep | {"results": results, "scores": all_scores(folder)}


def all_scores(folder: Path) -> dict:
    files = sorted((folder / "artifacts" / "scores").glob("*.jsonl"))
    rows = {f.name: [json.loads(line) for line in f.read_text().splitlines()] for f in files}
    return {name: sorted(found, key=lambda row: row["id"]) for name, found in rows.items()}


@pytest.mark.parametrize("after", [SLOW(2), 10, SLOW(20)])
def test_a_run_stopped_anywhere_resumes_to_the_same_numbers_and_asks_nothing_twice(
    finished, tmp_path, monkeypatch, after
):
    """The stop flag appears when so many rows of metrics were written; then the run goes on to its end."""
    config, run_dir = start(tmp_path / "run")
    plain, rows = RunDir.append, []

    def append(self: RunDir, name: str, row: dict) -> None:
        plain(self, name, row)
        rows.append(name)
        if rows.count("metrics") == after and name == "metrics":
            self.stop_flag.touch()

    monkeypatch.setattr(RunDir, "append", append)
    assert run_to_the_end(config, run_dir) == "stopped"
    run_dir.stop_flag.unlink()
    assert run_to_the_end(config, run_dir) == "finished"
    assert told(tmp_path / "run") == told(finished)
    assert run_dir.status()["done"] == run_dir.status()["total"] == 3 * 30
    for scored in all_scores(tmp_path / "run").values():
        assert len({row["id"] for row in scored}) == len(scored)


@pytest.mark.parametrize("moment", [("row metrics.jsonl", "9"), SLOW(("write summary.json", "1"))])
def test_a_killed_worker_resumes_to_the_same_numbers(finished, tmp_path, moment):
    """kill -9, at two moments, of the very process the page starts."""
    run = RunDir.create(tmp_path / "run", "bench", None, as_json(SMALLER))
    words = [sys.executable, "-m", "benchmarks.dying", *moment, "run", "bench", "--out", str(run.path), "--from-config"]
    root = Path(__file__).parents[3]
    done = subprocess.run(words, cwd=root, start_new_session=True, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not run.worker_alive() and run.status()["state"] == "running"
    run.claim()
    assert run_to_the_end(SMALLER, run) == "finished"
    assert told(tmp_path / "run") == told(finished)


def test_two_processes_give_the_numbers_of_one(finished, tmp_path, monkeypatch):
    monkeypatch.setenv("DISTILLOSCOPE_WORKERS", "2")
    config, run_dir = start(tmp_path / "run")
    assert run_to_the_end(config, run_dir) == "finished"
    assert told(tmp_path / "run") == told(finished)
