"""Asking students and reading an example on the bench's page, with a desk that answers at once."""

import gradio as gr
import pytest

from backend.errors import UserError
from components.run.shelf import new_owner
from components.studies.bench.ask_panel import tuned_folder
from tests import bench_page
from tests.bench_folder import write_run
from tests.bench_page import asking, event, held, start
from tests.pages import panel

built = bench_page.built
page = bench_page.page


def test_both_students_are_asked_once_there_is_a_tuned_one(page):
    run, owner = write_run(page.shelf.samples / "a", n=20), new_owner()
    shown = list(asking(page).ask(owner, "recorded/a", "Why?", "so\nno"))
    assert "waiting" in shown[0]
    assert asking(page).desk.asked[-1][1]["adapter"] is None
    assert shown[1].count("ds-answering") == 1
    folder = run.artifacts / "adapters" / "seed-0"
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text("{}")
    shown = list(asking(page).ask(owner, "recorded/a", "Why?", "so\nno"))
    assert asking(page).desk.asked[-1][1]["adapter"] == str(folder) == str(tuned_folder(run))
    assert shown[1].count("ds-answering") == 2
    assert "<img" not in shown[1]


@pytest.mark.parametrize(
    ("question", "options"), [("", "a\nb"), (None, "a\nb"), ("q", "a"), ("q", ""), ("q", 3), ("q" * 9000, "a\nb")]
)
def test_a_question_that_cannot_be_asked_never_reaches_the_desk(page, question, options):
    write_run(page.shelf.samples / "a", n=20)
    assert "alert" in list(asking(page).ask(new_owner(), "recorded/a", question, options))[-1]
    assert asking(page).desk.asked == []


def test_a_busy_desk_is_said(page):
    write_run(page.shelf.samples / "a", n=20)
    asking(page).desk.fault = UserError(
        "The server is busy answering other questions.", "fewer questions", "Ask again."
    )
    assert (
        "The server is busy answering other questions."
        in list(asking(page).ask(new_owner(), "recorded/a", "q", "a\nb"))[-1]
    )


def test_the_student_of_another_visitor_cannot_be_asked(page):
    key = start(page, new_owner())
    assert "alert" in list(asking(page).ask(new_owner(), key, "q", "a\nb"))[-1]
    assert asking(page).desk.asked == []


@pytest.mark.parametrize("number", [None, -1, 99, "0", True, 0.0])
def test_a_strange_suggestion_fills_nothing(page, number):
    write_run(page.shelf.samples / "a", n=20)
    assert asking(page).question not in panel(page, "ask").pick(new_owner(), "recorded/a", event(number=number))


def test_a_suggestion_fills_question_and_options(page):
    write_run(page.shelf.samples / "a", n=20)
    answer = panel(page, "ask").pick(new_owner(), "recorded/a", event(number=1))
    assert answer[asking(page).question].endswith("?")
    assert len(answer[asking(page).options].splitlines()) >= 2


def test_an_example_is_read_once_for_the_same_choice(page):
    owner = new_owner()
    (waiting, _), (ready, seen) = page.filled_in.show_example("", *held(page, owner))
    assert "waiting" in waiting
    assert "<mark>&lt;img" in ready
    assert list(page.filled_in.show_example(seen, *held(page, owner))) == [(gr.skip(), gr.skip())]
    assert [kind for kind, _ in asking(page).desk.asked] == ["example"]


def test_an_example_that_cannot_be_read_says_what_to_do(page):
    asking(page).desk.fault = UserError("There is no model 'x'.", "a model", "Check its name.")
    *_, (failed, seen) = page.filled_in.show_example("", *held(page, new_owner(), student="x"))
    assert "Check its name." in failed
    assert seen == "", "the next look asks again"


@pytest.mark.parametrize(
    ("changes", "said"), [({"data": "none"}, "Nothing is learned"), ({"seeds": 0}, "Check the settings above")]
)
def test_without_an_example_the_panel_says_why(page, changes, said):
    [(markup, _)] = page.filled_in.show_example("", *held(page, new_owner(), **changes))
    assert said in markup
    assert asking(page).desk.asked == []
