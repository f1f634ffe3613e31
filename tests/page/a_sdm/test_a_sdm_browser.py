"""A-SDM's page in a real browser, wide and light, narrow and dark: every picture answers a hand; no axe fault.

Nothing is drawn by a net here: the recorded run is written by hand (a_sdm_folder.py).
"""

import json
from pathlib import Path

import pytest

from tests import browsing
from tests.a_sdm_folder import PROMPTS, STEPS, plan, write_run
from tests.browsing import Visitor
from tests.chinese import SAID, english

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
pytestmark = browsing.pytestmark
chromium = browsing.chromium
SEVERE = ("serious", "critical")
QUICK_MS = 100  # from an edit of the map to what it predicts
CARDS = ("race", "plan-map", "inherited", "workbench", "switch", "front", "results")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("a-sdm-browser")
    write_run(folder / "samples" / "faster")
    server, address = browsing.serve(folder, ["true"], folder / "samples")
    yield address
    browsing.end(server, folder)


class Reader(Visitor):
    START, CHAPTERS, READY = "/a-sdm", (), "#race .ds-sdm-race[data-state=ready]"


class Mover(Reader):
    MOTION = "no-preference"


def plan_on(page) -> dict:
    return json.loads(page.get_attribute("#plan-map .ds-sdm-map", "data-plan"))


@pytest.mark.parametrize("width, scheme", [(1280, "light"), (390, "dark")])
def test_race_map_and_front_answer_a_hand(chromium, address, width, scheme):
    visitor = Reader(chromium, address, width=width, color_scheme=scheme)
    page = visitor.page
    assert "2.30 times as fast. Likeness to the full picture: PSNR 36.2 dB." in page.inner_text("#race [data-finish]")
    assert page.locator("#race [data-lane=fast] .ds-sdm-good").count() == 1
    page.locator("#race [data-step]").fill("3")
    assert page.get_attribute("#race .ds-sdm-race", "data-frame") == "3"
    cell = page.locator("#plan-map td[data-i]").nth(STEPS + 1)  # the second row, step 1
    before = cell.get_attribute("data-planned")
    cell.click()
    assert cell.get_attribute("data-planned") != before
    assert float(page.get_attribute("#plan-map .ds-sdm-map", "data-ms")) < QUICK_MS
    page.click("#inherited [data-level=layer]")
    assert int(page.get_attribute("#inherited .ds-sdm-inherited", "data-rows")) > 20
    page.locator("#workbench [data-layer]").first.click()
    assert "estimated" in page.inner_text("#workbench .ds-sdm-numbers")
    assert page.locator("#workbench [data-experts] rect").count() == 2 * 2 * STEPS
    assert "over 3 nets, the kept kernel counts 0.51 and a pruned one" in page.inner_text("#workbench [data-said]")
    page.locator("#switch [data-at]").fill("5")
    assert "Measured: 1.20 ×, 33.5 ± 0.6 dB. The other order: 28.5 ± 0.6 dB." in page.inner_text("#switch [data-said]")
    page.locator("#front [data-id='deep1@every2']").press("Enter")
    page.wait_for_selector("#front .ds-sdm-pairs figure")
    assert page.locator("#front .ds-sdm-pairs figure").count() == len(PROMPTS)
    page.click("#front [data-show-map]")
    assert {one["module"] for one in plan_on(page)["inherit"]} >= {"mid_block", "up_blocks.1"}
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = axe.Axe().run(page).response["violations"]
    assert not [(fault["id"], fault["nodes"][0]["html"][:200]) for fault in found if fault["impact"] in SEVERE]
    assert visitor.errors == [] and visitor.elsewhere == []
    visitor.leave()


