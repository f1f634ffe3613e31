"""run(config, run_dir): the stages in order, each leaving plain files in the run folder. Nothing else is public.

experts -> distil -> decode -> evaluate. Every stage picks up where its files end, so a killed run resumes to the same
numbers. Knows files and stages; the mathematics is next door.
"""

from backend.core.errors import UserError
from backend.core.pool import set_threads
from backend.core.progress import Stopped
from backend.runs import RunDir
from backend.studies.text_distillation.config import STAGES, DistillConfig
from backend.studies.text_distillation.decoding import write_distilled
from backend.studies.text_distillation.learning import distil_prompts, restore
from backend.studies.text_distillation.recording import followed, held_out, record_experts
from backend.studies.text_distillation.scoring import evaluate
from backend.studies.text_distillation.setup import Setup


def run(config: DistillConfig, run_dir: RunDir, stages: tuple[str, ...] = STAGES) -> None:
    """Do the named stages that are not done yet. Raises UserError for bad input, Stopped when asked to stop."""
    run_dir.set_status(stage="experts", done=0, total=0, message="Loading the models and the data", eta_s=None)
    check_stages(stages)
    set_threads()
    setup = Setup(config)
    buffer = record_experts(setup, run_dir, followed(config), "experts")
    state = restore(setup, buffer, run_dir)
    if "distil" in stages:
        distil_prompts(setup, buffer, state, run_dir)
    if "decode" in stages:
        buffer = record_experts(setup, run_dir, held_out(config), "decode")
        write_distilled(setup, buffer, state, run_dir)
    if "evaluate" in stages:
        evaluate(setup, run_dir)


def check_stages(stages: tuple[str, ...]) -> None:
    unknown = [name for name in stages if name not in STAGES]
    if unknown:
        raise UserError(f"There is no stage {unknown[0]!r}.", f"some of {', '.join(STAGES)}", "Correct --stages.")


def run_to_the_end(config: DistillConfig, run_dir: RunDir, stages: tuple[str, ...] = STAGES) -> str:
    """The same; returns the state the run ends in: finished, or stopped when someone asked."""
    try:
        run(config, run_dir, stages)
    except Stopped:
        return "stopped"
    return "finished"
