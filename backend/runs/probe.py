"""`python -m backend.runs.probe`: measure how fast this machine starts, trains and scores, and keep it (pace.py).

Takes about a second beyond the libraries' own start. Time of the processor is counted, not of the clock, so that
neither a cold disk nor other programs make the machine look slow; on a GPU, and where several threads multiply, time by
the clock. The best of several tries: programs that share a cache slow each other down. Knows the bundled model; no
study and no run.
"""

import argparse
import os
import threading
import time
from collections.abc import Callable
from itertools import pairwise

SHORT, LONG, STEPS = 8, 32, 6  # rows of a step, twice, to tell what a step costs from what a token costs
QUESTIONS, WARM = 48, 16
SIZE, TIMES = (512, 576, 1536), 16  # of a product: a small model's layer


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m backend.runs.probe", description="Measures this machine.")
    parser.add_argument("--parent", type=int, default=os.getppid(), help="leave when this process is gone")
    from backend.core.leaving import leave_with  # noqa: PLC0415 - all imports count as the start

    threading.Thread(target=leave_with, args=(parser.parse_args().parent,), daemon=True).start()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    found = probe()
    from backend.runs.pace import keep  # noqa: PLC0415 - see above

    keep(found)
    print(found)


def probe():
    """The pace of this machine, as runs use it: with their threads, on their device."""
    from backend.core.devices import own, set_threads  # noqa: PLC0415
    from backend.core.models.readers import Reader  # noqa: PLC0415 - torch is a part of the start
    from backend.core.text.tasks import TASKS, to_example  # noqa: PLC0415
    from backend.core.text.text_data import load_questions  # noqa: PLC0415
    from backend.runs.pace import Pace  # noqa: PLC0415

    set_threads()
    questions = load_questions("pocket_science", "train")
    reader = Reader("opt-pocket", 8, 16, [to_example(one, TASKS["pocket_science"]) for one in questions])
    start, now = time.process_time(), clock(own())
    (few, short), (many, long) = (step_time(reader, rows, now) for rows in (SHORT, LONG))
    token = max(1e-9, (long - short) / (many - few))
    step = max(0.1 * short, short - few * token)
    return Pace(start, step, token, question_time(reader, questions, now), product_time(now))


def clock(device: str) -> Callable[[], float]:
    """Seconds of this process alone, where it has one thread; else seconds."""
    import torch  # noqa: PLC0415

    return time.process_time if device == "cpu" and torch.get_num_threads() == 1 else time.perf_counter


def step_time(reader, rows: int, now: Callable[[], float]) -> tuple[int, float]:
    """The tokens of a step of so many rows, padding counted, and what it takes."""
    from backend.core.text.examples import tokens_at_once  # noqa: PLC0415
    from backend.core.training.finetune import Plan, finetune  # noqa: PLC0415
    from backend.core.training.finetune_state import FinetuneState  # noqa: PLC0415

    student, chosen, most = reader.student, list(range(rows)), tokens_at_once(reader.student.model)
    start, times = FinetuneState.fresh(student.initial("probe")), [now()]
    for _ in finetune(student, start, lambda _: reader.train.micro_batches(chosen, most), Plan(STEPS, 1e-3)):
        times.append(now())
    tokens = sum(batch.mask.numel() for batch in reader.train.micro_batches(chosen, most))
    return tokens, min(b - a for a, b in pairwise(times[1:]))  # the first step warms up; what is slower met others


def question_time(reader, questions: list, now: Callable[[], float]) -> float:
    """What a question of four short options takes."""
    from backend.core.scoring.score import score_questions  # noqa: PLC0415

    def scored(some: list) -> float:
        began = now()
        score_questions(reader.student.model, reader.tokenizer, some, "pocket_science", threads=1)
        return now() - began

    scored(questions[:WARM])
    return min(scored(some) for some in (questions[:QUESTIONS], questions[QUESTIONS : 2 * QUESTIONS])) / QUESTIONS


def product_time(now: Callable[[], float]) -> float:
    """Seconds of a GFLOP, at the size of a small model's layer."""
    import torch  # noqa: PLC0415
    from torch.nn.functional import linear  # noqa: PLC0415

    from backend.core.devices import own  # noqa: PLC0415

    rows, inward, outward = SIZE
    x, w = torch.randn(rows, inward, device=own()), torch.randn(outward, inward, device=own())
    times = []
    for _ in range(TIMES):
        began = now()
        linear(x, w).sum().item()
        times.append(now() - began)
    return min(times) / (2e-9 * rows * inward * outward)


if __name__ == "__main__":
    main()
