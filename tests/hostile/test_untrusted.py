"""What hostile requests once broke, each by itself: values no answer can hold, presets that are none, runs that go."""

import math
import shutil

import gradio as gr
import pytest

from backend.desk.desk import Desk
from backend.disk import home
from backend.errors import UserError
from backend.settings import as_json
from backend.studies.text_distillation.config import DistillConfig
from components.frame.events import sent
from components.run.shelf import new_owner
from tests import bench_page
from tests.page.frame import test_app

built, bench = bench_page.built, bench_page.page
page = test_app.page


@pytest.mark.parametrize("bad", ["\ud800", "a\udfff", 2**63, -(2**63), 10**30])
def test_what_no_answer_could_hold_is_as_good_as_nothing(bad):
    assert sent(gr.EventData(None, {"run": bad}), "run") is None


@pytest.mark.parametrize("good", ["", "own/x", "😀", 0, -7, 2**62, 0.5, math.inf, True, None, ["a"], {"b": 1}])
def test_all_else_is_handed_on_as_it_came(good):
    assert sent(gr.EventData(None, {"run": good}), "run") == good


@pytest.mark.parametrize("data", [None, 7, "run", [], {}, True])
def test_an_event_without_the_field_has_nothing_in_it(data):
    assert sent(gr.EventData(None, data), "run") is None


@pytest.mark.parametrize("preset", [None, "", "../quick", 7, ["quick"]])
def test_a_preset_that_is_none_is_said_and_the_form_stays_as_it_was(page, preset):
    form = page.form
    answer = form.fill(preset)
    assert len(answer) == len(form.widgets) + 4 + len(form.toggles)
    message = answer.pop(len(form.widgets) + 1)
    assert "There is no preset" in message and all(one == gr.skip() for one in answer)


def lose_as_read(page, monkeypatch, times: int) -> None:
    """Whatever run the runner is asked about is deleted by somebody else; `times` times."""
    poll, left = page.runner.poll, [times]

    def poll_and_lose(run):
        found = poll(run)
        if left[0]:
            left[0] -= 1
            shutil.rmtree(run.path)
        return found | {"state": "stopped"}

    monkeypatch.setattr(page.runner, "poll", poll_and_lose)


@pytest.mark.parametrize("times", [1, 2, 3, 4])
def test_runs_that_go_one_after_the_other_while_they_are_read_are_no_error(page, monkeypatch, times):
    owner = new_owner()
    keys = [page.shelf.new(owner, "text_distillation", "quick", as_json(DistillConfig()))[0] for _ in range(4)]
    lose_as_read(page, monkeypatch, times)
    answer = page.view.show(owner, keys[0])
    assert len(page.shelf.own(owner)) == 4 - times
    assert (answer[page.view.seen].get("key") in keys) is (times < 4)


@pytest.mark.parametrize("times", [1, 2])
def test_the_bench_too_shows_what_is_left(bench, monkeypatch, times):
    owner = new_owner()
    for seed in range(2):
        bench_page.start(bench, owner, data="none", seed=seed)
    lose_as_read(bench, monkeypatch, times)
    monkeypatch.setattr(bench.view, "runner", bench.runner)
    answer = bench.view.show(owner, None)
    assert len(bench.shelf.own(owner)) == 2 - times
    assert bool(answer[bench.view.seen]) is (times < 2)


def test_a_tick_of_a_run_that_goes_changes_nothing(page, bench, monkeypatch):
    owner = new_owner()
    key, _ = page.shelf.new(owner, "text_distillation", "quick", as_json(DistillConfig()))
    seen = page.view.show(owner, key)[page.view.seen]
    lose_as_read(page, monkeypatch, 1)
    assert page.view.tick(owner, seen) == gr.skip(), "an empty mapping is an error to Gradio"
    bench_page.start(bench, owner, data="none")
    seen = bench.view.show(owner, None)[bench.view.seen]
    lose_as_read(bench, monkeypatch, 1)
    assert bench.view.tick(owner, seen) == gr.skip()


def test_a_desk_that_ended_names_its_log_and_no_place_of_the_server():
    with pytest.raises(UserError) as refused:
        Desk(["true"]).request("ask")
    assert "desk.log" in refused.value.next_step and str(home()) not in str(refused.value)
