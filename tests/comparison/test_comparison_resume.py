"""A comparison that was stopped or cut short goes on to the rows of an unbroken one, and repeats none."""

import json
from dataclasses import replace

import pytest

from backend.comparison import cells, judging
from backend.runs.folder import RunDir
from tests import tiny_comparison
from tests.tiny_comparison import files_of, start

one_process = tiny_comparison.one_process
config = tiny_comparison.config

FEW = ("base", "random", "text", "text_shuffled")


def outcome(run: RunDir) -> dict:
    kept = {name: sorted(map(json.dumps, run.rows(name))) for name in ("results", "metrics", "step_sizes")}
    return kept | {"arms": files_of(run), "summary": json.loads((run.path / "summary.json").read_text())}


@pytest.mark.parametrize("where", ["arms", "students"])
def test_a_stopped_run_resumes_to_the_rows_of_an_unbroken_one_and_repeats_none(where, config, tmp_path, monkeypatch):
    config = replace(config, arms=FEW)
    monkeypatch.setenv("DISTILLOSCOPE_HOME", str(tmp_path / "one home"))
    unbroken, _ = start(config, tmp_path / "whole")
    monkeypatch.setenv("DISTILLOSCOPE_HOME", str(tmp_path / "another home"))
    append, appended = RunDir.append, []

    def stop_once(self, name, row):
        append(self, name, row)
        appended.append((name, *(row.get(k) for k in ("stage", "round", "arm", "student", "seed", "metric"))))
        rounds, students = sum(n == "metrics" for n, *_ in appended), sum(n == "results" for n, *_ in appended)
        if (where == "arms" and rounds == 2 and name == "metrics") or (where == "students" and students == 7):
            self.stop_flag.touch()

    monkeypatch.setattr(RunDir, "append", stop_once)
    run, state = start(config, tmp_path / "broken")
    assert state == "stopped" and not (run.path / "summary.json").exists()
    before = len(appended)
    if where == "arms":
        append(run, "metrics", {"stage": "search", "round": 2})  # as if killed before the round's state was written
    assert 0 < before < len(unbroken.rows("results"))
    assert start(config, tmp_path / "broken")[1] == "finished"
    assert len(appended) == len(set(appended)) > before
    assert outcome(run) == outcome(unbroken)


def test_two_processes_choose_search_and_evolve_as_one_does(config, tmp_path, monkeypatch):
    lrs = {"lrs": (0.01, 0.1), "lr_seeds": 1, "seeds": 1}
    config = replace(config, arms=("init", "text", "evolve"), start="best", **lrs)
    monkeypatch.setenv("DISTILLOSCOPE_HOME", str(tmp_path / "one home"))
    one, _ = start(config, tmp_path / "one")
    monkeypatch.setenv("DISTILLOSCOPE_HOME", str(tmp_path / "another home"))
    monkeypatch.setenv("DISTILLOSCOPE_WORKERS", "2")
    two, state = start(config, tmp_path / "two")
    assert state == "finished" and outcome(two) == outcome(one)


def test_an_evolution_that_was_stopped_goes_on_to_the_same_rows_and_judges_no_round_twice(
    config, tmp_path, monkeypatch
):
    config = replace(config, arms=("evolve",), seeds=1, rounds=3)
    monkeypatch.setenv("DISTILLOSCOPE_HOME", str(tmp_path / "one home"))
    unbroken, _ = start(config, tmp_path / "whole")
    monkeypatch.setenv("DISTILLOSCOPE_HOME", str(tmp_path / "another home"))
    write, rounds = judging.write_atomically, []

    def stop_once(path, text):
        write(path, text)
        rounds.append(json.loads(text)["round"]["round"])
        if rounds == [1, 2]:
            RunDir(tmp_path / "broken").stop_flag.touch()

    monkeypatch.setattr(judging, "write_atomically", stop_once)
    assert start(config, tmp_path / "broken")[1] == "stopped"
    run, state = start(config, tmp_path / "broken")
    assert state == "finished" and rounds == list(range(1, rounds[-1] + 1)) and rounds[-1] > 2
    assert files_of(run)["evolve"] == files_of(unbroken)["evolve"]


def test_a_student_whose_rows_were_cut_in_half_is_scored_again_and_no_other(config, tmp_path, monkeypatch):
    config = replace(config, arms=("base", "random"))
    run, _ = start(config, tmp_path / "run")
    rows = run.rows("results")
    run.keep_rows("results", lambda row: not (row["metric"] == "acc_norm" and row == rows[3]))
    scored, write = [], cells.write_scores
    monkeypatch.setattr(cells, "write_scores", lambda c, cell, *rest: scored.append(cell.name) or write(c, cell, *rest))
    start(config, tmp_path / "run")
    assert len(scored) == 1 and sorted(map(json.dumps, run.rows("results"))) == sorted(map(json.dumps, rows))
