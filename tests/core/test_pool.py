"""Workers: what they are asked comes back whatever the order, they begin once, and none outlives its end."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from backend.core import processors
from backend.core.fork_server import FIRST, is_server
from backend.core.pool import Workers, kept
from backend.errors import UserError


def squares():
    """What tells a worker's process, and how often it has worked since it began."""
    count = [0]

    def work(item: int) -> tuple[int, int, int]:
        count[0] += 1
        return item * item, os.getpid(), count[0]

    return work


def refuses():
    raise UserError("There is nothing to begin with.", "something", "Bring it.")


def nothing() -> None:
    pass


@pytest.mark.parametrize("count", [1, 2])
def test_everything_asked_is_answered_once(count):
    with Workers(count) as workers:
        found = dict(workers.each(squares, [1, 2, 3, 4], nothing))
    assert {item: value for item, (value, *_) in found.items()} == {1: 1, 2: 4, 3: 9, 4: 16}


def test_workers_stay_from_one_stage_to_the_next_and_begin_once():
    with Workers(2) as workers:
        first = [told for _, told in workers.each(squares, range(4), nothing)]
        again = [told for _, told in workers.each(squares, range(4), nothing)]
        pids = {pid for _, pid, _ in first + again}
        assert len(pids) <= 2 and os.getpid() not in pids
        for pid in pids:  # one that had begun anew would have counted from 1 again
            counts = [count for _, one, count in first + again if one == pid]
            assert sorted(counts) == list(range(1, len(counts) + 1))
    assert not [pid for pid in pids if psutil.pid_exists(pid)]


def test_of_some_items_each_is_drawn_when_it_can_begin():
    drawn = []
    items = (drawn.append(n) or n for n in range(5))
    with Workers(2) as workers:
        for done, (item, (square, *_)) in enumerate(workers.some(squares, items, nothing, most=1)):
            assert (item, square) == (done, done * done) and drawn == list(range(done + 1))


def test_one_worker_is_this_process():
    with Workers(1) as workers:
        assert {pid for _, (_, pid, _) in workers.each(squares, [1, 2], nothing)} == {os.getpid()}


def test_what_a_worker_cannot_begin_with_is_said_to_whoever_asks_it_to_work():
    with pytest.raises(UserError, match="nothing to begin with"), Workers(2) as workers:
        list(workers.each(refuses, [1, 2], nothing))


def test_whoever_looks_up_may_stop_the_work_and_every_worker_with_it():
    def stop() -> None:
        raise KeyboardInterrupt

    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(KeyboardInterrupt), Workers(2) as workers:
        list(workers.each(squares, [1, 2, 3], stop))
    until = time.monotonic() + 10
    while left := [one for one in set(psutil.Process().children(recursive=True)) - before if computes(one)]:
        assert time.monotonic() < until, left
        time.sleep(0.1)


def computes(one: psutil.Process) -> bool:
    """Whether it is there and no tracker. Nobody may wait for it in psutil's way, which takes its end away from the
    executor: that would look for it for ever."""
    try:
        return one.status() != psutil.STATUS_ZOMBIE and not is_server(one, os.getpid())
    except psutil.NoSuchProcess:
        return False


def built(name: str) -> list[str]:
    return [name]


def keeping():
    return lambda item: id(kept(built, "rows")) == id(kept(built, "rows"))


def test_a_worker_keeps_what_it_made_and_this_process_does_not():
    with Workers(2) as workers:
        assert all(same for _, same in workers.each(keeping, [1, 2, 3], nothing))
    first, again = kept(built, "rows"), kept(built, "rows")
    assert first == again and first is not again


def knows_leaks():
    """Whether this process had the module of leaks before it was asked for anything."""
    there = "backend.core.text.leaks" in sys.modules
    return lambda _: there


@pytest.mark.skipif(sys.platform != "linux" or bool(processors.gpus()), reason="there is no fork server here")
@pytest.mark.parametrize(("workers", "begun", "found"), [("1", "False", "{False}"), ("2", "True", "{True}")])
def test_a_module_named_before_is_loaded_before_workers_are_wanted_and_not_for_one(workers, begun, found):
    words = """
import sys
from multiprocessing import forkserver
from backend.core import fork_server
fork_server.begin("backend.core.text.leaks")
print(forkserver._forkserver._forkserver_pid is not None, "torch" in sys.modules)
from tests.core.test_pool import Workers, knows_leaks, nothing, processors
with Workers(processors.workers(0)) as workers:
    print({there for _, there in workers.each(knows_leaks, [1, 2, 3], nothing)})
"""
    told = {"DISTILLOSCOPE_WORKERS": workers}
    run = subprocess.run([sys.executable, "-c", words], env=os.environ | told, capture_output=True, text=True)
    assert run.stdout.split("\n")[:2] == [f"{begun} False", found], run.stderr


def test_the_fork_server_leaves_with_its_parent_also_while_it_still_loads(tmp_path):
    began = tmp_path / "began"
    (tmp_path / "slow.py").write_text(f"import pathlib, time\npathlib.Path({str(began)!r}).touch()\ntime.sleep(60)")
    words = f"""
import sys
from multiprocessing import forkserver, get_context
get_context("forkserver").set_forkserver_preload([{FIRST!r}, "slow"])
forkserver.ensure_running()
print(forkserver._forkserver._forkserver_pid, flush=True)
sys.stdin.read()
"""
    found = {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path.cwd())])}  # the server has no other path
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    parent = subprocess.Popen([sys.executable, "-c", words], env=os.environ | found, **pipes)
    server = psutil.Process(int(parent.stdout.readline()))
    until = time.monotonic() + 30
    while not began.exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert began.exists() and server.is_running()
    parent.kill()
    parent.communicate()
    server.wait(20)
