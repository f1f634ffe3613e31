"""What a newcomer's first screen holds: the finding and its button without a click, chapters closed until wanted."""

import pytest

from components.panels.glossary import terms
from tests import browsing
from tests.browsing import ROOT, Visitor, end, serve

pytestmark = browsing.pytestmark
chromium = browsing.chromium

WORDS = """() => {
  const said = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); let count = 0;
  while (said.nextNode()) {
    const text = said.currentNode.textContent.trim(), within = said.currentNode.parentElement;
    if (!text || within.closest("script, style, option, svg, details:not([open]) > :not(summary)")) continue;
    if (!within.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true })) continue;
    count += text.split(/\\s+/).filter((word) => /[\\p{L}\\p{N}]/u.test(word)).length;
  }
  return count;
}"""


class Newcomer(Visitor):
    CHAPTERS = ()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chapters")
    (folder / "worker.py").write_text("")
    server, address = serve(folder, ["true"], ROOT / "assets" / "sample_runs")
    yield address
    end(server, folder)


@pytest.fixture
def newcomer(chromium, address):
    visitor = Newcomer(chromium, address, height=800)
    visitor.page.wait_for_selector(".ds-finding h2")
    yield visitor
    visitor.leave()


def bottom(visitor, selector: str) -> float:
    box = visitor.page.locator(selector).bounding_box()
    return box["y"] + box["height"]


def test_the_sentence_the_picture_and_the_button_are_on_the_first_screen(newcomer):
    for selector in (".ds-finding h2", ".ds-found-arms", "#distil"):
        assert bottom(newcomer, selector) <= 800, selector


def test_on_a_phone_the_sentence_and_the_picture_are_on_the_first_screen(chromium, address):
    visitor = Newcomer(chromium, address, width=390, height=844)
    visitor.page.wait_for_selector(".ds-finding h2")
    assert bottom(visitor, ".ds-to-form") <= 844 and bottom(visitor, ".ds-found-arms ul") <= 844
    visitor.leave()


def test_the_page_is_short_before_anything_is_opened(newcomer):
    newcomer.wait_points(0)
    assert newcomer.page.evaluate("document.documentElement.scrollHeight") <= 2600
    assert newcomer.page.evaluate(WORDS) <= 350


def test_a_chapter_opens_at_a_press_and_stays_open_when_the_page_is_loaded_again(newcomer):
    page, line = newcomer.page, "#chapter-wall .ds-chapter-line button"
    assert page.get_attribute(line, "aria-expanded") == "false" and not page.is_visible("#wall .ds-grid")
    page.click(line)
    page.wait_for_selector("#wall .ds-grid", state="visible")
    page.reload()
    page.wait_for_selector("#wall .ds-grid", state="visible")
    page.click(line)
    page.wait_for_selector("#wall .ds-grid", state="hidden")
    assert page.get_attribute(line, "aria-expanded") == "false"


def test_a_link_to_a_panel_opens_its_chapter(newcomer):
    newcomer.page.click(".ds-finding-next a")
    newcomer.page.wait_for_selector("#wall .ds-grid", state="visible")
    assert newcomer.errors == []


def test_a_lesson_opens_the_chapters_that_it_points_to(newcomer):
    page = newcomer.page
    page.click("#chapter-lessons .ds-chapter-line button")
    page.click(".ds-lesson-list button >> nth=2")
    page.wait_for_selector(".ds-lesson:not([hidden])")
    for _ in range(12):
        if page.is_visible(".ds-chapter .ds-lit, .ds-chapter .ds-card.ds-lit"):
            break
        page.click(".ds-lesson [data-go='1']")
    assert page.is_visible(".ds-lit")


def test_the_glossary_lists_every_word_and_its_formulas_are_no_text_to_translate(newcomer):
    page = newcomer.page
    page.click(".ds-glossary summary")
    assert page.locator(".ds-glossary dt").count() == len(terms()) == page.locator(".ds-glossary dd").count()
    assert page.locator(".ds-glossary [translate=no]").count() == sum("formula" in entry for entry in terms())


def test_a_chapter_with_a_fold_of_its_own_opens_with_one_click(newcomer):
    page = newcomer.page
    page.locator("#chapter-paired .ds-chapter-line button").click()
    page.wait_for_selector("#judge .ds-picks")
    page.wait_for_selector("#judge .ds-against")
