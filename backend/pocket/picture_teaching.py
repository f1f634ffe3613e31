"""The command `python -m backend.pocket.pictures teach`: teach, keep states, go on from the last one, score, write.

Prints progress and the table of scores. Knows folders; what is learned and how it is scored is known elsewhere. The
whole lesson costs some 20 minutes of one core, the scores one more.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from transformers import CLIPModel

from backend.core.devices import set_threads
from backend.core.vision.clip_files import Clip, load_clip, save_clip
from backend.disk import write_atomically
from backend.pocket.lessons import check_lesson
from backend.pocket.picture_scores import Baselines, Part, chance, parts, retrieval, zero_shot
from backend.pocket.picture_steps import Teaching
from backend.pocket.picture_teacher import Lesson, teacher_tokenizer
from backend.pocket.pictures.pairs import TEST_PARTS, pair
from backend.pocket.pictures.things import KNOWN

EVERY = 250  # steps between two states on the disk
LOOKED_AT = 300  # validation pictures of each sort


def teach(args: argparse.Namespace) -> None:
    """Teach up to the asked number of steps, from the last state in `args.work` on; write the model and score it."""
    set_threads(args.threads)
    lesson = Lesson()
    lesson = replace(lesson, steps=args.steps or lesson.steps)
    tokenizer, looked_at, began = teacher_tokenizer(), validation(), time.monotonic()

    def told(teaching: Teaching) -> None:
        shares = [
            f"{one.name} top-1 {found.share(1):.3f}, top-5 {found.share(5):.3f}"
            for one, found in ((one, zero_shot(teaching.pupil.clip, tokenizer, one)) for one in looked_at)
        ]
        print(
            f"step {teaching.step}/{lesson.steps}, loss {teaching.loss:.3f}, {', '.join(shares)} of {LOOKED_AT}, "
            f"{time.monotonic() - began:.0f} s, {time.process_time():.0f} s of a core",
            flush=True,
        )
        save_clip(teaching.pupil.clip, tokenizer, args.work / "so-far")

    save_clip(taught(lesson, args.work, told), teacher_tokenizer(), args.to)  # a new one: a used one keeps its padding
    print(f"wrote {args.to}", flush=True)
    print_scores(args.to, baselines=not args.no_baselines)


def taught(lesson: Lesson, work: Path, told: Callable[[Teaching], None], every: int = EVERY) -> CLIPModel:
    """The teacher after the whole lesson. A state is kept in `work` after every so many steps, and at the end.

    Where a state lies there, the teaching goes on from it to the numbers of an unbroken one. `told` is called after
    each state. Raises UserError where the state is of another lesson, or the disk refuses.
    """
    work.mkdir(parents=True, exist_ok=True)
    check_lesson(work, lesson.as_dict())
    teaching, state = Teaching(lesson, work), work / "state.safetensors"
    if state.exists():
        teaching.resume(state)
    for step in teaching.run():
        if step % every == 0 or step == lesson.steps:
            teaching.save(state)
            told(teaching)
    return teaching.pupil.clip


def score(args: argparse.Namespace) -> None:
    """Score a model that was taught, as it lies in its folder."""
    set_threads(args.threads)
    print_scores(args.model, baselines=not args.no_baselines)


def print_scores(folder: Path, names: tuple[str, ...] = tuple(TEST_PARTS), *, baselines: bool) -> None:
    """Print a row for each of these parts of the test set, and write all beside the model as scores.json."""
    clip, rival, rows = load_clip(str(folder)), Baselines() if baselines else None, []
    for part in parts(names):
        rows.append(_scored(clip, rival, part))
        print(
            "  ".join(f"{k} {v:.3f}" if isinstance(v, float) else f"{k} {v}" for k, v in rows[-1].items()), flush=True
        )
    write_atomically(folder / "scores.json", json.dumps(rows, indent=1) + "\n")


def validation() -> list[Part]:
    """Pictures of one known thing each, and scenes, which neither training nor the test sees."""
    numbers = range(LOOKED_AT)
    return [
        Part(name, [pair("validation", n, loose=0.0, most=most) for n in numbers], KNOWN)
        for name, most in (("singles", 1), ("scenes", 4))
    ]


def _scored(clip: Clip, rival: Baselines | None, part: Part) -> dict:
    """Shares among the best 1 and 5, by who or by direction."""
    found = {"zero_shot": zero_shot(clip.model, clip.tokenizer, part)} | (rival.scores(part) if rival else {})
    found |= retrieval(clip.model, clip.tokenizer, part)
    row = {"part": part.name, "n": len(part.pairs), "classes": len(part.classes), "chance": chance(part)}
    return row | {f"{who}@{k}": one.share(k) for who, one in found.items() for k in (1, 5)}
