"""A comparison on tiny models, made once for each file of tests, and the files it leaves.

Knows how to start one and read its arms; nothing of what they should hold.
"""

from pathlib import Path

import pytest

from backend import settings
from backend.comparison.config import ComparisonConfig
from backend.comparison.materials import Materials
from backend.comparison.names import SELECTED
from backend.runs.carry_out import run_to_the_end
from backend.runs.folder import RunDir

REAL = (*SELECTED, "evolve", "init")
ARMS = ("base", *REAL, "text", "text_shuffled", "full")


@pytest.fixture(autouse=True, scope="module")
def one_process():
    """Starting processes costs seconds; the pool has a test of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISTILLOSCOPE_WORKERS", "1")
        yield


@pytest.fixture(scope="module")
def config(tiny_models, tiny_tasks) -> ComparisonConfig:
    models = (str(tiny_models["opt"]), str(tiny_models["llama"]))
    return ComparisonConfig(
        task="arc_easy", data_dir=str(tiny_tasks), budget=0.34, model=models[0], students=models, arms=ARMS,
        lora_rank=2, lora_alpha=4, seeds=2, steps=3, batch=4, lrs=(0.01,), rounds=2, candidates=10, judged_by=4,
        start="random", moves=("question", "phrase", "word", "token"),
    )  # fmt: skip


def start(config: ComparisonConfig, folder: Path) -> tuple[RunDir, str]:
    run = RunDir.create(folder, "comparison", None, settings.as_json(config))
    run.claim()
    return run, run_to_the_end(config, run)


@pytest.fixture(scope="module")
def whole(config, tmp_path_factory) -> RunDir:
    run, state = start(config, tmp_path_factory.mktemp("whole") / "run")
    assert state == "finished"
    return run


@pytest.fixture(scope="module")
def materials(config) -> Materials:
    return Materials(config)


def files_of(run: RunDir) -> dict[str, list[dict]]:
    return {path.stem: run.rows(f"arms/{path.stem}") for path in sorted((run.path / "arms").glob("*.jsonl"))}
