"""Many tabs of one browser, which has six connections to a server for all of them together."""

from pathlib import Path

import pytest

from tests import browsing
from tests.browsing import Visitor

pytestmark = browsing.pytestmark
chromium = browsing.chromium
SAMPLES = Path(__file__).parents[3] / "assets" / "sample_runs"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tabs")
    server, address = browsing.serve(folder, ["true"], SAMPLES)
    yield address
    browsing.end(server, folder)


def test_an_eighth_tab_loads_while_seven_are_open(chromium, address):
    visitor = Visitor(chromium, address)
    tabs = [visitor.page] + [visitor.context.new_page() for _ in range(7)]
    for tab in tabs[1:]:  # all pages hold as many connections; this one is drawn soonest
        tab.goto(f"{address}/compare")
        tab.wait_for_selector("#compare-results .ds-panel", timeout=60_000)
    assert visitor.errors == []
    visitor.context.close()
