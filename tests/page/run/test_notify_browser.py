"""A notification when a run ends behind the visitor's back, for whoever asked for one, and for nobody else."""

import pytest

from tests import browsing
from tests.browsing import Visitor, serve_stand_in

pytestmark = browsing.pytestmark
chromium = browsing.chromium
LATE_MS = 1000  # after a run's end nobody is told any more; a page tells after 500
STAND_IN = """
import sys, time
from pathlib import Path
from backend.runs.folder import RunDir
# it computes until the test makes this file, however long the test takes for its clicks
end = Path(__file__).with_name("end")
run = RunDir(sys.argv[sys.argv.index("--out") + 1])
run.claim()
run.set_status(stage="distil", done=1, total=2, message="")
while not end.exists():
    time.sleep(0.05)
end.unlink()
run.set_status(state="finished", eta_s=None)
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The address, and the file that ends a run."""
    folder = tmp_path_factory.mktemp("notify")
    for address in serve_stand_in(folder, STAND_IN):
        yield address, folder / "end"


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
        self.end.touch()
        self.wait_state("finished")
        self.page.wait_for_selector("#notify button", state="hidden")

    def told(self) -> list[str]:
        self.page.wait_for_timeout(LATE_MS)
        return self.page.evaluate("told")

    def start_one(self) -> None:
        self.page.click("#distil")
        self.wait_state("running")


@pytest.fixture
def visitor(chromium, served):
    visitor = Asked(chromium, served[0])
    visitor.end = served[1]
    yield visitor
    visitor.end.touch()
    visitor.close()
    visitor.end.unlink(missing_ok=True)
    assert visitor.errors == [] == visitor.elsewhere


def test_who_asked_is_told_when_the_run_ends_out_of_sight(visitor):
    page = visitor.page
    assert not page.is_visible("#notify button"), "no run computes"
    visitor.start_one()
    page.wait_for_selector("#notify button[aria-pressed=false]")
    page.click("#notify button")
    page.wait_for_selector("#notify button[aria-pressed=true]")
    visitor.finish_a_run(away=True)
    page.wait_for_function("told.length")
    assert page.evaluate("told") == ["Distilloscope: Quick: Finished"]


def test_who_looks_at_the_page_or_did_not_ask_is_told_nothing(visitor):
    visitor.start_one()
    visitor.finish_a_run(away=True)
    assert visitor.told() == []
    visitor.start_one()
    visitor.page.click("#notify button")
    visitor.finish_a_run(away=False)
    assert visitor.told() == []
    visitor.start_one()
    visitor.page.click("#notify button[aria-pressed=true]")  # and no more
    visitor.page.wait_for_selector("#notify button[aria-pressed=false]")
    visitor.finish_a_run(away=True)
    assert visitor.told() == []
