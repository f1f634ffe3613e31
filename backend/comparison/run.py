"""run(config, run_dir): make the arms' data sets, train and score students on them, write the table.

Every stage picks up where its files end, so a stopped or killed run resumes to the same numbers.
"""

import json
import logging
from functools import partial

from backend.comparison.arms import make_arms
from backend.comparison.cells import train_students
from backend.comparison.config import ComparisonConfig
from backend.comparison.facts import facts_of_texts
from backend.comparison.materials import Elsewhere, Materials
from backend.comparison.picture import picture
from backend.comparison.study import STUDY
from backend.comparison.table import table, transfer
from backend.core.devices import kind, set_threads
from backend.core.matrices import not_used
from backend.core.pool import Workers, worker_count
from backend.disk import write_atomically
from backend.runs.folder import RunDir
from backend.runs.progress import Stopped

LOG = logging.getLogger(__name__)


def run(config: ComparisonConfig, run_dir: RunDir, stages: tuple[str, ...] = STUDY.stage_names) -> None:
    """Do the named stages that are not done yet. Raises UserError for bad input, Stopped when asked to stop."""
    run_dir.set_status(stage="arms", done=0, total=0, message="Loading the models and the data", eta_s=None)
    set_threads()
    for said in not_used(kind(), config.mixed_precision):
        LOG.warning(said)
    with Workers(worker_count()) as workers:
        materials = Materials(config, elsewhere(workers, run_dir))
        if "arms" in stages:
            make_arms(materials, run_dir)
        if "students" in stages:
            train_students(config, run_dir, workers)
    if "students" in stages:
        rows = table(config, run_dir)
        found = {"table": rows, "transfer": transfer(rows, config.model), "texts": facts_of_texts(materials, run_dir)}
        write_atomically(run_dir.path / "summary.json", json.dumps(found, indent=1, ensure_ascii=False))
        for regime in config.regimes:
            write_atomically(run_dir.path / f"{regime}.svg", picture(rows, regime))


def elsewhere(workers: Workers, run_dir: RunDir) -> Elsewhere | None:
    """Pieces of work by the workers, until the run is asked to stop; None where there are none beside this process."""

    def check_stop() -> None:
        if run_dir.stop_requested():
            raise Stopped

    return partial(workers.each, while_waiting=check_stop) if workers.count > 1 else None
