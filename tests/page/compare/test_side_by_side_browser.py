"""Runs side by side in a real browser: two recorded ones, a live one that keeps the zoom, a forged key, phone width."""

import json
import shutil
import sys

import pytest

from tests import browsing
from tests.browsing import ROOT, end, serve
from tests.page.frame.test_browser import STAND_IN

pytestmark = browsing.pytestmark
chromium = browsing.chromium
BOTH = ("quick", "standard")  # recorded runs


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The app with its two recorded runs and a stand-in for the worker."""
    folder = tmp_path_factory.mktemp("side-by-side")
    for name in BOTH:
        shutil.copytree(ROOT / "assets" / "sample_runs" / name, folder / "samples" / name)
    (folder / "worker.py").write_text(STAND_IN)
    server, address = serve(folder, [sys.executable, str(folder / "worker.py")], folder / "samples")
    yield address
    end(server, folder)


def rows_of(name: str, file: str) -> list[dict]:
    text = (ROOT / "assets" / "sample_runs" / name / file).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def seconds_of(name: str) -> float:
    """The sum of the updates' own times, from the recorded run's file."""
    total = sum(row["seconds"] for row in rows_of(name, "metrics.jsonl") if row["stage"] == "distil")
    assert total > 5, "the recorded run has a clock"
    return total


def updates(*names: str) -> int:
    """What the charts of these recorded runs draw."""
    return sum(row["stage"] == "distil" for name in names for row in rows_of(name, "metrics.jsonl"))


def half_way(name: str) -> str:
    """The snapshot that a slider in the middle shows: the last one before half of the run's way."""
    steps = [row["step"] for row in rows_of(name, "prompts.jsonl")]
    return f"update {max(step for step in steps if step <= max(steps) / 2)}"


class Visitor(browsing.Visitor):
    """One browser profile on the page, once the runs stand there."""

    START, READY = "/compare", "#compare-runs li"

    def points(self) -> int:
        return int(self.page.get_attribute(".ds-overlay", "data-points"))

    def wait_points(self, more_than: int, seconds: int = 30) -> None:
        script = f"Number(document.querySelector('.ds-overlay')?.dataset.points) > {more_than}"
        self.page.wait_for_function(script, timeout=seconds * 1000)

    def letters(self) -> list[str]:
        return self.page.locator("#compare-runs li .ds-vs-badge").all_inner_texts()

    def plot(self, expression: str):
        return self.page.evaluate(f"document.querySelector('#compare-chart .ds-plot').{expression}")

    def axis_title(self, text: str) -> None:
        """Wait until the x axis is called so."""
        title = "document.querySelector('#compare-chart .ds-plot')._fullLayout.xaxis.title.text"
        self.page.wait_for_function(f"(text) => {title} === text", arg=text)

    def closed(self) -> None:
        self.close()
        assert self.errors == []
        assert self.elsewhere == [], "no request may leave the server's own address"


@pytest.fixture
def visitor(chromium, address):
    visitor = Visitor(chromium, address)
    yield visitor
    visitor.closed()


def test_two_recorded_runs_lie_side_by_side(visitor):
    page = visitor.page
    visitor.wait_points(updates(*BOTH) - 1)
    assert visitor.letters() == ["A", "B"] and visitor.points() == updates(*BOTH)
    page.wait_for_selector("#compare-chart .js-line")
    names = visitor.plot("_fullLayout.annotations.map((a) => a.text).join()")
    assert "<b>A</b> Quick" in names and "<b>B</b> Standard" in names and "1 = learned nothing" in names
    dashes = visitor.plot("data.filter((t) => t.mode === 'lines').map((t) => t.line.dash)")
    assert len(set(dashes)) == 2, "a dash tells them apart where no colour does"
    page.click("[data-axis=elapsed]")
    visitor.axis_title("seconds spent on updates")
    assert visitor.plot("data.at(-1).x.at(-1)") == pytest.approx(seconds_of("standard"), abs=0.01)
    page.click("#compare-chart [data-view=cosine]")
    assert visitor.plot("_fullLayout.yaxis.type") == "linear"
    page.wait_for_selector("#compare-settings tbody tr >> nth=5")
    page.hover("#compare-settings tbody tr:first-child th")
    page.wait_for_selector("#ds-vs-help-0")
    assert not page.is_visible("#ds-vs-help-1")
    page.wait_for_selector(".ds-vs-cell >> nth=15")
    assert page.locator(".ds-vs-cell").count() == 16 and page.locator(".ds-vs-cell mark").count() > 8
    page.locator("#compare-prompts input").fill("50")
    assert page.locator(".ds-vs-head small").all_inner_texts() == [half_way("quick"), half_way("standard")]
    page.locator("#compare-prompts input").fill("0")
    assert page.locator(".ds-vs-cell mark").count() == 0, "at the start nothing has changed"
    assert "Only the 300 questions asked of both count here; the means below count all." in page.inner_text(
        ".ds-vs-verdicts"
    )
    page.locator("[data-drop]").first.click()
    page.wait_for_selector("#compare-runs section[data-runs='1']")
    assert visitor.letters() == ["B"] and "Add another one" in page.inner_text("#compare-runs")


