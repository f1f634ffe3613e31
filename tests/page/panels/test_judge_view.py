"""The judge's panel: the right two arms, the paired difference of their scores, and no file but the run's scores."""

import json
import re
from html import unescape
from types import SimpleNamespace

import pytest

from backend.core.scoring.compare import paired
from backend.core.scoring.scored import Scored
from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.runs.results import scores_of
from components.frame.words import signed
from components.panels.flips import subjects
from components.run.shelf import new_owner
from components.studies.text_distillation import words
from components.studies.text_distillation.judge_view import arms_of, bounds_of, chosen_arms, closed_markup, open_markup
from components.studies.text_distillation.words import verdict_markup
from tests.pages import make_page, panel

CONFIG = {"model": "own", "task": "nowhere", "prompts": 2}


def scored(number: int, right: bool) -> Scored:
    return Scored(f"q{number}", None, 0, (-1.0, -2.0) if right else (-2.0, -1.0), (3, 3))


def add(run: RunDir, arm: str, rights: list[bool], seed: int = 0, student: str = "own", regime="ordinary") -> None:
    name = f"{arm}-{student}-{regime}-{seed}"
    for number, right in enumerate(rights):
        run.append(f"artifacts/scores/{name}", scored(number, right).as_row())
    row = {"arm": arm, "student": student, "regime": regime, "seed": seed, "task": "t", "n": len(rights)}
    run.append("results", row | {"metric": "acc", "value": 0.5, "scores": f"artifacts/scores/{name}.jsonl"})


@pytest.fixture
def run(tmp_path) -> RunDir:
    run = RunDir.create(tmp_path / "run", "text_distillation", None, CONFIG)
    (run.artifacts / "scores").mkdir(parents=True)
    add(run, "init", [True] * 10 + [False] * 10)
    add(run, "text", [True] * 16 + [False] * 4)
    add(run, "random", [False] * 10 + [True] * 10)
    add(run, "text", [True] * 5 + [False] * 15, student="other")
    add(run, "text", [True] * 20, regime="matched")
    return run


def test_text_stands_against_random_first_and_the_difference_is_that_of_their_scores(run):
    found = open_markup(run, "own/x", None, None, None)
    rows = arms_of(run)["own"]
    result = paired([scores_of(run, rows["text"][0])], [scores_of(run, rows["random"][0])])
    assert f"{signed(result.difference)} points" in found and len(result.gained) == 10 and len(result.lost) == 4
    assert 'data-flips="14"' in found and '<option value="text" selected>' in found


def test_the_verdict_is_about_the_paired_difference_where_answers_are_at_hand(run):
    low, high = bounds_of(run)
    result = paired(*([scores_of(run, row) for row in arms_of(run)["own"][arm]] for arm in ("text", "random")))
    assert (low, high) == (result.low, result.high)
    rows = [row | {"value": value} for row, value in zip(run.rows("results")[1:3], (0.8, 0.5), strict=True)]
    said = verdict_markup(rows, CONFIG, (low, high), False)
    assert f"+30.0 points (95 % interval {signed(low)} to {signed(high)})" in said
    assert ("within the noise" in said) == (low <= 0 <= high)


@pytest.mark.parametrize(
    ("seeds", "says"),
    [(1, "but with 1 student each"), (3, "but with 3 students each"), (4, "worse by more than the noise")],
)
def test_few_students_are_not_enough_to_call_a_text_better_or_worse(seeds, says):
    where = {"student": "own", "task": "t", "regime": "ordinary", "metric": "acc", "n": 100}
    rows = [
        where | {"arm": a, "value": v, "seed": k} for a, v in (("text", 0.3), ("random", 0.6)) for k in range(seeds)
    ]
    assert says in verdict_markup(rows, CONFIG, (-0.4, -0.1), False)
    assert "within the noise" in verdict_markup(rows, CONFIG, (-0.4, 0.1), False)


def test_damaged_scores_get_a_sentence_and_no_bounds(run):
    (run.artifacts / "scores" / "text-own-ordinary-0.jsonl").write_text('{"id": 3}\n')
    assert bounds_of(run) is None
    assert "cannot be read" in open_markup(run, "own/x", None, None, None)


def test_without_answers_there_are_no_bounds(tmp_path):
    assert bounds_of(RunDir.create(tmp_path / "run", "text_distillation", None, CONFIG)) is None


def test_what_is_picked_is_compared(run):
    found = open_markup(run, "own/x", "own", "init", "text")
    assert f"{signed(-0.3)} points" in found and 'data-flips="6"' in found


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (None, None, ("text", "random")),
        ("random", None, ("random", "text")),
        (None, "text", ("random", "text")),
        ("init", "init", ("init", "text")),
        ("<script>", 3, ("text", "random")),
        (["text"], {}, ("text", "random")),
    ],
)
def test_two_different_arms_are_compared_whatever_is_asked(a, b, expected):
    assert chosen_arms(["init", "random", "text"], a, b) == expected


def rows_against(markup: str) -> list[list]:
    section = markup[markup.index("ds-against") :]
    return json.loads(unescape(re.search(r'data-saves="([^"]*)"', section)[1]))["rows"][1:]


