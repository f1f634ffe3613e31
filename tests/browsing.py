"""A real headless Chromium and a visitor in it, and the app served to it from a process of its own.

Knows the page's status, chart and form; nothing of a study. What imports this skips where there is no browser.
"""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.profiles import Profiles
from tests.waiting import free_port, wait_served

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
ROOT = Path(__file__).parent.parent
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
FLAGS += ["--disable-sync", "--no-first-run"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="chromium is not installed"),
]
LEAVING, HANGING_UP = "distilloscope: leaving", ("AbortError", "Connection errored out")
SERVE = """
import sys
from pathlib import Path
import app
from backend.runners.local import LocalRunner
from backend.disk import home
port, samples, command = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
app.launch(app.build_demo(LocalRunner(home() / "runs", command), samples), port=port)
"""


def serve(tmp_path: Path, command: list[str], samples: Path = Path("no-samples")):
    """A server in a process of its own, with a home of its own: `(process, address)`. `samples`: the recorded runs."""
    port = free_port()
    env = os.environ | {"DISTILLOSCOPE_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    words = [sys.executable, "-c", SERVE, str(port), str(samples), *command]
    server = subprocess.Popen(words, cwd=ROOT, env=env, **quiet)
    wait_served(f"http://127.0.0.1:{port}")
    return server, f"http://127.0.0.1:{port}"


def serve_stand_in(folder: Path, worker: str):
    """For a fixture: the address of the app, with the text `worker` as its worker; it is ended behind the tests."""
    (folder / "worker.py").write_text(worker)
    server, address = serve(folder, [sys.executable, str(folder / "worker.py")])
    yield address
    end(server, folder)


class Opened:
    """Playwright and its browser, for files of browser tests that follow each other: another browser takes 1 s of a
    processor to start, and 3 s to compile the app's scripts. conftest.py closes it in front of all other tests."""

    def __init__(self):
        self._manager = self._profiles = None

    @property
    def playwright(self):
        if self._manager is None:
            self._manager = playwright.sync_playwright().start()
        return self._manager

    @property
    def profiles(self) -> Profiles:
        if self._profiles is None or not self._profiles.alive:
            self._profiles = Profiles(self.playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS))
        return self._profiles

    def close(self) -> None:
        if self._manager is not None:
            self._manager.stop()  # with its browsers
        self._manager = self._profiles = None


OPENED = Opened()


@pytest.fixture(scope="module")
def chromium():
    yield OPENED.profiles
    OPENED.profiles.close_lent()


def end(server: subprocess.Popen, folder: Path) -> None:
    """The server, and whatever worker a failed test left running in its home."""
    server.terminate()
    try:
        server.wait(60)
    except subprocess.TimeoutExpired:
        server.kill()
    for process in psutil.process_iter(["cmdline"]):
        if any(str(folder) in word for word in process.info["cmdline"] or []):
            process.kill()


