"""LightCLIP's page in a real browser, wide and light, narrow and dark: arcs, labels, hidden words, the ablation.

Nothing trains here: the recorded run is written by hand (light_clip_folder.py).
"""

import pytest

from tests import browsing
from tests.browsing import Visitor
from tests.light_clip_folder import write_run

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
pytestmark = browsing.pytestmark
chromium = browsing.chromium
SEVERE = ("serious", "critical")
SLIDE = """([panel, at]) => { const slider = document.querySelector(`${panel} .ds-scrub input`);
  slider.value = at; slider.dispatchEvent(new Event("input", { bubbles: true })); }"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("light-browser")
    write_run(folder / "samples" / "light", seeds=2)
    server, address = browsing.serve(folder, ["true"], folder / "samples")
    yield address
    browsing.end(server, folder)


class Reader(Visitor):
    START, CHAPTERS = "/light-clip", ()


def look_at_words(page) -> None:
    """Another picture, rule, word and step, and every arc ends on a patch."""
    page.click("#matches [data-picture='2']")
    page.wait_for_function("document.querySelector('.ds-light-matches').dataset.seen === '2 300'")
    assert page.locator("#matches .ds-light-side").count() == 2
    naming = page.locator("#matches [data-arm=tokens] .ds-light-arc").count()
    assert naming == page.locator("#matches [data-arm=base] .ds-light-arc").count() > 1
    assert page.locator("#matches .ds-light-line i").count() % 16 == 0
    page.click("#matches [data-rule=row_max]")
    assert page.get_attribute("#matches [data-rule=row_max]", "aria-pressed") == "true"
    page.locator("#matches [data-arm=tokens] .ds-light-chips label").nth(1).click()
    assert page.locator("#matches .ds-light-shade").count() == 2 * 16, "one word is lit on both sides"
    said = page.inner_text("#matches .ds-light-spark figcaption")
    page.evaluate(SLIDE, ["#matches", 1])
    assert page.inner_text("#matches .ds-scrub output") == "step 60"
    assert page.inner_text("#matches .ds-light-spark figcaption") != said


def look_at_labels(page) -> None:
    """The label at two steps: what is given away grows."""
    page.wait_for_selector("#labels .ds-light-others li")
    page.evaluate(SLIDE, ["#labels", 0])
    assert "Step 0: 0.0 % of the label is given away." in page.inner_text("#labels [data-told]")
    page.click("#labels [data-step='300']")
    assert "Step 300: 30 % of the label" in page.inner_text("#labels [data-told]")
    assert page.locator("#labels .ds-light-moment").count() == 6 and page.locator("#labels .ds-light-true").count() > 0


@pytest.mark.parametrize("width, scheme", [(1280, "light"), (390, "dark")])
def test_pictures_answer_a_hand_and_nothing_is_scrolled_sideways(chromium, address, width, scheme):
    visitor = Reader(chromium, address, width=width, color_scheme=scheme)
    page = visitor.page
    page.wait_for_selector("#matches .ds-light-arc")
    look_at_words(page)
    look_at_labels(page)
    card = page.locator("#masked .ds-light-card").first
    card.locator("[data-hide][aria-pressed=false]").first.click()
    assert card.locator(".ds-light-both:visible").count() == 1 and card.locator(".ds-light-hit:visible").count() == 2
    page.click("#ablation [data-metric=t2i5]")
    assert page.locator("#ablation .ds-light-detail:visible").get_attribute("data-of") == "t2i5"
    assert page.locator("#curves .ds-light-plot").count() == 3
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = axe.Axe().run(page).response["violations"]
    assert not [(fault["id"], fault["nodes"][0]["html"][:200]) for fault in found if fault["impact"] in SEVERE]
    assert visitor.errors == [] and visitor.elsewhere == []
    visitor.leave()
