"""Every lesson in a real browser on the recorded run: its controls move, its panels light up, its question is asked."""

import os
import subprocess
import sys

import pytest

from components.panels.lessons import lessons
from tests import browsing
from tests.browsing import ROOT, Moving, end, wait_served
from tests.paced import with_pace
from tests.waiting import free_port

pytestmark = browsing.pytestmark
chromium = browsing.chromium


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The app as a visitor gets it, with its recorded runs."""
    folder = tmp_path_factory.mktemp("lessons")
    port = free_port()
    env = os.environ | {"DISTILLOSCOPE_HOME": str(with_pace(folder / "home"))}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen([sys.executable, "app.py", "--port", str(port)], cwd=ROOT, env=env, **quiet)
    try:
        wait_served(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        end(server, folder)


DRAWN = """Number(document.querySelector('.ds-path')?.dataset.paths) > 2
  && Number(document.querySelector('.ds-wall')?.dataset.snapshots) > 2"""


@pytest.fixture(scope="module")
def opened(chromium, address):
    visitor = Moving(chromium, address)
    yield visitor
    visitor.close()
    assert visitor.errors == [] == visitor.elsewhere


@pytest.fixture
def visitor(opened, request):
    """One page for all tests; opened anew where a test failed, for that may have left a lesson open."""
    if request.session.testsfailed:
        opened.page.goto(opened.address)
    opened.page.wait_for_function(DRAWN)
    return opened


def do(page, number: int) -> None:
    """From a lesson's button to the right answer, without a look around."""
    page.click(f"[data-lesson='{number}']")
    for _ in lessons()[number]["steps"]:
        page.click(".ds-lesson [data-go='1']")
    page.click(f"[data-option='{lessons()[number]['question']['answer']}']")
    page.keyboard.press("Escape")


@pytest.mark.parametrize("number", range(5), ids=[lesson["name"] for lesson in lessons()])
def test_a_lesson_can_be_walked_to_its_end(visitor, number):
    page, lesson = visitor.page, lessons()[number]
    page.click(f"[data-lesson='{number}']")
    for place, step in enumerate(lesson["steps"]):
        page.wait_for_selector(f".ds-lesson[data-lesson='{lesson['name']}'][data-step='{place}']")
        assert step["text"] in page.inner_text(".ds-lesson [data-body]")
        page.wait_for_function(f"document.querySelector('{step['look']}').closest('.ds-lit') || "
                               f"document.querySelector('{step['look']} .ds-lit')")  # fmt: skip
        assert page.is_visible(step["look"]), "what a step is about is on screen"
        page.click(".ds-lesson [data-go='1']")
    wrong = (lesson["question"]["answer"] + 1) % len(lesson["question"]["options"])
    page.click(f"[data-option='{wrong}']")
    assert "Not quite" in page.inner_text(".ds-why")
    page.click(f"[data-option='{lesson['question']['answer']}']")
    assert lesson["question"]["why"] in page.inner_text(".ds-why")
    assert "done" in page.inner_text(f"[data-lesson='{number}']")
    if number == 4:
        page.click(".ds-lesson [data-go='1']")
        assert "In short" in page.inner_text(".ds-lesson") and page.evaluate("'own' in document.activeElement.dataset")
    page.keyboard.press("Escape")
    assert not page.is_visible(".ds-lesson") and page.locator(".ds-lit").count() == 0


def test_what_was_done_is_remembered_after_a_reload(visitor):
    page = visitor.page
    for number in range(5):  # by the test above, where it ran
        if not page.locator(f".ds-lesson-list [data-lesson='{number}'][data-done]").count():
            do(page, number)
    page.reload()
    page.wait_for_selector("[data-lesson='4']")
    assert page.locator(".ds-lesson-list [data-done]").count() == 5


def test_the_second_lesson_moves_the_wall_and_the_map_together(visitor):
    page = visitor.page
    page.click("[data-lesson='1']")
    page.wait_for_selector(".ds-path[data-step='0']")
    assert page.inner_text(".ds-scrub output") == "start"
    page.click(".ds-lesson [data-go='1']")
    page.click(".ds-lesson [data-go='1']")  # plays the film
    page.wait_for_function("Number(document.querySelector('.ds-path').dataset.step) > 10")
    page.click(".ds-lesson [data-leave]")
    assert not page.is_visible(".ds-lesson")


def test_behind_the_last_lesson_stands_the_visitors_own_run(visitor):
    page = visitor.page
    page.click("[data-lesson='4']")
    for _ in range(len(lessons()[4]["steps"]) + 1):
        page.click(".ds-lesson [data-go='1']")
    page.click("[data-own]")
    assert not page.is_visible(".ds-lesson") and page.evaluate("document.activeElement.id") == "distil"