class Visitor:
    """One browser profile on the page."""

    START, READY, PATIENCE_MS = "", "#status [data-status]", 30_000
    SCRIPT = ""  # runs before the page's own: it keeps what is on screen for a moment only
    CHAPTERS = (
        "lessons",
        "wall",
        "map",
        "results",
        "paired",
        "seeds",
        "takeaway",
    )  # what they have opened at an earlier visit
    MOTION = "reduce"  # no film plays, for it only keeps waiting whoever does not look at one

    def __init__(self, chromium, address: str, width: int = 1280, height: int = 900, start: str | None = None, **facts):
        leaving = f"addEventListener('beforeunload', () => console.debug('{LEAVING}'))"
        opened = f"try {{ localStorage['distilloscope-chapters'] ??= '{json.dumps(self.CHAPTERS)}'; }} catch {{}}"
        scripts = [leaving, opened, *filter(None, [self.SCRIPT])]
        self.page = chromium.lend(scripts, reduced_motion=self.MOTION, **facts)
        self.context, self._profiles = self.page.context, chromium
        self.address, self.errors, self.elsewhere = address, [], []
        self._leaving = False
        self._heard = {
            "domcontentloaded": lambda _: self._arrive(),
            "console": self._hear,
            "pageerror": lambda error: self._tell(str(error)),
            "request": self._note,
        }
        for event, hear in self._heard.items():
            self.page.on(event, hear)
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.set_default_timeout(self.PATIENCE_MS)
        self.page.goto(address + (self.START if start is None else start))
        self.page.wait_for_selector(self.READY)

    def _arrive(self) -> None:
        self._leaving = False

    def _hear(self, message) -> None:
        if message.text == LEAVING:
            self._leaving = True
        elif message.type == "error":
            self._tell(message.text)

    def _tell(self, error: str) -> None:
        """An error counts, unless it is Gradio's own client hanging up because the page is being left."""
        if not (self._leaving and any(sign in error for sign in HANGING_UP)):
            self.errors.append(error)

    def _note(self, request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.elsewhere.append(request.url)

    def points(self) -> int:
        return int(self.page.get_attribute(".ds-chart", "data-points"))

    def wait_points(self, more_than: int, seconds: int = 30) -> None:
        script = f"Number(document.querySelector('.ds-chart')?.dataset.points) > {more_than}"
        self.page.wait_for_function(script, timeout=seconds * 1000)

    def wait_state(self, *states: str, seconds: int = 30) -> None:
        selector = ", ".join(f"#status [data-status={s}]" for s in states)
        self.page.wait_for_selector(selector, timeout=seconds * 1000, state="attached")

    def open_setting(self, name: str) -> None:
        """Open the folds of the form until a setting can be seen."""
        for title in ("Settings", "Advanced"):
            if not self.page.locator(f"#setting-{name}").is_visible():
                self.page.locator("#form .ds-fold > button", has_text=title).first.click()
        self.page.wait_for_selector(f"#setting-{name}")

    def set_number(self, name: str, value: object) -> None:
        self.open_setting(name)
        self.page.locator(f"#setting-{name} input").first.fill(str(value))

    def start_long(self, updates: int = 1000) -> None:
        """A run that does not end under the test's feet, however long the machine stalls."""
        self.set_number("outer_steps", updates)
        self.page.wait_for_selector("#changes [data-count='1']")
        self.page.click("#distil")
        self.wait_run()

    def wait_run(self) -> None:
        """A run of one's own is on screen, in the head and in the chart."""
        self.page.wait_for_selector("#status [data-recorded=false]", state="attached")
        self.page.wait_for_selector("#chart .ds-chart[data-run^='own/']", state="attached")

    def zoom(self, chart: str) -> list[float]:
        """Drag over a part of a chart, again where the page moved meanwhile. What is seen of its x axis then."""
        axis = f"document.querySelector('{chart} .ds-plot')._fullLayout.xaxis"
        mouse, plot = self.page.mouse, self.page.locator(f"{chart} .nsewdrag").first
        for _ in range(5):
            plot.scroll_into_view_if_needed()
            box = plot.bounding_box()
            mouse.move(box["x"] + 30, box["y"] + 20)
            mouse.down()
            mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 20, steps=5)
            mouse.up()
            if self.page.evaluate(f"{axis}.autorange") is False:
                return self.page.evaluate(f"{axis}.range")
        raise AssertionError("a drag zooms")

    def stop(self) -> None:
        self.page.click("#stop")
        self.wait_state("stopped")

    def close(self) -> None:
        """Leave; a run that computes is stopped, or the next test's would wait for it."""
        if not self.page.url.startswith(self.address):
            self.page.goto(self.address)
            self.page.wait_for_selector(self.READY)
        live = ", ".join(f"#status [data-status={state}]" for state in ("queued", "running", "stopping"))
        if self.page.locator(live).count():
            self.page.evaluate("document.querySelector('#stop')?.click()")  # in a tab that is not open, too
            with contextlib.suppress(playwright.TimeoutError):
                self.page.wait_for_selector(live, state="detached")
        self.leave()

    def leave(self) -> None:
        """The next visitor may have the profile."""
        for event, hear in self._heard.items():
            self.page.remove_listener(event, hear)
        self._profiles.give_back(self.page, self.address)


class Moving(Visitor):
    """Somebody who wants no less motion than others: a film begins by itself."""

    MOTION = None
