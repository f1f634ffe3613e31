"""`python -m backend.desk.worker`: the process behind the desk. Reads requests as JSON lines, answers each with a line.

Request: `{"id", "kind", ...fields}`. Reply: `{"id", "result"}` or `{"id", "error"}`, an error as UserError.as_dict;
before it any number of `{"id", "news"}`, from a question whose function is a generator: what it yields is news, what it
returns is the result. The first line, `{"id": 0}`, says that it is ready. Nothing else goes to stdout: what libraries
print there goes to stderr. Leaves when its parent is gone, and after ten minutes without a request. Knows the protocol
and the kinds of requests.
"""

import argparse
import json
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable, Generator
from functools import partial
from typing import BinaryIO

from backend.core.leaving import leave_with
from backend.errors import UserError
from backend.study import all_studies, resolve

IDLE_S = 600.0
DEFECT = UserError(
    "The answer failed because of an internal error.",
    "an answer",
    "Ask again; if it happens again, report it with desk.log.",
)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m backend.desk.worker", description="Answers the page's questions.")
    parser.add_argument("--parent", type=int, default=os.getppid(), help="leave when this process is gone")
    parser.add_argument("--idle", type=float, default=IDLE_S, help="leave after this many seconds without a request")
    args = parser.parse_args(argv)
    requests, replies = take_pipes()
    arrived: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=read_lines, args=(requests, arrived), daemon=True).start()
    # the closed pipe tells it too, unless another child of the parent keeps the pipe open
    threading.Thread(target=leave_with, args=(args.parent,), daemon=True).start()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: threads that spin starve a run beside us
    kinds = load_kinds()
    send(replies, {"id": 0})
    while True:
        try:
            line = arrived.get(timeout=args.idle)
        except queue.Empty:
            os._exit(0)
        send(replies, answer(kinds, line, partial(send, replies)))


def take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """stdin and stdout for the protocol alone: whoever prints now prints to stderr, whoever reads finds nothing."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, replies


def read_lines(requests: BinaryIO, arrived: queue.Queue) -> None:
    """A closed pipe means that nobody will ask again, even while something is being computed."""
    for line in requests:
        arrived.put(line)
    os._exit(0)


def send(replies: BinaryIO, reply: dict) -> None:
    try:
        replies.write(json.dumps(reply).encode() + b"\n")
        replies.flush()
    except BrokenPipeError:
        os._exit(0)


def answer(kinds: dict[str, Callable], line: bytes, tell: Callable[[dict], None]) -> dict:
    """The reply to one request; whatever goes wrong becomes an error in it. `tell` sends news before it."""
    request = json.loads(line.decode("utf-8", "surrogatepass"))
    number, kind = request.pop("id"), request.pop("kind")
    try:
        if kind not in kinds:
            raise UserError(f"The desk knows no {kind!r}.", f"one of {', '.join(kinds)}", "Ask one of these.")
        found = kinds[kind](**request)
        if isinstance(found, Generator):
            found = last_of(found, lambda news: tell({"id": number, "news": news}))
        return {"id": number, "result": found}
    except UserError as error:
        return {"id": number, "error": error.as_dict()}
    except Exception:  # a defect of ours: the trace goes to the log, a sentence to the screen
        traceback.print_exc(file=sys.stderr)
        return {"id": number, "error": DEFECT.as_dict()}


def last_of(steps: Generator[dict, None, dict], tell: Callable[[dict], None]) -> dict:
    """What a generator returns; `tell` hears what it yields."""
    while True:
        try:
            news = next(steps)
        except StopIteration as end:
            return end.value
        tell(news)


def load_kinds() -> dict[str, Callable]:
    """Everything that can be asked, the studies' own questions among it. Torch is imported here, when its prints no
    longer reach the protocol.
    """
    from backend.core.devices import set_threads  # noqa: PLC0415 - see above
    from backend.desk import ask as asking  # noqa: PLC0415

    set_threads()
    shelf = asking.Shelf()

    def ping() -> dict:
        return {"pid": os.getpid()}

    def ask(
        student: str,
        question: str,
        options: list[str],
        adapter: str | None = None,
        style: str = "texts",
        max_new_tokens: int = 24,
        bos: str = "auto",
    ) -> dict:
        asked = asking.Asked(question, tuple(options), style, max_new_tokens, bos)
        return asking.ask(shelf, student, adapter, asked)

    own = {kind: partial(resolve(ref), shelf) for study in all_studies() for kind, ref in study.questions.items()}
    return {"ping": ping, "ask": ask, **own}


if __name__ == "__main__":
    main()
