"""Every screen, light and dark, for people who read by keyboard, screen reader or with less contrast (axe-core)."""

from pathlib import Path

import pytest

from tests import browsing
from tests.browsing import Visitor, playwright  # noqa: F401 - skips this file where there is no browser

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
chromium = browsing.chromium
pytestmark = browsing.pytestmark
SAMPLES = Path(__file__).parents[3] / "assets" / "sample_runs"
OURS = ("serious", "critical")
BARE = """() => {
    const node = document.activeElement, style = getComputedStyle(node);
    const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    return seen || node === document.body ? [] : [node.outerHTML.slice(0, 90)];
}"""  # what has the focus and does not show it
SETTLE_MS = 300  # Gradio's own fades are not asked to be still


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("access")
    server, address = browsing.serve(folder, ["true"], SAMPLES)
    yield address
    browsing.end(server, folder)


@pytest.fixture(params=["light", "dark"])
def visitor(chromium, address, request):
    visitor = Visitor(chromium, address, start=f"/?__theme={request.param}")
    visitor.theme = request.param
    yield visitor
    visitor.leave()


def complaints(visitor: Visitor, within: str | None = None) -> list[str]:
    """What axe-core finds that is serious or critical, on the whole page or in one place: rule, places and why."""
    visitor.page.wait_for_selector("[data-playing]", state="detached")  # words flash while a film plays
    visitor.page.wait_for_timeout(SETTLE_MS)
    found = axe.Axe().run(visitor.page, within).response["violations"]
    return [
        f"{one['id']}: {[node['target'] for node in one['nodes']]} {one['nodes'][0]['failureSummary']}"
        for one in found
        if one["impact"] in OURS
    ]


def test_the_run_on_screen_with_lens_and_judge_open(visitor):
    page = visitor.page
    visitor.wait_points(more_than=0)
    assert complaints(visitor) == []
    page.locator("#wall [data-closer]").first.click()
    page.wait_for_selector(".ds-near li")
    page.click("#judge summary")
    page.wait_for_selector("#judge .ds-picks")
    assert complaints(visitor) == []
    assert visitor.errors == [] and visitor.elsewhere == []


def test_the_form_with_every_fold_open(visitor):
    for fold in visitor.page.locator("#form .ds-fold > button").all():
        fold.click()
    assert complaints(visitor) == []


def test_every_lesson(visitor):
    page = visitor.page
    page.wait_for_selector(".ds-lesson-list button")
    for lesson in range(page.locator(".ds-lesson-list button").count()):
        page.locator(".ds-lesson-list button").nth(lesson).click()
        page.wait_for_selector(".ds-lesson")
        assert complaints(visitor, "#lessons") == []  # the panels it lights up are looked at elsewhere


def visit(visitor: Visitor, page: str) -> None:
    """Another page of the app, in the colours of the first."""
    visitor.page.goto(f"{visitor.address}/{page}?__theme={visitor.theme}")


def test_the_bench_with_a_run_and_a_comparison(visitor):
    page = visitor.page
    visit(visitor, "bench")
    page.wait_for_selector("#results .ds-panel")
    page.wait_for_selector("#bench-example .ds-example:not([data-state=waiting])")
    assert complaints(visitor) == []


def test_runs_side_by_side(visitor):
    page = visitor.page
    visit(visitor, "compare")
    page.wait_for_selector("#compare-results .ds-panel")
    page.wait_for_selector("#compare-chart .js-line")
    assert complaints(visitor) == []


def test_whoever_comes_by_keyboard_sees_where_they_are(visitor):
    page, bare = visitor.page, []
    visitor.wait_points(more_than=0)
    for _ in range(60):
        page.keyboard.press("Tab")
        bare += page.evaluate(BARE)
    assert bare == []


def test_escape_closes_the_lens_and_slow_motion_and_leaves_a_lesson_open(visitor):
    page = visitor.page
    visitor.wait_points(more_than=0)
    page.click("[data-lesson='0']")
    for opener, panel in (("#wall [data-closer='2']", ".ds-lens"), ("#wall [data-slow]", ".ds-slow")):
        page.locator(opener).first.dispatch_event("click")  # the lesson's card may lie over it
        page.wait_for_selector(panel)
        page.keyboard.press("Escape")
        page.wait_for_selector(panel, state="hidden")
        assert page.is_visible(".ds-lesson")
        page.wait_for_function(f"document.activeElement.matches({opener!r})")  # the focus comes back


def test_a_wrong_setting_is_told_at_its_field_until_it_is_right(visitor):
    page = visitor.page
    visitor.open_setting("max_start")
    field = page.locator("#setting-max_start input").first
    right = field.input_value()
    field.fill("99")
    page.wait_for_selector("#setting-max_start .ds-wrong")
    assert field.get_attribute("aria-invalid") == "true" and "max_start" in page.inner_text(
        "#setting-max_start .ds-wrong"
    )
    assert complaints(visitor) == []
    field.fill(right)
    page.wait_for_selector("#setting-max_start .ds-wrong", state="detached")
    assert field.get_attribute("aria-invalid") is None
