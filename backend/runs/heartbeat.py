"""The heartbeat: a file that a worker touches while it lives, so that a hung one can be told from a busy one.

A thread does it, so a long update is no silence; a stopped process or a machine that thrashes is. Knows a run folder.
"""

import contextlib
import json
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict

from backend.core.pool_ray import held
from backend.disk import write_atomically
from backend.errors import UserError
from backend.process import memory_of
from backend.runs.folder import RunDir
from backend.runs.worker import worker_of

EVERY_S = 2.0


@contextlib.contextmanager
def heartbeat(run: RunDir, every_s: float = EVERY_S) -> Iterator[None]:
    """Beat until the block ends. The file says whose heart it is, as status.json says who the worker is."""
    worker, ended = run.worker(), threading.Event()
    far = worker is not None and not worker.here  # nobody else can ask how much memory it holds

    def write() -> None:
        memory = {"memory": memory_of(os.getpid()) + held()} if far else {}
        write_atomically(run.heartbeat, json.dumps({"worker": worker and asdict(worker), **memory}))

    with contextlib.suppress(Exception):  # on a full disk the run itself will say so
        write()

    def beat() -> None:
        while not ended.wait(every_s):
            with contextlib.suppress(OSError, UserError):  # discarded meanwhile, or a disk that takes no more
                write() if far and run.heartbeat.exists() else os.utime(run.heartbeat)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        with contextlib.suppress(OSError):
            run.heartbeat.unlink()  # who ended is not silent


def silence_s(run: RunDir) -> float:
    """Seconds since the last beat of the worker that status.json names; 0 for one that has not begun to beat."""
    try:
        whose = worker_of(json.loads(run.heartbeat.read_text(encoding="utf-8")))
        last = run.heartbeat.stat().st_mtime
        return max(0.0, time.time() - last) if whose is not None and whose == run.worker() else 0.0
    except (OSError, ValueError):
        return 0.0


def memory_told(run: RunDir, worker: str) -> int:
    """Bytes that a worker of another machine said it holds, by its id; 0 where it has said nothing."""
    found = run.document(run.heartbeat.name)
    whose = worker_of(found)
    return int(found.get("memory") or 0) if whose is not None and str(whose.id) == worker else 0
