"""A bench run with free answers: judged by bits, then by what students write, from the file to the page."""

import json

import pytest
from pydantic import TypeAdapter

from backend.__main__ import main
from backend.core.scoring.generated import rouge_l
from backend.errors import UserError
from backend.export.copy import RunCopy
from backend.export.run_file import pack, unpack
from backend.runs.carry_out import run_to_the_end
from backend.runs.folder import RunDir
from backend.studies.bench import scoring, shapes
from backend.studies.bench.config import BenchConfig
from backend.studies.bench.data import asked_of, training_examples
from backend.studies.bench.files import scores_of, students_of
from backend.studies.bench.study import STUDY
from components.panels.chart import lines
from components.studies.bench.compared import compare_markup
from components.studies.bench.results import results_markup
from components.studies.bench.table import accuracy
from tests.bench_run import start
from tests.tiny import FACTS

FREE = ("bits", "rouge_l", "exact")
TASKS = ("own_text", "pocket_science", "upload")


def alpaca(folder):
    file = folder / "mine.json"
    file.write_text(json.dumps([{"instruction": q, "input": "", "output": o[a]} for q, o, a in FACTS]))
    return file


def chat(folder):
    file = folder / "chat.jsonl"
    said = [[{"role": "user", "content": q}, {"role": "assistant", "content": o[a]}] for q, o, a in FACTS[:6]]
    file.write_text("\n".join(json.dumps({"messages": turns}) for turns in said))
    return file


def begin(folder, models, **changes):
    """A run that learns from a file's training rows and is scored on its test rows, on options, and on a chat file."""
    small = {"student": str(models["opt"]), "steps": 4, "batch": 4, "validate_every": 2, "test_limit": 6, "seeds": 1}
    own = {"train_task": "own_text", "tasks": TASKS[:2], "data_dir": str(alpaca(folder))}
    return start(folder / "run", **small | own | {"test_file": str(chat(folder))} | changes)


@pytest.fixture(scope="module")
def finished(tiny_models, tmp_path_factory) -> RunDir:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISTILLOSCOPE_WORKERS", "1")
        config, run = begin(tmp_path_factory.mktemp("free"), tiny_models)
        assert run_to_the_end(config, run) == "finished", run.status()
    return run


def test_free_answers_have_bits_rouge_and_exact_match_and_options_their_accuracy(finished):
    rows = finished.rows("results")
    found = {task: {row["metric"] for row in rows if row["task"] == task} for task in TASKS}
    assert found == {"own_text": set(FREE), "pocket_science": {"acc", "acc_norm"}, "upload": set(FREE)}
    assert all(row["stderr"] is not None for row in rows)
    for item in scores_of(finished, "seed-0", "upload"):
        _, options, answer = FACTS[int(item.id.removeprefix("row/")) - 1]
        assert item.rouge_l == rouge_l(options[answer], item.generated)
        assert item.exact == (item.generated == options[answer]) and item.bits > 0


def test_the_step_size_is_the_one_with_the_fewest_bits_on_held_out_answers(finished):
    summary = finished.summary()
    assert summary["validation"] == "own_text"
    assert summary["lr"] == min(summary["grid"], key=lambda row: row["bits"])["lr"]
    assert all(row["acc"] is None for row in summary["grid"])
    last = [row for row in finished.rows("metrics") if row["stage"] == "validate" and row["step"] == 4]
    assert {row["lr"]: row["bits"] for row in last} == {row["lr"]: row["bits"] for row in summary["grid"]}


def test_the_estimates_so_far_are_bits_and_end_at_the_result(finished):
    [told] = students_of(finished, "seed-0")["upload"]
    rows = [row for row in finished.rows("metrics") if (row.get("who"), row.get("task")) == ("seed-0", "upload")]
    assert rows[-1]["bits"] == pytest.approx(told["summary"]["bits"])
    assert rows[-1]["low"] < rows[-1]["bits"] < rows[-1]["high"]
    by_name = {curve.name: lines(curve, finished.rows("metrics")) for curve in STUDY.curves}
    assert {line["choice"] for line in by_name["score"]} == {"pocket_science"}
    assert {line["choice"] for line in by_name["bits"]} == {"own_text", "upload"}
    assert by_name["validation_bits"] and not by_name["validation"]