def test_all_students_stand_against_the_one_that_is_picked_the_most_different_first(run):
    rows = rows_against(open_markup(run, "own/x", "own", "text", "random"))
    names = [f"{words.arm(arm)}, {model}" for arm, model in (("init", "own"), ("text", "own"), ("text", "other"))]
    assert [row[0] for row in rows] == [names[0], names[2], names[1]]
    assert [row[7] + row[8] for row in rows] == [20, 15, 14], "questions on which they disagree"
    found = arms_of(run)
    reference = [scores_of(run, row) for row in found["own"]["random"]]
    lone = paired([scores_of(run, row) for row in found["own"]["text"]], reference)
    text = rows[2]
    assert text[1] == f"{words.arm('random')}, own" and text[4] == pytest.approx(lone.difference)
    assert text[5] < lone.low and lone.high < text[6], "three intervals that hold at once are wider than one"


def test_students_that_were_asked_other_questions_do_not_stand_in_the_table(run):
    add(run, "full", [True] * 5)
    assert len(rows_against(open_markup(run, "own/x", "own", "text", "random"))) == 3


def test_two_arms_alone_need_no_table(tmp_path):
    run = RunDir.create(tmp_path / "run", "text_distillation", None, CONFIG)
    (run.artifacts / "scores").mkdir(parents=True)
    add(run, "text", [True, False])
    add(run, "random", [False, False])
    assert "ds-against" not in open_markup(run, "own/x", None, None, None)


def test_an_unknown_student_becomes_the_runs_own(run):
    assert open_markup(run, "own/x", "<b>", None, None) == open_markup(run, "own/x", "own", None, None)
    assert open_markup(run, "own/x", ["own"], None, None) == open_markup(run, "own/x", "own", None, None)


def test_a_student_with_one_arm_has_nothing_to_compare(run):
    assert "<details>" in open_markup(run, "own/x", "other", None, None)


def test_without_two_arms_or_their_scores_there_is_no_panel(tmp_path):
    run = RunDir.create(tmp_path / "run", "text_distillation", None, CONFIG)
    assert closed_markup(run, "own/x") == ""
    (run.artifacts / "scores").mkdir(parents=True)
    add(run, "text", [True])
    old = {"arm": "random", "student": "own", "regime": "ordinary", "seed": 0, "metric": "acc", "value": 0.5, "n": 1}
    run.append("results", old)  # of before rows named their scores
    assert closed_markup(run, "own/x") == ""
    add(run, "init", [True])
    assert 'data-run="own/x"' in closed_markup(run, "own/x")


def test_arms_that_were_asked_other_questions_get_a_sentence(run):
    add(run, "full", [True] * 5)
    found = open_markup(run, "own/x", "own", "full", "text")
    assert "scored by one side only" in found and "data-flips" not in found


@pytest.mark.parametrize(
    "name", ["../config.json", "artifacts/scores/../../results.jsonl", "/etc/passwd", "results.jsonl"]
)
def test_only_files_among_the_runs_scores_are_read(run, name):
    with pytest.raises(UserError, match="no scores called"):
        scores_of(run, {"scores": name})


def test_ids_and_names_from_files_are_escaped(run):
    rows = run.artifacts / "scores" / "text-own-ordinary-0.jsonl"
    rows.write_text(rows.read_text().replace('"q0"', '"<img src=x>"'))
    other = run.artifacts / "scores" / "random-own-ordinary-0.jsonl"
    other.write_text(other.read_text().replace('"q0"', '"<img src=x>"'))
    found = open_markup(run, '"><b>', None, None, None)
    assert "<img" not in found and "&lt;img src=x&gt;" in found and '"><b>' not in found


def test_another_visitors_run_is_not_judged(tmp_path):
    page = make_page("text_distillation", tmp_path)
    judge = panel(page, "paired")
    mine, other = new_owner(), new_owner()
    key, run = page.shelf.new(mine, "text_distillation", None, CONFIG)
    (run.artifacts / "scores").mkdir(parents=True)
    for arm in ("text", "random"):
        add(run, arm, [True, False])
    event = SimpleNamespace(run=key, student=None, a=None, b=None)
    assert "ds-judge" in judge.compare(mine, event)
    assert judge.compare(other, event) == "" == judge.compare(mine, SimpleNamespace())


@pytest.mark.parametrize(("students", "hedged"), [(2, True), (3, True), (4, False)])
def test_a_difference_that_few_students_tell_is_hedged(tmp_path, students, hedged):
    run = RunDir.create(tmp_path / "few", "text_distillation", None, CONFIG)
    (run.artifacts / "scores").mkdir(parents=True)
    for seed in range(students):
        add(run, "text", [True] * 20, seed)
        add(run, "random", [False] * 20, seed)
    assert ("but with few students" in open_markup(run, "own/x", None, None, None)) is hedged


def test_a_flip_shows_how_likely_both_sides_find_each_option(run):
    found = open_markup(run, "own/x", None, "text", "random")
    assert found.count('class="ds-chances"') == 14
    assert 'aria-label="Distilled text 73%, Random questions 27%"' in found, "softmax of -1 and -2, and of -2 and -1"
    assert found.count('<span class="ds-right">right</span>') == 14
    assert "data-subject>" not in found, "one subject needs no picker"


def test_subjects_can_be_told_apart():
    assert subjects({None, "botany"}) == ""
    found = subjects({"botany", "<i>law</i>"})
    assert '<option translate="no">botany</option>' in found and "&lt;i&gt;law" in found
