"""A laboratory for runners: real child processes of a few lines, no engine. Cleared of processes afterwards.

Modes of a worker: quick, patient (until it is told to stop), stubborn (never), frozen (no heartbeat), greedy (memory).
"""

import os
import signal
import sys
import time

import psutil
import pytest

from backend.limits.hosts import HOSTS, LOCAL
from backend.runners.local import LocalRunner
from backend.runners.processes import PROJECT
from backend.runs.folder import RunDir

WORKER = """
import os, signal, subprocess, sys, time
from backend.runs.heartbeat import heartbeat
from backend.runs.folder import RunDir
run = RunDir(sys.argv[sys.argv.index("--out") + 1])
mode = run.config()["config"]["mode"]
print("hello from the worker", sys.argv[1:], flush=True)
if mode == "silent_death":
    sys.exit(3)
time.sleep(run.config()["config"].get("before_claim", 0))
run.claim()
(run.path / "env").write_text(chr(10).join(os.environ))
if mode == "quick":
    run.set_status(state="finished")
    sys.exit(0)
if mode == "frozen":
    with heartbeat(run, 0.1):
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGSTOP)
if mode == "greedy":
    held = bytearray(300 * 2**20)
if mode == "stubborn":
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
with heartbeat(run):
    while mode == "stubborn" or not run.stop_requested():
        time.sleep(0.05)
run.set_status(state="stopped")
"""


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A place to make runs and runners in, cleared of processes afterwards."""
    script = tmp_path / "worker.py"
    script.write_text(WORKER)
    made, runners = [], []

    class Lab:
        root = tmp_path / "runs"

        def runner(self, grace_s=5.0, host=HOSTS[LOCAL]):
            runners.append(LocalRunner(self.root, [sys.executable, str(script)], grace_s, host))
            return runners[-1]

        def run(self, name, mode="patient", owner="owner", **more):
            made.append(RunDir.create(self.root / owner / name, "text_distillation", None, {"mode": mode, **more}))
            return made[-1]

    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    yield Lab()
    for runner in runners:
        runner.grace_s = 0.2
        runner.shutdown()
    for run in made:
        worker = run.worker()
        if worker and worker.lives():
            os.killpg(worker.id, signal.SIGKILL)


def ended(pid: int) -> bool:
    """No more, or a zombie that whoever inherited it has yet to reap."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def until(condition, seconds=60.0):
    """Wait for `condition`, failing after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def state_of(runner, run):
    return runner.poll(run)["state"]
