"""What if? in a real browser with the real desk: a text is changed in the wall, and its students' answers are shown."""

import json
import shutil
import subprocess
import sys
import time

import pytest

from tests import browsing
from tests.browsing import ROOT, end, serve
from tests.chinese import SAID, english
from tests.tiny_what_if import TEXTS, tiny_run

pytestmark = browsing.pytestmark
chromium = browsing.chromium
HOSTILE = '<img src=x onerror="document.title=1"></script>&lt; \u202e'
EDITOR, SAVE, TOLD = ".ds-edit textarea", ".ds-edit [data-keep]", ".ds-whatif[data-state=told]"


@pytest.fixture(scope="module")
def served(tmp_path_factory, tiny_models, tiny_tasks):
    """The address and a recorded run."""
    folder = tmp_path_factory.mktemp("what_if")
    run = tiny_run(folder / "samples" / "tiny", tiny_models, tiny_tasks)
    tiny_run(folder / "samples" / "zz_other", tiny_models, tiny_tasks, seed=1)
    shutil.copytree(ROOT / "assets" / "sample_runs" / "quick", folder / "samples" / "quick")
    server, address = serve(folder, [sys.executable, "-c", ""], folder / "samples")
    yield address, run
    end(server, folder)


class Visitor(browsing.Visitor):
    START, READY = "/?run=recorded/tiny", ".ds-change"

    def edit(self, slot: int, question: str, answer: str | None = None) -> None:
        self.page.click(f"[data-change='{slot}']")
        self.page.fill(EDITOR, question)
        if answer is not None:
            self.page.fill(".ds-edit input", answer)
        self.page.click(SAVE)

    def told(self, changes: int) -> None:
        """An answer to so many changes is shown."""
        self.page.wait_for_selector(f"{TOLD} .ds-whatif-past li:nth-child({changes})", timeout=120_000)
        self.page.wait_for_selector(f"{TOLD} .ds-moved")


@pytest.fixture
def visitor(chromium, served):
    visitor = Visitor(chromium, served[0])
    yield visitor
    visitor.close()
    assert visitor.errors == [] and visitor.elsewhere == []


def test_a_text_is_changed_and_its_students_answer_as_on_the_command_line(visitor, served, tmp_path):
    page, edits = visitor.page, [{"slot": 1, "question": "Which of these is hot?", "answer": "the sun"}]
    assert page.is_hidden("#what-if")
    page.locator(".ds-editable .ds-words").nth(1).click()
    assert page.input_value(EDITOR) == TEXTS[1][0]
    page.fill(EDITOR, edits[0]["question"])
    page.fill(".ds-edit input", edits[0]["answer"])
    begun = time.monotonic()
    page.click(SAVE)
    page.wait_for_selector(".ds-whatif[data-state=asking] progress")
    assert time.monotonic() - begun < 5  # half a second, on a machine that nobody else uses
    visitor.told(1)
    assert page.inner_text(".ds-edited").split("\n")[-1].startswith("Which of these is hot?")
    assert page.locator(".ds-moved li").count() == 2
    shown = [page.locator(".ds-moved li > b").nth(n).inner_text().split("\n")[0] for n in (0, 1)]
    (tmp_path / "edits.json").write_text(json.dumps(edits))
    command = [sys.executable, "-m", "backend", "what-if", str(served[1].path), "--json", "--edits"]
    done = subprocess.run(
        [*command, str(tmp_path / "edits.json")], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = [one["paired"]["difference"] for one in json.loads(done.stdout)["readers"]]
    assert shown == [f"{100 * one:+.1f}".replace("-", "\N{MINUS SIGN}") for one in found]
    assert page.locator(".ds-flip:visible").count() == 0
    page.locator(".ds-whatif-flips summary").first.click()
    assert page.locator(".ds-whatif-flips[open]").inner_text().strip()


def test_a_text_is_removed_another_becomes_a_real_question_and_each_is_undone(visitor):
    page = visitor.page
    page.click("[data-change='0']")
    page.click(".ds-edit [data-remove]")
    visitor.told(1)
    page.click("[data-change='2']")
    page.click(".ds-edit [data-real]")
    visitor.told(2)
    said = page.locator(".ds-whatif-past li").all_inner_texts()
    assert "Text 1 removed" in said[0] and "Text 3 replaced by a real question" in said[1]
    assert "Now 2 texts, 3 before." in page.inner_text("#what-if")
    page.click("[data-undo='0']")
    page.wait_for_function("document.querySelectorAll('.ds-whatif-past li').length === 1", timeout=120_000)
    assert "Text 3 replaced" in page.inner_text(".ds-whatif-past li") and page.locator(".ds-edited").count() == 1
    page.reload()
    visitor.told(1)  # it lasts for the session
    assert page.locator(".ds-edited").count() == 1
    page.goto(f"{visitor.address}/?run=recorded/zz_other")
    page.wait_for_selector(".ds-change")
    assert page.locator(".ds-edited").count() == 0 and page.is_hidden("#what-if")  # and belongs to its run
    page.goto(f"{visitor.address}/?run=recorded/tiny")
    visitor.told(1)
    page.click("[data-all]")
    page.wait_for_selector("#what-if", state="hidden")
    assert page.locator(".ds-edited").count() == 0


def test_a_text_of_the_first_card_opens_its_editor_in_the_wall(chromium, served):
    class Newcomer(Visitor):
        CHAPTERS, READY = (), ".ds-finding-texts li"

    visitor = Newcomer(chromium, served[0], start="/?run=recorded/quick")
    page = visitor.page
    page.wait_for_selector(".ds-change", state="attached")
    assert page.is_hidden("#wall")
    text = page.locator(".ds-finding-texts li").nth(4)
    said = text.locator("span").inner_text()
    text.click()
    page.wait_for_selector(f"{EDITOR}:focus")
    assert page.input_value(EDITOR) == said and page.locator(".ds-edit").get_attribute("data-slot") == "4"
    visitor.close()
    assert visitor.errors == []


def test_it_works_by_the_keyboard_alone(visitor):
    page = visitor.page
    page.focus("[data-change='0']")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{EDITOR}:focus")
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-change='0']:focus")
    assert page.locator(EDITOR).count() == 0
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{EDITOR}:focus")
    page.keyboard.press("Control+a")
    page.keyboard.type("What is a metal?")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type("copper")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("[data-change='0']:focus")
    visitor.told(1)
    assert "What is a metal?" in page.inner_text(".ds-whatif-past li")


