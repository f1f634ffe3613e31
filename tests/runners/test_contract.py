"""What every runner promises, in five places: this machine, a remote one, a cluster, slices of a lent GPU, replay."""

import time
from dataclasses import replace

import pytest

from backend.errors import UserError
from backend.runners.contract import Runner, SlicedRunner
from backend.runners.queue import UNBEGUN
from tests.lab import state_of, until
from tests.runners import places

LAUNCHED = ("local", "remote", "ray")
COMPUTING = (*LAUNCHED, "slices")


@pytest.fixture
def place(request, tmp_path, monkeypatch):
    places.prepare(monkeypatch)
    made = places.Place(request.param, tmp_path)
    yield made
    made.close()


def in_places(*kinds):
    return pytest.mark.parametrize("place", kinds, indirect=True)


def running(runner, run):
    """A run that computes, once it does."""
    runner.start(run)
    until(lambda: state_of(runner, run) == "running")
    return run


@in_places(*places.KINDS)
def test_a_runner_has_every_verb_and_says_what_it_can_do(place):
    runner = place.server()
    assert isinstance(runner, Runner)
    assert runner.abilities.computes == (place.kind != "replay")
    assert runner.abilities.in_slices == isinstance(runner, SlicedRunner) == (place.kind == "slices")


@in_places("replay")
def test_where_nothing_is_computed_a_start_is_refused_and_the_rest_does_no_harm(place):
    runner, run = place.server(), place.run("one")
    with pytest.raises(UserError, match="only plays recorded runs"):
        runner.start(run)
    runner.stop(run)
    runner.end(run, {"state": "failed"})
    assert runner.reconcile() == [] and runner.computing() == [] and runner.waiting() == runner.usage(run) == 0
    assert runner.poll(run) == {**run.status(), "alive": False, "ahead": 0} and runner.all_runs() == [run.path]
    runner.shutdown()
    runner.discard(run)
    assert not run.path.exists() and runner.poll(run)["state"] == "stopped"


@in_places(*COMPUTING)
def test_a_started_run_finishes_though_nobody_asks_about_it(place):
    runner, run = place.server(), place.run("one", "quick")
    runner.start(run)
    until(lambda: run.status()["state"] == "finished")
    until(lambda: not runner.poll(run)["alive"])
    assert (runner.poll(run)["state"], runner.poll(run)["ahead"]) == ("finished", 0)


@in_places(*COMPUTING)
def test_one_run_computes_at_a_time_and_the_next_has_its_turn(place):
    runner, first, second = place.server(), place.run("one"), place.run("two", "quick", owner="b")
    running(runner, first)
    runner.start(second)
    if place.kind != "slices":  # there owners take turns slice by slice
        assert runner.poll(second)["ahead"] == 1 and state_of(runner, second) == "queued"
        runner.stop(first)
    until(lambda: len(runner.computing()) > 1 or second.status()["state"] == "finished")
    assert len(runner.computing()) <= 1
    runner.stop(first)
    until(lambda: state_of(runner, first) == "stopped")


@in_places(*COMPUTING)
def test_owners_take_turns(place):
    runner = place.server()
    runs = [place.run("a1", "quick", before_claim=0.8), *(place.run(name, "quick") for name in ("a2", "a3"))]
    runner.start(runs[0])
    until(lambda: runner.computing())  # with slices whoever's page asks first begins
    for run in [*runs[1:], place.run("b1", "quick", owner="b")]:
        runner.start(run)
    until(lambda: all(state_of(runner, run) == "finished" for run in runs))
    assert place.order() == ["a1", "b1", "a2", "a3"]


@in_places(*COMPUTING)
def test_stop_returns_at_once_and_the_run_ends_as_stopped_and_may_go_on(place):
    runner = place.server(grace_s=60.0)
    run = running(runner, place.run("one"))
    began = time.monotonic()
    runner.stop(run)
    assert time.monotonic() - began < 5 and state_of(runner, run) in ("stopping", "stopped")
    until(lambda: state_of(runner, run) == "stopped")
    until(lambda: not runner.poll(run)["alive"])
    running(runner, run)
    runner.stop(run)
    until(lambda: state_of(runner, run) == "stopped")


@in_places(*COMPUTING)
def test_a_run_that_was_stopped_before_it_began_never_begins(place):
    runner, first, second = place.server(pages=False), place.run("one"), place.run("two")
    runner.start(first)
    runner.start(second)
    runner.stop(second)
    assert (second.status()["state"], second.status()["reason"]) == ("stopped", UNBEGUN)
    runner.stop(first)
    until(lambda: state_of(runner, first) == "stopped")
    assert second.worker() is None and second.status()["state"] == "stopped"


@in_places(*COMPUTING)
def test_a_run_that_is_discarded_while_it_computes_is_deleted_when_it_has_stopped(place):
    runner = place.server()
    run = running(runner, place.run("one"))
    runner.discard(run)
    runner.start(run)  # too late
    until(lambda: not run.path.exists())
    assert runner.poll(run)["state"] == "stopped"
    until(lambda: runner.computing() == [])
    runner.start(run)  # later still
    assert runner.poll(run)["state"] == "stopped" and not run.path.exists()
    runner.discard(waits := place.run("two"))
    assert not waits.path.exists()


