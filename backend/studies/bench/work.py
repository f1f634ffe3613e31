"""How much work a bench run is: its students' steps, their validations, and the questions they are scored on.

Torch-free.
"""

from backend.core.models.listed import look_up
from backend.core.models.registry import memory_mb
from backend.runs.work import START, Amount, Number, Part, Work
from backend.studies.bench.config import BenchConfig

LOAD = Amount(starts=0.2)  # a model and the data, where the libraries are there
TOKENS = {"pocket_science": 22, "pocket_mmlu": 23}  # of a training example, with the padding beside it
LONGER = 45  # those of a real exam
COUNTS = {"pocket_science": 600, "pocket_mmlu": 400, "arc_easy": 2376, "arc_challenge": 1172}  # of the tests
MANY = 2000  # questions of one that is not listed
SHOTS = {"pocket_mmlu": 1.6}  # times as long as a question without solved examples, which a subject reads once
FULL = 1.3  # a step that trains all weights, beside one that trains adapters
PROCESS_MB = 560.0  # with torch and a bundled model, measured


def work(c: BenchConfig, workers: int, begun: int = 0) -> Work:
    """All parts of a run. `begun` is 0: a bench run has no branches."""
    tuned = tuning(c, workers)
    students = c.seeds * (c.data != "none") + c.score_base
    parts = [
        Part(START, "libraries and data", Amount(starts=1)),
        *tuned,
        Part("score", "the student", LOAD, c.student),
        *(scored(c, task, students, workers) for task in tests(c)),
    ]
    helpers = max((part.at_once for part in tuned if part.at_once > 1), default=0)
    return Work(tuple(parts), process_mb(c) * (1 + helpers))


def scored(c: BenchConfig, task: str, students: int, workers: int) -> Part:
    """All students on one test, one after the other; threads share a student's questions."""
    return Part("score", task, Amount(questions=students * asked(c, task)), c.student, threads=workers)


def process_mb(c: BenchConfig) -> Number:
    """What a process holds at most."""
    entry = look_up(c.student)
    kind = "score" if c.data == "none" else "tune"
    return max(PROCESS_MB, memory_mb(entry, kind, c.method, c.precision) if entry else 0.0)


def tuning(c: BenchConfig, workers: int) -> list[Part]:
    """The students of the grid at once, then those of the further seeds, a round of processes each."""
    if c.data == "none":
        return []
    grid = len(c.lrs) if c.regime == "ordinary" and len(c.lrs) > 1 else 0
    parts = []
    for name, count in (("step sizes", grid), ("further seeds", c.seeds - bool(grid))):
        busy = min(workers, count)
        if busy > 1:
            parts.append(Part("tune", f"{name}: processes", Amount(starts=busy), at_once=busy))
        if count:
            turns = -(-count // busy) * busy  # the last turn may leave a process idle
            parts.append(Part("tune", name, student(c) * turns, c.student, busy))
    return parts


def student(c: BenchConfig) -> Amount:
    """One training with its validations."""
    rows = min(c.batch, c.examples or c.batch)
    tokens = c.steps * rows * TOKENS.get(c.train_task, LONGER) * (FULL if c.method == "full" else 1.0)
    validated = (len(c.lrs) > 1 or c.patience > 0) and c.regime == "ordinary"
    checks = c.steps // c.validate_every + bool(c.steps % c.validate_every) if validated else 0
    task = next(iter(tests(c)), c.train_task)
    return Amount(steps=c.steps, tokens=tokens, questions=checks * c.validation_limit * length(task))


def tests(c: BenchConfig) -> list[str]:
    """What every student is scored on; a file counts like an exam."""
    return [*c.tasks, *([c.test_file] if c.test_file else [])]


def asked(c: BenchConfig, task: str) -> Number:
    """The questions of a test, as long as they are."""
    return min(c.test_limit or MANY**2, COUNTS.get(task, MANY)) * length(task)


def length(task: str) -> Number:
    """A question of this task beside one of pocket science."""
    return SHOTS.get(task, TOKENS.get(task, LONGER) / TOKENS["pocket_science"])
