"""The live chart in a real browser: a study of one line and one of many, fed message by message.

A page of its own with nothing but the two widgets; what a server would send is typed into a field.
"""

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import gradio as gr
import pytest

import app
from backend.study import Curve, Stage, Study, Words
from components.frame.navigation import places
from components.frame.theme import page_header
from components.panels.chart import chart_news, live_chart
from tests import browsing
from tests.browsing import ROOT
from tests.waiting import free_port, wait_served

pytestmark = browsing.pytestmark
chromium = browsing.chromium
LOSS = Curve("loss", "Loss", "train", "step", "loss", "loss")
TRIED = replace(LOSS, by=("phase", "lr", "seed"), line=f"{__name__}:called", quiet={"phase": "grid"}, winner=("lr",))
SCORE = Curve("score", "Scoring", "test", "done", "acc", "accuracy on {task}", "questions asked", by=("who",))
MANY = (
    replace(TRIED, view="training", title="Training", linked=True),
    replace(TRIED, name="check", y="acc", stage="check", label="accuracy", view="training"),
    replace(SCORE, quiet={"who": "base"}, choice="task", x_end="total", low="low", high="high", range=(0.0, 1.0)),
)


@dataclass
class Settings:
    data: str = "real"


def called(values: dict) -> str:
    return f"student {values['seed'] + 1}" if values.get("phase") != "grid" else f"step size {values['lr']:g}"


def study(*curves: Curve) -> Study:
    stages = (Stage("train", "Train", ""), Stage("test", "Test", ""))
    return Study("toy", "Toy", "", Settings, Path("presets"), (), stages, "tests:none", Words("tests:none"), curves)


STUDIES = {"one": study(LOSS), "many": study(*MANY), "trend": study(replace(LOSS, smooth=True))}


