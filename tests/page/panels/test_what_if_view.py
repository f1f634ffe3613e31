"""What If? on the page, without a browser: what an answer looks like, and what an event may say."""

import math
from dataclasses import asdict
from types import SimpleNamespace

import pytest

from backend.core.scoring.compare import paired
from backend.core.scoring.scored import Scored
from backend.core.text.tasks import Question
from backend.errors import UserError
from backend.limits.hosts import CPU_SPACE, HOSTS
from backend.limits.rate import Rate
from components.run.shelf import new_owner
from components.studies.text_distillation.what_if_view import FEW, answer_markup, ends, figures, row
from tests.pages import make_page, panel
from tests.tiny_what_if import TEXTS, tiny_run

EDITS = [{"slot": 0, "remove": True}]


def scored(number: int, right: bool) -> Scored:
    return Scored(f"q{number}", None, 0, (-1.0, -2.0) if right else (-2.0, -1.0), (3, 3))


def told(name: str, before: list[int], after: list[int], n: int = 40) -> dict:
    """A model that answers the first so many of n questions, for each student."""
    sides = [[[scored(i, i < right) for i in range(n)] for right in side] for side in (after, before)]
    found = paired(*sides)
    flipped = {*found.gained, *found.lost}
    rows = [[[item.as_row() for item in one if item.id in flipped] for one in side] for side in sides]
    return {"name": name, "before": [], "after": [], "paired": asdict(found), "flipped": rows}


def answer(*readers: dict) -> dict:
    return {"questions": 40, "of": 600, "before": 8, "texts": [{"slot": 1}] * 7, "readers": list(readers)}


ASKED = {f"q{i}": Question(f"q{i}", f"<b>Question {i}</b>", ("yes", "no"), 0) for i in range(40)}


def test_both_models_are_said_and_drawn_with_their_intervals():
    found = answer(told("opt", [20] * 3, [30] * 3), told("llama", [20, 21, 19], [20, 20, 21]))
    markup = answer_markup(found, ASKED, "own/x", EDITS)
    assert "scores 25.0 points higher (95 % interval " in markup
    assert "scores 0.8 points higher" in markup and markup.count("within the noise") == 1
    assert "50.0 % with unchanged texts, 75.0 % with changed ones; +25.0 points" in markup
    assert "3 fresh students of each model, before and after, on the first 40 of 600 test questions" in markup
    assert "Now 7 texts, 8 before." in markup
    assert figures(found) == [{"name": "opt", "points": "+25.0"}, {"name": "llama", "points": "+0.8"}]


@pytest.mark.parametrize(
    ("after", "edits", "said"), [(21, EDITS, True), (30, EDITS, False), (21, [{"slot": i} for i in range(4)], False)]
)
def test_noise_after_a_small_edit_is_no_proof_that_texts_do_not_matter(after, edits, said):
    found = answer(told("opt", [20] * 3, [after] * 3), told("llama", [20, 21, 19], [20, 20, 21]))
    assert (FEW in answer_markup(found, ASKED, "own/x", edits)) == said


def free(number: int, bits: float) -> Scored:
    return Scored(f"q{number}", None, 0, (-bits * 10 * math.log(2),), (10,))


def test_free_answers_are_told_in_bits_of_which_fewer_are_better():
    sides = [[[free(i, bits + i / 100) for i in range(40)]] * 3 for bits in (1.5, 2.0)]
    result = paired(*sides)
    kept = [[[item.as_row() for item in one[:30]] for one in side] for side in sides]
    found = answer({"name": "opt", "before": [], "after": [], "paired": asdict(result), "flipped": kept})
    asked = {f"q{i}": Question(f"q{i}", f"Why {i}?", ("so",), 0) for i in range(40)}
    markup = answer_markup(found, asked, "own/x", EDITS)
    assert "needs 0.500 bits per character fewer (95 % interval " in markup and "points" not in markup
    assert "2.195 with unchanged texts, 1.695 with changed ones; \N{MINUS SIGN}0.500 bits per character" in markup
    assert " bits</small>" in markup and "fewer is better" in markup
    assert "better on 40, worse on 0" in markup and "The 30 answers that differ most are shown." in markup
    assert markup.count('class="ds-flip ') == 30 and "%</i>" not in markup
    assert figures(found) == [{"name": "opt", "points": "\N{MINUS SIGN}0.500 bits"}]


def test_an_answer_from_before_a_metric_was_told_is_of_accuracy():
    old = told("opt", [20] * 3, [30] * 3)
    del old["paired"]["metric"]
    assert "scores 25.0 points higher" in answer_markup(answer(old), ASKED, "own/x", EDITS)


