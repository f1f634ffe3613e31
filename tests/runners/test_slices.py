"""The runner of slices: turns, stops, refusals and longer slices, with a stand-in for what computes."""

import os
import threading
import time
from dataclasses import asdict, replace

import pytest

from backend.errors import UserError
from backend.limits.hosts import HOSTS, ZERO_GPU
from backend.runners import slices
from backend.runners.slice_worker import SlicedRun
from backend.runners.slices import LONGEST_S, MARGIN_S, SliceRunner
from backend.runs.folder import RunDir
from backend.runs.worker import this_process

HOST = replace(HOSTS[ZERO_GPU], reserve=0, per_owner=2)


class Lab:
    """Runs, and a GPU that does what `self.work(run)` says instead of computing."""

    def __init__(self, root):
        self.root, self.asked = root, []
        self.work = lambda run: run.set_status(state="finished")

    def gpu(self, duration):
        def lend(folder, seconds, margin):
            self.asked.append((folder.rpartition("/")[2], duration(folder, seconds, margin)))
            run = RunDir(folder)
            run.set_status(state="running", worker=asdict(this_process()))
            self.work(run)
            run.set_status(worker=None)

        return lambda compute: lend

    def runner(self, **limits):
        return SliceRunner(self.root, replace(HOST, **limits), self.gpu)

    def run(self, owner="a", name="one"):
        return RunDir.create(self.root / owner / name, "text_distillation", None, {"prompts": 4})


@pytest.fixture
def lab(tmp_path, monkeypatch):
    monkeypatch.setattr(slices, "load_engine", lambda *_: None)  # no torch here
    monkeypatch.setattr(slices, "PATIENCE_S", float("inf"))  # a busy machine is no page that went away
    return Lab(tmp_path / "runs")


def steps(*places):
    """Work whose slices end at these (stage, done) in turn."""
    left = list(places)

    def work(run):
        stage, done = left.pop(0)
        run.set_status(stage=stage, done=done, total=20)

    return work


def test_a_run_waits_for_its_page_and_goes_on_slice_by_slice(lab):
    runner, run = lab.runner(), lab.run()
    runner.start(run, "experts")
    assert runner.poll(run)["state"] == "queued" and not lab.asked
    lab.work = steps(("experts", 5), ("experts", 9))
    assert runner.advance(run) and runner.advance(run)
    told = runner.poll(run)
    assert (told["state"], told["alive"], told["ahead"], told["worker"]) == ("running", False, 0, None)
    lab.work = lambda run: run.set_status(state="finished")
    assert not runner.advance(run)
    assert not runner.advance(run) and len(lab.asked) == 3
    assert run.status()["stages"] == "experts"


def test_a_new_server_goes_on_where_the_old_one_was(lab):
    first, run = lab.runner(), lab.run()
    first.start(run)
    lab.work = steps(("experts", 5))
    first.advance(run)
    lab.work = lambda run: run.set_status(state="finished")
    second = lab.runner()
    assert second.reconcile() == [] and second.poll(run)["state"] == "running"
    assert not second.advance(run) and run.status()["state"] == "finished"


def test_two_visitors_take_turns_and_one_slice_computes_at_a_time(lab):
    runner, one, two = lab.runner(), lab.run("a", "one"), lab.run("b", "two")
    runner.start(one)
    runner.start(two)
    begun, go_on = threading.Event(), threading.Event()

    def work(run):
        run.set_status(stage="experts", done=run.status().get("done", 0) + 1, total=20)
        begun.set()
        assert go_on.wait(60)

    lab.work = work
    slice_of_one = threading.Thread(target=runner.advance, args=(one,))
    slice_of_one.start()
    assert begun.wait(60)
    assert runner.advance(two) and runner.poll(two)["ahead"] == 1
    assert runner.computing() == [one.path]
    go_on.set()
    slice_of_one.join()
    assert runner.advance(one), "it is the other's turn now"
    assert runner.poll(one)["message"] == slices.NEXT
    runner.advance(two)
    runner.advance(one)
    assert [name for name, _ in lab.asked] == ["one", "two", "one"]


def test_whose_page_is_closed_keeps_nobody_waiting(lab, monkeypatch):
    runner, one, two = lab.runner(), lab.run("a", "one"), lab.run("b", "two")
    runner.start(one)
    runner.start(two)
    lab.work = steps(*[("experts", n) for n in range(1, 6)])
    runner.advance(two)
    runner.advance(one)
    runner.advance(one)  # it is two's turn, and two's page is there
    assert len(lab.asked) == 2
    runner._asked[two.path] -= 100
    monkeypatch.setattr(slices, "PATIENCE_S", 50)
    runner.advance(one)
    assert [name for name, _ in lab.asked] == ["two", "one", "one"]


def test_stop_between_slices_is_at_once_and_during_one_behind_it(lab):
    runner, run = lab.runner(), lab.run()
    runner.start(run)
    lab.work = steps(("experts", 5))
    runner.advance(run)
    runner.stop(run)
    assert runner.poll(run)["state"] == "stopped" and not runner.advance(run)
    runner.start(run)

    def work(run):
        runner.stop(run)
        assert runner.poll(run)["state"] == "stopping" and run.stop_requested()

    lab.work = work
    assert not runner.advance(run)
    assert run.status()["state"] == "stopped"


def test_a_discarded_run_is_gone_when_its_slice_ends(lab):
    runner, run = lab.runner(), lab.run()
    runner.start(run)
    lab.work = lambda run: runner.discard(run)
    assert not runner.advance(run)
    assert not run.path.exists() and runner.poll(run)["state"] == "stopped"
    other = lab.run(name="other")
    runner.start(other)
    runner.discard(other)
    assert not other.path.exists()


