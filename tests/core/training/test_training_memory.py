"""Memory of a training step does not grow with its batch: measured in processes of their own."""

import pytest

from tests.peaks import peak_megabytes

IMPORTS = """
import torch
from backend.core.models.adapters import make_student
from backend.core.models.backbones import load_backbone
from backend.core.text.examples import MICRO_TOKENS, Rows, encode
from backend.core.training.finetune import Plan, finetune
from backend.core.training.finetune_state import FinetuneState
from backend.core.text.prompts import Example, question_prompt
"""
WORK = """
backbone = load_backbone("opt-pocket")
student = make_student(backbone, "lora", 8, 16)
example = encode(backbone.tokenizer, Example(question_prompt("What do plants need to grow? " * 20), "light"))
rows = Rows([example] * size, student.table)
tokens = len(example.prompt) * size * 2 if {whole} else MICRO_TOKENS
steps = finetune(
    student,
    FinetuneState.fresh(student.initial(0)),
    lambda step: rows.micro_batches(list(range(size)), tokens),
    Plan(2, 0.01, checkpointing={checkpointing}),
)
assert len(list(steps)) == 2
"""


def peaks(*sizes: int, whole: bool = False, checkpointing: bool = False) -> list[float]:
    return peak_megabytes(IMPORTS, WORK.format(whole=whole, checkpointing=checkpointing), *sizes)


def test_eight_times_the_batch_takes_the_memory_of_one():
    small, large = peaks(8, 64)
    print(f"peak memory: {small:.0f} MB with 8 examples a step, {large:.0f} MB with 64, ratio {large / small:.3f}")
    assert large / small <= 1.15


@pytest.mark.slow
def test_whole_batches_do_grow_and_checkpointing_helps():
    """The measurement can tell: it catches a loop that keeps every activation of the step."""
    (small, large), (saved,) = peaks(8, 64, whole=True), peaks(64, whole=True, checkpointing=True)
    print(f"whole: {small:.0f} MB with 8 examples a step, {large:.0f} MB with 64, {saved:.0f} MB with checkpointing")
    assert large / small > 1.5
    assert saved < 0.9 * large
