"""The toy study in a real browser: a page of its own, live curves, stop, resume, results, its address, no axe fault.

The server is that of test_toy.py's copy of the project, with the project's own runner and worker.
"""

import subprocess
import sys
import urllib.request

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests import browsing, toy_house
from tests.browsing import Visitor, end
from tests.paced import with_pace
from tests.waiting import free_port, wait_served

pytestmark = browsing.pytestmark
chromium = browsing.chromium


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    house, port = toy_house.build(tmp_path_factory.mktemp("house")), free_port()
    with_pace(house / "home")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    words = [sys.executable, "app.py", "--port", str(port)]
    server = subprocess.Popen(words, cwd=house, env=toy_house.environment(house), **quiet)
    wait_served(f"http://127.0.0.1:{port}")
    yield f"http://127.0.0.1:{port}"
    end(server, house)


@pytest.fixture
def visitor(chromium, address):
    found = Visitor(chromium, address, start="/toy")
    yield found
    assert not found.errors and not found.elsewhere
    found.close()


def begin(visitor, pause: float) -> None:
    """Start a fit that waits so long at each step."""
    if pause:
        visitor.set_number("pause", pause)
        visitor.page.wait_for_selector("#changes [data-count='1']")
    visitor.page.click("#go")
    visitor.wait_run()


def test_a_run_is_started_watched_stopped_resumed_and_shows_what_came_of_it(visitor):
    assert visitor.page.locator(".ds-pages a[aria-current=page]").inner_text() == "Toy"
    begin(visitor, 0.05)
    visitor.wait_points(5)
    visitor.page.click("#stop")
    visitor.wait_state("stopped")
    stopped_at = visitor.points()
    assert stopped_at < 90
    visitor.page.click("#resume")
    visitor.wait_state("finished")
    visitor.wait_points(89)
    assert visitor.page.locator("#results .ds-bar").count() == 2
    assert "Fitted line" in visitor.page.inner_text("#results")
    assert visitor.page.locator("#actions button:visible").count() == 1, "only Discard is left to do"


def test_its_run_has_an_address_that_opens_it_again_and_goes_with_it(visitor):
    begin(visitor, 0.0)
    visitor.wait_state("finished")
    visitor.page.wait_for_url("**/toy?run=own/**")
    visitor.page.reload()
    visitor.wait_state("finished")
    with visitor.page.expect_download() as download:
        visitor.page.click("#take [data-kind=run]")
    assert download.value.suggested_filename.endswith(".distilloscope.zip")


def test_nothing_of_the_other_studies_comes_with_its_page(address):
    page = urllib.request.urlopen(f"{address}/toy").read()
    config = urllib.request.urlopen(f"{address}/config?page=toy").read()
    assert b"setting-points" in config and b"setting-outer_steps" not in config
    assert len(page) + len(config) <= 350_000, "HTML and configuration together"


@pytest.mark.parametrize("width, scheme", [(1280, "light"), (390, "dark")])
def test_its_page_has_no_serious_axe_fault(chromium, address, width, scheme):
    visitor = Visitor(chromium, address, width=width, start="/toy", color_scheme=scheme)
    found = Axe().run(visitor.page).response["violations"]
    assert not [fault["id"] for fault in found if fault["impact"] in ("serious", "critical")]
    visitor.close()
