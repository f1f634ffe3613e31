"""Runs that are killed -9 at a moment of writing, as `benchmarks.dying` spells it.

Each death is that of a real process, forked from one that has loaded torch for all of a file's, and given the engine's
command line. Knows run folders; nothing of what is computed in them.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from signal import SIGKILL

import pytest

from backend.runners.processes import PROJECT, worker_environment
from backend.runs.folder import RunDir

Kill = Callable[..., bool]


@pytest.fixture(scope="module")
def killed() -> Iterator[Kill]:
    """`killed(run, moment, count, *words)` does a run until the moment comes for the `count`th time; whether it was
    killed then. `words` are added to the command."""
    command = [sys.executable, "-m", "benchmarks.dying"]
    env = worker_environment() | {"DISTILLOSCOPE_WORKERS": "1"}
    with subprocess.Popen(
        command, cwd=PROJECT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as dying:
        assert dying.stdin and dying.stdout

        def kill(run: RunDir, moment: str, count: int, *words: str) -> bool:
            command = ["run", run.config()["study"], "--out", str(run.path), "--from-config", *words]
            print(json.dumps([moment, str(count), str(run.log_file), *command]), file=dying.stdin, flush=True)
            return int(dying.stdout.readline()) == -SIGKILL

        yield kill
        dying.stdin.close()
