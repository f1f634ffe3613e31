"""The command `python -m backend.pocket.drawing judge`: train a judge, keep states, go on from the last one, check it.

Prints progress and how often the judge is right on pictures that it never saw, which is the most that a model's
pictures can be judged right. Knows folders. A whole training costs about five minutes of one core.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from backend.core.devices import set_threads
from backend.core.diffusion.judge import Judge, load_judge, save_judge
from backend.core.scoring.metrics import interval
from backend.core.seeding import generator
from backend.disk import home, write_atomically
from backend.pocket.drawing.judge_lesson import FRESH, SEEDS, SIDES, JudgeLesson, blurred, noisy, renders, slots_of
from backend.pocket.drawing.judge_training import JudgeTraining
from backend.pocket.lessons import check_lesson

MODEL = Path(__file__).resolve().parents[3] / "assets" / "models" / "sdm-pocket"
EVERY = 500  # steps between two states on the disk
CHECKED = 2000  # fresh pictures of each sort
WORSE = {"clean": (0.0, 0.0), "noise 0.05": (0.05, 0.0), "blur 0.7": (0.0, 0.7)}  # noise; blur in pixels


def judge(args: argparse.Namespace) -> None:
    """Train a judge up to the asked number of steps, from the last state in `args.work` on; write and check it."""
    set_threads(args.threads)
    lesson, began = JudgeLesson(SEEDS[args.which]), time.monotonic()
    lesson = replace(lesson, steps=args.steps or lesson.steps)

    def told(training: JudgeTraining) -> None:
        print(
            f"step {training.step}/{lesson.steps}, loss {training.loss:.4f}, {time.monotonic() - began:.0f} s, "
            f"{time.process_time():.0f} s of a core",
            flush=True,
        )

    to = args.to or MODEL / args.which
    save_judge(trained(lesson, args.work or home() / f"drawing-{args.which}", told), to)
    rows = checked(load_judge(to))
    write_atomically(to / "scores.json", json.dumps(rows, indent=1) + "\n")
    for row in rows:
        slots = ", ".join(f"{name} {share:.4f}" for name, share in row["slots"].items())
        print(f"side {row['side']}, {row['sort']}: all slots {row['all']:.4f} of {row['n']} ({slots})")


def trained(
    lesson: JudgeLesson, work: Path, told: Callable[[JudgeTraining], None] = lambda _: None, every: int = EVERY
) -> Judge:
    """The judge after the whole lesson. A state is kept in `work` after every so many steps, and at the end.

    Where a state lies there, the training goes on from it to the numbers of an unbroken one. Raises UserError where the
    state is of another lesson, or the disk refuses.
    """
    work.mkdir(parents=True, exist_ok=True)
    check_lesson(work, lesson.as_dict())
    training, state = JudgeTraining(lesson), work / "state.safetensors"
    if state.exists():
        training.resume(state)
    for step in training.run():
        if step % every == 0 or step == lesson.steps:
            training.save(state)
            told(training)
    return training.judged()


def checked(judge: Judge, count: int = CHECKED, sides: tuple[int, ...] = SIDES) -> list[dict]:
    """How often all slots, and each of them, are named right on fresh pictures of each size and sort."""
    numbers, rows = range(count), []
    slots = slots_of(FRESH, numbers)
    for side in sides:
        clean = renders(FRESH, numbers, side)
        for sort, (noise, blur) in WORSE.items():
            amounts = torch.full((count,), blur), torch.full((count,), noise)
            worse = noisy(blurred(clean, amounts[0]), amounts[1], generator(sort, side))
            right = judge.read(worse) == slots
            shares = dict(zip(judge.sizes.slots, right.float().mean(0).tolist(), strict=True))
            whole = int(right.all(1).sum())
            low, high = interval(whole, count)
            found = {"all": whole / count, "low": low, "high": high, "slots": shares}
            rows.append({"side": side, "sort": sort, "n": count, **found})
    return rows
