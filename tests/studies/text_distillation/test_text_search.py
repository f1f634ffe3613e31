"""The search as a run's decoder: a whole run on tiny models, its files, and a stop in the middle of it."""

import json
from dataclasses import replace

import pytest

from backend import settings
from backend.errors import UserError
from backend.runs.carry_out import run_to_the_end
from backend.runs.folder import RunDir
from backend.runs.progress import Stopped
from backend.search import state as searching
from backend.search import writing
from backend.studies.text_distillation import text_search
from backend.studies.text_distillation.cells import cells
from backend.studies.text_distillation.run import run
from backend.studies.text_distillation.setup import Setup
from backend.studies.text_distillation.study import STUDY
from backend.studies.text_distillation.text_search import kept_out_of, make_search
from tests.studies.text_distillation.test_run import tiny_config


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    monkeypatch.setenv("DISTILLOSCOPE_WORKERS", "1")


@pytest.fixture(scope="module")
def config(tiny_models, tiny_tasks):
    plain = tiny_config(tiny_models, tiny_tasks, "opt", "llama")
    return replace(plain, decoder="search", search_rounds=3, arms=("soft", "text", "init"))


def start(config, folder) -> RunDir:
    found = RunDir.create(folder, "text_distillation", None, settings.as_json(config))
    found.claim()
    return found


@pytest.fixture(scope="module")
def whole(config, tmp_path_factory) -> RunDir:
    """A run that nothing disturbed."""
    found = start(config, tmp_path_factory.mktemp("whole") / "run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISTILLOSCOPE_WORKERS", "1")
        assert run_to_the_end(config, found) == "finished"
    return found


def outcome(found: RunDir) -> dict:
    rows = {name: found.rows(name) for name in ("prompts", "distilled")}
    rows["results"] = sorted(found.rows("results"), key=json.dumps)  # two processes write theirs in no fixed order
    rows["metrics"] = [{k: v for k, v in row.items() if k != "seconds"} for row in found.rows("metrics")]
    return rows | {"summary": json.loads((found.path / "summary.json").read_text(encoding="utf-8"))}


def test_the_texts_are_the_searchs_and_the_soft_prompts_are_learned_beside_them(config, whole):
    rounds = [row["round"] for row in whole.rows("metrics") if row["stage"] == "search"]
    assert rounds == [0, 1, 2, 3]
    last = whole.rows("prompts")[-1]
    distilled = whole.rows("distilled")
    assert last["round"] == 3 and last["step"] == config.outer_steps + 3
    assert [prompt["text"] for prompt in last["prompts"]] == [row["provenance"]["text"] for row in distilled]
    assert [prompt["answer"] for prompt in last["prompts"]] == [row["answer"] for row in distilled]
    assert all(row["provenance"]["decoder"] == "search" for row in distilled)
    assert all(row["prompt"] == f"Question: {row['provenance']['text']}\nAnswer:" for row in distilled)
    arms = {(row["arm"], row["student"]) for row in whole.rows("results")}
    assert {(arm, config.model) for arm in config.arms} <= arms and ("text", config.other_model) in arms
    summary = json.loads((whole.path / "summary.json").read_text(encoding="utf-8"))
    assert summary["judged_by"] is None and 0 <= summary["tokens_changed"] <= 1 and summary["reverted"] == 0


def test_a_writers_texts_are_left_in_the_run_and_only_for_who_draws_changes(config, tmp_path, monkeypatch):
    setup, file = Setup(replace(config, search_moves=("written", "word"))), tmp_path / "written.jsonl"
    answer, asked = setup.train_examples[0].answer, kept_out_of(setup, [])[0].question
    monkeypatch.setattr(writing, "write", lambda *_: [("Which of nine hens lays an egg?", answer), (asked, answer)])
    assert make_search(setup, (0.01,)).material.written == () and not file.exists()
    (taken,) = make_search(setup, (0.01,), written=file).material.written
    assert (taken.question, taken.answer, taken.origin) == ("Which of nine hens lays an egg?", answer, "written_0000")


def test_a_run_stopped_in_its_search_ends_as_one_that_was_not(config, whole, tmp_path, monkeypatch):
    broken, plain = start(config, tmp_path / "broken"), text_search.write_snapshot

    def stop_at_two(setup, found, run_dir):
        plain(setup, found, run_dir)
        if found.round == 2:
            raise Stopped

    monkeypatch.setattr(text_search, "write_snapshot", stop_at_two)
    with pytest.raises(Stopped):
        run(config, broken)
    monkeypatch.setattr(text_search, "write_snapshot", plain)
    broken.claim()
    assert run_to_the_end(config, broken) == "finished"
    assert outcome(broken) == outcome(whole)


def test_students_wait_for_the_search(config, tmp_path):
    found = start(config, tmp_path / "run")
    with pytest.raises(UserError, match="not been decoded"):
        run(config, found, tuple(stage for stage in STUDY.stage_names if stage != "decode"))


def test_a_search_of_another_version_begins_anew(tmp_path):
    file = tmp_path / searching.STATE
    drafts = [{"question": "q", "answer": "a", "origin": "o"}]
    found = {"round": 1, "drafts": drafts, "best": drafts, "best_loss": 0.5, "row": {}}
    for version, there in ((searching.VERSION, True), (searching.VERSION - 1, False), (None, False)):
        file.write_text(json.dumps({"version": version, "lrs": [0.1], "trainings": 3, "found": found}))
        assert (searching.searched(file) is not None) == there


def test_two_processes_search_and_score_what_one_does(config, tmp_path, monkeypatch):
    monkeypatch.setenv("DISTILLOSCOPE_HOME", str(tmp_path / "home"))
    arms = ("decoded", "text", "init")
    config = replace(config, search_starts=3, search_rounds=1, outer_steps=2, arms=arms, regimes=("ordinary",))
    one = start(config, tmp_path / "one")
    assert run_to_the_end(config, one) == "finished"
    monkeypatch.setenv("DISTILLOSCOPE_WORKERS", "2")
    two = start(config, tmp_path / "two")
    assert run_to_the_end(config, two) == "finished"
    assert outcome(two) == outcome(one)
    assert {(row["arm"], row["student"]) for row in two.rows("results")} == {
        (arm, student) for arm in arms for student in (config.model, config.other_model)
    }


def test_a_text_that_no_search_made_is_its_own_nearest_neighbour_text(config):
    arms = {cell.arm for cell in cells(replace(config, decoder="nearest", arms=("decoded", "text")))}
    assert arms == {"text"}
