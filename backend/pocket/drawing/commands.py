"""The command `python -m backend.pocket.drawing teach`: teach, keep states, go on from the last one, write.

Prints progress. Knows folders; what is learned is known elsewhere. The usual lesson costs about two hours of one core,
that of pictures of 16 pixels a quarter of it.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from transformers import CLIPTextModel

from backend.core.devices import set_threads
from backend.core.diffusion.pipeline import Pipeline, save_pipeline
from backend.core.training.finetune_state import read_tensors, write_tensors
from backend.pocket.drawing.lesson import PATCH, Lesson, noising
from backend.pocket.drawing.teaching import Teaching
from backend.pocket.drawing.text import taught_text, text_tokenizer, untaught_text
from backend.pocket.lessons import check_lesson

EVERY = 250  # steps between two states on the disk
AGAIN = 5000  # steps of the bundled model's second leg


def teach(args: argparse.Namespace) -> None:
    """Teach up to the asked number of steps, from the last state in `args.work` on, and write the model."""
    set_threads(args.threads)
    asked = {key: getattr(args, key) for key in ("side", "prediction", "steps", "again", "seed")}
    if args.steps is None and args.again is None:
        asked["again"] = AGAIN
    lesson, began = (
        replace(Lesson(), **{key: value for key, value in asked.items() if value is not None}),
        time.monotonic(),
    )

    def told(teaching: Teaching, loss: float) -> None:
        print(
            f"step {teaching.step}/{lesson.length}, loss {loss:.4f}, {time.monotonic() - began:.0f} s, "
            f"{time.process_time():.0f} s of a core",
            flush=True,
        )

    save_pipeline(taught(lesson, args.work, told), args.to)
    print(f"wrote {args.to}", flush=True)


def taught(lesson: Lesson, work: Path, told: Callable[[Teaching, float], None], every: int = EVERY) -> Pipeline:
    """The model after the whole lesson. A state is kept in `work` after every so many steps, and at the end.

    Where a state lies there, the teaching goes on from it to the numbers of an unbroken one. `told` is called after
    each state with the mean loss since the last. Raises UserError where the state is of another lesson, or the disk
    refuses.
    """
    work.mkdir(parents=True, exist_ok=True)
    check_lesson(work, lesson.as_dict())
    text = _text(work / "text.safetensors", lesson.seed)
    teaching, state, losses = Teaching(lesson, text, work), work / "state.safetensors", []
    if state.exists():
        teaching.resume(state)
    for step in teaching.run():
        losses.append(teaching.loss)
        if step % every == 0 or step == lesson.length:
            teaching.save(state)
            told(teaching, sum(losses) / len(losses))
            losses.clear()
    return pipeline_of(lesson, teaching, text)


def pipeline_of(lesson: Lesson, teaching: Teaching, text: CLIPTextModel, name: str = "") -> Pipeline:
    """What was taught so far, as a model that draws."""
    noise = dict(noising(lesson).config) | {"_class_name": "DDIMScheduler"}
    return Pipeline(teaching.averaged(), text, text_tokenizer(), noise, None, PATCH, lesson.side, name)


def _text(path: Path, seed: int) -> CLIPTextModel:
    """The frozen text encoder, taught where it is not yet kept in `path`."""
    if not path.exists():
        encoder, _ = taught_text(seed)
        write_tensors(path, dict(encoder.state_dict()), {})
    encoder = untaught_text(seed)
    encoder.load_state_dict(read_tensors(path)[0])
    return encoder.eval().requires_grad_(False)
