"""Runs on a file of one's own: every kind of answer goes from the file to scored text, in the words it was given."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from backend.core.text.prompts import Example
from backend.core.text.reading import read_file
from backend.errors import UserError
from backend.export.kinds import made
from backend.runs.results import summarise_results
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.setup import Setup, common_ends
from backend.studies.text_distillation.shapes import DistilledRow, OwnFile, ResultsRow
from tests.studies.text_distillation.test_run import start, tiny_config
from tests.tiny import FACTS

ASKED = [(f"{question} ({i})", options[answer], options) for i in (1, 2) for question, options, answer in FACTS]


def alpaca(folder):
    file = folder / "mine.json"
    file.write_text(json.dumps([{"instruction": q, "input": "", "output": a} for q, a, _ in ASKED]))
    return file


def prompts(folder):
    file = folder / "mine.jsonl"
    file.write_text("\n".join(json.dumps({"prompt": f"{q} ->", "completion": f" {a}\n"}) for q, a, _ in ASKED))
    return file


def chat(folder):
    file = folder / "mine.jsonl"
    said = [[{"role": "user", "content": q}, {"role": "assistant", "content": a}] for q, a, _ in ASKED]
    file.write_text("\n".join(json.dumps({"messages": turns}) for turns in said))
    return file


def table(folder):
    file = folder / "mine.csv"
    with file.open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["question", "option_a", "option_b", "option_c", "option_d", "answer"])
        rows.writerows([q, *options, "ABCD"[options.index(a)]] for q, a, options in ASKED if len(options) == 4)
    return file


def config_of(models, tasks, file, task: str, **changes) -> DistillConfig:
    config = replace(tiny_config(models, tasks, "opt"), data_dir="", data_file=str(file), task=task)
    small = {"outer_steps": 2, "experts": 1, "heldout_experts": 0, "regimes": ("ordinary",), "expert_batch": 4}
    return replace(config, **(small | changes))


@pytest.mark.parametrize(("task", "make"), [("own_text", alpaca), ("own_prompts", prompts), ("own_chat", chat)])
def test_free_answers_are_distilled_searched_and_scored(task, make, tiny_models, tiny_tasks, tmp_path):
    search = {"decoder": "search", "search_starts": 2, "search_rounds": 1, "search_questions": 4}
    config = config_of(tiny_models, tiny_tasks, make(tmp_path), task, arms=("text", "random"), **search)
    run, state = start(config, tmp_path / "run")
    assert state == "finished", run.status()
    distilled, results = run.rows("distilled"), run.rows("results")
    assert all(DistilledRow.model_validate(row) for row in distilled) and len(distilled) == 3
    assert all(ResultsRow.model_validate(row) for row in results)
    found = summarise_results(results)
    assert {(row["arm"], row["metric"]) for row in found} == {
        (arm, metric) for arm in ("text", "random") for metric in ("bits", "rouge_l", "exact")
    }
    assert all(row["mean"] > 0 for row in found if row["metric"] == "bits")
    [first, *_] = run.rows(results[0]["scores"].removesuffix(".jsonl"))
    assert isinstance(first["generated"], str) and 0 <= first["rouge_l"] <= 1
    told = run.document("own_file.json")
    assert OwnFile.model_validate(told) and sum(told["splits"].values()) == len(ASKED)
    name, content = made(run, "as_it_came")
    assert name.endswith(Path(config.data_file).suffix)
    (tmp_path / "back").mkdir()
    (back := tmp_path / "back" / name).write_bytes(content)
    assert read_file(back).task == task, "what comes out is read as what went in"
    assert [question.options[0] for question in read_file(back).questions] == [row["answer"] for row in distilled]


def test_questions_with_options_are_scored_by_accuracy(tiny_models, tiny_tasks, tmp_path):
    config = config_of(tiny_models, tiny_tasks, table(tmp_path), "own_options", arms=("text",))
    run, state = start(config, tmp_path / "run")
    assert state == "finished", run.status()
    assert {row["metric"] for row in run.rows("results")} == {"acc", "acc_norm"}


def test_prompts_of_ones_own_have_no_words_of_ours_around_them(tiny_models, tiny_tasks, tmp_path):
    setup = Setup(config_of(tiny_models, tiny_tasks, prompts(tmp_path), "own_prompts"))
    example = setup.init_examples[0]
    assert example.prompt.endswith(" ->") and example.answer.endswith("\n") and example.between == ""
    slot = setup.synthetic.slots[0]
    whole = setup.own.rows([example]).examples[0]
    assert (*slot.before, *setup._question_ids(setup.train[setup.init_rows[0]]), *slot.after) == whole.prompt
    assert setup.text_examples([q.prompt for q in setup.init_examples]) == setup.init_examples
    assert Example.of(example.row) == example


def test_the_words_around_a_question_are_what_two_prompts_share_at_their_ends():
    assert common_ends((1, 2, 9, 7, 7), (1, 2, 8, 8, 7, 7)) == ((1, 2), (7, 7))
    assert common_ends((5, 5), (5, 5, 5)) == ((5, 5), ())
    assert common_ends((), (1,)) == ((), ())


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"task": "own_text"}, "a file or a folder"),
        ({"data_file": "mine.json"}, "a task that begins with own_"),
        ({"task": "own_letters", "data_file": "mine.json"}, "own_options"),
        (
            {"task": "own_prompts", "data_file": "mine.json", "search_moves": ("token",)},
            "question, phrase, word or written",
        ),
    ],
)
def test_settings_that_do_not_fit_a_file_are_refused_with_what_does(changes, expected):
    with pytest.raises(UserError) as caught:
        DistillConfig(**changes)
    assert caught.value.expected == expected
