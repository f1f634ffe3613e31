"""Follow a question that takes its time: what the desk hears of it, then its answer, as one stream.

The question goes on when nobody listens any more, so that a visitor who leaves never holds the desk. Knows a desk; no
question and no screen. Standard library only.
"""

import queue
import threading
from collections.abc import Iterator
from typing import Protocol, runtime_checkable


@runtime_checkable  # the tests check types as they run
class Asked(Protocol):
    """What answers: a desk, or a stand-in."""

    def request(self, kind: str, timeout_s: float = ..., told: object = ..., **fields) -> dict:
        """Raises UserError."""


def follow(desk: Asked, kind: str, timeout_s: float, **fields) -> Iterator[dict]:
    """Yields `{"news"}` any number of times, then `{"result"}`. Raises UserError as the desk does."""
    heard: queue.SimpleQueue[dict | BaseException] = queue.SimpleQueue()

    def ask() -> None:
        try:
            result = desk.request(kind, timeout_s, told=lambda news: heard.put({"news": news}), **fields)
            heard.put({"result": result})
        except BaseException as error:  # raised again where somebody listens
            heard.put(error)

    threading.Thread(target=ask, name="desk question", daemon=True).start()
    while True:
        said = heard.get()
        if isinstance(said, BaseException):
            raise said
        yield said
        if "result" in said:
            return
