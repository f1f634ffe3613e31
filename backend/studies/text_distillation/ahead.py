"""Students that read no prompts, trained and scored while the prompts are learned: one core would idle meanwhile.

They depend on the setup alone, so they come to what they would come to later. The evaluate stage does the rest, and
again what failed here. Knows workers, cells and a thread; not how a student learns.
"""

import contextlib
import threading
from collections.abc import Callable
from functools import partial

from backend.core import devices, processors
from backend.core.pool import Workers, kept
from backend.core.scoring.scored import Scored
from backend.runs.folder import RunDir
from backend.studies.text_distillation.cells import Cell
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.evaluate import Bench
from backend.studies.text_distillation.recording import load_experts
from backend.studies.text_distillation.scoring import drop_halves, to_score, write_scores
from backend.studies.text_distillation.setup import Setup

PROMPTLESS = ("base", "init", "random", "full")


class Ahead:
    """`begin` starts a thread that gives out cells, `leave_off` lets it give out no more, `wait` until the last is
    written. A context manager: an error in it abandons what is under way."""

    def __init__(self, config: DistillConfig, run_dir: RunDir, workers: Workers):
        self.config, self.run_dir, self.workers = config, run_dir, workers
        self._thread = threading.Thread(target=self._run, name="students ahead")
        self._over, self._abandoned = threading.Event(), threading.Event()

    def __enter__(self) -> "Ahead":
        return self

    def __exit__(self, kind: type | None, *_) -> None:
        if kind is not None:
            self._abandoned.set()
        self.leave_off()
        self.wait()

    def begin(self) -> None:
        """Start, where there is a core to spare: no GPU, no cluster, and more workers than one."""
        if self.workers.count > 1 and self.workers.are_here and devices.kind() == "cpu":
            drop_halves(self.config, self.run_dir)
            self._thread.start()

    def leave_off(self) -> None:
        """Begin no more students."""
        self._over.set()

    def wait(self) -> None:
        """Return when the students under way are written."""
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        spare = max(1, processors.cores() // 2)
        todo = [cell for cell in to_score(self.config, self.run_dir) if promptless(cell)]
        wanted = (cell for cell in todo if not self._over.is_set())
        with contextlib.suppress(Exception):  # evaluate does again what failed here, and tells of it
            begin = partial(promptless_worker, self.config)
            for cell, scored in self.workers.some(begin, wanted, self._check, min(spare, self.workers.count - 1)):
                write_scores(self.config.task, cell, scored, self.run_dir)

    def _check(self) -> None:
        if self._abandoned.is_set():
            raise InterruptedError


def promptless(cell: Cell) -> bool:
    """Whether a student needs nothing that is learned: neither prompts nor, in the matched regime, step sizes."""
    return cell.arm in PROMPTLESS and cell.regime == "ordinary"


def promptless_worker(config: DistillConfig) -> Callable[[Cell], list[Scored]]:
    """Load everything once, in a process of its own, and return what to do with a cell."""
    setup = kept(Setup, config)
    bench = Bench(setup, load_experts(setup), None)
    return lambda cell: bench.score(cell, bench.train(cell))
