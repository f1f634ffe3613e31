"""The command `python -m backend.pocket.pictures teach`: teach, keep states, go on from the last one, score, write.

Prints progress and the table of scores. Knows folders; what is learned and how it is scored is known elsewhere.
"""

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import torch
from transformers import CLIPModel, PreTrainedTokenizerBase

from backend.core.vision.clip_files import load_clip, save_clip
from backend.core.vision.training import Step, train
from backend.disk import write_atomically
from backend.errors import UserError
from backend.pocket.picture_scores import Baselines, Part, chance, parts, retrieval, zero_shot
from backend.pocket.picture_teacher import Lesson, NamingLoss, Pool, start_of, teacher_tokenizer, untaught
from backend.pocket.pictures.pairs import pair
from backend.pocket.pictures.things import KNOWN

EVERY = 250  # steps between two states on the disk
LOOKED_AT = 300  # validation pictures


def teach(args: argparse.Namespace) -> None:
    """Teach up to the asked number of steps, from the last state in `args.work` on; write the model and score it."""
    torch.set_num_threads(args.threads)
    args.work.mkdir(parents=True, exist_ok=True)
    lesson = Lesson()
    lesson = replace(lesson, plan=replace(lesson.plan, steps=args.steps or lesson.plan.steps))
    _check_lesson(args.work / "lesson.json", lesson)
    tokenizer, model = teacher_tokenizer(), untaught(lesson.seed)
    looked_at = validation()
    pool, start, began = Pool(args.work, lesson), start_of(args.work, model), time.monotonic()
    told = {}

    def batch_at(step: int):
        pairs, told[step] = pool.batch(step, tokenizer)
        return pairs

    def loss_at(step: int):
        return lambda model, pairs: NamingLoss(tokenizer, told.pop(step), step)(model, pairs)

    for step in train(model, batch_at, loss_at, lesson.plan, start):
        if step.step % EVERY == 0 or step.step == lesson.plan.steps:
            step.state().save(args.work / "state.safetensors")
            _tell(step, lesson, model, tokenizer, looked_at, time.monotonic() - began)
    if start and start.step == lesson.plan.steps:
        model.load_state_dict(start.params)
    save_clip(model, tokenizer, args.to)
    print(f"wrote {args.to}", flush=True)
    print_scores(args.to, baselines=not args.no_baselines)


def score(args: argparse.Namespace) -> None:
    """Score a model that was taught, as it lies in its folder."""
    torch.set_num_threads(args.threads)
    print_scores(args.model, baselines=not args.no_baselines)


def print_scores(folder: Path, *, baselines: bool) -> None:
    """Print a row for every part of the test set, and write them beside the model as scores.json."""
    clip, rival, rows = load_clip(str(folder)), Baselines() if baselines else None, []
    for part in parts():
        found = {"zero_shot": zero_shot(clip.model, clip.tokenizer, part)} | (rival.scores(part) if rival else {})
        row = {"part": part.name, "n": len(part.pairs), "classes": len(part.classes), "chance": chance(part)}
        row |= {f"{who}@{k}": one.share(k) for who, one in found.items() for k in (1, 5)}
        row |= {f"{way}@{k}": one.share(k) for way, one in _both_ways(clip, part) for k in (1, 5)}
        rows.append(row)
        print("  ".join(f"{k} {v:.3f}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items()), flush=True)
    write_atomically(folder / "scores.json", json.dumps(rows, indent=1) + "\n")


def validation() -> Part:
    """Pictures of one known thing each, which neither training nor the test sees."""
    return Part("validation", [pair("validation", n, loose=0.0, most=1) for n in range(LOOKED_AT)], KNOWN)


def _both_ways(clip, part: Part):
    return retrieval(clip.model, clip.tokenizer, part).items()


def _check_lesson(path: Path, lesson: Lesson) -> None:
    """Refuse to go on with other settings than those a state was made with."""
    text = json.dumps(lesson.as_dict(), indent=1) + "\n"
    if path.exists() and path.read_text(encoding="utf-8") != text:
        raise UserError(
            f"{path.parent} holds a teaching with other settings.",
            "a folder of its own for each",
            "Give the settings it began with, or another --work.",
        )
    write_atomically(path, text)


def _tell(
    step: Step, lesson: Lesson, model: CLIPModel, tokenizer: PreTrainedTokenizerBase, part: Part, seconds: float
) -> None:
    found = zero_shot(model, tokenizer, part)
    print(
        f"step {step.step}/{lesson.plan.steps}, loss {step.loss:.3f}, scale {model.logit_scale.exp().item():.1f}, "
        f"top-1 {found.share(1):.3f}, top-5 {found.share(5):.3f} of {len(part.pairs)}, {seconds:.0f} s",
        flush=True,
    )
