"""Small bench runs as a user has them, and one that is finished. Real processes and models.

Knows how a run is started; nothing of what it should say. Runs written by hand are in bench_folder.py.
"""

import os
from pathlib import Path

import pytest

from backend.runs.carry_out import run_to_the_end
from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.bench.config import BenchConfig

SAMPLE = Path(__file__).parents[1] / "assets" / "sample_runs" / "quick"
SMALL = {
    "steps": 6,
    "batch": 8,
    "lrs": (0.005, 0.01),
    "seeds": 2,
    "validate_every": 3,
    "validation_limit": 20,
    "test_limit": 80,
}


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    monkeypatch.setenv("DISTILLOSCOPE_WORKERS", "1")


def start(folder: Path, **changes) -> tuple[BenchConfig, RunDir]:
    config = BenchConfig(**{**SMALL, **changes})
    run_dir = RunDir.create(folder, "bench", None, as_json(config))
    run_dir.claim()
    return config, run_dir


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """One small run, left as it is."""
    folder = tmp_path_factory.mktemp("bench") / "whole"
    os.environ["DISTILLOSCOPE_WORKERS"] = "1"
    config, run_dir = start(folder)
    assert run_to_the_end(config, run_dir) == "finished"
    return folder
