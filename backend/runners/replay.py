"""Replay: what stands in for a runner and a desk where nothing can be computed. Recorded runs play; a start is refused.

Knows the run folder. Whether torch is there is looked up, never tried: the server must not import it.
"""

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from backend.errors import UserError
from backend.limits.hosts import HOSTS, LOCAL, Host
from backend.runners.contract import Abilities
from backend.runs.folder import RunDir, put_away

VARIABLE = "DISTILLOSCOPE_REPLAY"
NEEDED = ("torch", "transformers")


def can_compute(environment: Mapping[str, str] = os.environ) -> bool:
    """False where $DISTILLOSCOPE_REPLAY says so, or a worker would lack what it needs."""
    wanted = environment.get(VARIABLE, "") in ("", "0", "false")
    return wanted and all(find_spec(name) for name in NEEDED)


def refusal() -> UserError:
    return UserError(
        "This page only plays recorded runs.", "a copy that can compute", "Install Distilloscope on your own machine."
    )


class ReplayRunner:
    """A runner without a launcher: looking and discarding are all that does anything. See contract.Runner."""

    abilities = Abilities(computes=False)

    def __init__(self, root: Path, host: Host = HOSTS[LOCAL]):
        self.root, self.host = Path(root), host

    def start(self, run: RunDir, stages: str | None = None) -> None:
        raise refusal()

    def poll(self, run: RunDir) -> dict:
        return {**(run.status() if run.path.exists() else {"state": "stopped"}), "alive": False, "ahead": 0}

    def stop(self, run: RunDir) -> None:
        """Nothing computes."""

    def discard(self, run: RunDir) -> None:
        put_away(run, self.root)

    def reconcile(self) -> list[Path]:
        return []

    def computing(self) -> list[Path]:
        return []

    def waiting(self) -> int:
        return 0

    def all_runs(self) -> list[Path]:
        return [path.parent for path in self.root.glob("*/*/config.json")]

    def end(self, run: RunDir, reason: dict, at_once: bool = False) -> None:
        """Nothing computes."""

    def shutdown(self) -> None:
        """Nothing computes."""

    def usage(self, run: RunDir) -> int:
        return 0


class ReplayDesk:
    """A desk that answers no question."""

    def request(self, kind: str, timeout_s: float = 60.0, told: object = None, **fields) -> dict:
        raise refusal()

    def close(self) -> None:
        """There is no process."""
