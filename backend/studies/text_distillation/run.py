"""run(config, run_dir): the stages in order, each leaving plain files in the run folder. Nothing else is public.

experts -> distil -> decode -> evaluate. Every stage picks up where its files end, so a killed run resumes to the same
numbers. Knows files and stages; the mathematics is in distill.py and unroll.py.
"""

from backend.core.devices import set_threads
from backend.core.pool import Workers, worker_count
from backend.runs.folder import RunDir
from backend.studies.text_distillation.ahead import Ahead
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.cost import checking_work, search_work
from backend.studies.text_distillation.decoding import write_distilled
from backend.studies.text_distillation.learning import distil_prompts, restore
from backend.studies.text_distillation.own_file import keep_description
from backend.studies.text_distillation.recording import followed, held_out, record_experts
from backend.studies.text_distillation.scoring import evaluate
from backend.studies.text_distillation.setup import Setup
from backend.studies.text_distillation.study import STUDY


def run(config: DistillConfig, run_dir: RunDir, stages: tuple[str, ...] = STUDY.stage_names) -> None:
    """Do the named stages that are not done yet. Raises UserError for bad input, Stopped when asked to stop."""
    run_dir.set_status(stage="experts", done=0, total=0, message="Loading the models and the data", eta_s=None)
    set_threads()
    setup = Setup(config)
    keep_description(setup, run_dir)
    # workers load their libraries while the first stages compute
    with Workers(worker_count()) as workers, Ahead(config, run_dir, workers) as ahead:
        buffer = record_experts(setup, run_dir, followed(config), "experts")
        state = restore(setup, buffer, run_dir)
        if "distil" in stages:
            if "evaluate" in stages:
                ahead.begin()
            distil_prompts(setup, buffer, state, run_dir)
            ahead.leave_off()
        if "decode" in stages:
            later = checking_work(config, workers.count)
            later += sum(search_work(config, workers.count)) if config.decoder == "search" else 0.0
            buffer = record_experts(setup, run_dir, held_out(config), "decode", later)
            write_distilled(setup, buffer, state, run_dir, workers)
        if "evaluate" in stages:
            ahead.wait()
            evaluate(setup, run_dir, workers)
