"""Memory of a training step does not grow with its batch: measured in processes of their own."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MEASURE = """
import resource, sys, torch
torch.set_num_threads(1)
from backend.core.models.adapters import make_student
from backend.core.models.backbones import load_backbone
from backend.core.text.examples import MICRO_TOKENS, Rows, encode
from backend.core.training.finetune import Plan, finetune
from backend.core.training.finetune_state import FinetuneState
from backend.core.text.prompts import Example, question_prompt
size, whole, checkpointing = int(sys.argv[1]), sys.argv[2] == "whole", sys.argv[2] == "checkpointing"
backbone = load_backbone("opt-pocket")
student = make_student(backbone, "lora", 8, 16)
example = encode(backbone.tokenizer, Example(question_prompt("What do plants need to grow? " * 20), "light"))
rows = Rows([example] * size, student.table)
tokens = len(example.prompt) * size * 2 if whole or checkpointing else MICRO_TOKENS
steps = finetune(
    student,
    FinetuneState.fresh(student.initial(0)),
    lambda step: rows.micro_batches(list(range(size)), tokens),
    Plan(2, 0.01, checkpointing=checkpointing),
)
assert len(list(steps)) == 2
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def peak_megabytes(batch: int, how: str = "micro") -> float:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", MEASURE, str(batch), how],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.split()[-1])


def test_eight_times_the_batch_takes_the_memory_of_one():
    small, large = peak_megabytes(8), peak_megabytes(64)
    print(f"peak memory: {small:.0f} MB with 8 examples a step, {large:.0f} MB with 64, ratio {large / small:.3f}")
    assert large / small <= 1.15


@pytest.mark.slow
def test_whole_batches_do_grow_and_checkpointing_helps():
    """The measurement can tell: it catches a loop that keeps every activation of the step."""
    small, large, saved = peak_megabytes(8, "whole"), peak_megabytes(64, "whole"), peak_megabytes(64, "checkpointing")
    print(f"whole: {small:.0f} MB with 8 examples a step, {large:.0f} MB with 64, {saved:.0f} MB with checkpointing")
    assert large / small > 1.5
    assert saved < 0.9 * large
