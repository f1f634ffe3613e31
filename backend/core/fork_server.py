"""Python's fork server, with the project's libraries loaded once: workers that it forks begin at once, where each would
else load them itself. Two then take half the processor's time to begin.

Linux alone, and no GPU: no fork survives its driver. Knows processes and names of modules; not what workers do.
"""

import multiprocessing
import sys
from multiprocessing import forkserver
from multiprocessing.context import BaseContext

import psutil

from backend.core import pool_ray, processors

OURS = ("backend.", "transformers.models.")  # the latter load only when a model asks for them
FIRST = "backend.core.fork_server_start"
SERVERS = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")


def begin(module: str) -> None:
    """Let the server load a module that is about to be imported here too, where workers will be wanted: on another
    core, so that the first of them need not wait. Libraries take about four seconds."""
    graphics = processors.gpus()
    if sys.platform == "linux" and not graphics and processors.workers(graphics) > 1 and not pool_ray.chosen():
        multiprocessing.get_context("forkserver").set_forkserver_preload([FIRST, module])
        forkserver.ensure_running()


def load_ahead() -> BaseContext:
    """Where workers come from. The server begins to load what this process has loaded of the project, beside whatever
    is done here meanwhile; one that is there already stays as it is."""
    from backend.core import devices  # noqa: PLC0415 - torch takes a second, and `begin` comes before it

    if sys.platform != "linux" or devices.kind() != "cpu":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    there = [name for name in sys.modules if name.startswith(OURS)]
    context.set_forkserver_preload([FIRST, *there])
    forkserver.ensure_running()
    return context


def is_server(child: psutil.Process, parent: int) -> bool:
    """Whether a process below `parent` is one of Python's own servers, which leave when `parent` does.

    What the fork server forked has its command line too, but another parent.
    """
    words = " ".join(child.cmdline())
    return child.ppid() == parent and any(server in words for server in SERVERS)
