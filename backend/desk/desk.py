"""The desk: the page's small questions, answered by one process that keeps the models (desk_worker.py).

The server must never import torch, and a student takes seconds to load; so a child loads it once, and one JSON line is
answered by another. Knows processes and lines; neither the questions nor the models. Standard library only.
"""

import contextlib
import itertools
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from backend.disk import disk_error, home
from backend.errors import UserError
from backend.runners.processes import PROJECT, signal_group, worker_environment

COMMAND = (sys.executable, "-m", "backend.desk.worker")
MOST_ASKING = 4  # one is answered, the others wait
START_S = 120.0  # to import torch on a busy machine
LONGEST_LINE = 60_000  # bytes; a pipe takes 64 KiB at once, so writing never blocks
LONGEST_LOG = 2**20
LOG = "desk.log"
Told = Callable[[dict], None]


class Left(Exception):
    """The worker is gone. `code` is its exit code, 0 where it left by itself."""

    def __init__(self, code: int):
        super().__init__(code)
        self.code = code


class Desk:
    """At most one worker, started by the first request. Any thread may ask; one is answered at a time."""

    def __init__(self, command: Sequence[str] = COMMAND):
        self._command = list(command)
        self._seats = threading.BoundedSemaphore(MOST_ASKING)
        self._turn = threading.Lock()
        self._worker: Worker | None = None
        self._closed = False
        self._numbers = itertools.count(1)

    def request(self, kind: str, timeout_s: float = 60.0, told: Told | None = None, **fields) -> dict:
        """What the worker answers. Waits at most `timeout_s` for its turn, then as long for the answer. `told` hears
        how far the worker is, for questions that say so.

        Raises UserError: for input that cannot be used, where too many ask, and for a worker that hangs (it is killed)
        or dies. The next request starts another.
        """
        number = next(self._numbers)
        line = as_line({"id": number, "kind": kind, **fields})
        if not self._seats.acquire(blocking=False):
            raise busy()
        try:
            if not self._turn.acquire(timeout=timeout_s):
                raise busy()
            try:
                reply = self._answer(number, line, timeout_s, told)
            finally:
                self._turn.release()
        finally:
            self._seats.release()
        if "error" in reply:
            raise UserError(**reply["error"])
        return reply["result"]

    def close(self) -> None:
        """End the worker, whatever it does; who waits for it is told so. Later requests are refused."""
        self._closed = True
        if self._worker:
            self._worker.kill()

    def _answer(self, number: int, line: bytes, timeout_s: float, told: Told | None) -> dict:
        for last_try in (False, True):
            try:
                return self._living().ask(number, line, timeout_s, told)
            except Left as left:
                if left.code or last_try or self._closed:
                    if self._worker:
                        self._worker.kill()  # it is dead; its pipe is still open
                    raise self._dead(left.code) from left
                # else it left for want of questions in the very moment this one came
            except TimeoutError as error:
                self._worker.kill()
                found = f"There was no answer within {error.args[0]:g} s, so the question was stopped."
                advice = "Ask again. A large student is slow, most of all the first time; a smaller one is faster."
                raise UserError(found, "a quicker answer", advice) from error
            except BaseException:
                if self._worker:
                    self._worker.kill()  # its answer would be taken for that of the next question
                raise

    def _living(self) -> "Worker":
        if self._worker is None or not self._worker.alive:
            if self._worker:
                self._worker.kill()
            self._worker = None if self._closed else Worker(self._command)
        if self._closed:
            if self._worker:
                self._worker.kill()
            raise Left(0)
        return self._worker

    def _dead(self, code: int) -> UserError:
        if self._closed:
            return UserError("The server is shutting down.", "a running server", "Load the page again in a moment.")
        if code == -signal.SIGKILL:
            found = "The process that answers was killed, most likely because the machine ran out of memory."
            return UserError(found, "room for the student", "Choose a smaller student, or ask again later.")
        found = "The process that answers ended before it answered."
        return UserError(found, "an answer", f"Ask again. Its own words are in {LOG}.")


class Worker:
    """One child process: its pipes, and a thread that reads its lines."""

    def __init__(self, command: list[str]):
        self._lines: queue.Queue[bytes] = queue.Queue()
        self._ready = False
        try:
            with open_log() as log:
                self._process = subprocess.Popen(
                    [*command, "--parent", str(os.getpid())],
                    cwd=PROJECT,
                    env=worker_environment(),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    start_new_session=True,
                )
        except OSError as error:
            found = f"The process that answers could not be started ({error.strerror})."
            raise UserError(found, "a process that answers", "Restart the server.") from error
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, number: int, line: bytes, timeout_s: float, told: Told | None = None) -> dict:
        """The reply to the request `number`. Raises Left or TimeoutError; starting is not counted."""
        if not self._ready:
            self._reply(0, START_S)
            self._ready = True
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except (OSError, ValueError) as error:  # its end is gone, or was closed here
            raise Left(self._process.wait()) from error
        return self._reply(number, timeout_s, told)

    def kill(self) -> None:
        """At once, with all that it started. Returns when it is gone."""
        signal_group(self._process.pid if self.alive else None, signal.SIGKILL)
        self._process.wait()
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def _reply(self, number: int, timeout_s: float, told: Told | None = None) -> dict:
        until = time.monotonic() + timeout_s
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(timeout_s) from None
            if not line.endswith(b"\n"):  # the end, or a line that death cut short
                raise Left(self._process.wait())
            reply = json.loads(line)
            if reply["id"] != number:
                continue
            if "news" not in reply:
                return reply
            if told:
                told(reply["news"])

    def _read(self) -> None:
        with self._process.stdout as lines:
            for line in lines:
                self._lines.put(line)
        self._process.wait()  # or it would stay a zombie until the next question
        self._lines.put(b"")


def as_line(request: dict) -> bytes:
    """One line of JSON. Half characters pass: the worker knows in which field they are."""
    line = json.dumps(request, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"
    if len(line) > LONGEST_LINE:
        raise UserError(f"This question has {len(line):,} bytes.", f"at most {LONGEST_LINE:,}", "Shorten it.")
    return line


def open_log():
    """desk.log below the home folder, begun anew when it has grown too long."""
    path: Path = home() / LOG
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("ab" if path.exists() and path.stat().st_size < LONGEST_LOG else "wb")
    except OSError as error:
        raise disk_error(error, path) from error


def busy() -> UserError:
    return UserError(
        "The server is busy answering other questions.", "fewer questions at a time", "Ask again in a few seconds."
    )
