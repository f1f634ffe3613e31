"""The whole app in a real browser: start, watch, zoom, reload, stop, resume; phone width; hostile prompts.

The worker is a stand-in of a few lines, so that seconds suffice; with `-m slow` it is the real one. Runs that a test
looks at while they are live are long, and end only because the test stops them or asks the worker to hurry.
"""

import sys
import time
from pathlib import Path

import pytest

from backend.settings import load_preset
from backend.studies.text_distillation.config import PRESETS
from tests import browsing
from tests.browsing import Moving, end, serve, serve_stand_in

pytestmark = browsing.pytestmark
chromium = browsing.chromium

STAND_IN = """
import json, math, sys, time
from pathlib import Path
from backend.runs.folder import RunDir
hurry = Path(__file__).with_name("hurry")  # a test makes this file when it wants the end of the run
run = RunDir(sys.argv[sys.argv.index("--out") + 1])
config = run.config()["config"]
stages = sys.argv[sys.argv.index("--stages") + 1].split(",") if "--stages" in sys.argv else []
run.claim()

def step(stage, done, total):
    run.set_status(stage=stage, done=done, total=total, eta_s=(total - done) * 0.25, message="")
    if run.stop_requested():
        run.set_status(state="stopped", eta_s=None)
        sys.exit(0)
    if not hurry.exists():
        time.sleep(0.25)

def want(stage):
    return not stages or stage in stages

if want("distil"):
    done = max((r["step"] for r in run.rows("metrics") if r["stage"] == "distil"), default=0)
    for n in range(done + 1, config["outer_steps"] + 1):
        loss = 0.4 + 0.6 * math.exp(-n / 30)
        run.append("metrics", {"stage": "distil", "step": n, "matching_loss": loss, "regulariser": 0.1, "cosine": 0.5})
        text = f"<img src=x onerror=console.error(1)> word {n // 4}"
        prompt = {"slot": 0, "text": text, "answer": "<b>yes</b>", "changed": 0.5, "distance": 0.2}
        run.append("prompts", {"step": n, "prompts": [prompt]})
        way = [[k / 4 * n / (n + 9), k / 40] for k in range(5)]
        expert = [[k / 4, 0.1 * (k % 4 > 0)] for k in range(5)]
        layers = [{"layer": k, "left": 1 / (n + k), "share": 0.5} for k in range(2)]
        near = [[f" <b>{k}</b>{n}", k / 10] for k in range(3)]
        run.append("neighbours", {"step": n, "slots": [[{"at": [0.1, 0.2], "near": near}] * 2]})
        (run.path / "vocabulary.json").write_text(
            json.dumps({"explained": 0.2, "of": 3, "points": [[0, 0], [1, 1]], "tokens": ["<i>a</i>", "b"]}))
        run.append("paths", {"step": n, "student": way, "expert": expert, "layers": layers})
        step("distil", n, config["outer_steps"])
if want("decode"):
    (run.path / "distilled.jsonl").write_text(json.dumps({"prompt": "a", "answer": "b"}) + chr(10))
if want("evaluate"):
    for arm, value in (("text", 0.5), ("random", 0.4), ("base", 0.3)):
        where = {"arm": arm, "student": config["model"], "task": config["task"], "regime": "ordinary"}
        run.append("results", {**where, "metric": "acc_norm", "seed": 0, "value": value, "n": 100})
        name = f"artifacts/scores/{arm}-{config['model']}-ordinary-0"
        (run.artifacts / "scores").mkdir(parents=True, exist_ok=True)
        for q in range(100):
            ll = [-1.0, -2.0] if q < 100 * value else [-2.0, -1.0]
            run.append(name, {"id": f"q{q}", "subject": None, "answer": 0, "log_likelihoods": ll, "lengths": [3, 3]})
        found = {"metric": "acc", "seed": 0, "value": value, "n": 100, "scores": name + ".jsonl"}
        run.append("results", {**where, **found})
        step("evaluate", 1, 3)
run.set_status(state="finished", eta_s=None)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("browser")


@pytest.fixture(scope="module")
def address(folder):
    yield from serve_stand_in(folder, STAND_IN)


@pytest.fixture
def hurry(folder):
    """Make this file, and the worker rests no more."""
    yield folder / "hurry"
    (folder / "hurry").unlink(missing_ok=True)


@pytest.fixture
def visitor(chromium, address):
    visitor = Moving(chromium, address)
    yield visitor
    visitor.close()


RANGE = "document.querySelector('#chart .ds-plot')._fullLayout?.xaxis.range"
FOLLOWS = f"{RANGE}?.[1] >= document.querySelector('.ds-chart').dataset.points - 1"  # in one look: a tick moves both


def test_start_watch_zoom_reload_stop_and_resume(visitor, hurry):
    page, whole = visitor.page, 300
    assert page.get_attribute("#status [data-status]", "data-status") == "none"
    visitor.start_long(whole)
    visitor.wait_state("running")
    visitor.wait_points(3)
    visitor.wait_points(visitor.points() + 10)
    page.wait_for_function(FOLLOWS)  # without a zoom the axis follows the curve

    zoomed, before = visitor.zoom("#chart"), visitor.points()
    visitor.wait_points(before + 10)  # the curve moved
    assert page.evaluate(RANGE) == zoomed, "ticks must not lose the zoom"

    run = page.get_attribute(".ds-chart", "data-run")
    page.reload()
    visitor.wait_state("running")
    visitor.wait_points(before)
    assert page.get_attribute(".ds-chart", "data-run") == run, "the same run is there after a reload"

    visitor.stop()
    page.click("#resume")
    visitor.wait_state("running")
    hurry.touch()
    visitor.wait_state("finished", seconds=60)
    page.wait_for_selector(".ds-results[data-rows='6']")
    visitor.wait_points(whole - 1)
    assert visitor.points() == whole, "resuming lost or repeated updates"
    assert "Question by question: +10.0 points" in page.inner_text(".ds-verdict")
    assert visitor.errors == []
    assert visitor.elsewhere == [], "no request may leave the server's own address"


def test_a_closed_page_does_not_end_the_run(visitor):
    visitor.start_long()
    visitor.wait_points(2)
    before = visitor.points()
    visitor.page.goto("about:blank")
    time.sleep(2)
    visitor.page.goto(visitor.address)
    visitor.wait_points(before + 10)


def test_prompts_are_shown_as_text_whatever_they_say_and_can_be_scrubbed(visitor):
    page = visitor.page
    visitor.start_long()
    page.wait_for_function("Number(document.querySelector('.ds-wall')?.dataset.snapshots) > 12")
    assert "<img src=x" in page.inner_text(".ds-prompt .ds-words")
    assert page.inner_text(".ds-answer b") == "<b>yes</b>"
    assert page.locator(".ds-prompt img").count() == 0
    page.locator(".ds-scrub input").fill("0")
    assert page.inner_text(".ds-scrub output") == "update 1"
    before = int(page.get_attribute(".ds-wall", "data-snapshots"))
    page.wait_for_function(f"Number(document.querySelector('.ds-wall')?.dataset.snapshots) > {before}")
    assert page.inner_text(".ds-scrub output") == "update 1", "the wall stays where the visitor put it"
    page.click("[data-latest]")
    assert page.inner_text(".ds-scrub output") != "update 1"
    assert visitor.errors == []


def test_the_map_follows_the_prompt_wall_and_says_the_loss_that_is_drawn(visitor):
    page = visitor.page
    visitor.start_long()
    page.wait_for_function("Number(document.querySelector('.ds-path')?.dataset.paths) > 3")
    page.locator(".ds-scrub input").fill("0")
    page.wait_for_selector(".ds-path[data-step='1']")
    assert "At update 1 the student covers 10 % of the expert's distance" in page.inner_text(".ds-path [data-said]")
    circle = page.locator(".ds-map .ds-dot").last
    target = page.locator(".ds-map .ds-target")
    way = page.locator(".ds-map .ds-way")
    x, y, x1, y1, x0 = (
        float(node.get_attribute(name))
        for node, name in ((circle, "cx"), (circle, "cy"), (target, "cx"), (target, "cy"), (way, "x1"))
    )
    loss = ((x - x1) ** 2 + (y - y1) ** 2) / (x1 - x0) ** 2
    assert f"matching loss {loss:.2f}" in page.inner_text(".ds-path [data-said]"), "one scale for both axes"
    page.click("[data-latest]")
    page.wait_for_function("Number(document.querySelector('.ds-path').dataset.step) > 3")
    assert page.locator(".ds-heat [role=listitem]").count() == 2
    visitor.stop()
    assert visitor.errors == []


def test_the_lens_opens_on_a_prompt_follows_the_wall_and_shows_tokens_as_text(visitor):
    page = visitor.page
    visitor.start_long()
    page.wait_for_function("Number(document.querySelector('.ds-wall')?.dataset.snapshots) > 8")
    page.locator(".ds-scrub input").fill("2")
    page.click("[data-closer='0']")
    page.wait_for_selector(".ds-lens[data-step='3']")
    assert page.locator(".ds-near b").all_inner_texts() == ["·<b>0</b>3", "·<b>1</b>3", "·<b>2</b>3"]
    assert "exactly the token" in page.inner_text(".ds-lens [data-said]")
    assert page.locator(".ds-vocabulary .ds-cloud").count() == 2 and "20 % of the variance" in page.inner_text(
        "figcaption"
    )
    page.locator(".ds-places button").nth(1).click()
    assert page.locator(".ds-places button").nth(1).get_attribute("aria-pressed") == "true"
    page.locator(".ds-scrub input").fill("4")
    page.wait_for_selector(".ds-lens[data-step='5']")
    assert page.locator(".ds-vocabulary .ds-cloud").count() == 2, "the map stays, though it is sent once"
    page.click(".ds-lens [data-close]")
    assert not page.is_visible(".ds-lens")
    visitor.stop()
    assert visitor.errors == []


def test_the_judge_pairs_answers_when_it_is_opened_and_again_for_another_arm(visitor, hurry):
    page = visitor.page
    hurry.touch()
    page.click("#distil")
    visitor.wait_state("finished", seconds=60)
    page.click(".ds-judge summary")
    page.wait_for_selector(".ds-judge .ds-difference")
    assert (
        "+10.0 points" in page.inner_text(".ds-judge figcaption") and page.locator(".ds-judge .ds-flip").count() == 10
    )
    page.select_option(".ds-judge [data-pick=b]", "base")
    page.wait_for_selector(".ds-flips[data-flips='20']")
    assert "+20.0 points" in page.inner_text(".ds-judge figcaption")
    assert visitor.errors == []


def test_distil_only_then_score(visitor, hurry):
    page = visitor.page
    hurry.touch()
    page.locator("#score-after input").uncheck()
    page.click("#distil")
    visitor.wait_state("finished", seconds=60)
    page.wait_for_selector(".ds-results[data-rows='0']")
    page.click("#score button, button#score")
    page.wait_for_selector(".ds-results[data-rows='6']")


def test_bad_input_is_said_at_the_form_and_nothing_is_lost(visitor):
    page = visitor.page
    visitor.set_number("outer_steps", 77)
    visitor.set_number("max_start", 99)
    page.wait_for_selector("#form-message [role=alert]")
    page.click("#distil")
    page.wait_for_selector("#form-message [role=alert]:not([data-field])")  # the button's own answer names no field
    assert "max_start" in page.inner_text("#form-message")
    assert page.get_attribute("#status [data-status]", "data-status") == "none"
    page.locator("#setting-max_start input").fill(str(load_preset(PRESETS, "quick")["settings"]["max_start"]))
    page.wait_for_selector("#form-message [role=alert]", state="detached")
    assert page.input_value("#setting-outer_steps input") == "77"
    page.wait_for_selector("#changes .ds-changes[data-count='1']")


def test_two_visitors_do_not_see_each_other(chromium, address, visitor):
    visitor.start_long()
    visitor.wait_points(1)
    other = Moving(chromium, address)
    assert other.page.get_attribute("#status [data-status]", "data-status") == "none"
    other.leave()


def test_a_phone_scrolls_in_one_direction_only(chromium, address):
    phone = Moving(chromium, address, 390, 844)
    try:
        phone.start_long()
        phone.wait_points(2)
        phone.page.wait_for_selector(".ds-prompt")
        assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
        phone.stop()
        assert phone.errors == []
    finally:
        phone.close()


def test_light_and_dark_are_switched_and_remembered(visitor):
    page = visitor.page
    dark = page.evaluate("document.body.classList.contains('dark')")
    page.click("#header [data-dark]")
    assert page.evaluate("document.body.classList.contains('dark')") is not dark
    page.reload()
    page.wait_for_selector("#status [data-status]")
    page.wait_for_function(f"document.body.classList.contains('dark') === {str(not dark).lower()}")


@pytest.mark.slow
def test_the_real_worker_moves_the_curve_and_stops(chromium, tmp_path):
    server, address = serve(tmp_path, [sys.executable, "-m", "backend"])
    try:
        visitor = Moving(chromium, address)
        visitor.page.click("#distil")
        visitor.wait_points(5, seconds=300)
        visitor.page.click("[data-view=matching]", timeout=300_000)  # enabled with the first update
        visitor.wait_points(3, seconds=300)
        visitor.page.reload()
        visitor.wait_points(3, seconds=60)
        visitor.page.wait_for_selector(".ds-prompt")
        visitor.stop()
        assert visitor.errors == []
        visitor.leave()
    finally:
        end(server, tmp_path)
