"""This machine's pace: measured once by a child, kept by machine, guessed before; and what competes for the cores."""

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace

import pytest

from backend.runs import machine, pace
from backend.runs.machine import Machine
from backend.runs.pace import REFERENCE, Pace
from backend.runs.work import Amount

FOUND = Pace(start=3.0, step=0.02, token=2e-4, question=1e-3, gflop=0.02)


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("DISTILLOSCOPE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_before_it_is_measured_the_reference_is_scaled(monkeypatch):
    monkeypatch.setattr(pace, "slower_than_reference", lambda: 2.0)
    found, measured = pace.pace()
    assert not measured and not pace.measured()
    assert asdict(found) == pytest.approx({name: 2 * value for name, value in asdict(REFERENCE).items()})


def test_a_measurement_is_kept_for_this_machine_alone(monkeypatch, own_home):
    pace.keep(FOUND)
    assert pace.pace() == (FOUND, True)
    monkeypatch.setattr(pace, "key", lambda: "another processor, 64 cores, torch 9")
    assert not pace.measured()
    pace.keep(replace(FOUND, start=1.0))
    assert len(json.loads((own_home / "paces.json").read_text())) == 2, "machines may share a home"


def test_the_key_names_processor_cores_and_torch():
    assert f"{machine.cores()} cores" in pace.key() and "torch 2" in pace.key()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"%s": 3}', '{"%s": {"start": 1}}', '{"%s": null}'])
def test_a_damaged_file_is_as_none(text, own_home):
    own_home.mkdir()
    (own_home / "paces.json").write_text(text.replace("%s", pace.key()))
    assert not pace.measured()
    pace.keep(FOUND)
    assert pace.measured()


def test_what_is_measured_is_not_measured_again(monkeypatch):
    asked = []
    monkeypatch.setattr(pace, "measure", lambda environment: asked.append(environment))
    pace.measure_in_background(lambda: {"a": "b"}).join()
    pace.keep(FOUND)
    assert pace.measure_in_background(lambda: {}) is None
    assert asked == [{"a": "b"}]


def test_a_child_that_fails_leaves_the_guess(monkeypatch):
    monkeypatch.setattr(pace, "PROBE", (sys.executable, "-c", "raise SystemExit(3)"))
    pace.measure(dict(os.environ))
    monkeypatch.setattr(pace, "PROBE", ("/no/such/program",))
    pace.measure(dict(os.environ))
    assert not pace.measured()


def test_a_larger_model_takes_longer_by_layers_and_parameters():
    steps, tokens = FOUND.slower("smollm2-135m")
    assert steps == 7.5 and 20 < tokens < 200
    assert FOUND.slower("llama-pocket") == FOUND.slower("") == (1.0, 1.0)
    assert FOUND.seconds(Amount(1, 10, 100, 1000)) == pytest.approx(3 + 0.2 + 0.02 + 1)


def test_the_probe_measures_in_a_process_of_its_own(own_home):
    words = [sys.executable, "-m", "backend.runs.probe", "--parent", str(os.getpid())]
    subprocess.run(words, check=True, capture_output=True, timeout=300)
    found, measured = pace.pace()
    assert measured and all(value > 0 for value in asdict(found).values())
    assert found.token < found.step < found.start, "a token is a small part of a step, and that of a start"


# -- who else computes --------------------------------------------------------------------------------------------
def test_a_run_alone_is_not_crowded_and_two_programs_for_each_core_take_twice_as_long():
    quiet = Machine(workers=2, cores=2, others=0.0, gpu=False)
    assert quiet.crowding(1) == quiet.crowding(2) == 1.0
    assert replace(quiet, others=1.0).crowding(1) == 1.0 and replace(quiet, others=1.0).crowding(2) == 1.5
    assert replace(quiet, others=3.0).crowding(1) == 2.0
    assert quiet.crowding(4) == 1.0, "more processes than cores are its own doing"


def test_a_program_that_has_just_ended_is_no_competitor(monkeypatch, tmp_path):
    file = tmp_path / "loadavg"
    file.write_text("9.00 5.00 1.00 1/300 77\n")
    monkeypatch.setattr(machine, "LOAD", file)
    monkeypatch.setattr(machine, "LOOK_S", 0.0)
    monkeypatch.setattr(machine.os, "getloadavg", lambda: (9.0, 5.0, 1.0))
    machine._others.cache_clear()
    assert machine.this_machine().others == 0.0
    file.write_text("9.00 5.00 1.00 5/300 77\n")
    machine._others.cache_clear()
    assert machine.this_machine().others == 4.0, "without whoever looks"
    monkeypatch.setattr(machine.os, "getloadavg", lambda: (0.5, 0.5, 0.5))
    machine._others.cache_clear()
    assert machine.this_machine().others == 0.5, "what has just begun may be gone in a moment"
    machine._others.cache_clear()
