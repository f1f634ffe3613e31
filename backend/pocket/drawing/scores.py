"""Scores of a model that draws, and the command `python -m backend.pocket.drawing score`: the fixed prompts are drawn
and read by both judges.

Told are how often all slots, and each of them, are right, with 95 % intervals, and how far the pictures lie from real
ones beside the distance of real ones from each other. Knows the bundled world and the judges. Costs about 20
seconds of one core for every hundred pictures at 20 steps with guidance.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from backend.core.devices import set_threads
from backend.core.diffusion.frechet import enough, floor, frechet
from backend.core.diffusion.judge import Judge, load_judge
from backend.core.diffusion.latents import from_bytes
from backend.core.diffusion.pipeline import Pipeline, load_pipeline
from backend.core.diffusion.sampling import predictor, sample
from backend.core.scoring.metrics import interval
from backend.disk import write_atomically
from backend.pocket.drawing.judge_lesson import SEEDS as NAMES
from backend.pocket.drawing.judge_lesson import renders
from backend.pocket.drawing.judging import MODEL
from backend.pocket.drawing.prompts_fixed import Asked, fixed
from backend.pocket.pictures.drawing import draw
from backend.pocket.pictures.simple import staged

REAL = 6_000_000  # the seed of the scenes that distances are taken to; of other places for the same scenes: the next
FLOORS = 8  # real sets whose distances make the floor
AT_ONCE = 64  # pictures
GUIDANCE = 2.0  # chosen on the validation prompts


def score(args: argparse.Namespace) -> None:
    """Draw the fixed prompts by the model of a folder, and write scores.json beside it."""
    set_threads(args.threads)
    began, pipeline, readers = time.monotonic(), load_pipeline(str(args.model)), judges(args.judges)
    asked = fixed(args.split, args.count)

    def told(done: int) -> None:
        print(f"{done} of {len(asked)} pictures, {time.monotonic() - began:.0f} s", flush=True)

    pixels = drawn(pipeline, asked, args.steps, args.sampler, args.guidance, told)
    found = {"n": len(asked)} | {key: getattr(args, key) for key in ("split", "steps", "sampler", "guidance")}
    found |= {"judges": {name: scored(judge, pixels, asked) for name, judge in readers.items()}}
    write_atomically(args.model / "scores.json", json.dumps(found, indent=1) + "\n")
    for name, one in found["judges"].items():
        print(f"{name}: {in_a_line(one)}")


def judges(folder: Path = MODEL) -> dict[str, Judge]:
    """The first judge and its check. Raises UserError where one is missing or damaged."""
    return {name: load_judge(folder / name) for name in NAMES}


def drawn(
    pipeline: Pipeline,
    asked: Sequence[Asked],
    steps: int = 20,
    sampler: str = "ddim",
    guidance: float = GUIDANCE,
    told: Callable[[int], None] = lambda done: None,
) -> Float[Tensor, "n 3 side side"]:
    """What the model draws of these prompts and their noise. `told` hears how many are done."""
    found, nothing = [], pipeline.encode([""])
    for start in range(0, len(asked), AT_ONCE):
        part = asked[start : start + AT_ONCE]
        conditions = pipeline.encode([one.prompt for one in part])
        noise = pipeline.noise([one.noise for one in part])
        latents = sample(
            predictor(pipeline.unet, conditions, guidance, nothing), pipeline.sampler(sampler), noise, steps
        )
        found.append(pipeline.decode(latents))
        told(start + len(part))
    return torch.cat(found)


def right(judge: Judge, pixels: Float[Tensor, "n 3 side side"], asked: Sequence[Asked]) -> Bool[Tensor, "n slots"]:
    """Which slots of each picture are read as they were asked for."""
    return judge.read(pixels) == torch.tensor([one.scene.slots() for one in asked])


def scored(judge: Judge, pixels: Float[Tensor, "n 3 side side"], asked: Sequence[Asked]) -> dict:
    """Shares of pictures with all slots right and with each, and the distance from real pictures where there are enough
    of them; else None."""
    read, features = judge.seen(pixels)
    hits = read == torch.tensor([one.scene.slots() for one in asked])
    slots = {name: _share(hits[:, slot]) for slot, name in enumerate(judge.sizes.slots)}
    return {"all": _share(hits.all(1)), "slots": slots, "frechet": distance(judge, features, pixels.shape[-1], asked)}


def distance(judge: Judge, features: Float[Tensor, "n features"], side: int, asked: Sequence[Asked]) -> dict | None:
    """The Fréchet distance of drawn pictures' features from those of as many real ones, and its floor: what real
    pictures of the same prompts have. None where there are too few pictures."""
    if not enough(*features.shape):
        return None
    real = real_features(judge, side, len(features))
    lowest, spread = floor(real, [placed_features(judge, side, asked, number) for number in range(FLOORS)])
    return {"distance": frechet(features, real), "floor": lowest, "floor_sd": spread, "floor_sets": FLOORS}


def real_features(judge: Judge, side: int, number: int) -> Float[Tensor, "n features"]:
    """Features of so many fresh pictures, of scenes drawn as in training."""
    return judge.seen(renders(REAL, range(number), side))[1]


def placed_features(judge: Judge, side: int, asked: Sequence[Asked], number: int) -> Float[Tensor, "n features"]:
    """Features of real pictures of the asked scenes, placed anew for each `number`."""
    scenes = [staged(one.scene, REAL + 1 + number, place) for place, one in enumerate(asked)]
    return judge.seen(from_bytes(torch.from_numpy(np.stack([draw(scene, side) for scene in scenes]))))[1]


def in_a_line(one: dict) -> str:
    """The scores by one judge, as they are printed."""
    whole, apart = one["all"], one["frechet"]
    slots = ", ".join(f"{name} {share['share']:.3f}" for name, share in one["slots"].items())
    line = f"all slots {whole['share']:.3f} ({whole['low']:.3f} to {whole['high']:.3f}, n={whole['n']}); {slots}"
    if apart is None:
        return f"{line}; too few pictures for a Fréchet distance"
    return f"{line}; Fréchet {apart['distance']:.4f}, floor {apart['floor']:.4f} ± {apart['floor_sd']:.4f}"


def _share(hits: Bool[Tensor, " n"]) -> dict:
    low, high = interval(int(hits.sum()), len(hits))
    return {"share": hits.float().mean().item(), "low": low, "high": high, "n": len(hits)}