def test_a_refused_slice_stops_the_run_with_the_hosts_words_and_it_can_be_resumed(lab):
    def refuse(duration):
        def lend(*_):
            raise RuntimeError("You have exceeded your ZeroGPU quota (38s requested vs. 3s left).")

        return lambda compute: lend

    runner, run = SliceRunner(lab.root, HOST, refuse), lab.run()
    runner.start(run)
    assert not runner.advance(run)
    told = runner.poll(run)
    assert told["state"] == "stopped" and "3s left" in told["reason"]
    runner.start(run)
    assert runner.poll(run)["state"] == "queued" and runner.poll(run)["reason"] == ""


def test_a_worker_that_a_dead_server_left_behind_is_no_slice_that_was_broken_off(lab):
    def refuse(duration):
        def lend(*_):
            raise RuntimeError("No GPU is free.")

        return lambda compute: lend

    runner, run = SliceRunner(lab.root, HOST, refuse), lab.run()
    runner.start(run)
    run.set_status(state="running", worker=asdict(replace(this_process(), id=2**22 - 3, started=1.0)))
    assert not runner.advance(run)
    assert run.status()["state"] == "stopped" and "No GPU is free" in run.status()["reason"]


def test_a_folder_that_somebody_still_writes_is_left_alone_and_asked_about_again(lab):
    runner, run = lab.runner(), lab.run()
    runner.start(run)
    run.set_status(state="running", worker=asdict(replace(this_process(), host="far-away")))
    before = run.status()["slice"]
    assert all(runner.advance(run) for _ in range(8))
    assert not lab.asked and run.status()["slice"] == before, "it was no slice that came no further"
    long_ago = time.time() - 1000
    os.utime(run.path / "status.json", (long_ago, long_ago))
    assert not runner.advance(run) and run.status()["state"] == "finished"


def test_a_slice_that_was_broken_off_is_tried_again_with_a_wider_margin(lab):
    runner, run = lab.runner(), lab.run()
    runner.start(run)

    def die(run):
        raise RuntimeError("GPU task aborted")

    lab.work = die
    asked = [lab.asked[-1][1] for _ in range(4) if runner.advance(run)]
    assert asked == [15 + MARGIN_S, 15 + 2 * MARGIN_S, 15 + 4 * MARGIN_S, 15 + 8 * MARGIN_S]
    runner.advance(run)
    assert not runner.advance(run)
    assert run.status()["state"] == "failed" and "broke the slice off" in run.status()["error"]["found"]


def test_slices_grow_until_the_piece_of_work_fits_and_shrink_behind_it(lab):
    runner, run = lab.runner(wall_clock_s=None), lab.run()
    runner.start(run)
    lab.work = steps(("experts", 3), ("experts", 3), ("experts", 2), ("experts", 9), ("distil", 1), ("distil", 2))
    for _ in range(6):
        runner.advance(run)
    assert [asked - MARGIN_S for _, asked in lab.asked] == [15, 15, 30, 60, 60, 30]
    lab.work = steps(*[("distil", 2)] * 5)
    while runner.advance(run):
        pass
    assert max(asked for _, asked in lab.asked) == LONGEST_S + MARGIN_S
    assert run.status()["state"] == "failed" and "longer than the 120 s" in run.status()["error"]["found"]


def test_a_run_ends_when_it_has_had_its_time(lab):
    runner, run = lab.runner(), lab.run()
    runner.start(run)
    run.set_status(slice={**run.status()["slice"], "spent": 901.0})
    assert not runner.advance(run) and not lab.asked
    assert run.status()["state"] == "stopped" and "15 min" in run.status()["reason"]


def test_limits_of_the_host_hold_here_too(lab):
    runner = lab.runner(per_owner=1)
    runner.start(lab.run())
    with pytest.raises(UserError, match="of your runs"):
        runner.start(lab.run(name="two"))
    with pytest.raises(UserError, match="prompts"):
        runner.start(RunDir.create(lab.root / "b" / "x", "text_distillation", None, {"prompts": 400}))


def test_after_a_shutdown_nothing_more_is_computed_and_nothing_is_lost(lab):
    runner, run = lab.runner(), lab.run()
    runner.start(run)
    runner.shutdown()
    assert not runner.advance(run) and not lab.asked
    assert run.status()["state"] == "queued"


# -- the folder as a slice sees it ----------------------------------------------------------------------------------
def test_a_slice_that_is_over_is_not_a_stop_but_a_visitors_stop_is(lab):
    run = lab.run()
    over = SlicedRun(run.path, 0.0)
    assert over.stop_requested()
    over.set_status(state="running")
    over.set_status(state="stopped", message="", eta_s=None)
    assert run.status()["state"] == "running"
    run.stop_flag.touch()
    over.claim()
    over.set_status(state="stopped")
    assert run.status()["state"] == "stopped", "claiming forgot that a stop was asked"
    run.set_status(worker=None)


def test_the_stages_behind_a_run_do_not_come_back_on_screen(lab):
    run = lab.run()
    run.set_status(stage="distil", done=7, total=50)
    again = SlicedRun(run.path, 60.0)
    again.set_status(stage="experts", done=0, total=0, message="Loading the models and the data")
    assert (run.status()["stage"], run.status()["done"]) == ("distil", 7)
    again.set_status(stage="distil", done=8, total=50)
    again.set_status(stage="decode", done=0, total=2)
    assert run.status()["stage"] == "decode"
