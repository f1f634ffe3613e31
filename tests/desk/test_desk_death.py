"""The desk when a worker dies, hangs, leaves or outlives its use, with real child processes."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing

import psutil
import pytest

from backend.desk import desk
from backend.desk.desk import Desk
from backend.errors import UserError
from backend.runners.processes import PROJECT
from tests import desk_stand_in
from tests.desk_stand_in import children, gone, in_thread, pid_of, until
from tests.lab import ended

stand_in = desk_stand_in.stand_in
quick = desk_stand_in.quick


def test_a_worker_killed_between_questions_is_replaced(quick):
    first = pid_of(quick)
    os.kill(first, signal.SIGKILL)
    until(lambda: quick._worker._process.returncode is not None)  # reaped
    assert pid_of(quick) != first


def test_a_worker_killed_at_work_is_told_in_plain_words_and_replaced(quick, tmp_path):
    pid, told, begun = pid_of(quick), [], tmp_path / "begun"

    def ask():
        with pytest.raises(UserError) as caught:
            quick.request("rest", seconds=60, begun=str(begun))
        told.append(str(caught.value))

    thread = in_thread(ask)
    until(begun.exists)  # killed any earlier, it would be replaced unseen
    os.kill(pid, signal.SIGKILL)
    thread.join(60)
    assert "memory" in told[0]
    assert pid_of(quick) != pid


def test_a_worker_that_dies_by_itself_is_not_asked_again(quick):
    with pytest.raises(UserError, match=r"ended before it answered.*desk\.log"):
        quick.request("die")


@pytest.mark.parametrize("hang", ["rest", "stop"])
def test_a_hung_worker_is_killed_in_time_and_replaced(quick, hang):
    pid = pid_of(quick)
    if hang == "stop":
        os.kill(pid, signal.SIGSTOP)
    begin = time.monotonic()
    with pytest.raises(UserError, match=r"within 0\.3 s"):
        quick.request("rest", seconds=60, timeout_s=0.3)
    assert time.monotonic() - begin < 10  # it rests for 60
    assert gone(pid)
    assert pid_of(quick) != pid


def test_a_worker_that_never_gets_ready_is_killed(monkeypatch, quick):
    monkeypatch.setattr(desk, "START_S", 0.3)
    quick._command[:] = [sys.executable, "-c", "import time; time.sleep(60)"]
    with pytest.raises(UserError, match=r"within 0\.3 s"):
        quick.request("ping")
    assert not children()


def test_a_worker_that_cannot_start_is_reported(quick):
    quick._command[:] = ["/no/such/program"]
    with pytest.raises(UserError, match="could not be started"):
        quick.request("ping")


def test_an_idle_worker_leaves_without_a_zombie_and_the_next_question_starts_another(stand_in):
    with closing(Desk([*stand_in, "--idle", "2"])) as made:
        first = pid_of(made)
        until(lambda: gone(first))
        assert pid_of(made) != first


def test_a_worker_that_leaves_just_when_it_is_asked_is_replaced_unseen(quick, tmp_path):
    assert quick.request("leave_once", marker=str(tmp_path / "left")) == {"came": "back"}


def test_closing_ends_the_worker_at_work_and_refuses_what_comes_later(stand_in):
    made, told = Desk(stand_in), []
    pid = pid_of(made)

    def ask():
        with pytest.raises(UserError) as caught:
            made.request("rest", seconds=60)
        told.append(caught.value.found)

    thread = in_thread(ask)
    until(made._turn.locked)
    made.close()
    thread.join(60)
    assert told == ["The server is shutting down."] and gone(pid)
    with pytest.raises(UserError, match="shutting down"):
        made.request("ping")
    assert not children()


@pytest.mark.parametrize("pipe_kept", [False, True])
def test_no_worker_outlives_a_server_that_was_killed_not_even_at_work(stand_in, pipe_kept, tmp_path):
    """`pipe_kept`: another child of the server still holds the pipe, so that its end tells nothing."""
    begun = tmp_path / "begun"
    code = f"""
import os, threading, time
from backend.desk.desk import Desk
desk = Desk({stand_in!r})
pid = desk.request("ping")["pid"]
pipe = desk._worker._process.stdin.fileno()
if {pipe_kept}:
    other = os.fork()
    if other == 0:
        os.closerange(0, 3)
        time.sleep(30)
        os._exit(0)
else:
    other = 0
begun = {str(begun)!r}
threading.Thread(target=desk.request, args=("rest",), kwargs=dict(seconds=60, begun=begun)).start()
while not os.path.exists(begun):
    time.sleep(0.01)
print(pid, other, flush=True)
time.sleep(60)
"""
    server = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=PROJECT, text=True)
    with server.stdout:
        worker, other = map(int, server.stdout.readline().split())
    try:
        assert psutil.Process(worker).is_running()
        server.kill()
        server.wait()
        until(lambda: ended(worker), 15)  # it rests for 60
    finally:
        if other:
            os.kill(other, signal.SIGKILL)
