"""Whole comparisons on tiny models: equal data sets, files that reproduce every value, resumption, and its table."""

import json
import os
import random
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend import settings
from backend.__main__ import main
from backend.comparison import cells
from backend.comparison.arms import moved_away, parts
from backend.comparison.config import ComparisonConfig
from backend.comparison.files import scores_of
from backend.comparison.materials import Materials
from backend.comparison.run import run_to_the_end
from backend.comparison.students import Trainee
from backend.comparison.table import as_text, table, transfer
from backend.core.errors import UserError
from backend.core.prompts import Example
from backend.core.scored import Scored
from backend.runs import RunDir
from backend.studies.text_distillation.search import Search
from tests.tiny import FACTS

ROOT = Path(__file__).parents[1]
REAL = ("random", "balanced", "k_center", "herding", "bm25", "embedding", "less", "select", "evolve", "init")
ARMS = ("base", *REAL, "text", "text_shuffled", "full")
FEW = ("base", "random", "text", "text_shuffled")
TEXT = {question: options[answer] for question, options, answer in FACTS}


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
        moves=("question", "phrase", "word", "token"),
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


# data sets


def files_of(run: RunDir) -> dict[str, list[dict]]:
    return {path.stem: run.rows(f"arms/{path.stem}") for path in sorted((run.path / "arms").glob("*.jsonl"))}


def test_every_arm_has_equally_many_examples_and_answer_tokens(whole, materials):
    found = files_of(whole)
    assert set(found) == {*(set(ARMS) - {"base", "full", "random"}), "random-0", "random-1"}
    tokens = {name: sum(map(answer_tokens(materials), rows)) for name, rows in found.items()}
    assert {len(rows) for rows in found.values()} == {materials.size} == {4}
    assert len(set(tokens.values())) == 1, tokens


def answer_tokens(materials: Materials):
    def count(row: dict) -> int:
        return len(materials.own.tokenizer(" " + row["answer"], add_special_tokens=False).input_ids)

    return count


def test_real_arms_hold_training_questions_and_no_test_or_validation_question(whole, materials):
    real = {
        (example.prompt, example.answer, q.id) for example, q in zip(materials.examples, materials.train, strict=True)
    }
    for name, rows in files_of(whole).items():
        if not name.startswith("text"):
            assert all((row["prompt"], row["answer"], row["provenance"]["id"]) in real for row in rows), name
            assert len({row["provenance"]["row"] for row in rows}) == 4


def test_random_is_drawn_anew_for_each_seed_and_init_is_its_first_draw(whole, config):
    found = files_of(whole)
    rows = {name: {row["provenance"]["row"] for row in found[name]} for name in ("random-0", "random-1", "init")}
    assert rows["random-0"] != rows["random-1"] and rows["init"] == rows["random-0"]
    assert [seed for arm, seed in parts(config) if arm == "random"] == [0, 1]
    assert all(seed == 0 for arm, seed in parts(config) if arm != "random")


def test_the_texts_differ_from_their_start_and_say_where_they_come_from(whole):
    found = files_of(whole)
    assert [row["provenance"]["started_from"] for row in found["text"]] == [
        row["provenance"]["id"] for row in found["init"]
    ]
    for row in found["text"]:
        text = row["prompt"].removeprefix("Question: ").removesuffix("\nAnswer:")
        assert row["provenance"]["verbatim"] == (text in TEXT) and row["answer"] in TEXT.values()


def test_shuffled_texts_are_the_same_prompts_with_other_answers(whole):
    text, other = files_of(whole)["text"], files_of(whole)["text_shuffled"]
    assert [row["prompt"] for row in text] == [row["prompt"] for row in other]
    assert Counter(row["answer"] for row in text) == Counter(row["answer"] for row in other)
    assert all(a["answer"] != b["answer"] for a, b in zip(text, other, strict=True))
    assert {row["provenance"]["arm"] for row in other} == {"text_shuffled"}