def test_tuned_and_untuned_are_compared_by_every_metric_and_paired_does_the_same(finished, capsys):
    compared = {(row["task"], row["metric"]): row for row in finished.summary()["comparisons"]}
    assert compared.keys() == {*(("own_text", m) for m in FREE), *(("upload", m) for m in FREE)} | {
        ("pocket_science", "acc"),
        ("pocket_science", "acc_norm"),
    }
    sides = ["paired", str(finished.path), f"{finished.path}:base", "--task", "upload"]
    assert main([*sides, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["difference"] == compared["upload", "bits"]["difference"]
    assert main(sides) == 0
    said = capsys.readouterr().out
    assert "upload, bits: " in said and "bits per character" in said and "\nbetter (" in said
    assert main([*sides, "--metric", "rouge_l"]) == 0
    assert "upload, rouge_l: " in capsys.readouterr().out
    assert main([*sides, "--metric", "acc"]) == 2
    assert "one of bits, rouge_l, exact" in capsys.readouterr().err


def test_the_page_draws_bits_and_says_nothing_of_letters_and_confidence_there(finished):
    markup = results_markup(finished)
    parts = {task: markup.split(f'data-task="{task}"')[1].split("</ul>")[1].split("data-task")[0] for task in TASKS}
    assert "ds-reliability" in parts["pocket_science"] and "ds-letters" in parts["pocket_science"]
    assert not any("ds-reliability" in parts[task] or "ds-letters" in parts[task] for task in ("own_text", "upload"))
    assert markup.count('class="ds-smalls"') == 1
    assert "6 free answers, fewer bits are better" in markup and "bits per character (95 %:" in markup
    assert "validation questions: bits per character, fewer are better" in markup
    bars, asked = accuracy(finished, finished.config()["config"])
    assert bars.count("bits per character, fewer is better") == 2 and asked.count("×") == 3
    both = compare_markup(finished, finished)
    assert both.count('class="ds-versus"') == 3


def test_its_files_fit_their_shapes_and_travel(finished):
    for name, shape in (("metrics", shapes.MetricsRow), ("results", shapes.ResultsRow)):
        for row in finished.rows(name):
            TypeAdapter(shape).validate_json(json.dumps(row))
    there = unpack(pack(RunCopy.of(finished)))
    values = [[row["value"] for row in one.rows("results")] for one in (there, finished)]
    assert values[0] == values[1]


@pytest.mark.parametrize(
    "row",
    [
        {"bits": 2.0, "acc": 0.5},
        {},
        {"bits": -1.0},
        {"acc": 0.5, "high": 1.5},
        {"acc": 0.5, "low": None},
    ],
)
def test_an_estimate_of_both_kinds_or_of_none_is_refused(row):
    whole = {"stage": "score", "who": "base", "task": "t", "done": 1, "total": 2, "low": 0.1, "high": 0.9}
    shapes.ScoringRow.model_validate(whole | {"bits": 2.0, "low": None, "high": None})
    with pytest.raises(ValueError, match="validation error"):
        shapes.ScoringRow.model_validate(whole | row)


def test_a_run_stopped_while_a_student_writes_goes_on_to_the_same_answers(finished, tiny_models, tmp_path, monkeypatch):
    config, run = begin(tmp_path, tiny_models)
    plain, calls = scoring.with_generated, []

    def stopping(*args):
        calls.append(args)
        if len(calls) == 2:
            run.stop_flag.touch()
        return plain(*args)

    monkeypatch.setenv("DISTILLOSCOPE_WORKERS", "1")
    monkeypatch.setattr(scoring, "with_generated", stopping)
    assert run_to_the_end(config, run) == "stopped"
    assert not any(item.generated for item in scores_of(run, "base", "upload")), "all of a test at once, or none"
    run.stop_flag.unlink()
    assert run_to_the_end(config, run) == "finished"
    assert len(calls) == 5, "two students and two tests, one of them begun twice"
    assert run.rows("results") == finished.rows("results")
    assert run.status()["done"] == run.status()["total"]


def test_tasks_of_ones_own_need_a_file_and_others_keep_their_questions_beside_one(tmp_path):
    for changes in ({"tasks": ("own_text",)}, {"train_task": "own_chat"}):
        with pytest.raises(UserError, match="data_dir is empty"):
            BenchConfig(**changes)
    BenchConfig(train_task="own_chat", data="none")
    file = str(alpaca(tmp_path))
    with pytest.raises(UserError, match="own_text"):
        training_examples(BenchConfig(train_task="own_chat", data_dir=file), 0)
    bundled, own = asked_of(BenchConfig(tasks=("pocket_science", "own_text"), data_dir=file, test_limit=3))
    assert len(bundled.questions) == len(own.questions) == 3
    learned = {example.prompt for example in training_examples(BenchConfig(train_task="own_text", data_dir=file), 0)}
    assert not any(question.question in prompt for question in own.questions for prompt in learned)


def test_numbers_that_may_begin_at_0_or_1_are_read_as_the_setting_says(tmp_path):
    file = tmp_path / "numbers.csv"
    rows = "".join(f"Is {i} a word?,yes,no,maybe,{1 + i % 2}\n" for i in range(20))
    file.write_text("question,A,B,C,answer\n" + rows)
    with pytest.raises(UserError, match="answers_from"):
        asked_of(BenchConfig(tasks=(), test_file=str(file)))
    for word, base in (("0", 0), ("1", 1)):
        [test] = asked_of(BenchConfig(tasks=(), test_file=str(file), answers_from=word))
        assert [question.answer for question in test.questions] == [1 + i % 2 - base for i in range(20)]
        asked_of(BenchConfig(tasks=("own_options",), data_dir=str(file), answers_from=word))
        training_examples(BenchConfig(data="file", data_path=str(file), answers_from=word), 0)
