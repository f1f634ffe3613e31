"""Take it with you, in a real browser: a run leaves and comes back to a stranger; the report plays offline."""

import re

import pytest

from tests import browsing
from tests.browsing import Visitor
from tests.page.panels import test_lessons_browser

pytestmark = browsing.pytestmark
chromium = browsing.chromium
address = test_lessons_browser.address
SEEN = """() => ({ points: document.querySelector(".ds-chart").dataset.points,
  prompts: [...document.querySelectorAll("#wall .ds-words")].map((p) => p.textContent),
  snapshots: document.querySelector(".ds-wall").dataset.snapshots,
  bars: [...document.querySelectorAll("#results .ds-bar")].map((bar) => bar.textContent) })"""
# every update that the report's curve shows from now on; asking for one while it plays may come too late
KEEP_MARKS = """() => {
  const curve = document.querySelector(".ds-curve");
  window.marks = [];
  new MutationObserver(() => curve.dataset.mark && marks.push(Number(curve.dataset.mark)))
    .observe(curve, { attributeFilter: ["data-mark"] });
}"""


@pytest.fixture
def visitors(chromium, address):
    """Makes visitors whose console stays empty and who ask nobody else."""
    made = []

    def visit(**how) -> Visitor:
        made.append(Visitor(chromium, address, **how))
        made[-1].page.wait_for_selector("#take [data-kind='run']")
        made[-1].page.wait_for_function("Number(document.querySelector('.ds-wall')?.dataset.snapshots) > 2")
        return made[-1]

    yield visit
    for visitor in made:
        assert visitor.errors == [] == visitor.elsewhere
        visitor.leave()


def download(visitor: Visitor, kind: str, folder):
    with visitor.page.expect_download(timeout=30_000) as waiting:
        visitor.page.click(f"[data-kind='{kind}']")
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    said = visitor.page.inner_text(f"[data-offer]:has([data-kind='{kind}']) .ds-took")
    assert path.name in said and re.search(r"\d [kM]B", said), "the name and the size are shown"
    return path


def look(visitor: Visitor) -> dict:
    """What is on screen at the last update."""
    page = visitor.page
    page.evaluate("document.querySelector('[data-latest]').click()")  # a film may end, and hide it, at any moment
    page.wait_for_selector("#wall .ds-words")
    if page.is_visible("#wall [data-more]"):  # a phone shows four prompts at first
        page.click("#wall [data-more]")
    return page.evaluate(SEEN)


def test_a_run_leaves_and_a_stranger_brings_it_back(visitors, tmp_path):
    first = visitors()
    file = download(first, "run", tmp_path)
    assert file.name.endswith(".distilloscope.zip")
    stranger = visitors(width=390)
    page = stranger.page
    page.set_input_files("#bring input[type=file]", file)
    page.wait_for_selector("#brought .ds-brought")
    assert "is loaded" in page.inner_text("#brought")
    page.wait_for_selector("#status [data-recorded='false']")
    page.wait_for_function("document.querySelector('.ds-wall').dataset.run.startsWith('own/')")
    page.wait_for_function("document.querySelector('.ds-chart').dataset.run.startsWith('own/')")
    there = look(first)
    page.wait_for_selector("#wall [data-more]:visible")  # a phone shows four prompts at first
    look(stranger)
    page.wait_for_function(f"(there) => JSON.stringify(({SEEN})()) === JSON.stringify(there)", arg=there)
    page.reload()
    page.wait_for_selector(stranger.READY)
    page.click("#run-picker input")
    own = page.locator("[role=option]", has_text="(finished)")
    own.first.wait_for()
    assert own.count() == 1, "the run is the stranger's own"


def test_a_bad_file_is_told_in_words_and_changes_nothing(visitors, tmp_path):
    visitor = visitors()
    before = look(visitor)
    good = download(visitor, "run", tmp_path)
    (tmp_path / "bad.zip").write_bytes(good.read_bytes()[:-40])
    visitor.page.set_input_files("#bring input[type=file]", tmp_path / "bad.zip")
    visitor.page.wait_for_selector("#brought .ds-failure")
    assert "damaged" in visitor.page.inner_text("#brought")
    assert look(visitor) == before
    visitor.page.set_input_files("#bring input[type=file]", good)  # the very next one may be good
    visitor.page.wait_for_selector("#brought .ds-brought")


def test_the_report_plays_from_a_file_without_a_network(visitors, chromium, tmp_path):
    file = download(visitors(start="/?run=recorded/paper"), "report", tmp_path)
    context = chromium.new_context(offline=True, viewport={"width": 390, "height": 800}, color_scheme="dark")
    page, told, asked = context.new_page(), [], []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    assert page.get_attribute(".ds-curve", "data-points") == "50"
    assert page.inner_text(".ds-scrub output") == "update 50"
    page.evaluate(KEEP_MARKS)
    page.click("[data-play]")
    page.wait_for_selector("[data-play]:text-is('Play')")
    assert page.inner_text(".ds-scrub output") == "update 50"
    marks = page.evaluate("marks")
    assert marks == sorted(marks) and {10, 30} <= set(marks), "every update passed, in order"
    page.locator(".ds-scrub input").fill("2")
    assert page.inner_text(".ds-scrub output") == "update 10"
    assert page.get_attribute(".ds-path", "data-step") == "10", "the map shows the same update"
    box = page.locator("#curve svg").bounding_box()
    page.locator("#curve svg").click(position={"x": box["width"] * 0.55, "y": box["height"] / 2})
    assert page.inner_text(".ds-scrub output") not in ("update 10", "update 50")
    assert page.locator("#results .ds-bar").count() > 10
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 21, 27)"
    assert told == []
    assert asked == [file.as_uri()]
    context.close()
