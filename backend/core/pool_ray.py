"""Independent pieces of work on the workers of a Ray cluster: what core.pool's processes do, on many machines.

A worker has one piece at a time, so whoever is faster does more and the scheduler holds no more than there are workers.
What a lost worker, or its node, was doing is done again by another; results are the work's own, to the digit. A worker
that is cut off from the cluster ends before another has its piece, or both would write the same files. Knows workers
and pieces, not what the work is. Ray is imported when the first worker is needed.
"""

import hashlib
import os
import pickle
import socket
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from backend.errors import UserError
from backend.process import memory_of

POOL = "DISTILLOSCOPE_POOL"  # set to `ray` where a run's workers are to be a cluster's
GPUS = "DISTILLOSCOPE_RAY_GPUS"  # of each worker
ADDRESS = "RAY_ADDRESS"
TRIES = 3  # a piece that took so many workers with it takes no more
LOOK_S = 0.5
SMALL = 64 * 2**10  # bytes that travel with a piece: the object store was seen to keep a worker waiting for ever
FETCHED_S = 300.0
CALL_S, ALONE_S = 3.0, 15.0  # between two calls of a worker to the head; when it ends for want of an answer

_again = False  # in a worker: what `again` says
_held: dict[Any, int] = {}  # by worker of this process: what it said last


def chosen() -> bool:
    """Whether this process has its pieces done by a cluster."""
    return os.environ.get(POOL, "") == "ray"


def again() -> bool:
    """Whether this process does a piece that a lost worker may have done in part: what it wrote down is there."""
    return _again


def held() -> int:
    """Bytes that this process's workers on the cluster hold, as they said when they began or ended a piece."""
    return sum(list(_held.values()))


def until_alone(address: str, call_s: float = CALL_S, alone_s: float = ALONE_S) -> None:
    """Return when nobody has answered at `address`, host:port, for so long. A process that was not let run for a while
    calls once more."""
    host, _, port = address.rpartition(":")
    heard = time.monotonic()
    while True:
        try:
            socket.create_connection((host.strip("[]"), int(port)), call_s).close()
            heard = time.monotonic()
        except OSError:
            if time.monotonic() - heard > alone_s:
                return
        time.sleep(call_s)


class Hand:
    """What runs on the cluster: one process, which begins once for each way to begin."""

    def __init__(self, start: Callable[[], None], do: Callable[[bytes, Any], Any]):
        import ray  # noqa: PLC0415 - here it is already loaded

        start()
        self._do, self._begins = do, {}
        head = ray.get_runtime_context().gcs_address
        threading.Thread(target=lambda: (until_alone(head), os._exit(1)), daemon=True).start()

    def ready(self) -> tuple[bool, None, int]:
        """Answers as soon as it has started."""
        return True, None, memory_of(os.getpid())

    def do(self, key: str, begin: list, item: Any, tries: int) -> tuple[bool, Any, int]:
        """(True, the result), or (False, the pickled error); and the bytes that it holds. `begin`: a list of one, which
        Ray hands on unread where it is no bytes. `tries`: workers that were lost with this piece."""
        global _again
        _again = tries > 0
        try:
            if key not in self._begins:
                self._begins[key] = begin[0] if isinstance(begin[0], bytes) else _fetched(begin[0])
            return True, self._do(self._begins[key], item), memory_of(os.getpid())
        except Exception as error:
            error.add_note("".join(traceback.format_exception(error)))
            return False, pickle.dumps(error), memory_of(os.getpid())


def _fetched(begin: Any) -> bytes:
    """What the object store holds. A worker to whom it does not come ends, and another tries."""
    import ray  # noqa: PLC0415 - here it is already loaded

    try:
        return ray.get(begin, timeout=FETCHED_S)
    except ray.exceptions.GetTimeoutError:
        os._exit(1)


