"""Kills on a Ray cluster of three nodes: a run's process, one of its workers, a node, the head or the server; or a node
that is cut off for a minute. And whether the run ends as one that this machine did undisturbed, file by file.

    python -m benchmarks.cluster_kills [--times 20] [--a-run 1] [--seed 0] [--silent 90] [--namespaces]

Needs requirements-ray.txt. The run is the small bench run of `benchmarks.kills`, its students on workers of the
cluster; `--a-run` has one run suffer several, one after another. With `--namespaces` each node has a network of its own
(Linux and root), and whoever is cut off has its cable pulled. Exit code 1 where a run differs, or lost more than a
checkpoint's interval.
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
from benchmarks.three_namespaces import ThreeNamespaces
from benchmarks.three_nodes import ThreeNodes

STUDY = "bench"
HITS = ("worker", "node", "server", "hand", "stop", "cut", "node", "hand", "worker", "head")
LIMIT_S, CUT_S = 1800.0, 60.0
GOES_ON = 5  # rows after which a run that was hit is taken to go on
Nodes = ThreeNodes | ThreeNamespaces


def server(case: Case, nodes: Nodes) -> RayRunner:
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


class Trial:
    """A run of a cluster that is hit and resumed. `said`: the page's sentences when it had ended; `repeated`: updates
    of one student that it then had to do again, of at most `most`."""

    def __init__(self, case: Case, nodes: Nodes):
        self.case, self.nodes, self.runner = case, nodes, server(case, nodes)
        self.said: list[str] = []
        self.repeated: list[int] = []
        self.most = self.hits = 0

    def suffer(self, hits: Sequence[tuple[str, int]]) -> None:
        """To its end, hit in each way after so many rows, and resumed by whoever sees that it ended."""
        left = list(hits)
        self.runner.start(self.case.run)
        while True:
            until(lambda: self.ended() or (left and self.rows() >= left[0][1]), "rows")
            if not self.ended():
                self.runner = aim(left.pop(0)[0], self.case, self.runner, self.nodes)
                self.hits, enough = self.hits + 1, self.rows() + GOES_ON
                until(lambda more=enough: self.ended() or self.rows() > more, "its end")
                continue
            status = self.case.run.status()
            if status["state"] == "finished" or len(self.said) > 8 + len(hits):
                self.runner.shutdown()
                return
            self.said.append((status.get("error") or {}).get("found") or status.get("reason") or status["state"])
            lost, self.most = self.case.repeated()
            self.repeated.append(lost)
            until(self.answered, "the cluster")
            self.runner.start(self.case.run)

    def ended(self) -> bool:
        return self.runner.poll(self.case.run)["state"] in (*RESUMABLE, "finished")

    def rows(self) -> int:
        return self.case.rows_of("tune")

    def answered(self) -> bool:
        self.runner.launcher.book.look()
        return self.runner.launcher.book.refusal is None

    @property
    def good(self) -> bool:
        finished = self.case.run.status()["state"] == "finished"
        return finished and max(self.repeated, default=0) <= self.most


def aim(kind: str, case: Case, runner: RayRunner, nodes: Nodes) -> RayRunner:
    """Hit, and return the server from then on."""
    own = processes_of(case)
    if kind == "worker":
        for process in own:
            process.kill()
    elif kind == "hand":
        for process in hands_of(case)[:1]:
            process.kill()
    elif kind in ("node", "cut"):
        number = where(case, nodes)
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


def where(case: Case, nodes: Nodes) -> int:
    """The number of a node, not the head, on which the run's job computes; else one of its workers; else the last."""
    jobs = httpx.get(f"{nodes.api}/api/jobs/", trust_env=False).json()
    mine = [nodes.node_of(job["driver_node_id"]) for job in jobs if job["status"] == "RUNNING"]
    mine += [nodes.node_with(process.pid) for process in hands_of(case)]
    return next((number for number in mine if number is not None), -1)


def processes_of(case: Case) -> list[psutil.Process]:
    """The worker's own process, not the shell that began it."""
    words = [str(case.run.path), "--from-config"]
    found = [one for one in psutil.process_iter(["cmdline"]) if set(words) <= set(one.info["cmdline"] or [])]
    return [one for one in found if one.pid != os.getpid() and os.getpgid(one.pid) != os.getpgid(0)]


def hands_of(case: Case) -> list[psutil.Process]:
    """Workers of the cluster that train its students."""
    found = [one for one in psutil.process_iter(["cmdline"]) if "ray::Hand" in " ".join(one.info["cmdline"] or [])]
    return [one for one in found if one.environ().get("DISTILLOSCOPE_HOME") == str(case.folder / "home")]


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--silent", type=float, default=run_folder.SILENT_S, help="s of silence of a lost worker")
    parser.add_argument("--only", choices=sorted(set(HITS)), nargs="+", help="these in turn")
    parser.add_argument("--a-run", type=int, default=1, help="how many of them a run suffers")
    parser.add_argument("--namespaces", action="store_true", help="each node in a network of its own")
    args = parser.parse_args(argv)
    run_folder.SILENT_S = args.silent
    os.environ[PRODUCTS] = "plain"  # or two processes may differ in a last digit whoever kills them
    print(machine_line(machine()), flush=True)
    place, rng = Path(tempfile.mkdtemp(prefix="cluster-kills-")), random.Random(args.seed)
    whole = Case(STUDY, place / "whole")
    whole.finish()
    nodes = ThreeNamespaces() if args.namespaces else ThreeNodes(jobs=True)
    kinds, good, made, most = args.only or HITS, 0, 0, whole.rows_of("tune")
    turns = [kinds[turn % len(kinds)] for turn in range(args.times)]
    try:
        for first in range(0, args.times, args.a_run):
            some = turns[first : first + args.a_run]
            hits = list(zip(some, sorted(rng.sample(range(1, most * 2 // 3), len(some))), strict=True))
            trial, fine = one_run(Case(STUDY, place / f"kill-{first}"), hits, nodes, whole.found())
            made, good = made + trial.hits, good + trial.hits * fine
    finally:
        nodes.close()
    print(f"{good} of {made} kills were of runs that ended with the same files.")
    return good != made


def one_run(case: Case, hits: Sequence[tuple[str, int]], nodes: Nodes, wanted: dict) -> tuple[Trial, bool]:
    """What a run came through, whether it did, and a line about it."""
    began, trial = time.monotonic(), Trial(case, nodes)
    trial.suffer(hits)
    wrong = differing(case.found(), wanted)
    verdict = f"DIFFERS: {wrong}" if wrong else "same"
    aimed = ", ".join(f"{kind} after row {rows}" for kind, rows in hits[: trial.hits])
    lost = f"at most {max(trial.repeated, default=0)} of {trial.most} updates repeated"
    print(f"{aimed}: {verdict}, {lost}, {time.monotonic() - began:.0f} s; said: {trial.said}", flush=True)
    return trial, trial.good and not wrong


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