@given(st.lists(st.sampled_from("abcde"), min_size=1, max_size=30), st.integers(0, 99))
def test_as_few_answers_as_can_be_stay_where_they_were(answers, seed):
    dealt = moved_away(answers, random.Random(seed))
    assert Counter(dealt) == Counter(answers)
    most = max(Counter(answers).values())
    assert sum(a == b for a, b in zip(answers, dealt, strict=True)) == max(0, 2 * most - len(answers))


# results


def test_every_arm_student_and_seed_has_a_row_and_its_scores_reproduce_it(whole, config, materials):
    rows = whole.rows("results")
    expected = {
        (arm, student, seed, metric)
        for arm in ARMS for student in config.students for seed in range(1 if arm == "base" else 2)
        for metric in ("acc", "acc_norm")
    }  # fmt: skip
    assert Counter((r["arm"], r["student"], r["seed"], r["metric"]) for r in rows) == Counter(expected)
    for row in rows:
        scored = scores_of(whole, row)
        assert [item.id for item in scored] == [question.id for question in materials.test]
        right = [item.correct if row["metric"] == "acc" else item.correct_norm for item in scored]
        assert row["value"] == sum(right) / len(right) and row["n"] == len(right)
        assert row["lr"] == (0.0 if row["arm"] == "base" else 0.01) and row["task"] == "arc_easy"


def test_a_value_is_that_of_a_student_trained_on_the_arms_file_alone(whole, config, materials):
    """By the second student, from text: the seed's own draw for random, the one file for text."""
    trainee = Trainee(materials, materials.reader(config.students[1]))
    for arm, file in (("random", "random-1"), ("text", "text")):
        examples = [Example(row["prompt"], row["answer"]) for row in files_of(whole)[file]]
        scored = trainee.answers(trainee.train(trainee.reader.rows(examples), 0.01, 1), materials.test)
        row = next(
            r for r in whole.rows("results") if (r["arm"], r["student"], r["seed"]) == (arm, config.students[1], 1)
        )
        assert scores_of(whole, row) == scored


def test_the_summary_holds_the_table_transfer_and_facts(whole, config):
    found = json.loads((whole.path / "summary.json").read_text())
    assert set(found) == {"table", "transfer", "texts"}
    assert {(row["student"], row["arm"]) for row in found["table"]} == {(s, a) for s in config.students for a in ARMS}
    assert found["table"] == json.loads(json.dumps(table(config, whole)))
    facts, text, init = found["texts"]["text"], files_of(whole)["text"], files_of(whole)["init"]
    assert facts["prompts"] == 4 and 0 <= facts["tokens_changed"] <= 1
    assert facts["answers_changed"] == sum(a["answer"] != b["answer"] for a, b in zip(text, init, strict=True)) / 4
    assert facts["verbatim_real"] == sum(row["provenance"]["verbatim"] for row in text)


# resuming


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


def test_a_student_whose_rows_were_cut_in_half_is_scored_again_and_no_other(config, tmp_path, monkeypatch):
    config = replace(config, arms=("base", "random"))
    run, _ = start(config, tmp_path / "run")
    rows = run.rows("results")
    run.keep_rows("results", lambda row: not (row["metric"] == "acc_norm" and row == rows[3]))
    scored, write = [], cells.write_scores
    monkeypatch.setattr(cells, "write_scores", lambda c, cell, *rest: scored.append(cell.name) or write(c, cell, *rest))
    start(config, tmp_path / "run")
    assert len(scored) == 1 and sorted(map(json.dumps, run.rows("results"))) == sorted(map(json.dumps, rows))


def test_arms_are_made_once_for_their_recipe(whole, config, tmp_path, home, monkeypatch):
    kept = {path: path.stat().st_mtime_ns for path in (home / "arms").glob("*.jsonl")}
    monkeypatch.setattr(Search, "run", lambda *_: pytest.fail("searched again"))
    run, state = start(replace(config, seeds=3, arms=("random", "text")), tmp_path / "run")
    assert state == "finished"
    now = {path: path.stat().st_mtime_ns for path in (home / "arms").glob("*.jsonl")}
    assert {path.name.rpartition("-")[0] for path in now.keys() - kept} == {"random"}  # the third draw alone
    assert all(now[path] == kept[path] for path in kept)
    assert files_of(run)["text"] == files_of(whole)["text"]


@pytest.mark.parametrize("change", [{"rounds": 1}, {"lr_seeds": 1}, {"seed": 1}, {"readers": "own"}, {"budget": 0.26}])
def test_another_recipe_searches_again(change, whole, config, tmp_path, monkeypatch):
    class Searched(Exception):
        pass

    def searched(*_):
        raise Searched

    monkeypatch.setattr(Search, "run", searched)
    with pytest.raises(Searched):
        start(replace(config, arms=("text",), **change), tmp_path / "run")


# choosing a step size


def test_the_step_size_that_validates_best_is_chosen_for_every_arm(config, tmp_path, monkeypatch):
    losses = {0.01: (0.5, 2.0), 0.02: (0.5, 1.0), 0.04: (0.0, float("inf"))}
    monkeypatch.setattr(Trainee, "validated", lambda self, rows, lr, key: losses[lr])
    run, _ = start(replace(config, arms=("base", "random"), lrs=(0.01, 0.02, 0.04)), tmp_path / "run")
    assert [(row["arm"], row["sizes"]) for row in run.rows("step_sizes")] == [("random", [0.02])] * 2
    assert {row["lr"] for row in run.rows("results") if row["arm"] == "random"} == {0.02}


# the table


def made_up(folder: Path, right: dict[tuple[str, str], list[str]]) -> RunDir:
    """Results by hand: (student, arm) -> a word of 0s and 1s for each seed."""
    run = RunDir.create(folder, "comparison", None, {})
    for (student, arm), seeds in right.items():
        for seed, word in enumerate(seeds):
            seen = {"1": (-1.0, -2.0), "0": (-2.0, -1.0)}
            scored = [Scored(f"q{i}", None, 0, seen[c], (1, 1)) for i, c in enumerate(word)]
            cell = cells.Cell(arm, student, "ordinary", seed, (0.01,))
            (run.path / "artifacts" / "scores").mkdir(exist_ok=True)
            cells.write_scores(ComparisonConfig(), cell, scored, run)
    return run


OWN, OTHER = "opt-pocket", "llama-pocket"


def test_the_tables_differences_are_those_by_hand(tmp_path):
    run = made_up(tmp_path / "run", {
        (OWN, "random"): ["1000000000", "1100000000"], (OWN, "bm25"): ["1110000000"], (OWN, "text"): ["1111110000"],
        (OTHER, "random"): ["1000000000"], (OTHER, "text"): ["1100000000"], (OTHER, "bm25"): ["0000000000"],
    })  # fmt: skip
    rows = table(ComparisonConfig(arms=("text", "random", "bm25")), run)
    found = {(row["student"], row["arm"]): row for row in rows}
    assert [row["arm"] for row in rows] == ["text", "random", "bm25"] * 2  # in the config's order
    assert found[OWN, "random"]["mean"] == pytest.approx(0.15) and found[OWN, "random"]["seeds"] == 2
    text = found[OWN, "text"]
    assert text["best_baseline"] == "bm25" and found[OTHER, "text"]["best_baseline"] == "random"
    assert set(text["against"]) == {"best baseline", "random"}
    assert text["against"]["best baseline"]["arm"] == "bm25"
    assert text["against"]["best baseline"]["difference"] == pytest.approx(0.3)
    assert text["against"]["random"]["difference"] == pytest.approx(0.45)
    low, high = (text["against"]["random"][name] for name in ("low", "high"))
    assert low < 0.45 < high
    assert "best baseline" not in found[OWN, "bm25"]["against"]  # itself
    assert transfer(rows, OWN) == [
        {"arm": "text", "student": OTHER, "ratio": pytest.approx(0.1 / 0.45)},
        {"arm": "bm25", "student": OTHER, "ratio": pytest.approx(-0.1 / 0.15)},
    ]
    printed = as_text(rows)
    assert "bm25 *" in printed and "+30.0" in printed and "+45.0" in printed
    assert as_text([]) == "No results yet."


