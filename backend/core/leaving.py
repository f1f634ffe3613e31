"""A helper process leaves when its parent is gone, from its first moment on: also while it still loads its libraries.

Standard library only, for that reason: whatever imports torch comes to a new process as bytes, and is read afterwards.
"""

import os
import pickle
import threading
import time

LOOK_S = 1.0


def begin(parent: int, work: bytes, *more: object) -> None:
    """First thing of a helper: watch over the parent, then call what was pickled as `(function, arguments)`, with
    `more` behind them, which can be pickled only as a process begins."""
    threading.Thread(target=leave_with, args=(parent,), daemon=True).start()
    function, arguments = pickle.loads(work)  # here torch is imported, which may take longer than a parent lives
    function(*arguments, *more)


def leave_with(parent: int) -> None:
    """A parent that was killed cannot say goodbye: look for it."""
    while os.getppid() == parent:
        time.sleep(LOOK_S)
    os._exit(1)
