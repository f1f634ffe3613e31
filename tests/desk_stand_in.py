"""A desk with real child processes around cheap stand-in questions, and how tests watch them live and die.

Knows the worker's kinds of question; nothing of the real engine.
"""

import os
import sys
import threading
import time
from contextlib import closing

import psutil
import pytest

from backend.core.fork_server import is_server
from backend.desk.desk import Desk
from backend.runners.processes import PROJECT

# the real worker in all but what it computes
STAND_IN = """
import os, subprocess, sys, time
from backend.desk import worker as desk_worker
from backend.errors import UserError

def leave_once(marker):
    if os.path.exists(marker):
        return {"came": "back"}
    open(marker, "w").close()
    os._exit(0)

def refuse():
    raise UserError("It is red.", "blue", "Paint it.")

def chatter():
    print("chatter by print")
    os.write(1, b"chatter by a library\\n")
    subprocess.run(["echo", "chatter by a child"])
    return {"read": sys.stdin.read()}

def rest(seconds, begun=os.devnull, until=""):
    open(begun, "w").close()
    end = time.monotonic() + seconds
    while time.monotonic() < end and not (until and os.path.exists(until)):
        time.sleep(0.01)
    return {}

def count(to, fail=False):
    for number in range(to):
        yield {"number": number}
    if fail:
        refuse()
    return {"counted": to}

desk_worker.load_kinds = lambda: {
    "ping": lambda: {"pid": os.getpid()},
    "echo": lambda text: {"text": text},
    "names": lambda: {"names": list(os.environ)},
    "rest": rest,
    "refuse": refuse,
    "count": count,
    "stumble": lambda: {}["nothing"],
    "chatter": chatter,
    "leave_once": leave_once,
    "die": lambda: os._exit(3),
}
desk_worker.main()
"""


@pytest.fixture
def stand_in(tmp_path, monkeypatch) -> list[str]:
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    script = tmp_path / "worker.py"
    script.write_text(STAND_IN)
    return [sys.executable, str(script)]


@pytest.fixture
def quick(stand_in):
    with closing(Desk(stand_in)) as made:
        yield made


def children() -> list[psutil.Process]:
    """Live processes below this one, but for Python's own servers, which other tests may have started."""
    return [child for child in psutil.Process().children(recursive=True) if is_ours(child)]


def is_ours(process: psutil.Process) -> bool:
    try:
        dead = process.status() == psutil.STATUS_ZOMBIE
        return not dead and not is_server(process, os.getpid())
    except psutil.Error:
        return False


def pid_of(quick: Desk) -> int:
    return quick.request("ping")["pid"]


def until(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    """True when the process is no more, not even as a zombie that its parent forgot."""
    return not psutil.pid_exists(pid)


def in_thread(work) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread
