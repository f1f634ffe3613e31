"""Kills on a Ray cluster of three nodes: a run's process, one of its workers, a node, the head or the server; or a node
that is cut off for a minute. And whether the run ends as one that this machine did undisturbed, file by file.

    python -m benchmarks.cluster_kills [--times 20] [--seed 0] [--silent 90]

Needs requirements-ray.txt. The run is the small bench run of `benchmarks.kills`, its students on workers of the
cluster. Exit code 1 where one differs.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import psutil

from backend.core.matrices import PRODUCTS
from backend.limits.hosts import HOSTS, LOCAL
from backend.runners.ray.book import Book
from backend.runners.ray.cluster import Cluster
from backend.runners.ray.launcher import RayLauncher, RayRunner, Share
from backend.runs import folder as run_folder
from backend.runs.folder import RESUMABLE
from benchmarks.kill_case import Case, differing
from benchmarks.rows import machine, machine_line
from benchmarks.three_nodes import ThreeNodes

STUDY = "bench"
HITS = ("worker", "node", "server", "hand", "stop", "cut", "node", "hand", "worker", "head")
LIMIT_S, CUT_S = 1800.0, 60.0


def server(case: Case, nodes: ThreeNodes) -> RayRunner:
    """What a page asks; its jobs have the home of this case."""
    os.environ["DISTILLOSCOPE_HOME"] = str(case.folder / "home")
    launcher = RayLauncher(Book(Cluster(nodes.api), look_s=0.2), Share(workers=2))
    return RayRunner(case.folder, HOSTS[LOCAL], launcher=launcher)


def until(happened: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + LIMIT_S
    while not happened():
        if time.monotonic() > end:
            raise RuntimeError(f"waited too long for {what}")
        time.sleep(0.05)


def computed(case: Case, runner: RayRunner, hit: Callable[[], RayRunner], rows: int) -> tuple[str, list[str]]:
    """What the page said after the hit, and every sentence's state until the run was finished. `hit` is called after so
    many rows, and returns the server from then on."""
    runner.start(case.run)
    until(lambda: case.rows_of("tune") >= rows or case.run.status()["state"] in RESUMABLE, "rows")
    runner = hit()
    said = []
    while True:
        until(lambda: runner.poll(case.run)["state"] in (*RESUMABLE, "finished"), "its end")
        status = case.run.status()
        if status["state"] == "finished":
            runner.shutdown()
            return status["state"], said
        said.append((status.get("error") or {}).get("found") or status.get("reason") or status["state"])
        if len(said) > 8:
            return status["state"], said
        until(lambda: runner.launcher.book.look() or runner.launcher.book.refusal is None, "the cluster")
        runner.start(case.run)


def aim(kind: str, case: Case, runner: RayRunner, nodes: ThreeNodes) -> RayRunner:
    """Hit, and return the server from then on."""
    own = processes_of(case)
    if kind == "worker":
        for process in own:
            process.kill()
    elif kind == "hand":
        hands = [one for one in psutil.process_iter(["cmdline"]) if "ray::Hand" in " ".join(one.info["cmdline"] or [])]
        for process in hands[:1]:
            process.kill()
    elif kind in ("node", "cut"):
        number = where(nodes)
        nodes.lose_one(number) if kind == "node" else nodes.cut_off(CUT_S, number)
        nodes.mend()
    elif kind == "head":
        nodes.lose_head()
        nodes.new_head()
    elif kind == "stop":
        runner.stop(case.run)
    elif kind == "server":  # without a word
        runner.launcher.book.close()
        runner = server(case, nodes)
        runner.reconcile()
    return runner


def where(nodes: ThreeNodes) -> int:
    """The number of a node, not the head, on which the run's job computes; the last where it is on the head."""
    jobs = httpx.get(f"{nodes.api}/api/jobs/", trust_env=False).json()
    mine = [job["driver_node_id"] for job in jobs if job["status"] == "RUNNING"]
    return next((n for one in mine if (n := nodes.node_of(one)) is not None), -1)


def processes_of(case: Case) -> list[psutil.Process]:
    """The worker's own process, not the shell that began it."""
    words = [str(case.run.path), "--from-config"]
    found = [one for one in psutil.process_iter(["cmdline"]) if set(words) <= set(one.info["cmdline"] or [])]
    return [one for one in found if one.pid != os.getpid() and os.getpgid(one.pid) != os.getpgid(0)]


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--silent", type=float, default=run_folder.SILENT_S, help="s of silence of a lost worker")
    parser.add_argument("--only", choices=sorted(set(HITS)))
    args = parser.parse_args(argv)
    run_folder.SILENT_S = args.silent
    os.environ[PRODUCTS] = "plain"  # or two processes may differ in a last digit whoever kills them
    print(machine_line(machine()), flush=True)
    place, rng = Path(tempfile.mkdtemp(prefix="cluster-kills-")), random.Random(args.seed)
    whole = Case(STUDY, place / "whole")
    whole.finish()
    wanted, most = whole.found(), whole.rows_of("tune")
    nodes, good = ThreeNodes(jobs=True), 0
    try:
        for turn in range(args.times):
            kind, rows = args.only or HITS[turn % len(HITS)], rng.randint(1, most - 1)
            case, began = Case(STUDY, place / f"kill-{turn}"), time.monotonic()
            runner = server(case, nodes)
            state, said = computed(case, runner, lambda k=kind, c=case, r=runner: aim(k, c, r, nodes), rows)
            wrong = differing(case.found(), wanted)
            good += state == "finished" and not wrong
            verdict = f"DIFFERS: {wrong}" if wrong else "same"
            took = time.monotonic() - began
            print(f"{turn + 1:>3} {kind:<7} after row {rows:<3} {verdict} {took:.0f} s; said: {said}", flush=True)
    finally:
        nodes.close()
    print(f"{good} of {args.times} ended with the same files.")
    return good != args.times


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