def serve(port: int) -> None:
    """The page: each chart, a field that holds its next message, and how often it missed one."""
    with gr.Blocks() as demo:
        page_header(places()[0])  # it brings what saves a chart
        for name, toy in STUDIES.items():
            chart = live_chart(toy, name)
            box = gr.Textbox(elem_id=f"{name}-sent")
            box.change(json.loads, box, chart, show_progress="hidden")
            missed = gr.Textbox("0", elem_id=f"{name}-missed")
            chart.resync(lambda told: str(int(told) + 1), missed, missed, show_progress="hidden")
    app.launch(demo, port=port)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    port, quiet = free_port(), {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(
        [sys.executable, "-c", f"import {__name__} as page; page.serve({port})"], cwd=ROOT, **quiet
    )
    wait_served(f"http://127.0.0.1:{port}")
    yield f"http://127.0.0.1:{port}"
    browsing.end(server, tmp_path_factory.mktemp("chart"))


class Visitor(browsing.Visitor):
    """One browser profile on the page of charts, which sends what a server would."""

    READY = "#many .ds-chart"

    def send(self, name: str, rows: list[dict], number: int, fresh: bool = False, run: str = "own/a", **more) -> None:
        message = {"run": run, "fresh": fresh, "number": number, **chart_news(STUDIES[name], {}, rows, fresh, **more)}
        self.page.fill(f"#{name}-sent textarea", json.dumps(message))

    def wait(self, name: str, points: int) -> None:
        self.page.wait_for_selector(f"#{name} .ds-chart[data-points='{points}']", state="attached")
        self.page.wait_for_function("window.Plotly")  # it may come after the first message

    def see(self, name: str, what: str):
        return self.page.evaluate(f"document.querySelector('#{name} .ds-plot').{what}")

    def drawn(self, name: str) -> list[dict]:
        """What is drawn as lines with something to say of each point."""
        told = "data.filter((t) => t.hovertemplate).map((t) => ({said: t.hovertemplate, x: [...t.x], y: [...t.y],"
        return self.see(name, told + " axis: t.yaxis, colour: t.line.color, dash: t.line.dash, wide: t.line.width}))")


@pytest.fixture
def visitor(chromium, address):
    visitor = Visitor(chromium, address)
    yield visitor
    visitor.close()
    assert visitor.errors == []
    assert visitor.elsewhere == [], "no request may leave the server's own address"


def rows(number: int, first: int = 1, **more) -> list[dict]:
    return [{"stage": "train", "step": s, "loss": 1 / s, **more} for s in range(first, first + number)]


def test_a_study_of_one_curve_is_drawn_zoomed_and_followed(visitor):
    page = visitor.page
    assert page.is_visible("#one .ds-wait") and not page.is_visible("#one .ds-plot")
    assert "within seconds of pressing Start" in page.inner_text("#one .ds-wait")
    visitor.send("one", rows(20), 1, fresh=True)
    visitor.wait("one", 20)
    page.wait_for_selector("#one .js-line", state="attached")
    assert not page.is_visible("#one .ds-wait")
    assert not page.is_visible("#one [data-view]"), "one picture needs no switch"
    assert not page.is_visible("#one .ds-legend"), "one line needs no legend"
    zoomed = visitor.zoom("#one")
    visitor.send("one", rows(5, first=21), 2)
    visitor.wait("one", 25)
    assert visitor.see("one", "_fullLayout.xaxis.range") == zoomed, "news must not lose the zoom"
    assert "loss: latest 0.04 at step 25" in page.get_attribute("#one .ds-plot", "aria-label")


def test_a_gap_asks_for_all_and_a_message_told_twice_changes_nothing(visitor):
    page = visitor.page
    visitor.send("one", rows(3), 1, fresh=True)
    visitor.wait("one", 3)
    visitor.send("one", rows(3), 1)
    visitor.send("one", rows(2, first=8), 3)
    page.wait_for_function("document.querySelector('#one-missed textarea').value === '1'")
    visitor.wait("one", 3)
    visitor.send("one", rows(9), 4, fresh=True)
    visitor.wait("one", 9)
    visitor.send("one", rows(1, run="own/b"), 1, fresh=True, run="own/b")
    page.wait_for_selector("#one .ds-chart[data-run='own/b'][data-points='1']", state="attached")


def test_steps_that_a_resumed_run_repeats_take_the_place_of_the_old_ones_line_by_line(visitor):
    visitor.send("one", rows(9), 1, fresh=True)
    visitor.wait("one", 9)
    visitor.send("one", [{**row, "loss": 5.0} for row in rows(3, first=6)], 2)
    visitor.wait("one", 8)
    assert visitor.drawn("one")[0]["y"][4:] == [0.2, 5, 5, 5]
    both = [*rows(9, phase="final", lr=0.1, seed=0), *rows(9, phase="final", lr=0.1, seed=1)]
    visitor.send("many", both, 1, fresh=True)
    visitor.wait("many", 18)
    visitor.send("many", rows(1, first=5, phase="final", lr=0.1, seed=0), 2)
    visitor.wait("many", 14)
    assert [len(line["x"]) for line in visitor.drawn("many")] == [5, 9]


def test_the_scale_of_each_picture_is_the_visitors_choice(visitor):
    page = visitor.page
    visitor.send("one", rows(2000), 1, fresh=True)
    visitor.wait("one", 2000)
    assert visitor.see("one", "_fullLayout.yaxis.type") == "linear"
    page.click("#one [data-log]")
    assert page.get_attribute("#one [data-log]", "aria-pressed") == "true"
    assert visitor.see("one", "_fullLayout.yaxis.type") == "log"
    shown = page.locator("#one .ytick").all_text_contents()
    assert len(set(shown)) == len(shown) > 2, "each tick says another number"
    page.click("#one [data-log]")
    assert visitor.see("one", "_fullLayout.yaxis.type") == "linear"


def test_lines_are_told_apart_and_the_attempt_that_won_is_one_of_them(visitor):
    page = visitor.page
    tried = [row for lr in (0.1, 0.2) for row in rows(5, phase="grid", lr=lr, seed=0)]
    visitor.send("many", tried, 1, fresh=True)
    visitor.wait("many", 10)
    assert page.locator("#many .ds-legend button").all_inner_texts() == ["step size 0.1", "step size 0.2"]
    assert len({line["colour"] for line in visitor.drawn("many")}) == 1, "attempts are grey"
    visitor.send("many", [row for seed in (1, 2) for row in rows(5, phase="final", lr=0.2, seed=seed)], 2)
    visitor.wait("many", 20)
    names = ["student 1", "student 2", "student 3", "step size 0.1"]
    assert page.locator("#many .ds-legend button").all_inner_texts() == names
    quiet, *full = visitor.drawn("many")
    assert len({line["colour"] for line in (quiet, *full)}) == len({line["dash"] for line in full}) + 1 == 4
    assert quiet["wide"] < full[0]["wide"]
    page.click("#many .ds-legend button:has-text('student 2')")
    assert page.get_attribute("#many .ds-legend button:has-text('student 2')", "aria-pressed") == "true"
    clear = "data.filter((t) => t.hovertemplate && t.opacity === 1).map((t) => t.hovertemplate)"
    assert ["student 2" in said for said in visitor.see("many", clear)] == [True]


def test_of_a_run_with_one_student_the_summary_says_which_attempt_won(visitor):
    tried = [row for lr in (0.1, 0.2) for row in rows(5, phase="grid", lr=lr, seed=0)]
    visitor.send("many", tried, 1, fresh=True, summary={"lr": 0.1})
    visitor.wait("many", 10)
    assert visitor.page.locator("#many .ds-legend button").all_inner_texts() == ["student 1", "step size 0.2"]


def test_details_share_the_main_panes_axis_and_can_be_hidden(visitor):
    page, same = visitor.page, {"phase": "final", "lr": 0.1, "seed": 0}
    visitor.send("many", rows(9, **same), 1, fresh=True)
    visitor.wait("many", 9)
    assert not page.is_visible("#many [data-companions]"), "there are none yet"
    visitor.send("many", [{"stage": "check", "step": 5, "acc": 0.33, **same}], 2)
    page.click("#many [data-companions]")
    assert {line["axis"] for line in visitor.drawn("many")} == {"y"}
    page.click("#many [data-companions]")
    assert {line["axis"] for line in visitor.drawn("many")} == {"y", "y2"}
    colours = {line["colour"] for line in visitor.drawn("many")}
    assert len(colours) == 1, "a student has one colour in both panes"


def scored(who: str, task: str, done: int, total: int = 40) -> dict:
    row = {"stage": "test", "who": who, "task": task, "done": done, "total": total}
    return {**row, "acc": 0.5, "low": 0.4, "high": 0.6}


def test_a_picture_of_many_tasks_shows_the_one_being_measured_then_the_visitors(visitor):
    page = visitor.page
    visitor.send("many", [*rows(3, phase="final", lr=0.1, seed=0), scored("base", "first_task", 40)], 1, fresh=True)
    page.wait_for_selector("#many [data-view=score][aria-pressed=true]")
    assert page.is_visible("#many [data-view=training]") and not page.is_visible("#many .ds-choices")
    visitor.send("many", [scored("base", "second", 10), scored("after", "second", 10)], 2)
    chosen = page.locator("#many .ds-choices [aria-pressed=true]")
    page.wait_for_selector("#many .ds-choices button")
    assert chosen.inner_text() == "second"
    page.wait_for_selector("#many .ds-plot :text('accuracy on second')")  # plotly draws a moment later
    page.click("#many .ds-choices button:has-text('first task')")
    page.wait_for_selector("#many .ds-plot :text('accuracy on first task, with its 95 % interval')")
    assert visitor.see("many", "_fullLayout.xaxis.range[1]") > 40, "the axis ends where the measurement will"
    assert not page.is_visible("#many [data-log]"), "the ends of this axis are known"
    page.click("#many [data-view=training]")
    page.wait_for_selector("#many .ds-chart[data-points='3']")
    assert not page.is_visible("#many .ds-choices")


def test_the_mark_of_another_panel_is_drawn_and_a_click_asks_for_a_step(visitor):
    page = visitor.page
    visitor.send("many", rows(9, phase="final", lr=0.1, seed=0), 1, fresh=True)
    visitor.wait("many", 9)
    page.wait_for_selector("#many .js-line", state="attached")
    page.evaluate("""() => {
      addEventListener("distilloscope:pick", ({ detail }) => { window.picked = detail; });
      dispatchEvent(new CustomEvent("distilloscope:mark", { detail: { run: "own/a", step: 4 } }));
    }""")
    page.wait_for_function("document.querySelector('#many .ds-plot')._fullLayout.shapes?.[1]?.x0 === 4")
    visitor.see("many", "emit('plotly_click', { points: [{ x: 7 }] })")
    assert page.evaluate("window.picked") == {"run": "own/a", "step": 7, "view": "training"}


def test_names_that_a_run_brought_are_text(visitor):
    page = visitor.page
    hostile = "<b>%{x}</b><img src=x onerror=console.error(1)>"
    visitor.send(
        "many", [scored(hostile, hostile, 9), scored("base", hostile, 9), scored("base", "b", 9)], 1, fresh=True
    )
    page.click("#many .ds-choices button >> nth=0")
    page.wait_for_selector("#many .ds-legend button")
    assert hostile in page.locator("#many .ds-legend button").all_inner_texts()[0]
    assert "<b>" in page.locator("#many .ds-plot .annotation-text").first.text_content()
    assert page.locator("#many img").count() == 0


def test_without_a_run_the_chart_waits_again(visitor):
    visitor.send("one", rows(3), 1, fresh=True)
    visitor.wait("one", 3)
    visitor.page.fill("#one-sent textarea", "{}")
    visitor.wait("one", 0)
    assert visitor.page.is_visible("#one .ds-wait") and not visitor.page.is_visible("#one .ds-plot")
