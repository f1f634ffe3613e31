"""A process: the host it runs on, whether it lives, and the memory it holds.

Its id means something on its own host alone, and there only with the time of its start: ids are used again. Standard
library and psutil; knows no run.
"""

import os
import socket

import psutil

HOST_NAME = "DISTILLOSCOPE_HOST_NAME"  # where a machine's own name is not its alone, or changes: containers, clusters
SAME_START_S = 2.0  # two readings of one start differ when the clock is set between them


def host_name() -> str:
    """The name of this machine among those that share its disk."""
    return os.environ.get(HOST_NAME) or socket.gethostname()


def started_at(pid: int) -> float:
    """When a process of this host began, by time.time(). Raises psutil.Error where there is none."""
    return psutil.Process(pid).create_time()


def lives(pid: int | str, started: float) -> bool:
    """Whether the process of this host with this id and this start still runs; a zombie does not."""
    try:
        process = psutil.Process(int(pid))
        return abs(process.create_time() - started) < SAME_START_S and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, ValueError):
        return False


def memory_of(pid: int | str) -> int:
    """Bytes that a process of this host and its children hold; 0 where it is gone."""
    try:
        process = psutil.Process(int(pid))
        return sum(one.memory_info().rss for one in [process, *process.children(recursive=True)])
    except (psutil.Error, ValueError):
        return 0
