"""Bench settings that make no sense, and things that do not exist, are refused in words."""

import pytest

from backend.__main__ import main
from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.bench.config import BenchConfig
from tests import bench_run
from tests.bench_run import SAMPLE, SMALL

one_process = bench_run.one_process


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"data": "file"}, "data_path is empty"),
        ({"data": "random"}, "examples is 0"),
        ({"regime": "matched"}, "regime is matched"),
        ({"regime": "matched", "data": "distilled", "data_path": "x", "method": "dora"}, "method is dora"),
        ({"lrs": ()}, "lrs is empty"),
        ({"lrs": (0.1, 0.1)}, "lrs is 0.1, 0.1"),
        ({"lrs": (float("nan"),)}, "lrs is nan"),
        ({"tasks": ()}, "nothing to score on"),
        ({"data": "none", "score_base": False}, "data is none"),
    ],
)
def test_settings_that_make_no_sense_are_refused_in_words(changes, said):
    with pytest.raises(UserError, match=said):
        BenchConfig(**changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tasks": ("arc",)}, "no task called 'arc'"),
        ({"data": "real", "examples": 10_000}, "there are 1200"),
        ({"data": "distilled", "data_path": "/nowhere"}, "has no distilled.jsonl"),
        ({"data": "file", "data_path": "/nowhere.csv"}, "nowhere.csv"),
        (
            {"data": "distilled", "data_path": str(SAMPLE), "tasks": ("pocket_mmlu",), "train_task": "pocket_mmlu"},
            "holds out validation",
        ),
        ({"student": "no-such-model"}, "no model called"),
    ],
)
def test_what_does_not_exist_ends_the_run_in_words(tmp_path, capsys, changes, said):
    config = BenchConfig(**{**SMALL, **changes})
    RunDir.create(tmp_path / "run", "bench", None, as_json(config))
    assert main(["run", "bench", "--out", str(tmp_path / "run"), "--from-config"]) == 1
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error
    assert RunDir(tmp_path / "run").status()["state"] == "failed"
