"""The experts stage: record the trajectories a recipe lacks, one after the other or side by side, and read the rest.

Knows which experts there are and how they are logged; not how an expert steps, nor what follows.
"""

import contextlib
from collections.abc import Iterable
from contextlib import closing

import torch

from backend.core.devices import threads
from backend.disk import clear_parts, home
from backend.runs.folder import RunDir
from backend.runs.progress import Progress, Stopped
from backend.studies.text_distillation.branching import RECORDING
from backend.studies.text_distillation.buffer import TrajectoryBuffer, load_trajectory
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.cost import expert_work
from backend.studies.text_distillation.one_expert import expert_path, record, recorded_rows
from backend.studies.text_distillation.recorded import write_settings
from backend.studies.text_distillation.setup import Setup
from backend.studies.text_distillation.side_by_side import clear_rows, record_together, workers_for


def followed(config: DistillConfig) -> range:
    """Numbers of the experts that the prompts follow: recorded before distilling."""
    return range(config.experts)


def held_out(config: DistillConfig) -> range:
    """Numbers of the experts that only check the result: recorded after distilling, so that the curve starts sooner."""
    return range(config.experts, config.experts + config.heldout_experts)


def lacking(setup: Setup, numbers: range) -> list[int]:
    """Which of the numbered experts are still to be recorded."""
    return [number for number in numbers if not expert_path(setup, number).exists()]


def record_experts(setup: Setup, run_dir: RunDir, numbers: range, stage: str, later: float = 0.0) -> TrajectoryBuffer:
    """Record those of the numbered experts that the recipe's folder lacks; read all there are.

    `later`: the work that the stage has to do afterwards, in the unit of cost.py. Raises Stopped when asked to stop.
    """
    c, todo, workers = setup.config, lacking(setup, numbers), workers_for(setup)
    folder = setup.recipe.folder(home() / "experts")
    clear_parts(folder)
    write_settings(folder, {name: getattr(c, name) for name in RECORDING})
    clear_rows(run_dir)
    with Progress(run_dir, stage, len(numbers) * c.expert_steps, work=len(todo) * expert_work(c), later=later) as bar:
        log = Log(c, run_dir, numbers, bar)
        for number in sorted(set(numbers) - set(todo)):
            log.hear(number, [(row, False) for row in recorded_rows(setup, number)])
        if workers > 1 and len(todo) > 1:
            record_together(setup, todo, workers, run_dir, log.hear_calmly)
            bar.check_stop()
        with threads(1 if workers > 1 else torch.get_num_threads()):
            for number in lacking(setup, numbers):
                with closing(record(setup, number, run_dir)) as rows:
                    log.hear_all(number, rows)
        for number in todo:
            log.hear(number, [(row, False) for row in recorded_rows(setup, number)])
    return load_experts(setup)


def load_experts(setup: Setup) -> TrajectoryBuffer:
    """The followed experts, and the held-out ones that are recorded by now."""
    c = setup.config
    follow = [load_trajectory(expert_path(setup, number)) for number in followed(c)]
    check = [path for path in (expert_path(setup, number) for number in held_out(c)) if path.exists()]
    return TrajectoryBuffer(follow, [load_trajectory(path) for path in check], c.inner_rule, setup.own.student.device)


class Log:
    """Writes the experts' rows in the experts' order, each once, and counts them on the bar as they come.

    An expert that is ahead of its turn waits, so the file is the same whether one or several are recorded at a time.
    """

    def __init__(self, config: DistillConfig, run_dir: RunDir, numbers: range, bar: Progress):
        """Begin a log. Rows that an earlier sitting wrote stay where their expert is whole; the others are dropped."""
        self._config, self._run_dir, self._bar = config, run_dir, bar
        self._rows: dict[int, list[tuple[dict, bool]]] = {number: [] for number in numbers}
        self._counted = dict.fromkeys(numbers, 0)
        logged = [row["expert"] for row in run_dir.rows("metrics") if row["stage"] == "experts"]
        whole = {number for number in logged if logged.count(number) == config.expert_steps}
        run_dir.keep_rows("metrics", lambda row: row["stage"] != "experts" or row["expert"] in whole)
        self._written = {number: config.expert_steps if number in whole else 0 for number in numbers}

    def hear(self, number: int, rows: list[tuple[dict, bool]]) -> None:
        """All rows of an expert so far, and of each whether it was made now. Raises Stopped when asked to stop."""
        self._rows[number] = max(self._rows[number], rows, key=len)
        self._write()
        new = self._rows[number][self._counted[number] :]
        self._counted[number] += len(new)
        if new:
            each = expert_work(self._config) / self._config.expert_steps
            message = f"Expert {number + 1}: loss {new[-1][0]['loss']:.3f}"
            self._bar.advance(message, by=len(new), work=each * sum(fresh for _, fresh in new))

    def hear_all(self, number: int, rows: Iterable[tuple[dict, bool]]) -> None:
        """An expert's rows, each as it comes; those of a half with the first new one, so that a stop finds one more."""
        heard = []
        for row, new in rows:
            heard.append((row, new))
            if new:
                self.hear(number, heard)

    def hear_calmly(self, number: int, rows: list[tuple[dict, bool]]) -> None:
        """Like `hear`, but never raises Stopped: for a caller who finds out otherwise that the run shall stop."""
        with contextlib.suppress(Stopped):
            self.hear(number, rows)

    def _write(self) -> None:
        for number, rows in self._rows.items():
            for row, _ in rows[self._written[number] :]:
                self._run_dir.append("metrics", {"stage": "experts", "expert": number, **row})
            self._written[number] = max(self._written[number], len(rows))
            if self._written[number] < self._config.expert_steps:
                return  # those behind it wait for their turn
