"""The page in Chinese, in a real browser: no English is left on any screen."""

import pytest

from components.panels.lessons import lessons
from tests import browsing
from tests.browsing import end
from tests.chinese import Reader, english, served

pytestmark = browsing.pytestmark
chromium = browsing.chromium
SNAPSHOTS = "Number(document.querySelector('.ds-wall')?.dataset.snapshots) > 2"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("language")
    server, address = served(folder)
    yield address
    end(server, folder)


@pytest.fixture
def reader(chromium, address):
    reader = Reader(chromium, address)
    yield reader
    reader.close()
    assert reader.errors == []
    assert reader.elsewhere == [], "no request may leave the server's own address"


def said(left: dict[str, str]) -> str:
    return "\n".join(f"{where}: {text}" for text, where in left.items())


def test_the_search_finds_english_and_lets_names_pass():
    fine = [
        "LoRA 与 AdamW",
        "outer_steps 是 40",
        "在pocket science上",
        "A 更好",
        "data 是 random",
        "normalised",
        "0.41",
    ]
    assert english(fine) == []
    assert english([*fine, "No scores yet.", "Private", "the start", "好。The rest is English."]) == [
        "No scores yet.",
        "Private",
        "the start",
        "好。The rest is English.",
    ]


def test_nothing_is_left_in_english_on_the_first_page(reader):
    page = reader.page
    page.wait_for_function(SNAPSHOTS)
    reader.look("the page")
    reader.unfold("#page")
    reader.click(".ds-wall [data-closer]")
    page.wait_for_selector(".ds-near li")
    reader.look("lens")
    reader.click("[data-slow]")
    page.wait_for_selector(".ds-moves li")
    reader.look("slow motion")
    reader.click("#chart [data-view=experts]")
    if page.is_visible("[data-branch]"):
        reader.click("[data-branch]")
        page.wait_for_selector(".ds-branch-chip")
        reader.look("branch")
        page.click(".ds-branch-chip [data-drop]")
    page.evaluate("document.querySelector('#judge details').open = true")
    page.wait_for_selector(".ds-judge .ds-difference")
    reader.look("judge")
    page.click("[data-share]")
    reader.look("share")
    page.keyboard.press("Escape")
    for tab in page.locator("#box [role=tab]").all():
        tab.click()
        reader.look("reproduce")
    presets = page.locator("#preset label").all()
    for preset in [*presets[1:], presets[0]]:  # the first one is what is chosen already
        about = page.inner_text("#preset-about")
        preset.click()
        page.wait_for_function("(about) => document.querySelector('#preset-about').innerText !== about", arg=about)
        reader.look("preset")
    reader.unfold("#form")
    page.locator("#setting-max_start input").first.fill("99")
    page.wait_for_selector("#form-message [role=alert]")
    reader.look("bad input")
    assert not reader.left, said(reader.left)


EXPLAINED = 21  # words of the first page, however many terms other pages add to the glossary


def test_nothing_is_left_in_english_in_any_lesson_nor_in_the_glossary(reader):
    page = reader.page
    page.wait_for_function(SNAPSHOTS)
    for number, lesson in enumerate(lessons()):
        page.click(f"[data-lesson='{number}']")
        for _ in lesson["steps"]:
            reader.look(lesson["name"])
            page.click(".ds-lesson [data-go='1']")
        for option in range(len(lesson["question"]["options"])):
            page.click(f"[data-option='{option}']")
            reader.look(lesson["name"])
        page.keyboard.press("Escape")
    page.wait_for_selector(".ds-term")
    for term in page.locator(".ds-term:visible").all()[:12]:
        term.click()
        reader.look("glossary")
        page.keyboard.press("Escape")  # what is said of one word may cover the next
    found = len(page.locator(".ds-term").all())
    assert found >= EXPLAINED, "Chinese words are explained in place too"
    assert not reader.left, said(reader.left)


def test_nothing_is_left_in_english_on_the_page_that_compares(reader):
    page = reader.page
    page.click(".ds-pages a:has-text('对比')")
    page.wait_for_selector("#compare-runs li")
    page.wait_for_selector(".ds-overlay[data-points]:not([data-points='0'])")
    reader.look("compare")
    for selector in ("[data-view=cosine]", "[data-view=regulariser]", "[data-axis=elapsed]"):
        reader.click(f".ds-overlay {selector}")
    reader.unfold("#compare-page")
    while page.locator("#compare-runs [data-drop]").count():
        before = page.locator("#compare-runs [data-drop]").count()
        page.locator("#compare-runs [data-drop]").first.click()
        page.wait_for_function(f"document.querySelectorAll('#compare-runs [data-drop]').length < {before}")
        reader.look("fewer runs")
    assert not reader.left, said(reader.left)


def test_nothing_is_left_in_english_on_the_bench(reader):
    page = reader.page
    page.click(".ds-pages a:has-text('工作台')")
    page.wait_for_selector("#results .ds-bar")
    page.wait_for_selector("#bench-example .ds-example[data-state=ready]")
    reader.look("bench")
    reader.unfold("#page")
    for view in ("training", "scoring"):
        reader.click(f"#chart [data-view={view}]")
    for preset in page.locator("#bench-preset label").all():
        preset.click()
        page.wait_for_timeout(700)
        reader.look("preset")
    for choice in page.locator("#bench-setting-data label").all():
        choice.click()
        page.wait_for_timeout(700)
        reader.look("data")
    for row in page.locator(".ds-runs [data-open]").all():
        row.click()
        page.wait_for_selector(f"#chart .ds-chart[data-run='{row.get_attribute('data-open')}']", state="attached")
        page.wait_for_timeout(800)
        reader.look("run")
    page.click("[data-example='0']")
    page.wait_for_function("document.querySelector('#ask-question textarea').value")
    page.click("#bench-ask-go, #bench-ask button.primary, button:has-text('提问')")
    page.wait_for_selector(".ds-answers[data-state=ready]")
    reader.look("ask")
    boxes = page.locator(".ds-runs input[type=checkbox]")
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.click("[data-compare]")
    page.wait_for_selector("#bench-compare .ds-difference")
    reader.look("a against b")
    assert not reader.left, said(reader.left)
