"""A file of one's own in a real browser: dropped, described, distilled under its own task; a bad one says why."""

import csv
import json

import pytest

from tests import browsing
from tests.browsing import Visitor, serve_stand_in
from tests.page.frame.test_browser import STAND_IN

pytestmark = browsing.pytestmark
chromium = browsing.chromium


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    for address in serve_stand_in(folder, STAND_IN):
        yield folder, address


@pytest.fixture(params=[1280, 390])
def visitor(chromium, served, request):
    visitor = Visitor(chromium, served[1], width=request.param)
    yield visitor
    visitor.close()
    assert visitor.errors == [] and visitor.elsewhere == []


def alpaca(folder):
    file = folder / "mine.json"
    file.write_text(json.dumps([{"instruction": f"Say {i}", "input": "", "output": f"{i}!"} for i in range(40)]))
    return file, "own_text"


def options(folder):
    file = folder / "mine.csv"
    with file.open("w", newline="") as stream:
        csv.writer(stream).writerows(
            [["question", "option_a", "option_b", "answer"], *([f"Is it {i}?", "yes", "no", "A"] for i in range(40))]
        )
    return file, "own_options"


def upload(page, file) -> None:
    page.locator("#own-upload").scroll_into_view_if_needed()
    with page.expect_file_chooser() as chosen:
        page.click("#own-upload")
    chosen.value.set_files(str(file))


@pytest.mark.parametrize("make", [alpaca, options])
def test_a_file_is_described_and_a_run_learns_from_it(visitor, served, tmp_path, make):
    page, (file, task) = visitor.page, make(tmp_path)
    upload(page, file)
    page.wait_for_selector(f"#own-told .ds-file[data-task={task}]")
    assert page.locator("#own-told .ds-file li").count() == 3
    page.wait_for_function("document.querySelector('#changes').textContent.includes('data_file')")
    for preset in ("Standard", "Quick"):  # a preset names a task of its own, and the file's comes back
        page.click(f"#preset label:has-text('{preset}')")
        page.wait_for_selector(f"#preset label.selected:has-text('{preset}')")
        page.wait_for_timeout(500)
        page.wait_for_function(f"document.querySelector('#changes').textContent.includes('{task}')")
    wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert page.evaluate(wide), "nothing scrolls sideways"
    page.click("#distil")
    visitor.wait_run()
    newest = max(served[0].glob("home/runs/*/*/config.json"), key=lambda found: found.stat().st_mtime)
    config = json.loads(newest.read_text())["config"]
    assert config["task"] == task and config["data_file"].endswith(file.suffix)


def test_a_file_that_is_refused_says_why_and_changes_nothing(visitor, tmp_path):
    page, file = visitor.page, tmp_path / "colours.json"
    file.write_text('[{"colour": "red"}]')
    upload(page, file)
    page.wait_for_selector("#own-told [role=alert]")
    assert "colour" in page.inner_text("#own-told") and "Expected" in page.inner_text("#own-told")
    assert "data_file" not in page.inner_text("#changes")
