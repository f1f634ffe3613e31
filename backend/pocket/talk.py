"""Train the bundled talkers: `python -m backend.pocket talk`. One model reads three courses: it learns to bind, to be
plain, and from there to be chatty.

Knows flags, seeds and how many steps. Does not know how lessons are written or a step is taken. About ten minutes on
one core.
"""

import argparse
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from backend.core.models.backbones import Backbone, load_backbone
from backend.errors import UserError
from backend.pocket.talk_files import write_world
from backend.pocket.talk_lessons import Shares, lessons
from backend.pocket.talk_styles import BINDING, STYLES, Style
from backend.pocket.talk_topics import split_topics
from backend.pocket.talk_training import measure, train

BASE = "opt-pocket"  # it bound names to prompts in 200 steps; llama-pocket had not begun to in 150
SEED = 1


@dataclass(frozen=True)
class Course:
    """A part of the training: the style of its answers, the texts of a step, how many steps, and the peak step size."""

    style: Style
    shares: Shares
    steps: int
    peak_lr: float


COURSES = (
    Course(BINDING, Shares(answers=10, invented=4, books=12, statements=6), 500, 2e-3),
    Course(STYLES["plain"], Shares(answers=20, invented=3, books=12, statements=4), 350, 1.2e-3),
    Course(STYLES["chatty"], Shares(answers=12, invented=3, books=12, statements=4), 300, 1e-3),
)
SAMPLES = 3  # answers to each held-out prompt that are measured
MEASURED = "talker.json"
TOLD_EVERY = 50


def add_parser(commands: "argparse._SubParsersAction", out: Path) -> None:
    """The command `talk` and its flags."""
    talk = commands.add_parser("talk", help="train the plain talker and the chatty one")
    talk.add_argument("--steps", type=int, help="steps of each of the three parts instead of the usual numbers")
    talk.add_argument("--out", type=Path, default=out, help="the folder to write to (default: assets)")
    talk.set_defaults(run=write_talkers)


def write_talkers(args: argparse.Namespace) -> None:
    """Train both talkers from the bundled model, measure them and write them below `args.out`."""
    if args.steps is not None and args.steps < 1:
        raise UserError(f"{args.steps} steps teach nothing.", "at least 1", "Raise the number.")
    talker = load_backbone(BASE)
    for course in COURSES:
        style, steps = course.style, args.steps or course.steps
        read = lessons(style, course.shares, SEED)
        train(talker.model, talker.tokenizer, read, steps, course.peak_lr, _teller(style.name, steps))
        if style is not BINDING:
            folder = args.out / "models" / f"talker-{style.name}"
            print(f"wrote models/{folder.name}, held out: {save(talker, style, folder)}", flush=True)


def save(talker: Backbone, style: Style, folder: Path) -> dict[str, float]:
    """Write the talker into `folder` in one step: weights in 16 bits, its prompts, its world, and what its answers to
    held-out prompts are like, which is returned. Rounds the weights to 16 bits, so that what is measured is written."""
    talker.model.half().float()
    measured = measure(talker.model, talker.tokenizer, split_topics()["test"], style, SAMPLES, SEED)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".in-") as place:
        whole = Path(place) / "model"
        talker.model.half().save_pretrained(whole)
        talker.model.float()
        talker.tokenizer.save_pretrained(whole)
        write_world(whole, style)
        (whole / MEASURED).write_text(json.dumps({"base": BASE, "seed": SEED, "held_out": measured}) + "\n")
        shutil.rmtree(folder, ignore_errors=True)
        whole.rename(folder)
    return measured


def _teller(name: str, steps: int) -> Callable[[int, float], None]:
    def told(done: int, loss: float) -> None:
        if done % TOLD_EVERY == 0 or done == steps:
            print(f"{name}: step {done}/{steps}, loss {loss:.3f}", flush=True)

    return told