def test_there_is_no_ratio_where_nothing_was_gained(tmp_path):
    run = made_up(tmp_path / "run", {
        (OWN, "random"): ["1100"], (OWN, "text"): ["1000"], (OTHER, "random"): ["1000"], (OTHER, "text"): ["1111"],
    })  # fmt: skip
    rows = table(ComparisonConfig(arms=("text", "random")), run)
    assert transfer(rows, OWN) == []


def test_a_table_without_baselines_compares_with_none(tmp_path):
    rows = table(ComparisonConfig(arms=("text",)), made_up(tmp_path / "run", {(OWN, "text"): ["10"]}))
    assert rows[0]["best_baseline"] is None and rows[0]["against"] == {}
    assert " - " in as_text(rows)


# the command


def words(config: ComparisonConfig, out: Path, **changes) -> list[str]:
    given_ = {"model": config.model, "students": ",".join(config.students), "budget": 0.34, "seeds": 1} | changes
    given_ = {"arms": "base,random,text", **given_}
    flags = [part for name, value in given_.items() for part in (f"--{name}", str(value))]
    small = "steps=2 batch=4 lrs=0.01 rounds=1 candidates=6 judged_by=4 lora_rank=2 lora_alpha=4".split()
    return [
        "compare", "arc_easy", *flags, "--set", f"data_dir={config.data_dir}", "--out", str(out),
        *(part for word in small for part in ("--set", word)),
    ]  # fmt: skip


def test_the_command_prints_one_json_object_and_nothing_else(config, tmp_path):
    command = [sys.executable, "-m", "backend", *words(config, tmp_path / "run"), "--json"]
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    assert {row["arm"] for row in json.loads(done.stdout)["table"]} == {"base", "random", "text"}
    assert "Traceback" not in done.stderr and str(tmp_path / "run") in done.stderr


def test_the_command_prints_a_table_and_resumes_to_it(config, tmp_path, capsys):
    assert main(words(config, tmp_path / "run")) == 0
    first = capsys.readouterr().out
    assert first.splitlines()[0].startswith("student") and first.count("random") > 1
    assert main(words(config, tmp_path / "run")) == 0
    assert capsys.readouterr().out == first


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        ({"arms": "text,everything"}, 2, "everything"),
        ({"arms": "text,text"}, 2, "arms names text twice"),
        ({"students": ""}, 2, "students is empty"),
        ({"budget": 0}, 2, "budget is 0"),
        ({"budget": "much"}, 2, "budget='much'"),
        ({"preset": "pocket_9"}, 2, "pocket_"),
        ({"budget": 0.01}, 1, "less than one"),
        ({"model": "nobody-knows", "students": "nobody-knows"}, 1, "nobody-knows"),
        ({"data_dir": "/nowhere"}, 1, "/nowhere"),
    ],
)
def test_bad_input_is_a_sentence_and_no_trace(change, code, says, config, tmp_path, capsys):
    flags = {name: value for name, value in change.items() if name not in ("data_dir", "regimes")}
    sets = [part for name in change.keys() - flags.keys() for part in ("--set", f"{name}={change[name]}")]
    assert main([*words(config, tmp_path / "run", **flags), *sets]) == code
    out, err = capsys.readouterr()
    assert out == "" and says in err and err.startswith("error: ") and "Traceback" not in err
    if code == 1:
        assert RunDir(tmp_path / "run").status()["state"] == "failed"


def test_a_judge_that_is_no_student_is_refused(config):
    with pytest.raises(UserError, match="not among the students"):
        replace(config, students=config.students[1:])
    assert replace(config, students=config.students[1:], readers="own").readers == "own"
