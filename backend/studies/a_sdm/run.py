"""run(config, run_dir): the full model draws, light nets learn, every setting is measured, all are compared.

Every stage picks up where its files end, so a stopped or killed run resumes to the same numbers.
"""

from backend.core.devices import set_threads
from backend.runs.folder import RunDir
from backend.runs.spent import timed
from backend.studies.a_sdm.conclude import conclude
from backend.studies.a_sdm.config import ASdmConfig
from backend.studies.a_sdm.costing import module_rows
from backend.studies.a_sdm.prepare import prepare
from backend.studies.a_sdm.study import STUDY
from backend.studies.a_sdm.sweep import sweep
from backend.studies.a_sdm.teaching import teach
from backend.studies.a_sdm.tuning import tune


def run(config: ASdmConfig, run_dir: RunDir, stages: tuple[str, ...] = STUDY.stage_names) -> None:
    """Do the named stages that are not done yet. Raises UserError for bad input, Stopped when asked to stop."""
    run_dir.set_status(stage="prepare", done=0, total=1, message="Loading the full model", eta_s=None)
    set_threads()
    with timed(run_dir, "prepare"):
        if config.size == "16":
            teach(config, run_dir)
        here = prepare(config, run_dir, module_rows)
    if not {"tune", "sweep", "conclude"} & set(stages):
        return
    with timed(run_dir, "tune"):
        tuned = tune(config, run_dir)
    if not {"sweep", "conclude"} & set(stages):
        return
    with timed(run_dir, "sweep"):
        rows = sweep(config, run_dir)
    if "conclude" in stages:
        conclude(config, run_dir, here, tuned, rows)
