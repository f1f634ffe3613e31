"""The page of runs side by side without a browser: what opens it, whom it ticks for, and whose runs it shows."""

import json
import shutil

import gradio as gr
import pytest

from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.text_distillation.config import PRESETS, DistillConfig
from components.compare.page import ComparePage
from components.run.shelf import Shelf, new_owner
from tests.pages import Recorder, address, in_loop

CONFIG = as_json(DistillConfig())


@pytest.fixture
def page(tmp_path):
    shelf = Shelf(tmp_path / "samples", tmp_path / "runs", PRESETS, "text_distillation")
    for name in ("one", "two", "three"):
        RunDir.create(shelf.samples / name, "text_distillation", "quick", CONFIG).set_status(state="finished")

    def make():
        with gr.Blocks() as demo:
            return ComparePage(demo, shelf, Recorder())

    return in_loop(make)


def event(**fields):
    return gr.EventData(None, fields)


def begun(page, owner) -> str:
    """A live run of this visitor with one update."""
    key, run = page.shelf.new(owner, "text_distillation", "quick", CONFIG)
    run.set_status(state="running")
    update(run, 1)
    return key


def update(run, step: int) -> None:
    row = {"stage": "distil", "step": step, "matching_loss": 0.5, "regulariser": 0.1, "cosine": 0.5, "seconds": 1.0}
    run.append("metrics", row)


def held(page, answer) -> tuple[dict, dict]:
    """What the page's session holds after an answer: the choice, and what was seen."""
    return answer[page.slots], answer[page.seen]


def keys(page, answer) -> list[str]:
    return list(answer[page.slots])


def test_it_opens_on_the_run_of_its_address_beside_a_recorded_one(page):
    owner = new_owner()
    key = begun(page, owner)
    assert keys(page, page.open(owner, address(runs=key))) == [key, "recorded/one"]
    assert keys(page, page.open(owner, address(runs="recorded/three"))) == ["recorded/three", "recorded/one"]


def test_an_address_of_a_comparison_opens_that_in_its_order(page):
    owner = new_owner()
    key = begun(page, owner)
    answer = page.open(owner, address(runs=f"recorded/two,{key},recorded/one"))
    assert keys(page, answer) == ["recorded/two", key, "recorded/one"]
    assert [one["slot"] for one in answer[page.chart]["chosen"]] == [0, 1, 2]


def test_an_address_with_runs_that_this_visitor_may_not_see_opens_the_others(page):
    key = begun(page, new_owner())
    answer = page.open(new_owner(), address(runs=f"{key},recorded/two,recorded/nowhere,recorded/three"))
    assert keys(page, answer) == ["recorded/two", "recorded/three"]
    assert key.partition("/")[2] not in str(answer)


def test_a_visitor_without_an_id_gets_one(page):
    assert len(page.open("")[page.owner]) == 32


def test_it_ticks_only_while_a_chosen_run_is_live(page):
    owner = new_owner()
    key = begun(page, owner)
    answer = page.open(owner, address(runs=key))
    assert answer[page.timer].active is True
    page.shelf.open(owner, key).set_status(state="finished")
    ended = answer | page.tick(owner, *held(page, answer))
    assert ended[page.timer].active is False
    assert page.choose(owner, *held(page, ended), event(keys=["recorded/one"]))[page.timer].active is False


def test_a_tick_sends_what_is_new_and_no_more(page):
    owner = new_owner()
    key = begun(page, owner)
    run = page.shelf.open(owner, key)
    for step in range(2, 400):
        update(run, step)
    answer = page.open(owner, address(runs=key))
    update(run, 400)
    tick = page.tick(owner, *held(page, answer))
    assert set(tick) == {page.chart, page.seen}
    tick = answer | tick
    assert tick[page.chart]["news"][0]["points"]["step"] == [400]
    assert len(json.dumps(tick[page.chart])) < 700
    assert set(page.tick(owner, *held(page, tick))) == {page.seen}
    whole = page.resync(owner, *held(page, tick))
    assert whole[page.chart]["whole"] and len(whole[page.chart]["news"][0]["points"]["step"]) == 400
    assert [one["run"] for one in whole[page.chart]["chosen"]] == keys(page, answer)


@pytest.mark.parametrize("look", ["tick", "resync"])
def test_a_look_that_ends_after_a_choice_does_not_take_it_back(page, look):
    owner = new_owner()
    key = begun(page, owner)
    before = page.open(owner, address(runs=key))
    chosen = before | page.choose(owner, *held(page, before), event(keys=[key, "recorded/two"]))
    late = getattr(page, look)(owner, *held(page, before))  # it began before the choice
    assert page.slots not in late
    after = page.tick(owner, *held(page, chosen | late))
    assert [one["run"] for one in after[page.chart]["chosen"]] == keys(page, chosen) == [key, "recorded/two"]
    assert "recorded/two" in after[page.heads] and after[page.timer].active is True


def test_neither_a_tick_nor_a_resync_can_write_the_choice(page):
    looks = [fn for fn in page.heads.parent.parent.fns.values() if fn.name in ("tick", "resync")]
    assert len(looks) == 3 and not any(page.slots in fn.outputs for fn in looks)


@pytest.mark.parametrize(
    "sent",
    [["own/20260101-000000-quick-dead"], ["../../etc/passwd", "recorded/.."], [3, None, {}], ["recorded/one"] * 9],
)
def test_a_forged_choice_shows_nothing_that_is_not_the_visitors(page, sent):
    owner, other = new_owner(), new_owner()
    foreign = begun(page, other)
    answer = page.choose(owner, {}, {}, event(keys=[*sent, foreign]))
    assert set(keys(page, answer)) <= {"recorded/one"}
    assert foreign.partition("/")[2] not in str(answer)


@pytest.mark.parametrize("sent", [{}, {"keys": None}, {"keys": "recorded/two"}, {"keys": {"a": 1}}])
def test_a_choice_that_is_no_list_changes_nothing(page, sent):
    owner = new_owner()
    answer = page.open(owner)
    assert keys(page, page.choose(owner, *held(page, answer), event(**sent))) == ["recorded/one", "recorded/three"]


def test_a_run_that_is_discarded_meanwhile_leaves_and_the_others_stay(page):
    owner = new_owner()
    key = begun(page, owner)
    answer = page.open(owner, address(runs=key))
    shutil.rmtree(page.shelf.open(owner, key).path)
    after = page.tick(owner, *held(page, answer))
    assert [one["run"] for one in after[page.chart]["chosen"]] == ["recorded/one"]
    assert "no longer here" in after[page.heads] and after[page.timer].active is False
    assert [one["slot"] for one in after[page.chart]["chosen"]] == [1], "the one that stays keeps its letter"


def test_a_visitor_without_any_run_is_told_so(page):
    for run in page.shelf.recorded():
        shutil.rmtree(run.path)
    answer = page.open(new_owner())
    assert "There is no run yet" in answer[page.heads] and answer[page.results] == "" == answer[page.settings]
