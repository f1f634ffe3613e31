"""How much work the bench's stages are, in examples that pass through a student. Torch-free.

Only ratios count: earlier runs of this machine tell how long a unit takes.
"""

from backend.studies.bench.config import BenchConfig

BACKWARD = 3.0  # a training example's forward and backward pass, in forward passes
OPTIONS = 4.0  # a question is read once for each of its options
LARGEST = 2400  # what a limit of 0 stands for, where nobody has counted: ARC-Easy's test


def tuning(config: BenchConfig) -> float:
    """Every student of the grid and of the seeds, with its validations."""
    if config.data == "none":
        return 0.0
    students = config.seeds + (len(config.lrs) if len(config.lrs) > 1 else 0)
    checks = config.steps / config.validate_every * config.validation_limit * OPTIONS
    return students * (config.steps * config.batch * BACKWARD + checks)


def scoring(config: BenchConfig) -> float:
    """Every student on every question of every task."""
    students = config.seeds * (config.data != "none") + config.score_base
    tests = len(config.tasks) + bool(config.test_file)
    return students * tests * (config.test_limit or LARGEST) * OPTIONS
