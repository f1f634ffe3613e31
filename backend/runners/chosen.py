"""Which launcher computes the runs of this host: $DISTILLOSCOPE_LAUNCHER says it, for the whole host; a visitor cannot.

A table of names; what a launcher needs is imported when it is chosen.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from backend.errors import UserError
from backend.limits.hosts import Host
from backend.runners.workers import WorkerRunner
from backend.study import resolve

LAUNCHER = "DISTILLOSCOPE_LAUNCHER"
RUNNERS = {"local": "backend.runners.local:LocalRunner", "ray": "backend.runners.ray.launcher:RayRunner"}


def chosen_runner(root: Path, host: Host, environment: Mapping[str, str] = os.environ) -> WorkerRunner:
    """The runner that the environment names, by default of this machine. Raises UserError where it cannot be made."""
    name = environment.get(LAUNCHER) or "local"
    if name not in RUNNERS:
        step = "Correct or remove the variable, and restart the server."
        raise UserError(f"{LAUNCHER} is {name!r}.", f"one of {', '.join(RUNNERS)}", step)
    return resolve(RUNNERS[name])(root, host=host)
