"""An engine's gradient is checked against the plain one, and one that fails the check makes way."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from backend.core.models.dual_students import DualStudent
from backend.core.params import Params
from backend.core.seeding import generator
from backend.runs.folder import RunDir
from backend.settings import as_json, from_saved
from backend.studies.text_distillation import unroll
from backend.studies.text_distillation.account import engine_of
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.engines import Trial, checked_engine, compared, make_engine, sound
from backend.studies.text_distillation.learning import trusted
from backend.studies.text_distillation.setup import Setup
from backend.studies.text_distillation.shapes import EngineRow
from backend.studies.text_distillation.unroll import Segment, matching_gradient, one_sided
from tests import tiny_decoding
from tests.double import EXACT, in_double

config = tiny_decoding.config
one_process = tiny_decoding.one_process
ready = tiny_decoding.ready
STEPS = 4
ROOT = Path(__file__).parents[3]


def logged(row: dict) -> dict:
    return {"stage": "engine", "step": 0, "asked": "exact", **row}


@pytest.fixture
def given(config) -> Trial:
    """What a check needs, past the start, where half of the gradient is 0."""
    return trial_of(config)


def trial_of(config: DistillConfig) -> Trial:
    setup, rng = Setup(config), generator("engines")
    student, synthetic = setup.own.student, setup.synthetic
    start = {name: p + 0.02 * torch.randn(p.shape, generator=rng) for name, p in student.initial(0).items()}
    target = {name: p + 0.02 * torch.randn(p.shape, generator=rng) for name, p in start.items()}
    segment, sizes = Segment(start, target, "normalised"), torch.full((STEPS,), 0.002).log()
    return Trial(student, synthetic, segment, synthetic.initial.clone(), sizes, [[0], [1]] * (STEPS // 2))


@in_double()
def test_the_exact_engine_has_the_plain_gradient(config):
    given = trial_of(config)
    ours, plain = (make_engine(name, given.student) for name in ("exact", "plain"))
    assert ours.written is not None and plain.written is None
    assert compared(given.gradient(ours, STEPS), given.gradient(plain, STEPS))["error"] < EXACT


def test_a_difference_comes_near_the_derivative_of_a_smooth_loss():
    """A toy without ReLUs: the mixed derivatives of sum(cos(a * p) * b) along a trajectory of sgd."""
    rng = torch.Generator().manual_seed(0)
    start = {name: torch.randn(3, generator=rng, dtype=torch.float64) for name in ("a", "b")}
    target = {name: p + 0.1 for name, p in start.items()}
    prompts = torch.randn(1, 1, 3, generator=rng, dtype=torch.float64)

    def loss_at(params: Params, prompts: torch.Tensor, k: int) -> torch.Tensor:
        return (torch.cos(params["a"] * prompts[0, 0]) * params["b"]).sum() + params["b"].square().sum()

    segment, log_lrs = Segment(start, target, "sgd"), torch.full((5,), 0.02, dtype=torch.float64).log()
    found, wanted = (matching_gradient(loss_at, segment, prompts, log_lrs, *way) for way in ((one_sided,), ()))
    off = compared((found.prompts, found.log_lrs), (wanted.prompts, wanted.log_lrs))
    assert 0 < off["error"] < 5e-3 and off["cosine"] > 0.999


def test_a_check_says_what_it_found(given):
    engine, row = checked_engine("exact", given)
    assert (engine.name, row["used"], row["reason"]) == ("exact", "exact", "")
    assert row["written_out"] and sound("exact", row) and row["inner_steps"] == 2
    EngineRow.model_validate(logged(row))


def test_the_plain_engine_is_asked_for_by_name_and_checked_against_nothing(given):
    engine, row = checked_engine("plain", given)
    assert engine.written is None and row == {"used": "plain", "reason": "", "written_out": False}
    EngineRow.model_validate(logged(row))


def test_runs_from_before_there_were_engines_were_made_by_the_plain_one():
    assert from_saved(DistillConfig, {})["engine"] == "plain" and DistillConfig().engine == "exact"


def test_an_engine_that_is_off_makes_way_for_the_exact_one(given, monkeypatch):
    monkeypatch.setattr(unroll, "ONE_SIDED", 1e6)
    engine, row = checked_engine("one_sided", given)
    assert (engine.name, row["used"]) == ("exact", "exact")
    assert "one_sided is off: cosine " in row["reason"] and row["cosine"] > 0.999
    EngineRow.model_validate(logged(row))


def test_an_exact_engine_that_is_wrong_makes_way_for_the_plain_one(given, monkeypatch):
    along = DualStudent.along
    monkeypatch.setattr(DualStudent, "along", lambda self, *given: -along(self, *given))
    engine, row = checked_engine("exact", given)
    assert (engine.written, row["used"], row["written_out"]) == (None, "plain", False)
    assert "exact is off: cosine -" in row["reason"] and "cosine" not in row  # which would be of another engine
    EngineRow.model_validate(logged(row))


def test_a_compiler_that_fails_is_no_reason_to_fail(given, monkeypatch):
    def broken(self) -> None:
        raise RuntimeError("no C++ compiler")

    monkeypatch.setattr(DualStudent, "compile", broken)
    engine, row = checked_engine("compiled", given)
    assert (engine.name, row["used"], row["reason"]) == ("exact", "exact", "compiled cannot run here: RuntimeError")


def test_an_engine_that_ends_as_no_number_is_off():
    one, zero, lost = torch.ones(1), torch.zeros(1), torch.tensor([torch.nan])
    assert compared((lost, one), (one, one)) == {"cosine": -1.0, "error": 1.0}
    assert compared((zero, zero), (zero, zero)) == {"cosine": 1.0, "error": 0.0}
    assert compared((zero, one), (one, one))["cosine"] < 0.999 > compared((one, zero), (one, one))["cosine"]
    assert sound("exact", compared((one, one), (one, lost)))  # nothing to compare with


def test_an_engine_of_the_right_direction_and_another_length_is_not_exact():
    one = torch.ones(3)
    off = compared((2 * one, one), (one, one))
    assert off["cosine"] == pytest.approx(1) and not sound("exact", off) and sound("one_sided", off)


def test_a_resumed_run_goes_on_with_the_engine_it_had_and_a_branch_may_change_it(ready, tmp_path, monkeypatch):
    setup, decoder, state, buffer = ready("nearest")
    run = RunDir.create(tmp_path / "run", "text_distillation", None, as_json(setup.config))
    monkeypatch.setattr(DualStudent, "compile", lambda self: (_ for _ in ()).throw(RuntimeError("no compiler today")))

    def engine(asked: str, step: int) -> str:
        setup.config, state.step = replace(setup.config, engine=asked), step
        return trusted(setup, buffer, decoder, state, run).name

    assert [engine("compiled", 0), engine("plain", 3), engine("exact", 5)] == ["exact", "plain", "exact"]
    monkeypatch.undo()
    monkeypatch.setattr("backend.studies.text_distillation.learning.checked_engine", lambda *_: pytest.fail("again"))
    assert engine("exact", 6) == "exact"
    rows = run.rows("metrics")
    assert [(row["step"], row["asked"], row["used"]) for row in rows] == [
        (0, "compiled", "exact"), (3, "plain", "plain"), (5, "exact", "exact")
    ]  # fmt: skip
    assert [engine_of(rows, step)["asked"] for step in (1, 3, 4, 6)] == ["compiled", "compiled", "plain", "exact"]
    assert engine_of(rows, 0) is None


COMPILED = """
from backend.studies.text_distillation.engines import Trial, checked_engine
from benchmarks.case import make_case
case = make_case("opt-pocket", 4)
student, synthetic = case.written.student.student, case.written.synthetic
engine, row = checked_engine("compiled", Trial(student, synthetic, *case.given(), [None] * 4))
print(engine.name, row["reason"], row["error"])
"""


@pytest.mark.slow
def test_the_compiled_engine_has_the_plain_gradient():
    """In a process of its own: the tests' type checks are no code that can be compiled."""
    command = [sys.executable, "-W", "ignore", "-c", COMPILED]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    name, error = done.stdout.split()
    assert name == "compiled" and float(error) < 1e-3
