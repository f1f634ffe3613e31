"""The bench in a real browser: start, watch, reload, stop, resume; compare two; upload; ask; phone width.

The worker is a stand-in of a few lines and so is the desk; the recorded runs are written by hand (bench_folder.py).
"""

import os
import subprocess
import sys

import pytest

from tests import browsing
from tests.bench_folder import write_run
from tests.browsing import ROOT, end, wait_served
from tests.waiting import free_port

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = browsing.pytestmark
chromium = browsing.chromium

STAND_IN = """
import sys, time
from pathlib import Path
from backend.studies.bench.config import BenchConfig
from backend.runs.folder import RunDir
from tests.bench_folder import answers, estimates, write_scores, write_summary
run = RunDir(sys.argv[sys.argv.index("--out") + 1])
config = BenchConfig(**{k: tuple(v) if isinstance(v, list) else v for k, v in run.config()["config"].items()})
run.claim()
done, total = len([r for r in run.rows("metrics") if r["stage"] == "tune"]), 32
resumed = done > 0  # before that the run crawls after some updates: it must not end before it is stopped
while done < total:
    done += 1
    row = {"stage": "tune", "phase": "final", "lr": 0.005, "seed": 0, "step": done, "loss": 3 / done}
    run.append("metrics", row)
    run.set_status(stage="tune", done=done, total=total, eta_s=(total - done) * 0.2, message="Fine-tuning")
    if run.stop_requested():
        run.set_status(state="stopped", eta_s=None)
        sys.exit(0)
    time.sleep(0.15 if resumed or done < 8 else 2)
for who, skill in (("base", 0.2), ("seed-0", 0.7)):
    scored = answers(skill, 60, 5)
    estimates(run, who, "pocket_science", scored)
    write_scores(run, config, who, "pocket_science", scored)
    run.set_status(stage="score", done=60, total=120, message="Scoring")
    time.sleep(0.5)
write_summary(run, config, [])
run.set_status(state="finished", eta_s=None)
"""

SEEN = """() => {
  const at = document.querySelector("#bench-train-told [role=alert]").getBoundingClientRect();
  const form = document.querySelector("#form").getBoundingClientRect();
  return at.top >= Math.max(0, form.top) - 1 && at.bottom <= Math.min(innerHeight, form.bottom) + 1;
}"""
SERVE = """
import sys
from pathlib import Path
import app
from backend.runners.local import LocalRunner
from backend.disk import home

class Desk:
    def request(self, kind, timeout_s=0, **fields):
        if kind == "example":
            tokens = [{"text": "<b>Question</b>", "taught": False}, {"text": " of " + fields["data"], "taught": True}]
            return {"examples": 3, "tokens_longest": 9, "shown": [{"tokens": tokens}]}
        options = [{"text": text, "probability": 1 / len(fields["options"])} for text in fields["options"]]
        return {"base": {"options": options, "choice": 0, "generation": "moon", "truncated": False}, "tuned": None}

port, samples, command = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
app.launch(app.build_demo(LocalRunner(home() / "runs", command), samples, Desk()), port=port)
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench-browser")
    write_run(folder / "samples" / "bench-all", skill=0.8, n=80)
    write_run(folder / "samples" / "bench-handful", "handful", skill=0.3, n=80, data="random", examples=8, seeds=1)
    (folder / "worker.py").write_text(STAND_IN)
    port = free_port()
    env = os.environ | {"DISTILLOSCOPE_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-c", SERVE, str(port), str(folder / "samples"), sys.executable, str(folder / "worker.py")]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(words, cwd=ROOT, env=env, **quiet)
    wait_served(f"http://127.0.0.1:{port}")
    yield f"http://127.0.0.1:{port}"
    end(server, folder)


class Visitor(browsing.Visitor):
    """One browser profile on the bench's page."""

    START = "/bench"

    def points(self) -> int:
        """Of the training, whatever picture is shown."""
        return int(self.page.get_attribute("#chart [data-view=training]", "data-points"))

    def wait_points(self, more_than: int, seconds: int = 30) -> None:
        script = f"Number(document.querySelector('#chart [data-view=training]')?.dataset.points) > {more_than}"
        self.page.wait_for_function(script, timeout=seconds * 1000)

    def upload(self, name: str, text: str) -> None:
        with self.page.expect_file_chooser() as chooser:
            self.page.click("#bench-train-upload")
        chooser.value.set_files({"name": name, "mimeType": "text/plain", "buffer": text.encode()})


@pytest.fixture
def visitor(chromium, address):
    visitor = Visitor(chromium, address)
    yield visitor
    visitor.close()
    assert visitor.errors == []
    assert visitor.elsewhere == [], "no request may leave the server's own address"


