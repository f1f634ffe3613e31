"""A server that is killed again and again while a run computes: the worker goes on, the next server finds it.

    python -m benchmarks.server_kills [--times 10] [--json]

Each time: kill -9 of the server, a look at the worker, a new server on the same store, and the run read through it as
its owner's page reads it. In the end the run finishes and every process is gone. Uses the app's API and its page's
address alone.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
from gradio_client import Client

from backend.runs.folder import RunDir
from benchmarks.rows import Table, row
from tests.waiting import free_port, wait_served

ROOT = Path(__file__).parent.parent
LONG = {"outer_steps": 300, "snapshot_every": 50, "seeds": 1, "arms": ["base", "text"]}


class Server:
    """The app in a process of its own."""

    def __init__(self, home: Path, port: int):
        self.address = f"http://127.0.0.1:{port}"
        told = os.environ | {"DISTILLOSCOPE_HOME": str(home)}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        words = [sys.executable, "app.py", "--port", str(port)]
        self.process = subprocess.Popen(words, cwd=ROOT, env=told, **quiet)
        wait_served(self.address)
        self.client = Client(self.address, verbose=False)

    def call(self, name: str, *values) -> dict:
        return self.client.predict(*values, api_name=f"/{name}")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        try:
            rows = killed(Path(folder), port, args.times, random.Random(args.seed))
        finally:
            for one in of_the_store(folder):
                one.kill()
    with Table("server-kills", args.json) as table:
        table.add(*rows)
    sys.exit(any(str(one["value"]) != one["bar"] and float(one["bar"]) != one["value"] for one in rows if one["bar"]))


def killed(home: Path, port: int, times: int, moments: random.Random) -> list[dict]:
    server = Server(home, port)
    begun = server.call("start", "text_distillation", "quick", LONG, "", "")
    run = RunDir(home / "runs" / begun["owner"] / begun["run"].partition("/")[2])
    wait(lambda: run.rows("metrics"))
    worker, went_on, found_again, progressed = run.worker(), 0, 0, 0
    for _ in range(times):
        time.sleep(moments.uniform(0.0, 2.0))
        server.kill()
        rows_before = len(run.rows("metrics"))
        went_on += run.worker_alive() and run.worker() == worker
        server = Server(home, port)
        told = server.call("status", begun["run"], begun["owner"])
        found_again += told["state"] in ("running", "finished")
        wait(lambda before=rows_before: len(run.rows("metrics")) > before or run.status()["state"] == "finished")
        progressed += 1
    wait(lambda: run.status()["state"] not in ("running", "queued"), seconds=3600)
    state, count = run.status()["state"], len([one for one in run.rows("metrics") if one.get("stage") == "distil"])
    server.end()
    left = of_the_store(str(home))
    return [
        row("times the server was killed", times, ""),
        row("the worker went on", went_on, "", str(times)),
        row("the next server said that it runs", found_again, "", str(times)),
        row("new updates seen through the next server", progressed, "", str(times)),
        row(f"the run ended as {state}", float(state == "finished"), "", "1"),
        row("updates logged, each once", count, "", str(LONG["outer_steps"])),
        row("processes left after the end", len(left), "", "0"),
    ]


def of_the_store(home: str) -> list[psutil.Process]:
    """Processes that work for it."""
    return [one for one in psutil.process_iter(["environ"]) if home in str(one.info["environ"] or "")]


def wait(holds, seconds: float = 120.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.1)


if __name__ == "__main__":
    main()
