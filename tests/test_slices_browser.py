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
from backend import slices
from backend.hosts import HOSTS, ZERO_GPU
from backend.runs import RunDir, home
port, log = int(sys.argv[1]), Path(sys.argv[2])
slices.study_module = lambda *_: None

def gpu(duration):
    def lend(folder, seconds, margin):
        from gradio.context import LocalContext
        run = RunDir(folder)
        visitor = LocalContext.request.get(None) is not None
        done = run.status().get("done", 0) + 10
        run.set_status(state="running", stage="distil", total=40, done=done, message="Matching", pid=None)
        time.sleep(1.0)
        run.set_status(state="finished" if done >= 40 else "running")
        with log.open("a") as file:
            file.write(json.dumps([duration(folder, seconds, margin), visitor]) + chr(10))
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


def slices(log) -> list:
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def test_a_page_that_is_open_carries_its_run_to_the_end_and_a_closed_one_pauses_it(chromium, served):
    address, log = served
    visitor = Visitor(chromium, address)
    visitor.page.wait_for_selector(".ds-quota")
    assert "GPU quota" in visitor.page.inner_text(".ds-quota")
    assert "forgets your runs" in visitor.page.inner_text("#host-notice")
    visitor.page.click("#distil")
    visitor.wait_state("running", seconds=60)
    visitor.page.goto("about:blank")
    visitor.page.wait_for_timeout(3000)
    paused = len(slices(log))
    visitor.page.wait_for_timeout(4000)
    assert len(slices(log)) == paused < 4, "nothing computes for a page that is closed"
    visitor.page.goto(address)
    visitor.wait_state("finished", seconds=60)
    found = slices(log)
    assert len(found) == 4
    assert all(asked == 25.0 and asked_by_visitor for asked, asked_by_visitor in found)
    assert visitor.errors == [] and visitor.elsewhere == []
    visitor.context.close()


def test_a_second_run_wakes_the_clock_again_and_can_be_stopped(chromium, served):
    address, log = served
    visitor = Visitor(chromium, address)
    visitor.page.click("#distil")
    visitor.wait_state("finished", seconds=60)
    before = len(slices(log))
    visitor.page.wait_for_timeout(3000)
    assert len(slices(log)) == before
    visitor.page.click("#distil")
    visitor.wait_state("running", seconds=60)
    visitor.stop()
    assert visitor.errors == []
    visitor.context.close()
