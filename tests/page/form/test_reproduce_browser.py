"""The box "Reproduce this" in a real browser: it follows the form, copies, and what it copies starts the same run."""

import json
import subprocess
import sys

import pytest

from tests import browsing
from tests.browsing import Visitor, end, serve
from tests.page.frame.test_browser import STAND_IN

pytestmark = browsing.pytestmark
chromium = browsing.chromium
TABS = ("yaml", "command", "python", "http")
# what the button says from now on: it says that it copied for a second and a half, or until the box is drawn anew
KEEP_SAID = """() => {
  window.said = [];
  new MutationObserver(() => said.push(document.querySelector("#box [data-copy]")?.textContent))
    .observe(document.body, { childList: true, subtree: true, characterData: true });
}"""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reproduce")
    (folder / "worker.py").write_text(STAND_IN)
    server, address = serve(folder, [sys.executable, str(folder / "worker.py")])
    yield folder, address
    end(server, folder)


@pytest.fixture
def visitor(chromium, served):
    visitor = Visitor(chromium, served[1])
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.page.click("#reproduce .label-wrap")
    visitor.page.wait_for_selector("#box [role=tab]")
    yield visitor
    visitor.close()
    assert visitor.errors == []
    assert visitor.elsewhere == [], "no request may leave the server's own address"


def texts(page) -> dict[str, str]:
    found = {}
    for tab in TABS:
        page.click(f"#box [role=tab][data-tab={tab}]")
        assert page.get_attribute(f"#box [role=tab][data-tab={tab}]", "aria-selected") == "true"
        found[tab] = page.locator("#box code").text_content()
    return found


def wait_text(page, part: str, seconds: int = 30) -> None:
    script = "(part) => document.querySelector('#box code').textContent.includes(part)"
    page.wait_for_function(script, arg=part, timeout=seconds * 1000)


def set_seeds(page, seeds: int, part: str) -> None:
    """Type it until the box tells it: what the server still sends of a page just opened may write over a field."""
    for _ in range(3):
        page.fill("#setting-seeds input[type=number]", str(seeds))
        page.press("#setting-seeds input[type=number]", "Tab")
        try:
            return wait_text(page, part, seconds=10)
        except browsing.playwright.TimeoutError:
            continue
    raise AssertionError(f"the box never told {part}")


def test_the_four_texts_follow_the_form_and_the_preset(visitor):
    page = visitor.page
    visitor.open_setting("seeds")
    set_seeds(page, 7, "seeds: 7")
    found = texts(page)
    assert "--set seeds=7" in found["command"]
    assert '"seeds": 7,' in found["python"]
    assert '"quick", {"seeds": 7}, ""' in found["http"]
    assert found["http"].startswith(f"START={visitor.address}/gradio_api/run/start\n")
    page.click("#score-after input")
    wait_text(page, '"experts,distil,decode"')
    assert all("experts,distil,decode" in text for text in texts(page).values())
    page.click("#preset label:has-text('Standard')")
    wait_text(page, '"standard", {}, ""')
    assert all("standard" in text and "seeds" not in text for text in texts(page).values())


def test_a_form_that_holds_no_run_shows_no_text_and_says_so(visitor):
    page = visitor.page
    visitor.open_setting("max_start")
    page.fill("#setting-max_start input", "99")
    page.press("#setting-max_start input", "Tab")
    page.wait_for_selector("#form-message [role=alert]")
    page.wait_for_selector("#box pre", state="hidden")
    assert page.locator("#box [data-copy]").is_hidden()
    assert "until the form is complete" in page.inner_text("#box [data-note]")
    page.fill("#setting-max_start input", "1")
    page.press("#setting-max_start input", "Tab")
    page.wait_for_selector("#box pre", state="visible")


def test_the_tabs_are_walked_with_the_arrow_keys(visitor):
    page = visitor.page
    page.focus("#box [role=tab][data-tab=yaml]")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.dataset.tab") == "http"
    page.keyboard.press("Home")
    assert page.evaluate("document.activeElement.dataset.tab") == "yaml"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "PRE"


def test_the_request_that_is_copied_starts_the_run_that_the_button_starts(visitor, served):
    folder, _ = served
    page = visitor.page
    visitor.open_setting("seeds")
    page.click("#box [role=tab][data-tab=http]")
    set_seeds(page, 3, '{"seeds": 3}')
    page.evaluate(KEEP_SAID)
    page.click("#box [data-copy]")
    page.wait_for_function("said.includes('Copied')")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#box code").text_content()
    done = subprocess.run(["bash", "-c", copied], capture_output=True, text=True, timeout=60, check=True)
    answer = json.loads(done.stdout)["data"][0]
    page.click("#distil")
    visitor.wait_state("queued", "running")
    mine = folder / "home" / "runs" / answer["owner"] / answer["run"].partition("/")[2] / "config.json"
    others = [path for path in (folder / "home" / "runs").glob("*/*/config.json") if path != mine]
    assert [json.loads(path.read_text()) for path in others] == [json.loads(mine.read_text())]
    visitor.stop()


def test_on_a_phone_the_box_fits_and_is_large_enough_to_touch(chromium, served):
    visitor = Visitor(chromium, served[1], width=390, height=800)
    page = visitor.page
    page.click("#reproduce .label-wrap")
    page.wait_for_selector("#box [role=tab]")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    heights = page.eval_on_selector_all("#box button", "all => all.map(one => one.getBoundingClientRect().height)")
    assert len(heights) == 6
    assert min(heights) >= 40
    assert visitor.errors == []
    visitor.leave()


DROP = """(text) => {
  const data = new DataTransfer();
  data.items.add(new File([text], "run.yaml", { type: "application/yaml" }));
  const at = document.querySelector("#page");
  const how = { dataTransfer: data, bubbles: true, cancelable: true };
  for (const name of ["dragover", "drop"]) at.dispatchEvent(new DragEvent(name, how));
}"""


def test_a_yaml_file_that_is_dropped_or_chosen_fills_the_form(visitor, tmp_path):
    page = visitor.page
    visitor.open_setting("seeds")
    page.evaluate(DROP, "study: text_distillation\npreset: paper\nchanges: {seeds: 3}")
    page.wait_for_selector("#changes [data-count='1']")
    assert (
        page.is_checked("#preset input[value=paper]") and page.input_value("#setting-seeds input[type=number]") == "3"
    )
    page.evaluate(DROP, "study: bench")
    page.wait_for_selector("#form-message [role=alert]:has-text('another study: bench')")
    assert page.input_value("#setting-seeds input[type=number]") == "3", "nothing is lost"
    (tmp_path / "again.yml").write_text("study: text_distillation\npreset: quick\nchanges: {seeds: 5}")
    page.set_input_files("#box input[type=file]", tmp_path / "again.yml")
    page.wait_for_function("document.querySelector('#setting-seeds input[type=number]').value === '5'")
    assert page.is_checked("#preset input[value=quick]") and page.locator("#form-message [role=alert]").count() == 0
