"""The bench's page without a browser: what a start and a look at a run answer, also to hostile input."""

import pytest

from backend.errors import UserError
from backend.settings import as_json
from backend.studies.bench.config import BenchConfig
from components.form.run_settings import shown_config
from components.run import feed
from components.run.shelf import new_owner
from tests import bench_page
from tests.bench_folder import write_run
from tests.bench_page import GOOD, HOSTILE, begin, compare, event, held, start, upload
from tests.pages import address, panel

built = bench_page.built
page = bench_page.page


# -- start ----------------------------------------------------------------------------------------------------------
def test_start_makes_a_bench_run_of_the_visitors_own(page):
    owner = new_owner()
    key = start(page, owner, seeds=2)
    found = page.shelf.open(owner, key).config()
    assert (found["study"], found["preset"]) == ("bench", "pocket")
    assert found["config"] == as_json(BenchConfig(seeds=2))
    assert page.runner.asked == [("start", key.partition("/")[2], "")]


@pytest.mark.parametrize(
    "changes",
    [
        {"seeds": 0},
        {"seeds": "many"},
        {"tasks": ["../../etc/passwd"]},
        {"tasks": [{}]},
        {"tasks": []},
        {"train_task": HOSTILE},
        {"data": "web"},
        {"student": ["opt-pocket"]},
        {"lrs": "0.1, x"},
        {"rank": float("nan")},
    ],
)
def test_a_value_that_makes_no_sense_is_said_and_starts_nothing(page, changes):
    owner = new_owner()
    answer = begin(page, owner, *held(page, owner, **changes))
    assert list(answer) == [page.form.message]
    assert 'role="alert"' in answer[page.form.message]
    assert "<img" not in answer[page.form.message]
    assert page.shelf.own(owner) == []


def test_a_run_that_the_queue_refuses_leaves_no_folder(page, monkeypatch):
    def full(run, stages=None):
        raise UserError("8 runs are waiting already.", "a shorter queue", "Try again.")

    owner = new_owner()
    monkeypatch.setattr(page.runner, "start", full)
    assert "waiting already" in begin(page, owner, *held(page, owner))[page.form.message]
    assert page.shelf.own(owner) == []


@pytest.mark.parametrize("sent", [[], [None], ["x"] * 60])
def test_a_request_that_is_no_form_is_refused(page, sent):
    assert "alert" in begin(page, new_owner(), *sent)[page.form.message]


def test_no_path_can_be_sent(page):
    assert not {"data_path", "test_file"} & page.filled_in.by_name.keys()


def test_an_invented_preset_is_not_kept(page):
    owner = new_owner()
    begin(page, owner, *held(page, owner), preset="../../x")
    assert page.shelf.own(owner)[0].config()["preset"] is None


# -- the run on screen ----------------------------------------------------------------------------------------------
def test_reload_finds_the_run_of_the_address_then_the_live_one_then_a_recorded_one(page):
    owner = new_owner()
    assert page.open(owner)[page.view.head].count("No run yet") == 1
    key = start(page, owner)
    page.shelf.open(owner, key).set_status(state="finished")
    assert page.open(owner)[page.view.seen]["key"] == key
    write_run(page.shelf.samples / "one", n=20)
    assert 'data-recorded="true"' in page.open(owner)[page.view.head]
    live = start(page, owner)
    assert page.open(owner)[page.view.seen]["key"] == live
    for asked in (key, live, "recorded/one"):
        assert page.open(owner, address(run=asked))[page.view.seen]["key"] == asked


def test_a_guest_can_look_at_a_shared_run_and_not_touch_it(page):
    owner, guest = new_owner(), new_owner()
    key = start(page, owner)
    link = page.view.give(owner, event(run=key, wanted=True))["link"]
    page.runner.asked.clear()
    answer, view = page.open(guest, address(run=link)), page.view
    assert answer[view.seen]["key"] == link and "Shared run" in answer[view.head]
    assert not any(answer[button]["visible"] for button in (view.stop, view.resume, view.go_on))
    for act in (page.stop, page.resume, page.go_on):
        act(guest, link)
    page.life.discard(guest, event(run=link))
    assert page.runner.asked == [] and page.shelf.open(owner, key) is not None


def test_nobody_can_touch_or_see_the_run_of_another(page):
    key = start(page, new_owner())
    page.runner.asked.clear()
    other = new_owner()
    for act in (page.stop, page.resume):
        for tried in (key, "../..", None, 3):
            act(other, tried)
    assert page.runner.asked == []
    assert "No run yet" in panel(page, "table").open_run(other, event(key=key))[page.view.head]
    assert "alert" in compare(page, other, event(keys=[key, key]))


def test_recorded_runs_are_for_looking_at(page):
    write_run(page.shelf.samples / "one", n=20)
    for act in (page.stop, page.resume):
        act(new_owner(), "recorded/one")
    assert page.runner.asked == []


@pytest.mark.parametrize("seen", [None, {}, {"key": "own/x"}, "x", {"key": 3, "cursors": {}}])
def test_a_tick_with_a_strange_memory_shows_the_first_run(page, seen):
    write_run(page.shelf.samples / "one", n=20)
    assert page.view.tick(new_owner(), seen)[page.view.seen]["key"] == "recorded/one"


def test_a_tick_of_a_quiet_run_sends_nothing_but_its_memory(page):
    owner = new_owner()
    start(page, owner)
    assert list(page.view.tick(owner, page.open(owner)[page.view.seen])) == [page.view.seen]


def test_new_rows_come_once_and_numbered_and_a_new_worker_draws_afresh(page):
    owner = new_owner()
    run = page.shelf.open(owner, start(page, owner))
    seen = page.open(owner)[page.view.seen]
    row = {"stage": "tune", "phase": "grid", "lr": 0.005, "seed": 0, "step": 1, "loss": 2.0}
    run.append("metrics", row)
    news, seen = feed.look(run, seen, page.view.reads)
    assert (news["chart"]["fresh"], news["chart"]["number"]) == (False, 2)
    [line] = news["chart"]["curves"]["loss"]
    assert (line["id"], line["x"], line["y"]) == ("grid 0.005 0", [1], [2.0])
    assert feed.look(run, seen, page.view.reads)[0]["chart"] is None
    run.set_status(worker={"id": 1})
    assert feed.look(run, seen, page.view.reads)[0]["chart"]["fresh"]


def test_settings_of_a_run_fill_the_form_with_its_file(page, tmp_path):
    owner = new_owner()
    train, _ = upload(page, tmp_path, owner, GOOD)
    key = start(page, owner, None, train, data="file", seeds=5)
    answer = page.copy_settings(owner, key)
    assert answer[page.sources.train] == train
    assert answer[page.filled_in.by_name["seeds"]] == 5
    assert "--set data_path=mine.csv" in answer[page.form.box]["texts"]["command"]


def test_a_run_shows_no_path_of_this_machine(page, tmp_path):
    run = write_run(tmp_path / "r", data="file", data_path="/secret/home/runs/x.csv", n=20)
    assert shown_config(run)["data_path"] == "x.csv"