@in_places(*COMPUTING)
def test_a_worker_that_was_killed_is_settled_as_failed_in_words_and_the_run_may_go_on(place):
    runner = place.server()
    run = running(runner, place.run("one"))
    place.kill(run)
    until(lambda: run.status()["state"] == "failed")
    assert "Resume" in run.status()["error"]["next_step"]
    said = {
        "local": "The worker was killed",
        "remote": "ended the job",
        "ray": "The worker was killed",
        "slices": "broke the slice off",
    }
    assert said.get(place.kind, "The worker was killed") in run.status()["error"]["found"]
    assert run.status()["error"]["kind"] == ("killed" if place.kind in ("local", "ray") else "died")
    place.killed.clear()
    running(runner, run)
    assert run.status()["error"] is None
    runner.stop(run)
    until(lambda: state_of(runner, run) == "stopped")


@in_places(*COMPUTING)
def test_a_new_server_finds_the_run_at_work_and_can_stop_it(place):
    run = running(place.server(), place.run("one"))
    second = place.server()
    assert second.reconcile() == []
    assert state_of(second, run) == "running"
    second.start(run)
    if place.kind != "slices":  # there nobody computes between two slices
        assert second.poll(run)["alive"] and second.computing() == [run.path] and second.usage(run) > 0
        assert run.log_file.read_text().count("hello") == 1, "it must not start a second worker"
    second.stop(run)
    until(lambda: state_of(second, run) == "stopped")


@in_places(*LAUNCHED)
def test_a_new_server_orphans_a_run_whose_worker_died_and_starts_what_waited(place):
    dead, waits = place.run("one"), place.run("two", "quick")
    dead.set_status(state="running", worker=place.dead_worker())
    waits.set_status(queued_at=2.0)
    runner = place.server()
    assert runner.reconcile() == [dead.path]
    assert dead.status()["state"] == "orphaned" and "no server" in dead.status()["reason"]
    until(lambda: waits.status()["state"] == "finished")
    running(runner, dead)
    assert dead.status()["reason"] == ""
    runner.stop(dead)
    until(lambda: state_of(runner, dead) == "stopped")


@in_places(*COMPUTING)
def test_a_run_that_its_host_ends_says_why(place):
    runner = place.server()
    run = running(runner, place.run("one"))
    until(lambda: run.path in runner.computing())
    runner.end(run, {"state": "orphaned", "reason": "It gave no sign of life"})
    until(lambda: state_of(runner, run) == "orphaned")
    assert run.status()["reason"] == "It gave no sign of life"
    runner.end(run, {"reason": "again"})
    assert run.status()["reason"] == "It gave no sign of life", "a run that rests is ended no second time"


@in_places(*LAUNCHED)
def test_a_run_that_must_end_at_once_is_not_asked(place):
    runner = place.server(grace_s=60.0)
    run = running(runner, place.run("one", "stubborn"))
    runner.end(run, {"state": "failed", "error": {"found": "Too large.", "expected": "", "next_step": ""}}, True)
    until(lambda: state_of(runner, run) == "failed")
    assert run.status()["error"]["found"] == "Too large."


@in_places(*COMPUTING)
def test_after_a_shutdown_nothing_computes_and_nothing_is_lost(place):
    runner = place.server(grace_s=1.0)
    run = running(runner, place.run("one"))
    runner.shutdown()
    if place.kind == "ray":  # a job needs no server
        following = place.server()
        assert state_of(following, run) == "running" and following.computing() == [run.path]
        following.stop(run)
        until(lambda: state_of(following, run) == "stopped")
        return
    until(lambda: runner.computing() == [])
    if place.kind == "slices":  # it never had a process of its own: the next server's page goes on
        assert run.status()["state"] == "running"
        done = run.status()["done"]
        following = place.server()
        until(lambda: run.status()["done"] > done)
    else:
        until(lambda: run.status()["state"] == "orphaned")
        assert "shut down" in run.status()["reason"]
        following = place.server()
        running(following, run)
    following.stop(run)
    until(lambda: state_of(following, run) == "stopped")


@in_places(*COMPUTING)
def test_a_full_queue_and_an_owner_with_too_many_runs_are_refused_and_nothing_is_queued(place):
    runner, third = place.server(waiting=1), place.run("three")
    runs = [place.run("one"), place.run("two", owner="b")]
    for run in runs:
        runner.start(run)
    until(lambda: runner.waiting() == 1)
    with pytest.raises(UserError, match="1 runs are waiting"):
        runner.start(third)
    runner.host = replace(runner.host, waiting=8, per_owner=1)
    with pytest.raises(UserError, match="of your runs"):
        runner.start(third)
    assert "queued_at" not in third.status()
    for run in reversed(runs):
        runner.stop(run)
    until(lambda: all(state_of(runner, run) == "stopped" for run in runs))