def test_start_watch_reload_stop_and_resume(visitor):
    page = visitor.page
    assert page.get_attribute("#status [data-status]", "data-recorded") == "true"
    page.wait_for_selector("#bench-example [data-state=ready]")  # a reload before it would abort the request
    page.click("#bench-start")
    visitor.wait_state("running")
    page.wait_for_selector("#chart .ds-chart[data-run^='own/']")
    run = page.get_attribute("#chart .ds-chart", "data-run")
    visitor.wait_points(3)
    page.click("#stop")
    visitor.wait_state("stopped")
    before = visitor.points()
    page.click("#resume")
    visitor.wait_points(before)
    page.reload()
    visitor.wait_points(before)
    assert page.evaluate("location.pathname") == "/bench", "the page is kept"
    assert page.get_attribute("#chart .ds-chart", "data-run") == run, "the same run is there after a reload"
    visitor.wait_state("finished")
    visitor.wait_points(31)
    assert visitor.points() == 32, "resuming lost or repeated updates"
    page.wait_for_selector("#results .ds-bar.ds-after")
    page.click("#chart [data-view=training]")
    page.wait_for_selector("#chart .js-line", state="attached")
    page.reload()
    visitor.wait_state("finished")
    page.wait_for_selector("#bench-runs tr[data-key^='own/']")
    assert page.locator("#bench-runs tr[data-key^='own/']").count() == 1


def test_an_address_of_a_run_opens_it_back_returns_to_the_run_before_and_a_link_of_before_arrives(visitor):
    page = visitor.page

    def shown(run: str) -> None:
        page.wait_for_selector(f"#chart .ds-chart[data-run='{run}']")
        page.wait_for_function("(run) => new URLSearchParams(location.search).get('run') === run", arg=run)

    page.wait_for_selector("#bench-example [data-state=ready]")
    page.goto(f"{visitor.address}/?tab=bench&run=recorded/bench-handful")
    shown("recorded/bench-handful")
    assert page.evaluate("location.pathname") == "/bench"
    page.wait_for_selector("#bench-example [data-state=ready]")
    page.click("#bench-runs [data-open='recorded/bench-all']")
    shown("recorded/bench-all")
    page.go_back()
    shown("recorded/bench-handful")
    page.go_forward()
    shown("recorded/bench-all")


def test_two_recorded_runs_are_compared_and_one_is_asked(visitor):
    page = visitor.page
    page.wait_for_selector(".ds-runs[data-runs='2']")
    for box in page.locator("#bench-runs input").all():
        box.check()
    page.click("[data-compare]")
    page.wait_for_selector(".ds-versus")
    flips = int(page.get_attribute(".ds-flips", "data-flips"))
    page.wait_for_selector(".ds-flips output:text('page 1')", state="attached")  # the first page is turned to by then
    assert page.locator(".ds-flip:visible").count() == min(10, flips)
    page.click(".ds-flips [data-step='1']")
    assert page.inner_text(".ds-flips output").startswith("page 2")
    page.click(".ds-compare [data-close]")
    page.wait_for_selector(".ds-compare", state="detached")
    page.click("[data-example='0']")
    page.wait_for_function("document.querySelector('#ask-question textarea')?.value.endsWith('?')")
    page.click("#ask-go")
    page.wait_for_selector("#ask-answer [data-state=ready]")
    assert "moon" in page.inner_text("#ask-answer")


def test_a_bad_file_is_said_a_good_one_counted_and_nothing_else_is_lost(visitor):
    page = visitor.page
    page.wait_for_selector("#bench-example [data-state=ready]")
    assert "<b>Question</b>" in page.inner_text("#bench-example"), "tokens are text, whatever they say"
    page.locator("#bench-setting-examples input").fill("3")
    page.get_by_label("Your own file").check()
    page.wait_for_selector("#bench-train-upload")
    visitor.upload("bad.csv", 'prompt,answer\n"Question: a?",b\n"Question: c?",\n')
    page.wait_for_selector("#bench-train-told [role=alert]")
    said = page.inner_text("#bench-train-told")
    assert "answer" in said and "row" in said
    page.wait_for_function(SEEN)  # a long form scrolls: what was refused is brought into sight
    assert page.input_value("#bench-setting-examples input") == "3"
    visitor.upload("good.csv", "prompt,answer\n" + "".join(f"Question: {i}?,{i}\n" for i in range(5)))
    page.wait_for_selector("#bench-train-told [data-count='5']")
    assert page.locator("#bench-train-told li").count() == 3
    page.wait_for_function("document.querySelector('#bench-changes').innerText.includes('good.csv')")
    # the example comes last: a reload before it would abort the request, which the browser calls an error
    page.wait_for_function("document.querySelector('#bench-example').innerText.includes(' of file')")
    page.reload()
    page.wait_for_selector("#status [data-status]")
    page.get_by_label("Your own file").check()
    page.wait_for_function("document.querySelector('#bench-train-pick input')?.value.startsWith('good.csv')")


def test_a_phone_scrolls_in_one_direction_only(chromium, address):
    phone = Visitor(chromium, address, 390, 844)
    phone.page.wait_for_selector("#results .ds-bar")
    phone.page.wait_for_selector("#bench-example [data-state=ready]")
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
    phone.page.wait_for_selector(".ds-header a:text-is('Tune and score a student')")
    phone.leave()