def go(visitor, page: str, stands: str) -> None:
    """Follow a link in the header; the page is there when `stands` is."""
    visitor.page.click(f".ds-pages a:text-is('{page}')")
    visitor.page.wait_for_selector(stands)


def said(visitor, *keys: str) -> None:
    """Until the address names these runs."""
    visitor.page.wait_for_function(
        "(runs) => new URLSearchParams(location.search).get('runs') === runs", arg=",".join(keys)
    )


def test_a_live_run_grows_beside_a_recorded_one_and_the_zoom_stays(visitor):
    page = visitor.page
    go(visitor, "Distil text", "#status [data-recorded=true]")
    visitor.start_long()
    page.wait_for_selector("#status [data-status=running]")
    key = page.get_attribute("#chart .ds-chart", "data-run")
    page.click("#compare-this a")
    page.wait_for_selector("#compare-runs li[data-state=running]")
    said(visitor, key, "recorded/quick")
    visitor.wait_points(visitor.points() + 2)
    page.wait_for_selector(".ds-vs-cell >> nth=0")
    assert page.locator(".ds-vs-cell img").count() == 0, "a prompt is text, whatever it says"
    zoomed, before = visitor.zoom("#compare-chart"), visitor.points()
    visitor.wait_points(before + 4)
    assert visitor.plot("_fullLayout.xaxis.range") == zoomed, "ticks must not lose the zoom"
    compared = page.url
    go(visitor, "Distil text", "#status [data-status=running]")
    page.click("#stop")
    page.wait_for_selector("#status [data-status=stopped]")
    page.goto(compared)
    page.wait_for_selector("#compare-runs li[data-state=stopped]")
    said(visitor, key, "recorded/quick")
    assert "Stopped in distil at" in page.inner_text("#compare-runs")


def test_an_address_of_a_comparison_opens_it_and_back_and_forward_bring_the_choice_before(visitor):
    page, both = visitor.page, "#compare-runs section[data-runs='2']"
    page.goto(f"{visitor.address}/compare?runs=recorded/standard,recorded/quick")
    page.wait_for_selector(both)
    names = "#compare-runs li [translate=no]:not(.ds-vs-badge)"
    assert page.locator(names).all_inner_texts() == ["Standard", "Quick"]
    page.locator("[data-drop]").first.click()
    page.wait_for_selector("#compare-runs section[data-runs='1']")
    said(visitor, "recorded/quick")
    page.go_back()
    page.wait_for_selector(both)
    said(visitor, "recorded/standard", "recorded/quick")
    page.go_forward()
    page.wait_for_selector("#compare-runs section[data-runs='1']")
    said(visitor, "recorded/quick")


def test_a_link_of_before_arrives(visitor):
    page = visitor.page
    page.goto(f"{visitor.address}/?tab=compare")
    page.wait_for_selector("#compare-runs section[data-runs='2']")
    assert page.evaluate("location.pathname") == "/compare"


def test_another_visitors_run_cannot_be_chosen_by_a_forged_event(chromium, address, visitor):
    other = Visitor(chromium, address)
    try:
        go(other, "Distil text", "#status [data-recorded=true]")
        other.page.click("#distil")
        other.wait_run()
        key = other.page.get_attribute("#chart .ds-chart", "data-run")
    finally:
        other.closed()
    assert key.startswith("own/")
    page = visitor.page
    page.evaluate(
        """(key) => {
          const head = document.querySelector("#compare-runs li");
          head.dataset.key = key;
          document.querySelectorAll("[data-drop]")[1].click();
        }""",
        key,
    )
    page.wait_for_selector("#compare-runs section[data-runs='0']")
    assert key not in page.content()


def test_a_phone_scrolls_in_one_direction_only(chromium, address):
    phone = Visitor(chromium, address, 390, 844)
    phone.wait_points(updates(*BOTH) - 1)
    phone.page.wait_for_selector("#compare-results .ds-vs-panel")
    phone.page.wait_for_selector(".ds-vs-cell")
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
    widths = phone.page.locator(".ds-vs-cell").evaluate_all("(all) => all.map((one) => one.offsetWidth)")
    assert min(widths) > 250, "the columns of prompts stack"
    small = phone.page.locator("#compare-page button:visible, #compare-page select").evaluate_all(
        "(all) => all.filter((b) => b.offsetHeight < 40 && !b.closest('th, .modebar')).map((b) => b.outerHTML)"
    )
    assert small == []
    phone.closed()
