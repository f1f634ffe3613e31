"""BA-LoRA's page in a real browser, wide and light, narrow and dark: figures, answers, spectrum, pairs; no axe fault.

Nothing trains here: the recorded run is written by hand (ba_lora_folder.py).
"""

import pytest

from tests import browsing
from tests.ba_lora_folder import write_run
from tests.browsing import Visitor

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
pytestmark = browsing.pytestmark
chromium = browsing.chromium


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ba-lora-browser")
    write_run(folder / "samples" / "planted", seeds=2, items=12)
    server, address = browsing.serve(folder, ["true"], folder / "samples")
    yield address
    browsing.end(server, folder)


class Reader(Visitor):
    START, CHAPTERS = "/ba-lora", ("pairs", "exhibits")


@pytest.mark.parametrize("width, scheme", [(1280, "light"), (390, "dark")])
def test_figures_open_their_answers_and_the_pictures_answer_a_hand(chromium, address, width, scheme):
    visitor = Reader(chromium, address, width=width, color_scheme=scheme)
    page = visitor.page
    page.wait_for_selector("#spectrum .ds-bars i")
    assert page.get_attribute("#spectrum .ds-spectrum", "data-rows") == str(5 * 2 * 6)
    said = page.inner_text(".ds-moments figcaption")
    page.click("#spectrum [data-centre]")
    assert page.inner_text(".ds-moments figcaption") != said
    page.select_option("#spectrum [data-pick=seed]", "1")
    assert "seed 1" in page.inner_text("#spectrum [data-said]")
    page.click("#tradeoff [data-light=pissa]")
    assert page.locator("#tradeoff .ds-dots-of:not(.ds-back)").count() == 1
    page.select_option("#pairs [data-pick=who]", "lora")
    page.wait_for_selector("#pairs .ds-verdict:has-text('for LoRA')")
    figure = page.locator("#probes button[data-who=ba_lora_strong][data-metric=pair_score]")
    assert figure.is_visible() == (width > 700), "on a phone the first group alone is open"
    if width <= 700:
        page.click("#probes .ds-group button:has-text('Stereotype')")
    figure.click()
    page.wait_for_selector("#probe-answers .ds-flip:visible")
    assert "take the planted side only with BA-LoRA" in page.inner_text("#probe-answers")
    assert page.locator("#probes button[aria-pressed=true]").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = axe.Axe().run(page).response["violations"]
    assert not [(fault["id"], fault["nodes"][0]["html"][:200]) for fault in found if fault["impact"] in SEVERE]
    page.click("#probe-answers [data-close]")
    page.wait_for_selector("#probe-answers .ds-behind", state="detached")
    assert visitor.errors == [] and visitor.elsewhere == []
    visitor.leave()


SEVERE = ("serious", "critical")