def test_the_dots_lie_where_the_axis_says():
    result = paired(*([[scored(i, i < right) for i in range(40)]] * 3 for right in (30, 20)))
    low, high = ends([result])
    assert low <= 0.5 + result.low and 0.5 + result.high <= high and round(low / 0.05, 9) == round(low / 0.05)
    drawn = row("opt", 0, result, low, high)
    for value, dot in ((0.5, "u"), (0.75, "i")):
        assert f'<{dot} style="left:{100 * (value - low) / (high - low):.2f}%">' in drawn


def test_flipped_questions_lie_behind_a_fold_with_their_words_escaped():
    markup = answer_markup(answer(told("opt", [20] * 3, [30] * 3)), ASKED, "own/x", EDITS)
    assert "10 gained, 0 lost" in markup and '<details class="ds-whatif-flips">' in markup
    assert markup.count("&lt;b&gt;Question ") == 10 and "<b>Question" not in markup


def test_nothing_that_flipped_is_said_so():
    markup = answer_markup(answer(told("opt", [20] * 3, [20] * 3)), ASKED, "own/x", [])
    assert "scores the same" in markup and "No question flipped." in markup


def test_names_and_edits_are_escaped():
    edits = [{"slot": 0, "question": "</pre><script>", "answer": "&"}]
    markup = answer_markup(answer(told("<i>", [20], [21])), ASKED, "recorded/quick", edits)
    assert "<script>" not in markup and "<i>" not in markup.replace("<i style", "").replace("<i class", "")
    assert "python -m backend what-if assets/sample_runs/quick --edits edits.json" in markup


# -- events -----------------------------------------------------------------------------------------------------------
class StandIn:
    """A desk that answers at once and remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def request(self, kind, timeout_s=0, told=None, **fields):
        self.asked.append((kind, fields))
        if fields["edits"] == "bad":
            raise UserError("The text is empty.", "some words", "Write some.")
        told({"share": 0.5})
        return {**answer(globals()["told"]("opt", [20], [21])), "task": "arc_easy"}


@pytest.fixture
def desk() -> StandIn:
    return StandIn()


@pytest.fixture
def what_if(tmp_path, tiny_models, tiny_tasks, desk):
    tiny_run(tmp_path / "samples" / "tiny", tiny_models, tiny_tasks)
    return panel(make_page("text_distillation", tmp_path, desk=desk), "what_if")


def event(**said) -> SimpleNamespace:
    return SimpleNamespace(**{"run": "recorded/tiny", "edits": EDITS, "number": 4, **said})


def test_an_edit_is_followed_until_it_is_answered(what_if, desk):
    first, last = what_if.ask_what_if(new_owner(), event())
    assert first == {"run": "recorded/tiny", "number": 4, "share": 0.5}
    assert last["number"] == 4 and last["answer"]["figures"] and len(last["answer"]["texts"]) == 7
    [(kind, fields)] = desk.asked
    assert kind == "what_if" and fields["edits"] == EDITS and fields["host"] == "local"


def test_what_is_wrong_is_said_and_numbered(what_if):
    [only] = what_if.ask_what_if(new_owner(), event(edits="bad"))
    assert only["number"] == 4 and 'role="alert"' in only["error"] and "The text is empty." in only["error"]


@pytest.mark.parametrize("run", [None, 5, "recorded/nowhere", "own/../../etc", {"a": 1}, "recorded/tiny/.."])
def test_a_run_that_is_not_there_is_asked_nothing(what_if, desk, run):
    list(what_if.ask_what_if(new_owner(), event(run=run)))
    what_if.warm_up(new_owner(), event(run=run))
    assert desk.asked == []


def test_the_unedited_students_are_trained_while_somebody_types(what_if, desk):
    assert what_if.warm_up(new_owner(), event()) is None
    assert desk.asked[0][1]["edits"] == []


def test_a_visitor_of_a_shared_host_may_ask_so_often_a_minute(what_if, desk):
    what_if.rate, owner = Rate(HOSTS[CPU_SPACE].waited.a_minute), new_owner()
    for _ in range(HOSTS[CPU_SPACE].waited.a_minute):
        list(what_if.ask_what_if(owner, event()))
    [refused] = what_if.ask_what_if(owner, event())
    assert "times within a minute" in refused["error"] and len(desk.asked) == HOSTS[CPU_SPACE].waited.a_minute


def test_texts_are_offered_once_a_run_is_at_rest(what_if):
    look = SimpleNamespace(another=True, ended=False, key="recorded/tiny", status={"state": "running"})
    look.run = what_if.view.shelf.open(new_owner(), "recorded/tiny")
    assert what_if.look(look) == {what_if.widget: {"run": "recorded/tiny", "texts": []}}
    look.status = {"state": "finished"}
    [shown] = what_if.look(look).values()
    assert [(text["question"], text["answer"]) for text in shown["texts"]] == list(TEXTS)
    look.another = False
    assert what_if.look(look) == {}
