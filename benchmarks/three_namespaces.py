"""A Ray cluster of three small nodes, each in a network namespace of its own: a machine as far as the network knows.

A bridge joins them to this machine, whose server reaches the head by its address, as it would another machine. Needs
Linux, root and iproute2. Of the disk each node has its own folder of Ray's; all else is shared, as by NFS. Knows Ray's
command line; no run.
"""

import contextlib
import ipaddress
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from backend.runners.processes import PROJECT
from benchmarks.three_nodes import CPUS, QUIET, SMALL

NETWORK = ipaddress.ip_network("10.77.0.0/24")
BRIDGE, HEAD = "dsbr", 2  # the bridge has the first address, the head the second
DASHBOARD, GCS = 8265, 6379
# of agents: Ray would wait 15 s for each to say which port it has taken, and end the node where that takes longer
PORTS = (
    "--dashboard-agent-grpc-port=52365 --dashboard-agent-listen-port=52366 "
    "--runtime-env-agent-port=52367 --metrics-export-port=52368"
)
BEGINS_S = 400.0  # on a busy machine
ENDS_S, GIVEN_UP_S = 20.0, 120.0


class ThreeNamespaces:
    """As ThreeNodes: a head and two more, `api` for the server, `others` by the number of their address."""

    def __init__(self):
        self._folder = Path(tempfile.mkdtemp(prefix="ds-ns-", dir="/tmp"))  # a socket's name is short
        self._began: dict[int, subprocess.Popen] = {}
        self.others: list[int] = []
        self.api, self.address = f"http://{at(HEAD)}:{DASHBOARD}", f"{at(HEAD)}:{GCS}"
        ip(f"link add {BRIDGE} type bridge")
        ip(f"addr add {at(1)}/{NETWORK.prefixlen} dev {BRIDGE}")
        ip(f"link set {BRIDGE} up")
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def lose_one(self, number: int = -1) -> bool:
        """Kill one of the others with all that runs on it."""
        self._end(self.others.pop(number))
        return True

    def cut_off(self, seconds: float, number: int = -1) -> None:
        """Pull the cable of one of the others for so long. It stays as Ray leaves it then."""
        ip(f"link set {cable(self.others[number])} down")
        time.sleep(seconds)
        ip(f"link set {cable(self.others[number])} up")

    def mend(self) -> None:
        """Three again: whoever left the cluster begins anew."""
        known = self._alive()
        for node in [one for one in self.others if at(one) not in known]:
            with contextlib.suppress(subprocess.TimeoutExpired):  # Ray ends what it gave up
                self._began[node].wait(GIVEN_UP_S)
            self._end(node)
            self.others.remove(node)
        for node in (HEAD + 1, HEAD + 2):
            if node not in self.others:
                self._start(node, f"--address={self.address}")
                self.others.append(node)
        self._until_three()

    def lose_head(self) -> None:
        self._end(HEAD)

    def new_head(self) -> None:
        """A head at the old address that knows nothing; the others begin anew."""
        for node in self.others:
            self._end(node)
        self.others = []
        self._begin()

    def node_of(self, node: str) -> int | None:
        """The place among `others` of a node, by Ray's own name; None for the head."""
        address = next((where for where, name in self._alive().items() if name == node), None)
        return next((place for place, one in enumerate(self.others) if at(one) == address), None)

    def node_with(self, process: int) -> int | None:
        """The place among `others` of the node on which a process runs; None for the head."""
        name = ip(f"netns identify {process}").strip()
        return next((place for place, one in enumerate(self.others) if namespace(one) == name), None)

    def close(self) -> None:
        for node in (HEAD, HEAD + 1, HEAD + 2):
            self._end(node)
        with contextlib.suppress(subprocess.CalledProcessError):
            ip(f"link del {BRIDGE}")

    # -- how ------------------------------------------------------------------------------------------------------
    def _begin(self) -> None:
        place = f"--port={GCS} --dashboard-host={at(HEAD)} --dashboard-port={DASHBOARD}"
        self._start(HEAD, f"--head {place} --include-dashboard=true")
        until = time.monotonic() + BEGINS_S
        while not self._alive() and time.monotonic() < until:
            time.sleep(1)
        self.mend()

    def _start(self, node: int, how: str) -> None:
        """A namespace, its cable and a node of Ray's in it, whose folder of Ray's nobody else sees."""
        name, own = namespace(node), self._folder / str(node)
        own.mkdir(exist_ok=True)
        common = self._folder / "ray"
        common.mkdir(exist_ok=True)
        ip(f"netns add {name}")
        ip(f"link add {cable(node)} type veth peer name eth0 netns {name}")
        ip(f"link set {cable(node)} master {BRIDGE} up")
        for words in (f"addr add {at(node)}/{NETWORK.prefixlen} dev eth0", "link set eth0 up", "link set lo up"):
            ip(f"-n {name} {words}")
        ip(f"-n {name} route add default via {at(1)}")
        small = f"--num-cpus={CPUS} --object-store-memory={SMALL['object_store_memory']} --disable-usage-stats {PORTS}"
        patient = "import benchmarks.three_nodes as n; n.be_patient(); from ray.scripts.scripts import main; main()"
        ray = f"{sys.executable} -c {shlex.quote(patient)} start {how} --node-ip-address={at(node)} {small} --block"
        env = os.environ | QUIET | {"RAY_TMPDIR": str(common)}
        env = {key: value for key, value in env.items() if key != "RAY_ADDRESS"}
        with (self._folder / f"{node}.log").open("ab") as log:
            self._began[node] = subprocess.Popen(
                ["ip", "netns", "exec", name, "sh", "-c", f"mount --bind {own} {common} && exec {ray}"],
                cwd=PROJECT, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def _end(self, node: int) -> None:
        """Kill -9 of every process of a namespace; then it is gone."""
        name, until = namespace(node), time.monotonic() + ENDS_S
        with contextlib.suppress(subprocess.CalledProcessError):  # there is none
            while (left := ip(f"netns pids {name}").split()) and time.monotonic() < until:
                for pid in left:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(pid), signal.SIGKILL)
                time.sleep(0.1)
            if node in self._began:
                self._began.pop(node).wait(ENDS_S)
            ip(f"link del {cable(node)}")
            ip(f"netns del {name}")
        shutil.rmtree(self._folder / str(node), ignore_errors=True)  # or sockets that nobody answers stay there

    def _alive(self) -> dict[str, str]:
        """Nodes that the head believes to live: address -> Ray's name. Empty while it does not answer."""
        try:
            asked = f"{self.api}/api/v0/nodes?detail=1"
            found = httpx.get(asked, timeout=20, trust_env=False).json()["data"]["result"]["result"]
            return {one["node_ip"]: one["node_id"] for one in found if one["state"] == "ALIVE"}
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return {}

    def _until_three(self) -> None:
        until = time.monotonic() + BEGINS_S
        while len(self._alive()) < 3:
            if time.monotonic() > until:
                told = "\n".join(file.read_text()[-500:] for file in self._folder.glob("*.log"))
                raise RuntimeError(f"no three nodes after {BEGINS_S:.0f} s: {told}")
            for node in [one for one in self.others if self._began[one].poll() is not None]:
                self._end(node)  # slow to begin: once more
                self._start(node, f"--address={self.address}")
            time.sleep(1)


def at(number: int) -> str:
    return str(NETWORK[number])


def namespace(node: int) -> str:
    return f"ds-node-{node}"


def cable(node: int) -> str:
    """This machine's end of it."""
    return f"dsveth{node}"


def ip(words: str) -> str:
    """What `ip` says. CalledProcessError where it refuses."""
    return subprocess.run(["ip", *words.split()], check=True, capture_output=True, text=True).stdout
