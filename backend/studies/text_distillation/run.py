"""run(config, run_dir): the stages in order, each leaving plain files in the run folder. Nothing else is public.

experts -> distil -> decode -> evaluate. Every stage picks up where its files end, so a killed run resumes to the same
numbers. Knows files and stages; the mathematics is in distill.py and unroll.py.
"""

from backend.core.pool import Workers, set_threads, worker_count
from backend.runs.folder import RunDir
from backend.runs.timings import age, note, timed
from backend.search.state import STATE, reached
from backend.studies.text_distillation.cells import cells
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.cost import cell_work, decode_work, distil_work, heldout_work, search_work
from backend.studies.text_distillation.decoding import write_distilled
from backend.studies.text_distillation.learning import distil_prompts, restore
from backend.studies.text_distillation.recording import followed, held_out, lacking, record_experts
from backend.studies.text_distillation.scoring import evaluate, to_score
from backend.studies.text_distillation.setup import Setup
from backend.studies.text_distillation.side_by_side import workers_for
from backend.studies.text_distillation.study import STUDY

LONGEST_START_S = 300.0


def run(config: DistillConfig, run_dir: RunDir, stages: tuple[str, ...] = STUDY.stage_names) -> None:
    """Do the named stages that are not done yet. Raises UserError for bad input, Stopped when asked to stop."""
    run_dir.set_status(stage="experts", done=0, total=0, message="Loading the models and the data", eta_s=None)
    set_threads()
    setup = Setup(config)
    where = str(setup.own.student.device.type)
    if (began := age()) < LONGEST_START_S:  # a notebook's process is older
        note(run_dir, "start", where, began)
    left, helpers = len(lacking(setup, followed(config))) / config.experts, workers_for(setup)
    with timed(run_dir, "experts", where, left, helpers if helpers > 1 else 0):
        buffer = record_experts(setup, run_dir, followed(config), "experts")
    state = restore(setup, buffer, run_dir)
    if "distil" in stages:
        with timed(run_dir, "distil", where, part(distil_work(config, state.step), distil_work(config))):
            distil_prompts(setup, buffer, state, run_dir)
    with Workers(worker_count()) as workers:
        if "decode" in stages:
            with timed(run_dir, "decode", where, decode_share(setup, run_dir, workers.count)):
                later = decode_work(config, workers.count) - heldout_work(config)
                buffer = record_experts(setup, run_dir, held_out(config), "decode", later)
                write_distilled(setup, buffer, state, run_dir, workers)
        if "evaluate" in stages:
            todo = to_score(setup, run_dir)
            share = part(*(sum(cell_work(config, cell) for cell in some) for some in (todo, cells(config))))
            with timed(run_dir, "evaluate", where, share, workers.count if workers.count > 1 else 0):
                evaluate(setup, run_dir, workers)
                workers.close()  # what they held is known once they have ended


def part(left: float, whole: float) -> float:
    """How much is left of a stage; nothing where there was nothing to do."""
    return left / whole if whole else 0.0


def decode_share(setup: Setup, run_dir: RunDir, workers: int) -> float:
    """How much of the stage is still to do: experts may be recorded, a search may be half done."""
    c = setup.config
    done = heldout_work(c) * (1 - len(lacking(setup, held_out(c))) / max(1, c.heldout_experts))
    if c.decoder == "search":
        done += sum(search_work(c, workers)[: reached(run_dir.artifacts / STATE) + 1])
    return 1 - done / decode_work(c, workers)