class RayWorkers:
    """Up to `count` workers that stay until they are ended. `start` and `do` are what each begins with and does with
    `(begin, item)`; both go to it by name."""

    def __init__(self, count: int, start: Callable[[], None], do: Callable[[bytes, Any], Any]):
        self.count, self._given, self._ray = count, (start, do), connected()
        self._begins: dict[str, Any] = {}  # each way to begin, or what the object store knows a long one by
        self._starting: dict[Any, Any] = {}  # what will be answered -> the worker
        self._busy: dict[Any, tuple[Any, Any, int]] = {}  # what will be answered -> worker, piece, tries
        self._idle: list[Any] = []
        self._lost = 0  # workers in a row that were lost before they were ready

    def each(self, begin: bytes, items: Sequence, while_waiting: Callable[[], None]) -> Iterator[tuple[Any, Any]]:
        """Yield (item, result) as they are done; see core.pool. Raises UserError where a piece was lost too often."""
        key = hashlib.sha256(begin).hexdigest()
        if key not in self._begins:
            self._begins[key] = begin if len(begin) < SMALL else self._ray.put(begin)
        left, again = iter(items), deque()  # `again`: pieces with their tries so far, of workers that were lost
        unasked = len(items)
        while unasked or again or self._busy:
            self._begin_workers(min(self.count, unasked + len(again) + len(self._busy)))
            while self._idle and (unasked or again):
                item, tries = again.popleft() if again else (next(left), 0)
                unasked -= tries == 0
                worker = self._idle.pop()
                self._busy[worker.do.remote(key, [self._begins[key]], item, tries)] = (worker, item, tries + 1)
            for answer in self._answers():
                worker, item, tries = self._busy.pop(answer)
                if (told := self._told(answer, worker, lost_before=tries)) is None:
                    again.append((item, tries))
                    continue
                self._idle.append(worker)
                if not told[0]:
                    raise pickle.loads(told[1])
                yield item, told[1]
            while_waiting()

    def end(self) -> None:
        """End every worker, at once."""
        for worker in [*self._starting.values(), *(worker for worker, *_ in self._busy.values()), *self._idle]:
            self._ray.kill(worker)
            _held.pop(worker, None)
        self._starting, self._busy, self._idle = {}, {}, []

    # -- how ------------------------------------------------------------------------------------------------------
    def _begin_workers(self, wanted: int) -> None:
        """So many in all. They begin side by side, on as many nodes as there are."""
        kind = self._ray.remote(num_cpus=1, num_gpus=float(os.environ.get(GPUS) or 0), scheduling_strategy="SPREAD")
        for _ in range(wanted - len(self._starting) - len(self._busy) - len(self._idle)):
            worker = kind(Hand).remote(*self._given)
            self._starting[worker.ready.remote()] = worker

    def _answers(self) -> list:
        """What came of pieces within half a second. Workers that became ready meanwhile are idle."""
        done, _ = self._ray.wait([*self._starting, *self._busy], timeout=LOOK_S)
        for answer in [one for one in done if one in self._starting]:
            worker = self._starting.pop(answer)
            self._lost += 1
            if self._told(answer, worker, lost_before=self._lost) is not None:
                self._lost = 0
                self._idle.append(worker)
        return [one for one in done if one in self._busy]

    def _told(self, answer: Any, worker: Any, lost_before: int) -> Any:
        """What a worker answered; None where it was lost. UserError where this was the last try."""
        try:
            told = self._ray.get(answer)
            _held[worker] = told[2]
            return told
        except self._ray.exceptions.RayError as error:  # the work's own errors come as answers
            self._ray.kill(worker)  # it may be cut off, and work on
            _held.pop(worker, None)
            if lost_before >= TRIES:
                raise _lost(error) from error
            return None


def connected() -> Any:
    """Ray, connected to the cluster that the environment names. Raises UserError where it is missing or silent."""
    try:
        import ray  # noqa: PLC0415 - an extra, and seconds
    except ImportError as error:
        step = "pip install -r requirements-ray.txt there, or unset DISTILLOSCOPE_POOL."
        raise UserError("Ray is not installed where the run computes.", "ray", step) from error
    if not ray.is_initialized():
        named = os.environ.get(ADDRESS, "")
        address = "auto" if named.startswith(("http://", "https://")) else named or "auto"
        try:
            ray.init(address=address, logging_level="WARNING")
        except Exception as error:  # Ray has no one class for it
            found, step = f"No Ray cluster answers at {address!r}.", f"Start one, or correct {ADDRESS}, then resume."
            raise UserError(found, "a cluster of the same version of Ray and Python", step) from error
    return ray


def _lost(error: Exception) -> UserError:
    said = " ".join(str(error).split())[:300]
    found = f"{TRIES} workers of the cluster were lost with the same piece of work, or before they began: {said}"
    step = "See that its nodes have the same program and enough memory for a worker each, then resume."
    return UserError(found, "a worker that does its piece", step, kind="killed")