def test_the_map_is_edited_by_keys_rows_steps_presets_and_files(chromium, address):
    visitor = Reader(chromium, address)
    page = visitor.page
    page.click("#plan-map [data-clear]")
    assert plan_on(page)["inherit"] == [] and page.is_disabled("#plan-map [data-measure]")
    page.locator("#plan-map td[tabindex='0']").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", " "):
        page.keyboard.press(key)
    assert plan_on(page)["inherit"] == [{"module": "down_blocks.0", "reading": "output", "at": [2]}]
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("down 1, step 2: inherited")
    page.click("#plan-map [data-column='4']")
    page.click("#plan-map .ds-sdm-name:has-text('middle')")
    assert [one["at"] for one in plan_on(page)["inherit"]] == [[2, 4], [1, 3, 5, 7, 9]]
    page.click("#plan-map [data-fold] >> nth=1")
    assert page.locator("#plan-map tr[data-depth='1']").count() == 5
    page.locator("#plan-map td[data-step='0']").first.click()
    assert "Step 0 is always computed" in page.inner_text("#plan-map [data-refused]")
    page.select_option("#plan-map [data-what]", label="DeepCache, branch 0")
    page.select_option("#plan-map [data-when]", label="Every third step")
    [one] = plan_on(page)["inherit"]
    assert one == {"module": "up_blocks.2.resnets.1", "reading": "output", "at": [1, 2, 4, 5, 7, 8]}
    with page.expect_download() as download:
        page.click("#plan-map [data-download]")
    assert json.loads(Path(download.value.path()).read_text()) == plan_on(page)
    for name, text, said in (
        ("mine.json", json.dumps(plan("mid_block", at=[0, 1])), "inherits at step 0"),
        ("odd.json", json.dumps(plan("mid_block", "nowhere")), "names parts that this net lacks"),
        ("no.json", "[]", "This file is no plan"),
    ):
        page.set_input_files("#plan-map [data-open]", {"name": name, "mimeType": "text/json", "buffer": text.encode()})
        page.wait_for_selector(f"#plan-map [data-refused]:has-text('{said}')")
    assert [one["module"] for one in plan_on(page)["inherit"]] == ["mid_block"]
    assert visitor.errors == []
    visitor.leave()


def test_a_net_to_be_trained_is_in_the_form_after_one_press_and_the_start_is_at_hand(chromium, address):
    visitor = Reader(chromium, address)
    page = visitor.page
    page.select_option("#workbench [data-arm]", "small")
    page.click("#workbench [data-train]")
    page.wait_for_selector("#preset input[value=net]:checked", state="attached")
    page.wait_for_selector("#form:has-text('arms base')")
    assert page.evaluate("document.activeElement.id") == "go"
    page.select_option("#workbench [data-arm]", "full")
    assert page.locator("#workbench [data-train]").is_hidden()
    assert visitor.errors == []
    visitor.leave()


def test_a_race_moves_unless_a_visitor_wants_no_motion(chromium, address):
    visitor = Mover(chromium, address)
    page = visitor.page
    page.click("#race [data-play]")
    page.wait_for_selector("#race [data-film][data-over=false]")
    page.click("#race [data-pace=real]")
    page.wait_for_selector("#race [data-film][data-over=true]")
    assert "real time" in page.inner_text("#race [data-how]")
    visitor.leave()


def test_prompts_are_completed_unknown_words_named_and_nothing_typed_is_lost(chromium, address):
    visitor = Reader(chromium, address)
    page = visitor.page
    page.fill("#race [data-prompt]", "two re")
    page.click("#race .ds-sdm-words button:has-text('red')")
    assert page.input_value("#race [data-prompt]") == "two red "
    page.fill("#race [data-prompt]", "two zebras above")
    assert page.inner_text("#race [data-unknown] b") == "zebras"
    page.fill("#race [data-noise]", "-4")
    page.click("#race [data-race]")
    page.wait_for_selector("#race .ds-failure:has-text('This is no number of a noise.')")
    assert page.input_value("#race [data-prompt]") == "two zebras above"
    page.select_option("#race [data-recorded]", "0")
    page.wait_for_selector("#race .ds-sdm-race[data-state=ready]")
    assert page.locator("#race .ds-failure").count() == 0
    visitor.leave()


def test_in_chinese_no_english_is_left_in_any_panel(chromium, address):
    visitor = Reader(chromium, address, start="/a-sdm?lang=zh")
    page = visitor.page
    page.wait_for_selector("html[lang=zh-CN] #front [data-id]")
    left = {}

    def look() -> None:
        page.wait_for_timeout(300)
        for card in ("status", *CARDS):
            inside = SAID.replace("document.documentElement", f"document.querySelector('#{card}')")
            left.update(dict.fromkeys(english(page.evaluate(inside)), card))

    look()
    page.evaluate("document.querySelectorAll('#results details').forEach((fold) => { fold.open = true; })")
    page.fill("#race [data-prompt]", "two zebras above")
    page.fill("#race [data-noise]", "-4")
    page.click("#race [data-race]")
    page.wait_for_selector("#race .ds-failure")
    for fold in (1, 2):
        page.locator("#plan-map [data-fold]").nth(fold).click()
    page.locator("#plan-map td[data-step='0']").first.click()
    page.click("#inherited [data-level=layer]")
    page.locator("#workbench [data-layer]").first.click()
    page.click("#switch [data-way=full]")
    page.locator("#front [data-id='deep1@every2']").press("Enter")
    page.wait_for_selector("#front .ds-sdm-pairs figure")
    look()
    page.click("#inherited [data-level=unit]")
    page.click("#plan-map [data-clear]")
    page.select_option("#workbench [data-arm]", "scratch_task")
    page.locator("#switch [data-at]").fill("1")
    look()
    assert left == {}
    visitor.leave()
