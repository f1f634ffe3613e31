"""The page of active inheritance in a real browser: weights re-frame at once, prompts, the pool, the game, a phone."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from backend.runs.folder import RunDir
from backend.studies.active_inheritance.objectives import rechoose
from tests import browsing
from tests.active_inheritance_folder import TALKERS, write_run
from tests.browsing import Visitor

pytestmark = browsing.pytestmark
chromium = browsing.chromium
READY = "document.querySelector('.ds-candidates')?.dataset.prompts === '6' && document.querySelector('.ds-text')"
AT_ONCE = 200  # ms, with all that is drawn beside the frame
PRESS = """(name) => [...document.querySelectorAll('[data-part="objectives"] button')]
  .find((button) => button.textContent === name).click()"""
WEIGH = """([name, weight]) => { const slider = document.querySelector(`[data-weight="${name}"]`);
  slider.value = weight; slider.dispatchEvent(new Event("input", { bubbles: true })); }"""
TIME = """() => { const slider = document.querySelector('[data-weight="length"]'), times = [];
  for (let n = 0; n < 9; n += 1) { slider.value = n % 2 ? 1 : -1; const began = performance.now();
    slider.dispatchEvent(new Event("input", { bubbles: true })); times.push(performance.now() - began); }
  return times.sort((a, b) => a - b)[4]; }"""


class Opened(Visitor):
    CHAPTERS = ("pool", "blind", "results")


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("active-browser")
    write_run(folder / "samples" / "r")
    return folder


@pytest.fixture(scope="module")
def address(samples):
    server, address = browsing.serve(samples, ["true"], samples / "samples")
    yield address
    browsing.end(server, samples)


def kept(page) -> str:
    return page.get_attribute(".ds-candidates", "data-kept")


def test_a_weight_reframes_at_once_and_keeps_what_the_engine_keeps(chromium, address, samples):
    visitor = Opened(chromium, address, start="/active-inheritance")
    page, rows = visitor.page, RunDir(samples / "samples" / "r").rows("pool")
    page.wait_for_function(READY)
    own = [row for row in rows if row["talker"] == TALKERS[0]]
    for button, objective in (("Longest", "length"), ("Least rude", "polite"), ("Most varied by MTLD", "mtld")):
        page.evaluate(PRESS, button)
        _, talker, number = rechoose(own, objective, k=4, equal_words=50)[0]
        assert kept(page) == f"{talker} {number}", button
        assert page.locator(".ds-kept").count() == 1
    page.evaluate(PRESS, "Longest")
    assert "Selection moves Length by +" in page.inner_text("[data-moved]")
    page.evaluate(WEIGH, ["length", -1])
    _, talker, number = rechoose(own, "short", k=4)[0]
    assert kept(page) == f"{talker} {number}" and "Length by \u2212" in page.inner_text("[data-moved]")
    assert page.evaluate(TIME) < AT_ONCE
    page.click("[data-go='1']")
    page.wait_for_function("document.querySelector('.ds-candidates').dataset.seen === '1'")
    assert "beast 1" in page.inner_text(".ds-about-what") and page.locator(".ds-text mark").count() > 0
    page.wait_for_function("document.querySelector('.ds-pool').dataset.texts === '24'")
    assert page.locator(".ds-scatter .ds-kept-dots").count() == 1 and page.locator(".ds-matrix td").count() > 8
    page.click("#profile button[data-objective='polite']")
    assert page.locator("#profile div[data-objective]:visible").get_attribute("data-objective") == "polite"
    page.click("#blind [data-deal]")
    for _ in range(3):
        page.locator("#blind [data-guess]").first.click()
    assert "of 3 rounds" in page.inner_text("#blind [data-said]") and page.locator("#blind .ds-by-best").count() == 3
    assert not visitor.errors and not visitor.elsewhere
    visitor.leave()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_nothing_is_scrolled_sideways_and_there_is_no_serious_axe_fault(chromium, address, width, scheme):
    visitor = Opened(chromium, address, width, start="/active-inheritance", color_scheme=scheme)
    page = visitor.page
    page.wait_for_function(READY)
    page.click("#blind [data-open]")
    page.wait_for_selector("#blind .ds-by-best")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = Axe().run(page).response["violations"]
    serious = [fault for fault in found if fault["impact"] in ("serious", "critical")]
    assert not [(fault["id"], [node["html"][:120] for node in fault["nodes"][:3]]) for fault in serious]
    assert not visitor.errors
    visitor.leave()
