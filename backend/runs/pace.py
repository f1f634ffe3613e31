"""How long this machine takes for a unit of work: measured once by probe.py, kept, and guessed from arithmetic before.

Kept in paces.json of the home folder by processor, cores and torch, so that another machine that shares the folder
measures for itself. Torch-free; knows no study and no run folder.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from backend.core.models.registry import find
from backend.core.processors import cores, gpus, processor
from backend.disk import home, write_atomically
from backend.errors import UserError
from backend.runs.machine import slower_than_reference
from backend.runs.work import Amount

PROJECT = Path(__file__).resolve().parents[2]
PROBE = (sys.executable, "-m", "backend.runs.probe")
LONGEST_PROBE_S = 300.0  # a machine that is busy, with a cold disk
LAYERS = 4  # of the bundled model that the probe trains
PASSES = 4e-9  # GFLOP a token and parameter when adapters are trained (Kaplan et al. 2020, section 2.1)


@dataclass(frozen=True)
class Pace:
    """Seconds on an otherwise idle machine for one start, step, token and question of the bundled model (work.py), and
    for a GFLOP of matrix products, by which larger models are judged."""

    start: float
    step: float
    token: float
    question: float
    gflop: float

    def seconds(self, amount: Amount, model: str = "") -> float:
        """What the amount takes one process, for students of this model."""
        steps, tokens = self.slower(model)
        work = amount.steps * self.step * steps + amount.tokens * self.token * tokens
        return amount.starts * self.start + work + amount.questions * self.question * tokens

    def slower(self, model: str) -> tuple[float, float]:
        """How many times a step and a token of the bundled model; by layers and parameters where they are known."""
        entry = find(model)
        if entry is None or entry.layers <= LAYERS:
            return 1.0, 1.0
        return entry.layers / LAYERS, max(1.0, PASSES * entry.parameters * self.gflop / self.token)


# two cores of an AMD EPYC with AVX2, where the studies' counts were made
REFERENCE = Pace(start=8.5, step=0.0115, token=1.2e-4, question=1.35e-3, gflop=0.0165)


def pace() -> tuple[Pace, bool]:
    """This machine's pace, and whether it was measured: else the reference's, scaled by a tiny timed product."""
    kept = _kept().get(key())
    with contextlib.suppress(TypeError):
        return Pace(**kept), True
    times = slower_than_reference()
    return Pace(*(value * times for value in asdict(REFERENCE).values())), False


def keep(found: Pace) -> None:
    """Write a measurement down; that it cannot be written ends nothing."""
    with contextlib.suppress(OSError, UserError):
        paces_path().parent.mkdir(parents=True, exist_ok=True)
        write_atomically(paces_path(), json.dumps(_kept() | {key(): asdict(found)}, indent=1))


def paces_path() -> Path:
    return home() / "paces.json"


def measured() -> bool:
    """Whether this very machine was."""
    return pace()[1]


def measure_in_background(environment: Callable[[], dict[str, str]]) -> threading.Thread | None:
    """Let a child measure this machine where nobody has; the caller needs not wait. It ends with this process."""
    if measured():
        return None
    thread = threading.Thread(target=measure, args=(environment(),), daemon=True)
    thread.start()
    return thread


def measure(environment: dict[str, str]) -> None:
    """Measure in a child and wait for it: whoever calls this need not import torch."""
    with contextlib.suppress(subprocess.SubprocessError, OSError):
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        words = [*PROBE, "--parent", str(os.getpid())]
        subprocess.run(words, cwd=PROJECT, env=environment, timeout=LONGEST_PROBE_S, check=False, **quiet)


@cache
def key() -> str:
    """What a measurement holds for."""
    try:
        torch = version("torch")
    except PackageNotFoundError:
        torch = "none"
    return f"{processor()}, {cores()} cores{', GPU' if gpus() else ''}, torch {torch}"


def _kept() -> dict:
    with contextlib.suppress(OSError, ValueError):
        found = json.loads(paces_path().read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    return {}
