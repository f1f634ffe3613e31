"""What a bench run is counted as follows its settings."""

from dataclasses import replace

import pytest

from backend.runs.pace import REFERENCE
from backend.runs.work import START
from backend.studies.bench.config import BenchConfig
from backend.studies.bench.work import work

CONFIG = BenchConfig()


def seconds(config: BenchConfig, stage: str = "", workers: int = 2) -> float:
    parts = [part for part in work(config, workers).parts if stage in ("", part.stage)]
    return sum(REFERENCE.seconds(part.amount, part.model) / part.at_once for part in parts)


@pytest.mark.parametrize(
    "more",
    [{"steps": 120}, {"batch": 64}, {"seeds": 5}, {"lrs": (0.001, 0.002, 0.005, 0.01, 0.02)}, {"validation_limit": 300},
     {"method": "full"}, {"test_limit": 0}, {"tasks": ("pocket_science", "pocket_mmlu")}, {"student": "smollm2-135m"},
     {"test_file": "questions.jsonl"}],
)  # fmt: skip
def test_more_of_anything_takes_longer(more):
    assert seconds(replace(CONFIG, **more)) > seconds(CONFIG)


def test_a_student_that_learns_nothing_is_only_scored():
    base = replace(CONFIG, data="none")
    assert seconds(base, "tune") == 0 < seconds(base, "score") < seconds(CONFIG, "score")
    assert {part.stage for part in work(CONFIG, 2).parts} == {START, "tune", "score"}


def test_a_single_step_size_is_neither_tried_nor_validated():
    assert seconds(replace(CONFIG, lrs=(0.005,)), "tune") < seconds(CONFIG, "tune")
    assert not any(
        part.amount.questions for part in work(replace(CONFIG, lrs=(0.005,)), 2).parts if part.stage == "tune"
    )


def test_one_process_starts_none_beside_it():
    assert sum(part.amount.starts for part in work(CONFIG, 1).parts if part.stage == "tune") == 0
    assert work(CONFIG, 1).memory_mb < work(CONFIG, 2).memory_mb
    assert work(replace(CONFIG, student="smollm2-135m"), 1).memory_mb > work(CONFIG, 1).memory_mb
