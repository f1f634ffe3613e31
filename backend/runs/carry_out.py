"""run(study, preset, changes, out): one run without the screen, from the first stage to the last, in this process.

What the page's "Reproduce this" pastes, and what the command line does. Knows the run folder's contract; torch is
loaded only when the work begins.
"""

import errno
import os
from collections.abc import Mapping
from pathlib import Path

from backend import settings
from backend.core import fork_server
from backend.disk import disk_error
from backend.errors import UserError
from backend.runs.estimate import expected
from backend.runs.folder import RunDir
from backend.runs.heartbeat import heartbeat
from backend.runs.lineage import ancestors
from backend.runs.machine import this_machine
from backend.runs.outlook import Outlook
from backend.runs.progress import Stopped
from backend.runs.recipe import Recipe, checked
from backend.runs.timings import begin_again
from backend.study import find, resolve


def run(
    study: str, preset: str | None = None, changes: Mapping | None = None, out: str | Path = "", stages: str = ""
) -> RunDir:
    """Do a run and return its folder when it has ended; an existing run in `out` is resumed.

    `changes` holds the settings that differ from the preset, `stages` limits the work ("experts,distil,decode"; empty
    for all). Raises UserError for input that cannot be used. `run(...).status()["state"]` says how it ended.
    """
    if not str(out):
        raise UserError("out is empty.", "the run's folder", 'Write for example out="runs/first".')
    run_dir, config, stages = open_run(checked(study, preset, changes, stages), Path(out))
    run_dir.claim()
    try:
        carry_out(run_dir, config, stages)
    finally:
        begin_again()  # a notebook may go on to another run
    return run_dir


def open_run(recipe: Recipe, out: Path) -> tuple[RunDir, object, str]:
    """The folder for a recipe, made or reopened, with the checked config and the stages. Raises UserError."""
    config = recipe.config()
    return RunDir.create(out, recipe.study, recipe.preset, settings.as_json(config)), config, recipe.stages


def carry_out(run_dir: RunDir, config: object, wanted: str) -> str:
    """Do the wanted stages of a claimed run, write down how it ended, and return that state."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that spin while they wait starve other programs
    run_dir.outlook = outlook(config, run_dir, wanted)
    run_dir.set_status(time=run_dir.outlook.told())
    try:
        with heartbeat(run_dir):
            state = run_to_the_end(config, run_dir, tuple(wanted.split(",")) if wanted else ())
    except UserError as error:
        mark_failed(run_dir, error.as_dict())
        raise
    except Exception as error:
        if (told := of_the_disk(error, run_dir)) is not None:  # a library may have met it before we did
            mark_failed(run_dir, told.as_dict())
            raise told from error
        mark_failed(run_dir, defect())
        raise
    run_dir.set_status(state=state, message="", eta_s=None, time=run_dir.outlook.ended(state == "finished"))
    return state


def outlook(config: object, run_dir: RunDir, wanted: str) -> Outlook:
    """How long it will take from where it stands, and what it took so far."""
    study, machine, line = find(run_dir.config()["study"]), this_machine(), ancestors(run_dir)
    known = expected(study, config, wanted, machine, line[-1]["step"] if line else 0)
    return Outlook(known, wanted.split(",") if wanted else study.stage_names, machine, run_dir.status().get("time"))


def run_to_the_end(config: object, run_dir: RunDir, stages: tuple[str, ...] = ()) -> str:
    """Do the stages of the run's study, all of them where none is named; returns finished, or stopped where asked."""
    study = find(run_dir.config()["study"])
    study.check_stages(stages)
    run_dir.pass_by(study.stage_names)
    fork_server.begin(study.run.partition(":")[0])
    run = resolve(study.run)  # here torch is imported
    try:
        run(config, run_dir, stages or study.stage_names)
    except Stopped:
        return "stopped"
    return "finished"


def of_the_disk(error: Exception, run_dir: RunDir) -> UserError | None:
    """The sentence for a disk that is full or may not be written; None for any other error."""
    if not isinstance(error, OSError) and "No space left on device" in str(error):  # as safetensors says it
        error = OSError(errno.ENOSPC, str(error))
    if not isinstance(error, OSError) or error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
        return None  # also where something may not be read: that is no matter of the run's disk
    place = Path(error.filename) if isinstance(error.filename, str) else run_dir.path
    return disk_error(error, place)


def mark_failed(run_dir: RunDir, error: dict[str, str]) -> None:
    """Write down why, on a full disk too."""
    took = {} if run_dir.outlook is None else {"time": run_dir.outlook.ended(finished=False)}
    run_dir.set_last_status(state="failed", error=error, message="", eta_s=None, **took)


def defect() -> dict[str, str]:
    return {
        "found": "The run stopped because of an internal error.",
        "expected": "a run without one",
        "next_step": "Resume the run; if it stops again, report it with the run's worker.log.",
    }
