"""A host that lends its GPU in slices, in a real browser: an open page keeps its run going, and says what it takes."""

import json
import subprocess
import sys

import pytest

from tests import browsing
from tests.browsing import ROOT, Visitor, end
from tests.space import free_port
from tests.waiting import wait_served

pytestmark = browsing.pytestmark
chromium = browsing.chromium
SERVE = """
import json, sys, time
from dataclasses import replace
from pathlib import Path
import app
from backend.runners import slices
from backend.runs.carry_out import run_to_the_end
from backend.limits.hosts import HOSTS, ZERO_GPU
from backend.disk import home
from backend.runs.folder import RunDir
port, log = int(sys.argv[1]), Path(sys.argv[2])
last = log.with_name("last")  # a test makes this file when the next slice should be the last
slices.load_engine = lambda *_: None

def gpu(duration):
    def lend(folder, seconds, margin):
        from gradio.context import LocalContext
        run = RunDir(folder)
        visitor = LocalContext.request.get(None) is not None
        done = run.status().get("done", 0) + 10
        run.set_status(state="running", stage="distil", total=4000, done=done, message="Matching", worker=None)
        time.sleep(1.0)
        with log.open("a") as file:
            file.write(json.dumps([folder, done, duration(folder, seconds, margin), visitor]) + chr(10))
        run.set_status(state="finished" if last.exists() else "running")
    return lambda compute: lend

runner = slices.SliceRunner(home() / "runs", replace(HOSTS[ZERO_GPU], reserve=0), gpu)
app.launch(app.build_demo(runner, Path("no-samples")), port=port)
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("slices"), free_port()
    env = {"PATH": "/usr/bin:/bin", "DISTILLOSCOPE_HOME": str(folder / "home"), "HOME": str(folder)}
    env |= {"SPACE_ID": "a/b"}
    words = [sys.executable, "-c", SERVE, str(port), str(folder / "gpu.log")]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(words, cwd=ROOT, env=env, stdout=log, stderr=log)
    wait_served(f"http://127.0.0.1:{port}")
    yield f"http://127.0.0.1:{port}", folder / "gpu.log"
    end(server, folder)


@pytest.fixture
def visitor(chromium, served):
    visitor = Visitor(chromium, served[0])
    yield visitor
    visitor.close()
    assert visitor.errors == [] and visitor.elsewhere == []


@pytest.fixture
def last(served):
    """Make this file, and the next slice is the last of its run."""
    file = served[1].with_name("last")
    yield file
    file.unlink(missing_ok=True)


def slices(log) -> list:
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def wait_slices(visitor, log, more_than: int) -> None:
    for _ in range(120):
        if len(slices(log)) > more_than:
            return
        visitor.page.wait_for_timeout(500)
    raise AssertionError("no slice was computed")


def at_rest(visitor, log) -> int:
    """How many slices there are, once none has come for a while: one may be under way at first."""
    for _ in range(3):
        before = len(slices(log))
        visitor.page.wait_for_timeout(4000)
        if len(slices(log)) == before:
            return before
    raise AssertionError("slices are computed for nobody")


def test_a_page_that_is_open_carries_its_run_to_the_end_and_a_closed_one_pauses_it(visitor, served, last):
    address, log = served
    begun = len(slices(log))
    visitor.page.wait_for_selector(".ds-quota")
    assert "GPU quota" in visitor.page.inner_text(".ds-quota")
    assert "forgets your runs" in visitor.page.inner_text("#host-notice")
    visitor.page.click("#distil")
    visitor.wait_state("running", seconds=60)
    wait_slices(visitor, log, begun + 1)
    visitor.page.goto("about:blank")
    closed, paused = len(slices(log)), at_rest(visitor, log)
    assert paused <= closed + 2, "nothing computes for a page that is closed, but for what was asked before"
    visitor.page.goto(address)
    wait_slices(visitor, log, paused + 1)
    last.touch()
    visitor.wait_state("finished", seconds=60)
    found = slices(log)[begun:]
    assert len({folder for folder, *_ in found}) == 1
    assert [done for _, done, *_ in found] == [10 * n for n in range(1, len(found) + 1)], "none is lost or done twice"
    assert all(asked == 25.0 and asked_by_visitor for *_, asked, asked_by_visitor in found)


def test_a_second_run_wakes_the_clock_again_and_can_be_stopped(visitor, served, last):
    _, log = served
    last.touch()
    visitor.page.click("#distil")
    visitor.wait_state("finished", seconds=60)
    before = len(slices(log))
    visitor.page.wait_for_timeout(3000)
    assert len(slices(log)) == before
    last.unlink()
    visitor.page.click("#distil")
    visitor.wait_state("running", seconds=60)
    visitor.stop()
