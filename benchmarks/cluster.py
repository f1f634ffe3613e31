"""What it costs to train students over Ray: beside processes of this machine, and many of them on sixteen workers.

    python -m benchmarks.cluster [--students 2000] [--rounds 3] [--json] [--keep]

Needs requirements-ray.txt. A student here sleeps for a second, so the processor's load hardly counts. Both ways have
their workers ready before the clock runs. The scheduler is the run's own process, which hands out the pieces.
"""

import os
import sys
import time
from collections.abc import Sequence
from functools import partial

import psutil

from backend.core.pool import Workers
from benchmarks.rows import Table, parser, row
from benchmarks.three_nodes import QUIET, SMALL, fake

MANY = 16


def nothing() -> None:
    pass


def timed(workers: Workers, count: int, seconds: float) -> tuple[float, int]:
    """How long `count` students take, and by how much the scheduler's memory grew meanwhile."""
    this, most = psutil.Process(), 0
    before, began = this.memory_info().rss, time.perf_counter()
    found = {}
    for number, score in workers.each(partial(fake, seconds), range(count), nothing):
        found[number] = score
        if not number % 50:
            most = max(most, this.memory_info().rss - before)
    took = time.perf_counter() - began
    if found != {number: number * number for number in range(count)}:
        raise RuntimeError("a student is missing")
    return took, most


def warm(workers: Workers, count: int) -> Workers:
    """Every worker has begun."""
    list(workers.each(partial(fake, 3.0), range(count), nothing))
    return workers


def over_ray(count: int) -> Workers:
    os.environ["DISTILLOSCOPE_POOL"] = "ray"
    return warm(Workers(count), count)


def overhead(rounds: int, count: int = 4, each: int = 6) -> list[dict]:
    """Students of one second by processes and by Ray, in turn."""
    os.environ.pop("DISTILLOSCOPE_POOL", None)
    near = warm(Workers(count), count)
    far = over_ray(count)
    times = {"processes": [], "ray": []}
    for _ in range(rounds):
        os.environ.pop("DISTILLOSCOPE_POOL", None)
        times["processes"].append(timed(near, count * each, 1.0)[0])
        os.environ["DISTILLOSCOPE_POOL"] = "ray"
        times["ray"].append(timed(far, count * each, 1.0)[0])
    for workers in (near, far):
        workers.__exit__(None, None, None)  # killed, processes would take the cluster along
    ratio = min(times["ray"]) / min(times["processes"])
    ideal = float(each)
    return [
        row(f"{count * each} students of 1 s, {count} processes", min(times["processes"]), "s", f"{ideal:g} at best"),
        row(f"{count * each} students of 1 s, {count} workers over Ray", min(times["ray"]), "s", f"{ideal:g} at best"),
        row("over Ray beside processes", ratio, "times", "<= 1.1"),
    ]


def many(students: int, workers: int = MANY) -> list[dict]:
    """So many students of a second on sixteen workers: what part of the ideal, and what the scheduler holds."""
    far = over_ray(workers)
    took, grew = timed(far, students, 1.0)
    far.__exit__(None, None, None)
    return [
        row(f"{students} students of 1 s, {workers} workers over Ray", took, "s"),
        row("of the ideal", students / workers / took, "", ">= 0.9"),
        row("scheduler's memory meanwhile", grew / 2**20, "MiB more"),
    ]


def short(students: int = 4000, workers: int = 4) -> list[dict]:
    """Students of no time at all: what the scheduler itself needs for one, in a wall second and of the processor."""
    far = over_ray(workers)
    clock = time.process_time()
    took, grew = timed(far, students, 0.0)
    cpu = time.process_time() - clock
    far.__exit__(None, None, None)
    return [
        row("students a second that the scheduler hands out", students / took, "1/s"),
        row("scheduler's processor for a student", 1e3 * cpu / students, "ms"),
        row(f"scheduler's memory after {students}", grew / 2**20, "MiB more"),
    ]


def main(argv: Sequence[str] | None = None) -> int:
    asked = parser(__doc__)
    asked.add_argument("--students", type=int, default=2000)
    args = asked.parse_args(argv)
    os.environ |= QUIET
    from ray import cluster_utils  # noqa: PLC0415 - seconds, and an extra

    head = SMALL | {"num_cpus": MANY, "include_dashboard": False}
    cluster = cluster_utils.Cluster(initialize_head=True, head_node_args=head)
    os.environ["RAY_ADDRESS"] = cluster.address
    try:
        with Table.of("cluster", args) as table:
            table.within(
                [
                    ("overhead", lambda: overhead(args.rounds)),
                    ("short", short),
                    ("many", lambda: many(args.students)),
                ]
            )
    finally:
        import ray  # noqa: PLC0415

        ray.shutdown()
        cluster.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
