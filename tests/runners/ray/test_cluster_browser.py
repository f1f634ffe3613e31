"""The app in a real browser on a real Ray cluster of three nodes: a bench run and a distillation that are begun by
clicks, and a comparison, which has no page and waits in line when the server begins. All end as this machine's do.

$RAY_ADDRESS may name a cluster of this machine that is there, such as one of network namespaces.
"""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("ray", reason="ray is not installed (requirements-ray.txt)")

from backend import settings
from backend.core.matrices import PRODUCTS
from backend.runners.chosen import LAUNCHER
from backend.runners.local import LocalRunner
from backend.runners.ray.cluster import ADDRESS
from backend.runners.ray.launcher import WORKERS
from backend.runs.folder import RunDir
from benchmarks.kill_case import content, differing
from benchmarks.three_nodes import ThreeNodes
from tests import browsing
from tests.browsing import ROOT, Visitor, end, wait_served
from tests.lab import state_of, until
from tests.tiny_comparison import config as comparison  # noqa: F401
from tests.waiting import free_port

pytestmark = [*browsing.pytestmark, pytest.mark.slow]
chromium = browsing.chromium
LONG_S = 1800
BENCH = {"steps": 12, "batch": 8, "seeds": 2, "validation_limit": 12, "test_limit": 60}
DISTIL = {
    "experts": 1, "expert_steps": 8, "expert_batch": 8, "expert_span": 4, "outer_steps": 6, "inner_steps": 3,
    "search_starts": 0, "search_questions": 40, "seeds": 2, "reference_seeds": 0, "finetune_steps": 3,
    "train_limit": 80, "test_limit": 12,
}  # fmt: skip


class Patient(Visitor):
    """With a machine that plays three nodes."""

    PATIENCE_MS = 300_000


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("cluster-browser")


@pytest.fixture(scope="module")
def waiting(home, comparison):  # noqa: F811
    """A small comparison in line."""
    small = replace(comparison, arms=("base", "random", "text"), rounds=1, seeds=2)
    run = RunDir.create(
        home / "home" / "runs" / "somebody" / "comparison-1", "comparison", None, settings.as_json(small)
    )
    run.queue(None)
    return run


@pytest.fixture(scope="module")
def address(home, waiting):
    """The app as a host with a cluster starts it."""
    nodes, port = None if os.environ.get(ADDRESS) else ThreeNodes(jobs=True), free_port()
    cluster = {LAUNCHER: "ray", ADDRESS: nodes.api if nodes else os.environ[ADDRESS], WORKERS: "2", PRODUCTS: "plain"}
    env = os.environ | cluster | {"DISTILLOSCOPE_HOME": str(home / "home"), "DISTILLOSCOPE_AT_ONCE": "2"}
    with (home / "app.log").open("wb") as log:
        words = [sys.executable, "app.py", "--port", str(port)]
        server = subprocess.Popen(words, cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        wait_served(f"http://127.0.0.1:{port}", LONG_S)
        yield f"http://127.0.0.1:{port}"
    finally:
        end(server, home)
        if nodes:
            nodes.close()


@pytest.fixture
def opened(chromium, address):
    """Opens a page for a visitor."""
    visitors = []

    def open_at(start: str) -> Visitor:
        visitors.append(Patient(chromium, address, start=start))
        return visitors[-1]

    yield open_at
    for visitor in visitors:
        visitor.close()
        assert visitor.errors == [] == visitor.elsewhere


def files_of(run: RunDir) -> dict[str, object]:
    """What a run holds, without clocks, its log, and the word to stop that a server leaves to who is still leaving."""
    files = [path for path in run.path.rglob("*") if path.is_file() and path.suffix != ".log"]
    return {str(path.relative_to(run.path)): content(path) for path in files if path != run.stop_flag}


def is_as_here(run: RunDir, folder: Path, monkeypatch) -> None:
    """The local launcher, given the run's settings, makes files equal to the run's, to the digit."""
    assert run.status()["worker"]["launcher"] == "ray"
    monkeypatch.setenv(PRODUCTS, "plain")
    monkeypatch.setenv("DISTILLOSCOPE_HOME", str(folder / "home"))
    told, runner = run.config(), LocalRunner(folder / "runs")
    here = RunDir.create(folder / "runs" / "here" / run.path.name, told["study"], told["preset"], told["config"])
    runner.start(here)
    until(lambda: state_of(runner, here) not in ("queued", "running"), LONG_S)
    runner.shutdown()
    assert here.status()["state"] == "finished", here.log_file.read_text()[-2000:]
    assert differing(files_of(run), files_of(here)) == []


def begun(visitor: Visitor, button: str, sizes: dict, home: Path) -> RunDir:
    """A run of these sizes, begun by clicks and awaited on the page."""
    page = visitor.page
    for title in ("Settings", "Advanced"):
        page.locator("#form .ds-fold > button", has_text=title).first.click()
    for name, value in sizes.items():
        box = page.locator(f"[id$='setting-{name}'] input").first
        box.fill(str(value))
        box.press("Tab")
    page.wait_for_selector(f".ds-changes[data-count='{len(sizes)}']")
    before = set((home / "home" / "runs").glob("*/*"))
    page.click(button)
    page.wait_for_selector("#status [data-recorded=false]", state="attached")
    visitor.wait_state("queued", "running", seconds=LONG_S)
    visitor.wait_state("finished", seconds=LONG_S)
    page.screenshot(path=home / f"{button[1:]}.png", full_page=True)
    [path] = set((home / "home" / "runs").glob("*/*")) - before
    return RunDir(path)


def test_a_bench_run_begun_in_the_browser_ends_as_on_this_machine(opened, home, tmp_path, monkeypatch):
    run = begun(opened("/bench"), "#bench-start", BENCH, home)
    is_as_here(run, tmp_path, monkeypatch)


def test_a_distillation_begun_in_the_browser_ends_as_on_this_machine(opened, home, tmp_path, monkeypatch):
    run = begun(opened("/"), "#distil", DISTIL, home)
    is_as_here(run, tmp_path, monkeypatch)


def test_a_comparison_that_waited_in_line_ends_as_on_this_machine(address, waiting, tmp_path, monkeypatch):
    until(lambda: waiting.status()["state"] not in ("queued", "running"), LONG_S)
    assert waiting.status()["state"] == "finished", waiting.log_file.read_text()[-2000:]
    is_as_here(waiting, tmp_path, monkeypatch)
