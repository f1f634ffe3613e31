"""One figure for a run, with a narrow range: by a count, this machine's pace, and what its earlier runs took."""

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from backend.runs import estimate as estimates
from backend.runs.estimate import correction, estimate, expected
from backend.runs.machine import Machine
from backend.runs.pace import Pace
from backend.runs.timings import KEPT, is_row, note, timings, timings_path
from backend.runs.work import START, Amount, Part, Work, apart, total
from backend.settings import setting
from backend.study import Stage, Study, Words
from components.run.cost import cost_markup, figure

QUIET = Machine(workers=2, cores=2, others=0.0, gpu=False)
PACE = Pace(start=4.0, step=0.01, token=1e-4, question=1e-3, gflop=0.01)


@dataclass(frozen=True)
class Config:
    steps: int = setting(1000, "Steps.", "All", low=1)
    model: str = setting("opt-pocket", "Whose.", "All", kind="model")


def count(config: Config, workers: int, begun: int = 0) -> Work:
    parts = (
        Part(START, "libraries", Amount(starts=1)),
        Part("learn", "steps", Amount(steps=config.steps - begun), config.model),
        Part("score", "questions", Amount(questions=8000), config.model, workers),
    )
    return Work(parts, 500.0)


STUDY = Study(
    name="counted", title="", question="", config=Config, presets=Path(), leading=(), run="",
    stages=(Stage("learn", "Learn", ""), Stage("score", "Score", "")), words=Words(about=""), work=f"{__name__}:count",
)  # fmt: skip


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("DISTILLOSCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(estimates, "pace", lambda: (PACE, True))


def row(stage: str, seconds: float, parts: tuple[Part, ...], **more) -> dict:
    found = {"study": STUDY.name, "stage": stage, "seconds": seconds, "cpu_s": None, "crowding": 1.0, "device": "cpu"}
    found |= {"models": ["opt-pocket"], "parts": [part.as_dict() for part in parts if part.stage == stage]}
    return found | {"memory_mb": 600, "memory_counted": 500} | more


def taken(times: float, config: Config | None = None, **more) -> list[dict]:
    """A run whose stages took so many times what is counted for an idle machine."""
    parts = count(config or Config(), 2).parts
    seconds = {START: 4.0, "learn": (config or Config()).steps * 0.01, "score": 4.0}
    return [row(stage, times * value, parts, **more) for stage, value in seconds.items()]


def test_the_figure_is_the_count_times_the_pace_shared_by_processes():
    found = estimate(STUDY, Config(), "", QUIET)
    assert found.stages == pytest.approx({START: 4.0, "learn": 10.0, "score": 4.0})
    assert found.seconds == pytest.approx(18.0)
    assert (found.memory_mb, found.crowded) == (500.0, False)


def test_only_what_is_asked_for_counts_and_a_branch_is_spared_what_is_over():
    assert estimate(STUDY, Config(), "learn", QUIET).seconds == pytest.approx(14.0)
    assert estimate(STUDY, Config(), "learn", QUIET, begun=500).seconds == pytest.approx(9.0)


@pytest.mark.parametrize("runs", [0, 1, 2, 20])
@pytest.mark.parametrize("others", [0.0, 1.0, 9.0])
def test_the_range_is_never_wider_than_a_factor_of_two(runs, others):
    for one in taken(1.3) * runs:
        note(one)
    found = estimate(STUDY, Config(), "", replace(QUIET, others=others))
    assert found.low < found.seconds < found.high <= 2 * found.low


def test_runs_of_its_own_make_it_surer():
    before = estimate(STUDY, Config(), "", QUIET)
    for one in taken(1.0) * 6:
        note(one)
    after = estimate(STUDY, Config(), "", QUIET)
    assert after.high / after.low < before.high / before.low


def test_what_runs_took_here_corrects_the_next_one_step_by_step():
    figures = []
    for _ in range(4):
        figures.append(estimate(STUDY, Config(), "", QUIET).seconds)
        for one in taken(2.0):
            note(one)
    assert figures[0] == pytest.approx(18.0) and figures == sorted(figures)
    assert 1.6 * 18.0 < figures[-1] < 2.0 * 18.0, "a count has a word too"


def test_a_stage_that_never_ran_is_corrected_by_the_others():
    for one in taken(2.0):
        if one["stage"] != "score":
            note(one)
    assert 4.0 < estimate(STUDY, Config(), "", QUIET).stages["score"] < 8.0


def test_the_processors_time_counts_where_it_is_known_whatever_else_computed():
    parts = count(Config(), 2).parts
    slow = [row("learn", 90.0, parts, cpu_s=10.0, crowding=1.0)]
    assert correction("learn", slow, PACE) == pytest.approx(1.0)
    assert correction("learn", [row("learn", 40.0, parts, crowding=4.0)], PACE) == pytest.approx(1.0)


def test_a_stage_that_found_its_work_done_teaches_nothing():
    assert correction("learn", [row("learn", 0.2, count(Config(), 2).parts)], PACE) == pytest.approx(1.0)


def test_other_programs_make_it_longer_and_are_named():
    crowded = replace(QUIET, others=3.0)
    found = estimate(STUDY, Config(), "", crowded)
    assert found.stages == pytest.approx({START: 8.0, "learn": 20.0, "score": 10.0})
    assert "This machine is busy" in cost_markup(found)
    assert "busy" not in cost_markup(estimate(STUDY, Config(), "", replace(QUIET, others=1.0)))


def test_a_larger_model_is_told_by_its_parameters_and_an_unknown_one_by_its_own_runs():
    assert estimate(STUDY, Config(model="smollm2-135m"), "", QUIET).seconds > 30
    unknown = Config(model="someone/else")
    for one in taken(1.0):
        note(one)
    assert estimate(STUDY, unknown, "", QUIET) is None
    assert "unknown" in cost_markup(None)
    kept = expected(STUDY, unknown, "", QUIET)
    assert not kept.seconds and kept.parts, "such a run has to teach the next one"
    for one in taken(50.0, unknown, models=["someone/else"]):
        note(one)
    assert estimate(STUDY, unknown, "", QUIET).seconds == pytest.approx(50 * 18, rel=0.01)


def test_a_gpu_that_nobody_measured_is_unknown(monkeypatch):
    monkeypatch.setattr(estimates, "pace", lambda: (PACE, False))
    assert estimate(STUDY, Config(), "", QUIET) is not None
    assert estimate(STUDY, Config(), "", replace(QUIET, gpu=True)) is None


def test_a_study_that_counts_nothing_has_none():
    assert estimate(replace(STUDY, work=""), Config(), "", QUIET) is None
    assert expected(replace(STUDY, work=""), Config(), "", QUIET) is None


# -- timings.jsonl ------------------------------------------------------------------------------------------------
def test_a_torn_or_overlong_ledger_is_no_trouble():
    for one in taken(1.0) * KEPT:
        note(one)
    assert KEPT <= len(timings(STUDY.name)) <= 2 * KEPT and timings("bench") == []
    with timings_path().open("a") as file:
        file.write('{"study": "counted')
    assert estimate(STUDY, Config(), "", QUIET).seconds == pytest.approx(18.0)


@pytest.mark.parametrize("gone", ["seconds", "parts", "models", "device", "cpu_s", "memory_counted"])
def test_rows_of_another_version_are_passed_over(gone):
    sound = taken(1.0)[1]
    assert is_row(json.loads(json.dumps(sound)))
    assert not is_row({name: value for name, value in sound.items() if name != gone})
    assert not is_row({**sound, gone: {"a": 1}}) and not is_row([sound])


# -- work ---------------------------------------------------------------------------------------------------------
def test_amounts_add_up_and_are_taken_several_times():
    assert total([Amount(1, 2, 3, 4), Amount(steps=8) * 0.5]) == Amount(1, 6, 3, 4)


def test_questions_are_set_apart_for_the_threads_that_share_them():
    training, asked = apart("learn", "students", Amount(steps=5, tokens=7, questions=9), "opt-pocket", 2)
    assert training.amount == Amount(steps=5, tokens=7) and training.at_once == 1
    assert asked.amount == Amount(questions=9) and (asked.at_once, asked.threads, asked.shared_by) == (1, 2, 2)


# -- as it is said ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("seconds", "says"),
    [(5, "About 5 s (4 to 7 s)"), (60, "About 60 s (45 to 80 s)"), (100, "About 100 s (75 to 140 s)"),
     (1800, "About 30 min (25 to 40 min)"), (9000, "About 2.5 h (2 to 3.5 h)"), (90_000, "About 25 h (18 to 30 h)")],
)  # fmt: skip
def test_one_figure_is_said_with_its_range_in_one_unit(seconds, says):
    assert figure(float(seconds), seconds / 1.4, seconds * 1.4) == says


def test_as_said_the_range_is_at_most_a_factor_of_two_wide_at_any_length():
    for tenth in range(20, 140):
        seconds = 10 ** (tenth / 20)
        words = figure(seconds, seconds / 1.4, seconds * 1.4).partition("(")[2].split()
        if words:
            assert float(words[2]) <= 2 * float(words[0]), words
            assert not math.isclose(float(words[0]), float(words[2]))
