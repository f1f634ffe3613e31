"""What the fork server imports first: from then on it leaves when the process that started it has.

Python's own server looks for that only when all is loaded, which on a busy machine takes half a minute. A timer looks,
since a thread does not go well with forks. Imported by anything else it does nothing. Standard library only.
"""

import os
import signal
import sys

from backend.core.leaving import LOOK_S


def leave_with(parent: int) -> None:
    """Look once a second whether the parent is another one, for a process whose parent left goes to somebody else."""

    def look(*_) -> None:
        if os.getppid() != parent:
            os._exit(1)

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, LOOK_S, LOOK_S)


if any("multiprocessing.forkserver" in word for word in sys.orig_argv):
    leave_with(os.getppid())