def test_what_cannot_be_used_is_said_and_what_was_typed_is_not_lost(visitor):
    page = visitor.page
    visitor.edit(0, "x" * 4001)
    page.wait_for_selector("#what-if [role=alert]", timeout=120_000)
    assert "4,001 characters" in page.inner_text("#what-if [role=alert]")
    assert page.input_value(EDITOR) == "x" * 4001 and page.locator(".ds-whatif-past li").count() == 0
    page.fill(EDITOR, "What is frozen water?")
    page.click(SAVE)
    visitor.told(1)
    assert page.locator("#what-if [role=alert]").count() == 0


def test_markup_in_a_text_is_only_text(visitor):
    visitor.edit(1, HOSTILE, HOSTILE)
    visitor.told(1)
    page = visitor.page
    assert page.inner_text(".ds-whatif-past q").strip("“”") == HOSTILE.strip()
    assert page.locator("#what-if img, #wall img").count() == 0 and page.title() != "1"


def test_a_phone_has_room_for_the_editor_and_the_answer(chromium, served):
    visitor = Visitor(chromium, served[0], width=390, height=844)
    page = visitor.page
    visitor.edit(2, "Which thing can fly?", "a bird")
    visitor.told(1)
    page.click("[data-change='2']")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    boxes = [page.locator(one).bounding_box() for one in (EDITOR, SAVE, ".ds-moved", ".ds-whatif-past")]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)
    visitor.close()
    assert visitor.errors == []


def test_all_of_it_is_said_in_chinese(chromium, served):
    visitor = Visitor(chromium, served[0], start="/?run=recorded/tiny&lang=zh")
    page = visitor.page
    page.click("[data-change='0']")
    inside = SAID.replace("document.documentElement", "document.querySelector('#wall')")
    assert english(page.evaluate(inside)) == []
    page.click(".ds-edit [data-remove]")
    visitor.told(1)
    visitor.edit(1, "Which thing can fly?", "a bird")
    visitor.told(2)
    page.click("[data-change='2']")
    page.click(".ds-edit [data-real]")
    visitor.told(3)
    page.evaluate("document.querySelectorAll('#what-if details').forEach((fold) => { fold.open = true; })")
    for part in ("#wall", "#what-if"):
        said = page.evaluate(SAID.replace("document.documentElement", f"document.querySelector('{part}')"))
        assert english(said) == [], part
    visitor.edit(1, "x" * 4001)
    page.wait_for_selector("#what-if [role=alert]", timeout=120_000)
    assert english([page.inner_text("#what-if [role=alert]")]) == []
    visitor.close()
    assert visitor.errors == []
