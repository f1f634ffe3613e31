"""How much work a run of active inheritance is: texts that are written, students' steps, and questions.

A written token costs more than a trained one on a small model: it runs forwards only, but one at a time. Torch-free.
"""

from backend.core.models.listed import look_up
from backend.core.models.registry import memory_mb
from backend.runs.work import START, Amount, Number, Part, Work
from backend.studies.active_inheritance.cells import cells, student_of
from backend.studies.active_inheritance.config import ActiveConfig
from backend.studies.active_inheritance.sitters import is_asked, sitters

LOAD = Amount(starts=0.2)  # a model and the data, where the libraries are there
PROMPT = 20  # tokens before an answer, about
LENGTH = 0.4  # of the cap that a text of the bundled talkers takes on average
WRITING = 1.5  # of what a trained token costs, measured with the bundled talkers
PROCESS_MB = 600.0  # with torch and a bundled model


def work(c: ActiveConfig, workers: int, begun: int = 0) -> Work:
    """All parts of a run. `begun` is 0: such a run has no branches."""
    everybody, taught = sitters(c), cells(c)
    parts = [Part(START, "libraries and data", Amount(starts=1))]
    for spec in (c.talker, *([c.second_talker] if c.needs_second else [])):
        parts.append(Part("pool", spec, LOAD + written(c, c.prompts * c.k), spec))
    parts += _shared("tune", [student_of(c, cell.arm) for cell in taught], lesson(c), workers)
    parts += _shared("profile", [one.spec for one in everybody], texts(c), workers)
    asked = sum(is_asked(c, one) for one in everybody)
    busy = min(workers, len(everybody))
    parts.append(Part("profile", "questions", Amount(questions=asked * c.test_limit), c.student, busy))
    return Work(tuple(parts), process_mb(c) * (1 + (busy if busy > 1 else 0)))


def lesson(c: ActiveConfig) -> Amount:
    """One student's training."""
    rows = min(c.batch, c.prompts)
    return Amount(steps=c.steps, tokens=c.steps * rows * (PROMPT + LENGTH * c.tokens))


def texts(c: ActiveConfig) -> Amount:
    """What one sitter writes."""
    return written(c, c.test_prompts * c.samples)


def written(c: ActiveConfig, count: Number) -> Amount:
    """So many texts."""
    return Amount(tokens=count * c.tokens * LENGTH * WRITING)


def process_mb(c: ActiveConfig) -> Number:
    """What a process holds at most."""
    entries = [look_up(spec) for spec in (c.talker, c.second_talker, c.student, c.passive_student) if spec]
    return max([PROCESS_MB, *(memory_mb(entry, "tune") for entry in entries if entry)])


def _shared(stage: str, specs: list[str], each: Amount, workers: int) -> list[Part]:
    """So many students of each model, several at a time."""
    busy = min(workers, len(specs))
    found = [Part(stage, "processes", Amount(starts=busy), at_once=busy)] if busy > 1 else []
    return found + [Part(stage, spec, each * specs.count(spec), spec, busy) for spec in dict.fromkeys(specs)]
