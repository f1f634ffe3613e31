"""Where scrollbars are visible, as on Windows and Linux: nothing on any page has to be scrolled sideways."""

from pathlib import Path

import pytest

from tests import browsing
from tests.browsing import CHROMIUM, FLAGS, Visitor
from tests.profiles import Profiles

pytestmark = browsing.pytestmark
SAMPLES = Path(__file__).parents[3] / "assets" / "sample_runs"
OPEN = """() => {
  document.querySelectorAll("details:not(.ds-save)").forEach((fold) => { fold.open = true; });
  document.querySelectorAll("button.label-wrap:not(.open)").forEach((fold) => fold.click());
}"""
# what has a scrollbar below it; a text field scrolls its own text, which is no box of the page
SIDEWAYS = """() => [...document.querySelectorAll("*")].filter((box) => {
  const look = getComputedStyle(box).overflowX;
  const scrolls = box === document.documentElement ? look !== "hidden" : look === "auto" || look === "scroll";
  return scrolls && box.clientWidth && box.scrollWidth > box.clientWidth && !box.matches("input, textarea, pre");
}).map((box) => `${box.tagName}.${box.className} ${box.scrollWidth} in ${box.clientWidth}`)"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sideways")
    server, address = browsing.serve(folder, ["true"], SAMPLES)
    yield address
    browsing.end(server, folder)


@pytest.fixture(scope="module")
def chromium():
    """With scrollbars that take room: a headless Chromium hides them unless it is told not to."""
    hidden, started = ["--hide-scrollbars"], browsing.OPENED.playwright
    browser = started.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS, ignore_default_args=hidden)
    yield Profiles(browser)
    browser.close()


class Still(Visitor):
    MOTION, READY = "reduce", "#status [data-status], #compare-runs li"


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("page", ["/", "/bench", "/compare"])
def test_nothing_scrolls_sideways_with_every_fold_open(chromium, address, page, width):
    visitor = Still(chromium, address, width, 900, start=page)
    visitor.page.wait_for_selector(".ds-plot:not([hidden]) .main-svg", state="attached")
    assert visitor.page.evaluate("innerWidth - document.documentElement.clientWidth") > 0, "scrollbars are visible"
    visitor.page.evaluate(OPEN)
    visitor.page.wait_for_selector(".label-wrap.open" if page != "/compare" else "details[open] table")
    visitor.page.wait_for_timeout(500)  # folds slide open
    assert visitor.page.evaluate(SIDEWAYS) == []
    visitor.page.evaluate("document.body.style.minWidth = '3000px'")
    assert visitor.page.evaluate(SIDEWAYS), "the search can find"
    visitor.leave()
