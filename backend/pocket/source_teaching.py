"""The command `python -m backend.pocket.pictures teach --world emoji`: teach a model on the user's own pictures.

Keeps states, goes on from the last one, writes the model and prints its scores beside those of two methods that see
pixels alone. What is learned, and how, is known elsewhere.
"""

import argparse
import time
from dataclasses import replace

from transformers import CLIPModel

from backend.core.devices import set_threads
from backend.core.vision.clip_files import save_clip
from backend.core.vision.pixel_baselines import pixel_baselines
from backend.core.vision.splits import Scorer
from backend.disk import home
from backend.errors import UserError
from backend.pocket.picture_source import MOST_PAIRS, Source, SourceConfig
from backend.pocket.picture_sources import open_source
from backend.pocket.pictures.emoji import default_folder
from backend.pocket.source_teacher import SourceLesson, taught_on

LOOSE, VIEWS, CAPTIONS = 0.3, 16, 8


def teach(args: argparse.Namespace) -> None:
    """Teach up to the asked number of steps, write the model and print its scores. Raises UserError."""
    set_threads(args.threads)
    target = args.to or (default_folder() / "clip" if args.world == "emoji" else None)
    if target is None:
        raise UserError("There is no folder to write to.", "--to FOLDER", "Name one.")
    lesson = SourceLesson()
    lesson = replace(lesson, plan=replace(lesson.plan, steps=args.steps or lesson.plan.steps))
    source = open_source(asked_source(args))
    for remark in source.remarks:
        print(remark)
    model, began = None, time.monotonic()
    scorer = _scorer(source, source.validations[0])
    for step, model in taught_on(source, lesson, args.work or home() / f"picture-teacher-{args.world}"):
        told = scorer.scores(model).shares()
        print(
            f"step {step.step}/{lesson.plan.steps}, loss {step.loss:.3f}, top-1 {told['top1']:.3f}, top-5 "
            f"{told['top5']:.3f} of {len(scorer.split)}, {time.monotonic() - began:.0f} s",
            flush=True,
        )
    if model is None:
        raise UserError("This teaching has ended before.", "more steps, or another --work", "Ask for more --steps.")
    save_clip(model, source.tokenizer(), target)
    print(f"wrote {target}")
    print_scores(source, model, baselines=not args.no_baselines)


def asked_source(args: argparse.Namespace) -> SourceConfig:
    """What the flags ask for: all pictures, many views and captions of each."""
    groups = tuple(group.strip() for group in args.groups.split(",") if group.strip())
    asked = {"world": args.world, "data_dir": args.data or "", "groups": groups, "pairs": MOST_PAIRS}
    return SourceConfig(**asked, loose=LOOSE, views=VIEWS, captions=CAPTIONS)


def print_scores(source: Source, model: CLIPModel, *, baselines: bool) -> None:
    """A line for each test split: the model's shares, those of the baselines, and chance."""
    told = source.told()
    for name in source.tests:
        scorer = _scorer(source, name)
        split = scorer.split
        row = scorer.scores(model).shares() | {"chance": split.chance}
        labels = source.shown(split.classes)
        if baselines and labels.any():
            for who, ranks in pixel_baselines(told.pixels, labels, split).items():
                row |= {f"{who}{k}": ranks.share(k) for k in (1, 5)}
        shown = "  ".join(f"{key} {value:.3f}" for key, value in row.items())
        print(f"{name}  n {len(split)}  classes {len(split.classes)}  {shown}", flush=True)


def _scorer(source: Source, name: str) -> Scorer:
    return Scorer(source.split(name), source.tokenizer(), source.templates, source.context)
