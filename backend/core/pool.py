"""Independent pieces of work in several processes, one thread each: on few cores that is twice as fast as one process
with several threads, whose threads wait for each other.

Knows processes; not what the work is. No process outlives its parent, however the parent ends.
"""

import contextlib
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any

import psutil
import torch

from backend.core import leaving
from backend.errors import UserError

# in a worker process: how to begin, and what to do with each item
_begin: Callable[[], Callable[[Any], Any]] | None = None
_work: Callable[[Any], Any] | None = None


def worker_count() -> int:
    """Processes to use: one for each core, at most 4; one where a GPU works. $DISTILLOSCOPE_WORKERS overrides."""
    chosen = os.environ.get("DISTILLOSCOPE_WORKERS")
    if chosen:
        return max(1, int(chosen))
    return 1 if torch.cuda.is_available() else min(4, len(os.sched_getaffinity(0)))


def scoring_threads() -> int:
    """Threads that may read with one set of weights: one in a worker process, else as many as there may be workers."""
    return 1 if _begin is not None else worker_count()


def set_threads() -> None:
    """Threads of this process: half the cores. A second thread on two cores gained nothing here and, with anything else
    running, made the unroll ten times slower: each small product waits for the slower thread."""
    torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) // 2))


def each(
    begin: Callable[[], Callable[[Any], Any]], items: Sequence, workers: int, while_waiting: Callable[[], None]
) -> Iterator[tuple[Any, Any]]:
    """Yield (item, result) as they are done. `begin` is called once in each worker and returns what to do with an item.

    `while_waiting` is called about twice a second and may raise; then every worker is killed. Errors of the work are
    raised here.
    """
    if workers == 1 or len(items) < 2:
        work = begin()
        for item in items:
            while_waiting()
            yield item, work(item)
        return
    first = (os.getpid(), pickle.dumps((_start, (begin,))))
    executor = ProcessPoolExecutor(min(workers, len(items)), get_context("spawn"), leaving.begin, first)
    try:
        waiting = {executor.submit(_do, item): item for item in items}
        while waiting:
            done, _ = wait(waiting, timeout=0.5, return_when=FIRST_COMPLETED)
            for future in done:
                yield waiting.pop(future), future.result()
            while_waiting()
        executor.shutdown()
    except BaseException as error:
        kill_children()
        executor.shutdown(wait=False, cancel_futures=True)
        if isinstance(error, BrokenProcessPool):
            found = "A worker was killed from outside, most often because the machine ran out of memory."
            step = "Set DISTILLOSCOPE_WORKERS=1 or choose a smaller model, then resume."
            raise UserError(found, "room for every worker", step, kind="killed") from error
        raise


def kill_children() -> None:
    """End every worker below this one, at once. Python's own tracker of semaphores leaves by itself."""
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if not any("resource_tracker" in word for word in child.cmdline()):
                child.kill()


def _start(begin: Callable[[], Callable[[Any], Any]]) -> None:
    global _begin
    torch.set_num_threads(1)
    _begin = begin


def _do(item: Any) -> Any:
    global _work
    if _work is None:  # here and not in _start: what it raises then reaches the parent
        _work = _begin()
    return _work(item)
