"""A Ray cluster of three small nodes on this machine, for tests and for kills, and a student that only takes time.

Knows Ray; no run.
"""

import os
import signal
import socket
import time
from collections.abc import Callable

CPUS, BEGINS_S = 2, 90.0
SMALL = {"num_cpus": CPUS, "object_store_memory": 100 * 2**20}
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}


class ThreeNodes:
    """A head and two more. `jobs`: with the Job API, whose address is then `api`, also of a head that comes back."""

    def __init__(self, jobs: bool = False):
        os.environ |= QUIET
        from ray import cluster_utils  # noqa: PLC0415 - seconds, and an extra

        be_patient()
        self._utils, self._jobs = cluster_utils, jobs
        self._cut: list = []
        self._ports = {"dashboard_port": free_port()} if jobs else {}
        self.api = f"http://127.0.0.1:{self._ports['dashboard_port']}" if jobs else ""
        self._begin()

    def lose_one(self, number: int = -1) -> bool:
        """Kill one of the others with all that runs on it."""
        self._cluster.remove_node(self.others.pop(number), allow_graceful=False)
        return True

    def cut_off(self, seconds: float, number: int = -1) -> None:
        """One of the others is not heard of for so long, while its jobs go on; then it is back, and told that it was
        given up."""
        node = self.others.pop(number)
        raylet = node.all_processes["raylet"][0].process
        raylet.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        raylet.send_signal(signal.SIGCONT)
        self._cut.append(node)

    def mend(self) -> None:
        """Three again."""
        while len(self.others) < 2:
            self.others.append(self._cluster.add_node(**SMALL))

    def lose_head(self) -> None:
        self._cluster.remove_node(self._cluster.head_node, allow_graceful=False)

    def new_head(self) -> None:
        """A head at the old address that knows nothing, and two nodes. What is left of the old ones is ended."""
        self._cluster.shutdown()
        self._begin()

    def node_of(self, node: str) -> int | None:
        """The number among `others` of a node, by Ray's own name; None for the head."""
        return next((n for n, one in enumerate(self.others) if one.node_id == node), None)

    def node_with(self, process: int) -> int | None:
        """Not known here."""

    def close(self) -> None:
        import ray  # noqa: PLC0415

        ray.shutdown()
        self._cluster.shutdown()

    def _begin(self) -> None:
        head = SMALL | {"include_dashboard": self._jobs, **self._ports}
        self._cluster = self._utils.Cluster(initialize_head=True, head_node_args=head)
        self.others: list = []
        self.mend()
        self.address = self._cluster.address


def be_patient() -> None:
    """Ray gives a node half a minute to begin, and a busy machine may need longer."""
    from ray._private import services  # noqa: PLC0415

    ask = services.get_node

    def get_node(*args, **more):
        until = time.monotonic() + BEGINS_S
        while True:
            try:
                return ask(*args, **more)
            except RuntimeError:
                if time.monotonic() > until:
                    raise
                time.sleep(1)

    services.get_node = get_node


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fake(seconds: float) -> Callable[[int], int]:
    """A student that takes so long, and a score that is its own."""

    def train(number: int) -> int:
        time.sleep(seconds)
        return number * number

    return train
