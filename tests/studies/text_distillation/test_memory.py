"""Memory of the exact gradient does not grow with the number of inner steps: measured in processes of their own."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MEASURE = """
import resource, sys, torch
torch.set_num_threads(1)
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.distill import begin
from backend.studies.text_distillation.engines import make_engine
from backend.studies.text_distillation.setup import Setup
from backend.studies.text_distillation.unroll import Segment, matching_gradient
{naive}
steps = int(sys.argv[1])
config = DistillConfig(model="opt-pocket", other_model="", inner_steps=steps, prompts=8)
setup = Setup(config)
start = setup.own.student.initial(0)
segment = Segment(start, {{name: p + 0.01 for name, p in start.items()}}, "normalised")
state = begin(config, setup.synthetic, 0.001)
loss_at = make_engine("exact", setup.own.student).loss(setup.synthetic, [None] * steps)
{call}(loss_at, segment, state.prompts, state.log_lrs){after}
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
OURS = MEASURE.format(naive="", call="matching_gradient", after="")
NAIVE = MEASURE.format(
    naive="from tests.studies.text_distillation.test_unroll import naive_matching_loss",
    call="naive_matching_loss",
    after=".backward()",
)


def peak_megabytes(script: str, steps: int) -> float:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, str(steps)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return float(done.stdout.split()[-1])


def test_forty_inner_steps_take_the_memory_of_five():
    five, forty = peak_megabytes(OURS, 5), peak_megabytes(OURS, 40)
    print(f"peak memory: {five:.0f} MB at 5 inner steps, {forty:.0f} MB at 40, ratio {forty / five:.3f}")
    assert forty / five <= 1.15


@pytest.mark.slow
def test_the_naive_unroll_does_grow():
    """The measurement can tell: keeping every graph is what it should catch."""
    five, forty = peak_megabytes(NAIVE, 5), peak_megabytes(NAIVE, 40)
    print(f"naive: {five:.0f} MB at 5 inner steps, {forty:.0f} MB at 40, ratio {forty / five:.3f}")
    assert forty / five > 1.5
