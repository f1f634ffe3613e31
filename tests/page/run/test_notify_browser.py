"""A notification when a run ends behind the visitor's back, for whoever asked for one, and for nobody else."""

import pytest

from tests import browsing
from tests.browsing import Visitor
from tests.page.run import test_life_browser

pytestmark = browsing.pytestmark
chromium = browsing.chromium
address = test_life_browser.address


class Asked(Visitor):
    """Their browser would ask for permission and get it. Notifications are kept, and the page may be hidden."""

    SCRIPT = """
      window.told = [];
      window.Notification = class {
        static permission = localStorage.asked ? "granted" : "default";
        static async requestPermission() { localStorage.asked = 1; return this.permission = "granted"; }
        constructor(title, { body }) { told.push(`${title}: ${body}`); }
      };
      Object.defineProperty(document, "hidden", { get: () => Boolean(window.away) });
    """

    def finish_a_run(self, away: bool) -> None:
        self.page.evaluate("(away) => { window.away = away; }", away)
        self.wait_state("finished")
        self.page.wait_for_timeout(1500)

    def start_short(self) -> None:
        self.set_number("outer_steps", 12)
        self.page.wait_for_selector("#changes [data-count='1']")
        self.page.click("#distil")
        self.wait_state("running")


@pytest.fixture
def visitor(chromium, address):
    visitor = Asked(chromium, address)
    yield visitor
    visitor.close()
    assert visitor.errors == [] == visitor.elsewhere


def test_who_asked_is_told_when_the_run_ends_out_of_sight(visitor):
    page = visitor.page
    assert not page.is_visible("#notify button"), "no run computes"
    visitor.start_short()
    page.wait_for_selector("#notify button[aria-pressed=false]")
    page.click("#notify button")
    page.wait_for_selector("#notify button[aria-pressed=true]")
    visitor.finish_a_run(away=True)
    assert page.evaluate("told") == ["Distilloscope: Quick: Finished"]
    assert not page.is_visible("#notify button")


def test_who_looks_at_the_page_or_did_not_ask_is_told_nothing(visitor):
    visitor.start_short()
    visitor.finish_a_run(away=True)
    assert visitor.page.evaluate("told") == []
    visitor.start_short()
    visitor.page.click("#notify button")
    visitor.finish_a_run(away=False)
    assert visitor.page.evaluate("told") == []
    visitor.start_short()
    visitor.page.click("#notify button[aria-pressed=true]")  # and no more
    visitor.page.wait_for_selector("#notify button[aria-pressed=false]")
    visitor.finish_a_run(away=True)
    assert visitor.page.evaluate("told") == []
