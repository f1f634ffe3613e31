"""A helper process leaves when its parent is gone, from its first moment on: also while it still loads its libraries.

Standard library only, for that reason: whatever imports torch comes to a new process as bytes, and is read afterwards.
"""

import os
import pickle
import threading
import time

LOOK_S = 1.0


def begin(parent: int, environment: dict[str, str], work: bytes, *more: object) -> None:
    """First thing of a helper: watch over the parent, then call what was pickled as `(function, arguments)`, with
    `more` behind them, which can be pickled only as a process begins.

    `environment` is the parent's; a helper that a server forked would else have that of the server's beginning.
    """
    os.environ.clear()
    os.environ.update(environment)
    threading.Thread(target=leave_with, args=(parent,), daemon=True).start()
    function, arguments = pickle.loads(work)  # here torch is imported, which may take longer than a parent lives
    function(*arguments, *more)


def leave_with(parent: int) -> None:
    """Leave when the parent has: one that was killed cannot say goodbye, so look for it, and for whoever forked this
    process, which may be a server of the parent's and ends with it."""
    forked_by = os.getppid()
    while os.getppid() == forked_by and _lives(parent):
        time.sleep(LOOK_S)
    os._exit(1)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
