"""What a run's rows come to: DD-Ranking's measures from its table, and the answers behind a row."""

import pytest

from backend.__main__ import main
from backend.core.scoring.scored import Scored
from backend.runs import results
from backend.runs.folder import RunDir
from backend.runs.results import ranking, ranking_text, scores_of, summarise_results
from backend.settings import describe
from backend.study import all_studies
from tests.bench_run import SAMPLE

ARMS = ("made", "drawn", "all")


def row(arm: str, value: float, **changes) -> dict:
    where = {"student": "s", "regime": "ordinary", "task": "t", "metric": "acc", "seed": 0, "n": 100}
    return where | {"arm": arm, "value": value} | changes


def test_text_as_good_as_all_the_data_and_no_better_than_random_ranks_at_the_middle():
    """No gain and no loss: alpha is 0, and the score (1 - 1/e) / (e - 1/e)."""
    (found,) = ranking(summarise_results([row("made", 0.5), row("drawn", 0.5), row("all", 0.5)]), ARMS)
    assert found["improvement"] == found["recovery"] == 0
    assert found["label_robust_score"] == pytest.approx(0.26894, abs=1e-5)


def test_better_text_ranks_higher_and_a_missing_arm_ranks_nothing():
    rows = [row("made", 0.6), row("drawn", 0.5), row("all", 0.9)]
    better = [row("made", 0.8), row("drawn", 0.5), row("all", 0.9)]
    scores = [ranking(summarise_results(found), ARMS)[0]["label_robust_score"] for found in (rows, better)]
    assert scores[0] < scores[1]
    assert ranking(summarise_results(rows[:2]), ARMS) == [] and ranking_text([]) == ""


def test_a_study_that_ranks_nothing_has_no_ranking():
    assert ranking(summarise_results([row("made", 0.6), row("drawn", 0.5), row("all", 0.9)]), ()) == []


def test_the_ranked_arms_of_every_study_are_three_that_it_may_train_on():
    ranking_ones = [study for study in all_studies() if study.ranked]
    assert len(ranking_ones) == 2
    for study in ranking_ones:
        names = next(item.choices for item in describe(study.config) if item.name == "arms")
        assert len(set(study.ranked)) == 3 and set(study.ranked) <= set(names)


def test_the_command_prints_it_under_the_table(capsys):
    assert main(["results", str(SAMPLE)]) == 0
    assert "label-robust score" in capsys.readouterr().out


def test_answers_are_read_once_and_again_when_their_file_has_changed(tmp_path, monkeypatch):
    run, name = RunDir.create(tmp_path / "run", "bench", None, {}), "artifacts/scores/text-own-ordinary-0"
    (run.artifacts / "scores").mkdir(parents=True)
    row, read = {"scores": f"{name}.jsonl"}, []
    run.append(name, Scored("a", None, 0, (-1.0, -2.0), (3, 3)).as_row())
    rows = RunDir.rows
    monkeypatch.setattr(RunDir, "rows", lambda self, asked: read.append(asked) or rows(self, asked))
    first = scores_of(run, row)
    first.clear()  # a caller's list is its own
    assert [item.id for item in scores_of(run, row)] == ["a"] and read == [name]
    run.append(name, Scored("b", None, 0, (-1.0, -2.0), (3, 3)).as_row())
    assert [item.id for item in scores_of(run, row)] == ["a", "b"] and read == [name, name]
    monkeypatch.setattr(results, "REMEMBERED", 1)  # a long file stays on the disk
    assert scores_of(run, row) == scores_of(run, row) and read == [name] * 4
