"""Independent pieces of work in several processes, one thread each: on few cores that is twice as fast as one process
with several threads, whose threads wait for each other. Of several GPUs each process takes its own (devices.py).

Knows processes; not what the work is. No process outlives its parent, however the parent ends.
"""

import contextlib
import os
import pickle
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing.sharedctypes import Synchronized
from typing import Any

import psutil

from backend.core import devices, leaving, processors
from backend.core.fork_server import is_server, load_ahead
from backend.core.pool_ray import RayWorkers, chosen
from backend.errors import UserError

# in a worker process: what each way to begin has made there, by its pickle
_made: dict[bytes, Callable[[Any], Any]] = {}
_kept: dict[tuple, Any] = {}
_is_worker = False


def worker_count() -> int:
    """Processes to use: one for each GPU, else one for each core, at most 4. $DISTILLOSCOPE_WORKERS overrides."""
    return processors.workers(devices.gpus())


def scoring_threads() -> int:
    """Threads that may read with one set of weights: one in a worker process, else as many as there may be workers
    here."""
    return 1 if _is_worker or chosen() else processors.workers(0)


def kept(make: Callable[..., Any], *given: Any) -> Any:
    """What `make` makes of what is given. A worker makes it once; any other process each time, for it may live on."""
    if not _is_worker:
        return make(*given)
    if (make, *given) not in _kept:
        _kept[make, *given] = make(*given)
    return _kept[make, *given]


class Workers:
    """Processes that stay, so that stages that follow each other load libraries, models and data once. They are this
    machine's or, where $DISTILLOSCOPE_POOL is `ray`, a cluster's.

    `count` 1 means none: the work is done here. Made when they are first needed. A context manager: its end is theirs,
    and an error in it kills them.
    """

    def __init__(self, count: int):
        self.count = count
        self._executor: ProcessPoolExecutor | None = None
        self._cluster: RayWorkers | None = None
        self._making = threading.Lock()

    @property
    def are_here(self) -> bool:
        """Whether they are processes of this machine."""
        return not chosen()

    def __enter__(self) -> "Workers":
        if self.count > 1 and not chosen():
            load_ahead()
        return self

    def __exit__(self, kind: type | None, *_) -> None:
        if kind is not None or self._cluster is not None:
            self._kill()
        elif self._executor is not None:
            self._executor.shutdown()

    def each(
        self,
        begin: Callable[[], Callable[[Any], Any]],
        items: Sequence,
        while_waiting: Callable[[], None],
    ) -> Iterator[tuple[Any, Any]]:
        """Yield (item, result) as they are done. `begin` is called once in each worker, however often this is, and
        returns what to do with an item.

        `while_waiting` is called about twice a second and may raise; then every worker is killed. Errors of the work
        are raised here.
        """
        if self.count == 1 or (len(items) < 2 and self._executor is None and self._cluster is None):
            work = begin()
            for item in items:
                while_waiting()
                yield item, work(item)
            return
        try:
            how = self._on_cluster if chosen() and not _is_worker else self._awaited
            yield from how(pickle.dumps(begin), items, while_waiting)
        except BaseException as error:
            self._fail(error)
            raise

    def some(
        self, begin: Callable[[], Callable[[Any], Any]], items: Iterable, while_waiting: Callable[[], None], most: int
    ) -> Iterator[tuple[Any, Any]]:
        """Yield (item, result) as they are done, at most so many items at a time, each drawn when it can begin, by
        processes of this machine alone. May run in a thread beside `each`. Errors of the work and of `while_waiting`
        are raised here, and end every worker."""
        try:
            yield from self._awaited(pickle.dumps(begin), items, while_waiting, most)
        except BaseException as error:
            self._fail(error)
            raise

    def _fail(self, error: BaseException) -> None:
        """End the workers; of one that was killed a UserError tells."""
        self._kill()
        if isinstance(error, BrokenProcessPool):
            found = "A worker was killed, most likely because the machine ran out of memory."
            step = "Set DISTILLOSCOPE_WORKERS=1 or choose a smaller model, then resume."
            raise UserError(found, "room for every worker", step, kind="killed") from error

    def _awaited(
        self, begin: bytes, items: Iterable, while_waiting: Callable[[], None], most: int = 0
    ) -> Iterator[tuple[Any, Any]]:
        executor, left, waiting = self._processes(), iter(items), {}
        # no more than are soon begun: to wait for all of 10,000 would take a second at each look
        most = most or 2 * self.count
        while True:
            for item in islice(left, most - len(waiting)):
                waiting[executor.submit(_do, begin, item)] = item
            if not waiting:
                return
            done, _ = wait(waiting, timeout=0.5, return_when=FIRST_COMPLETED)
            for future in done:
                yield waiting.pop(future), future.result()
            while_waiting()

    def _on_cluster(self, begin: bytes, items: Sequence, while_waiting: Callable[[], None]) -> Iterator[tuple]:
        if self._cluster is None:
            self._cluster = RayWorkers(self.count, _start_afar, _do)
        yield from self._cluster.each(begin, items, while_waiting)

    def _processes(self) -> ProcessPoolExecutor:
        with self._making:
            if self._executor is None:
                context = load_ahead()
                first = (os.getpid(), dict(os.environ), pickle.dumps((_start, (self.count,))), context.Value("i", 0))
                self._executor = ProcessPoolExecutor(self.count, context, leaving.begin, first)
            return self._executor

    def _kill(self) -> None:
        if self._cluster is not None:
            self._cluster.end()
            self._cluster = None
        if self._executor is not None:
            kill_children()
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None


def each(
    begin: Callable[[], Callable[[Any], Any]], items: Sequence, workers: int, while_waiting: Callable[[], None]
) -> Iterator[tuple[Any, Any]]:
    """Yield (item, result) as they are done, by workers that are there for these items alone; see `Workers.each`."""
    with Workers(max(1, min(workers, len(items)))) as some:
        yield from some.each(begin, items, while_waiting)


def kill_children() -> None:
    """End every worker below this one, at once. Python's own servers leave by themselves."""
    this = psutil.Process()
    for child in this.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if not is_server(child, this.pid):
                child.kill()


def _start(workers: int, begun: Synchronized) -> None:
    """First thing of a worker; `begun` counts those of them that are there already."""
    with begun.get_lock():
        number, begun.value = begun.value, begun.value + 1
    _settle(number, workers)


def _start_afar() -> None:
    """First thing of a cluster's worker, which is shown no GPU but its own."""
    _settle(0, 1)


def _settle(number: int, workers: int) -> None:
    global _is_worker
    devices.set_threads(1)
    devices.take(number, workers)
    _is_worker = True


def _do(begin: bytes, item: Any) -> Any:
    return _work_of(begin)(item)  # it may begin only here and not in _start: what it raises then reaches the parent


def _work_of(begin: bytes) -> Callable[[Any], Any]:
    if begin not in _made:
        _made[begin] = pickle.loads(begin)()
    return _made[begin]
