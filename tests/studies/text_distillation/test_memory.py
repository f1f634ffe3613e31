"""Memory of the exact gradient does not grow with the number of inner steps: measured in processes of their own."""

import pytest

from tests.peaks import peak_megabytes

IMPORTS = """
import torch
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.distill import begin
from backend.studies.text_distillation.engines import make_engine
from backend.studies.text_distillation.setup import Setup
from backend.studies.text_distillation.unroll import Segment, matching_gradient
"""
NAIVE = "from tests.studies.text_distillation.test_unroll import naive_matching_loss"
WORK = """
config = DistillConfig(model="opt-pocket", other_model="", inner_steps=size, prompts=8)
setup = Setup(config)
start = setup.own.student.initial(0)
segment = Segment(start, {name: p + 0.01 for name, p in start.items()}, "normalised")
state = begin(config, setup.synthetic, 0.001)
loss_at = make_engine("exact", setup.own.student).loss(setup.synthetic, [None] * size)
"""


def test_forty_inner_steps_take_the_memory_of_five():
    work = f"{WORK}matching_gradient(loss_at, segment, state.prompts, state.log_lrs)"
    five, forty = peak_megabytes(IMPORTS, work, 5, 40)
    print(f"peak memory: {five:.0f} MB at 5 inner steps, {forty:.0f} MB at 40, ratio {forty / five:.3f}")
    assert forty / five <= 1.15


@pytest.mark.slow
def test_the_naive_unroll_does_grow():
    """The measurement can tell: keeping every graph is what it should catch."""
    work = f"{WORK}naive_matching_loss(loss_at, segment, state.prompts, state.log_lrs).backward()"
    five, forty = peak_megabytes(IMPORTS + NAIVE, work, 5, 40)
    print(f"naive: {five:.0f} MB at 5 inner steps, {forty:.0f} MB at 40, ratio {forty / five:.3f}")
    assert forty / five > 1.5
