"""TinyCLIP runs written by hand, file by file: for tests of the page, which only reads them.

No model answers here: the pictures are squares of a colour, and each arm has made-up curves that rise to its figure.
"""

import base64
import io
import json
import math
import random
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, stdev

from PIL import Image

from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.tiny_clip.config import TinyClipConfig

ARMS = ("scratch", "affinity", "inherit", "both", "auto", "one_leap", "progressive")
TOP5 = {  # where each arm ends, and how soon it gets there
    "teacher": (0.97, 1.0),
    "scratch": (0.52, 0.35),
    "affinity": (0.61, 0.35),
    "inherit": (0.86, 0.06),
    "both": (0.93, 0.05),
    "auto": (0.92, 0.10),
    "one_leap": (0.70, 0.12),
    "progressive": (0.72, 0.14),
}
SHAPE = {"image": (4, 4, 96, 384), "text": (3, 4, 64, 256)}  # layers, heads, hidden channels, neurons
COLOURS = ("red", "green", "blue", "gold", "purple", "teal", "brown", "pink", "gray", "black", "orange", "navy")
T_95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}
METRICS = ("top1", "top5", "i2t5", "t2i5")
STEPS, PAIRS = 160, 12
LOOKED_ON = 2  # pictures on which heads are shown
MASK_STEPS = 60


def write_run(folder: Path, arms: Sequence[str] = ARMS, seeds: int = 3, pictures: int = 24, **settings) -> RunDir:
    """A finished run of these arms."""
    config = as_json(TinyClipConfig(arms=arms, seeds=seeds, steps=STEPS, **settings))
    run = RunDir.create(folder, "tiny_clip", "quick", config)
    write_pictures(run, pictures)
    attention(run)
    affinities(run, "teacher", 0.0, [0])
    for arm in arms:
        affinities(run, arm, TOP5[arm][1], [0, 10, 20, 40, 80, 120, STEPS])
        for seed in range(seeds):
            evaluations(run, arm, seed)
            maps(run, arm, seed)
    write_summary(run, arms, seeds)
    run.set_status(state="finished", stage="conclude")
    return run


def write_pictures(run: RunDir, count: int) -> None:
    for number in range(count):
        colour = COLOURS[number % len(COLOURS)]
        buffer = io.BytesIO()
        Image.new("RGB", (32, 32), colour).save(buffer, "PNG")
        png = base64.b64encode(buffer.getvalue()).decode()
        row = {"id": number, "text": f"a {colour} square number {number}", "png": png, "names": [f"{colour} square"]}
        run.append("pictures", row)


def attention(run: RunDir) -> None:
    """Head h of layer l looks at patch 4 l + h of 16 alone; a tenth of its attention stays with the class token. In
    captions every token gives three fifths to the start and the rest to itself; head h of layer l gives all to token
    l + h where that is not later."""
    layers, heads, *_ = SHAPE["image"]
    for picture in range(LOOKED_ON):
        for layer in range(layers):
            seen = [bytes(255 * (patch == heads * layer + head) for patch in range(16)) for head in range(heads)]
            row = {"picture": picture, "layer": layer, "seen": [base64.b64encode(one).decode() for one in seen]}
            run.append("attention", row | {"most": [0.9] * heads, "own": [0.1] * heads})
    layers, heads, *_ = SHAPE["text"]
    for picture, one in enumerate(run.rows("pictures")[:LOOKED_ON]):
        words = ["<s>", *one["text"].split(), "</s>"]
        for layer in range(layers):
            read = [triangle(len(words), layer + head) for head in range(heads)]
            run.append("attention", {"picture": picture, "layer": layer, "words": words, "read": read})


def triangle(many: int, favourite: int) -> str:
    """What each of so many tokens gives to those up to itself, as attention.jsonl has it."""
    found = []
    for asks in range(many):
        given = [0] * (asks + 1)
        if favourite <= asks:
            given[favourite] = 255
        else:
            given[0], given[asks] = 153, 102
        found += given
    return base64.b64encode(bytes(found)).decode()


def affinities(run: RunDir, who: str, pace: float, steps: Sequence[int]) -> None:
    luck = random.Random(who)
    noise = [[luck.gauss(0, 0.07) for _ in range(PAIRS)] for _ in range(PAIRS)]
    for step in steps:
        known = 1.0 if who == "teacher" else 1 - math.exp(-step / STEPS / max(pace, 0.01))
        cosines = [
            [round(0.1 + known * 0.25 * (i == j) + (1.3 - known) * noise[i][j], 4) for j in range(PAIRS)]
            for i in range(PAIRS)
        ]
        lr = None if who == "teacher" else 0.001
        run.append("affinities", {"who": who, "lr": lr, "seed": 0, "step": step, "cosines": cosines})


def level(arm: str, seed: int, step: int, metric: str) -> float:
    """The figure of a student after so many steps."""
    end, pace = TOP5[arm]
    scale = {"top5": 1.0, "top1": 0.7, "i2t5": 0.8, "t2i5": 0.78}[metric]
    luck = random.Random(f"{arm} {seed} {metric}").gauss(0, 0.012)
    return round(max(0.02, scale * (end + luck) * (1 - math.exp(-step / STEPS / pace))), 4)


def evaluations(run: RunDir, arm: str, seed: int) -> None:
    about = {"arm": arm, "phase": "final" if seed else "grid", "lr": 0.001, "seed": seed}  # no student is trained twice
    for step in range(0, STEPS + 1, 10):
        figures = {metric: level(arm, seed, step, metric) for metric in METRICS}
        row = {"stage": "evaluate", **about, "step": step, **figures, "n": 300, "seconds": 0.05 * step, "share": 0.27}
        run.append("metrics", row)
        if not seed:  # the other step size that was tried
            run.append("metrics", row | {"lr": 0.003, "top5": 0.1})
        kl = 2.5 * math.exp(-step / 60)
        run.append("metrics", {"stage": "train", **about, "step": step, "loss": 1 + kl, "kl": kl})
    for step in range(0, MASK_STEPS + 1, 4) if arm == "auto" else ():
        gone = 0.73 * min(1.0, step / 45)
        row = {
            "stage": "masks",
            **about,
            "step": step,
            "loss": 1.0,
            "cost": 0.1,
            "removed": gone - 0.01,
            "wanted": gone,
        }
        run.append("metrics", row)


# -- maps -------------------------------------------------------------------------------------------------------------
def maps(run: RunDir, arm: str, seed: int) -> None:
    """What is kept: leading units, or those that masks choose, which fall for seed 0."""
    cuts = {"progressive": (0.5, 0.25, 0.11), "one_leap": (0.11,)}.get(arm, (0.27,))
    about = {"arm": arm, "lr": 0.001, "seed": seed}
    if arm in ("scratch", "affinity"):
        return
    if arm == "auto" and seed == 0:
        for step in range(0, MASK_STEPS, 6):
            units = units_of(0.27, masks=True, seed=seed, falling=step / MASK_STEPS)
            run.append("maps", {**about, "step": step, "leap": 0, "kind": "falling", "units": units})
    for leap, share in enumerate(cuts):
        step = MASK_STEPS if arm == "auto" else leap * STEPS // len(cuts)
        units = units_of(share, masks=arm == "auto", seed=seed)
        run.append("maps", {**about, "step": step, "leap": leap, "kind": "kept", "units": units})
        ladder(run, arm, seed, leap, share, step)


def units_of(share: float, masks: bool, seed: int, falling: float | None = None) -> dict[str, list]:
    luck, found = random.Random(f"{share} {seed}"), {}
    part = math.sqrt(share)

    def chosen(many: int, keep: float) -> list:
        order = luck.sample(range(many), many) if masks else list(range(many))
        kept = set(order[: max(1, round(keep * many))])
        if falling is None:
            return [int(unit in kept) for unit in range(many)]
        return [
            round(1.0 if unit in kept else max(0.0, 1 - falling * luck.uniform(0.7, 1.6)), 3) for unit in range(many)
        ]

    for tower, (layers, heads, hidden, neurons) in SHAPE.items():
        found[f"{tower}.hidden"] = chosen(hidden, part)
        for layer in range(layers):
            found[f"{tower}.{layer}.heads"] = chosen(heads, part * (1 - 0.15 * layer * masks))
            found[f"{tower}.{layer}.neurons"] = chosen(neurons, part * (1 - 0.2 * layer * masks))
    return found


def ladder(run: RunDir, arm: str, seed: int, leap: int, share: float, step: int) -> None:
    before = level(arm, seed, step, "top5") if leap else 0.97
    row = {"arm": arm, "lr": 0.001, "seed": seed, "step": step, "leap": leap, "asked": share}
    row |= {"reached": share + 0.004, "blocks": int(800_000 * share), "all": int(900_000 * share)}
    run.append("ladder", row | {"top5_before": before, "top5_after_cut": round(0.3 * before, 4)})


# -- the summary ------------------------------------------------------------------------------------------------------
def spread(values: Sequence[float]) -> dict:
    half = T_95[len(values)] * stdev(values) / math.sqrt(len(values)) if len(values) > 1 else None
    mean = fmean(values)
    ends = {"low": None, "high": None} if half is None else {"low": mean - half, "high": mean + half}
    return {"mean": mean, **ends, "seeds": len(values)}


def ended(arm: str, seeds: int, metric: str) -> list[float]:
    return [level(arm, seed, STEPS, metric) for seed in range(seeds)]


def write_summary(run: RunDir, arms: Sequence[str], seeds: int) -> None:
    teacher = {metric: level("teacher", 0, 10**6, metric) for metric in METRICS}
    figures = [{"arm": "teacher", "metric": m, **spread([v]), "n": 300} for m, v in teacher.items()]
    figures += [{"arm": arm, "metric": m, **spread(ended(arm, seeds, m)), "n": 300} for arm in arms for m in METRICS]
    pairs = [("affinity", "scratch"), ("inherit", "scratch"), ("both", "inherit"), ("both", "scratch"),
             ("auto", "both"), ("progressive", "one_leap")]  # fmt: skip
    told = {
        "figures": figures,
        "differences": [apart(a, b, m, seeds) for a, b in pairs if a in arms and b in arms for m in METRICS],
        "reach": [crossing(arm, seed, m) for arm in arms for seed in range(seeds) for m in METRICS],
        "sizes": [size(arm) for arm in arms],
        "baselines": {
            "teacher": {**teacher, "n": 300},
            "nearest": {"top1": 0.19, "top5": 0.41, "n": 300},
            "ridge": {"top1": 0.24, "top5": 0.56, "n": 300},
            "chance": {"top1": 0.016, "top5": 0.08, "n": 300},
        },
        "grids": [{"arm": arm, "lr": lr, "score": 0.5, "chosen": lr == 0.001} for arm in arms for lr in (0.001, 0.003)],
        "teacher_share": [
            {"arm": arm, "metric": m, **spread([value / teacher[m] for value in ended(arm, seeds, m)])}
            for arm in arms
            for m in METRICS
        ],
        "cut": [
            {"seed": s, "after_cut": 0.41, "sliced": 0.08, "sliced_same": 0.06, "ratio": 5.1} for s in range(seeds)
        ],
        "steps": STEPS,
        "lrs": dict.fromkeys(arms, 0.001),
        "looks": 24,
        "warnings": [],
    }
    (run.path / "summary.json").write_text(json.dumps(told))
    for arm in arms:
        for seed in range(seeds):
            for metric in METRICS:
                row = {
                    "student": "clip",
                    "regime": "loose",
                    "arm": arm,
                    "task": "pocket",
                    "metric": metric,
                    "seed": seed,
                }
                run.append("results", row | {"value": level(arm, seed, STEPS, metric), "n": 300, "scores": None})


def apart(arm: str, against: str, metric: str, seeds: int) -> dict:
    values = [a - b for a, b in zip(ended(arm, seeds, metric), ended(against, seeds, metric), strict=True)]
    return {"arm": arm, "against": against, "metric": metric, **spread(values), "n": 300,
            "wins": sum(value > 0 for value in values)}  # fmt: skip


def crossing(arm: str, seed: int, metric: str) -> dict:
    goal = level("scratch", seed, STEPS, metric)
    step = next((s for s in range(0, STEPS + 1, 10) if level(arm, seed, s, metric) >= goal), None)
    seconds = None if step is None else 0.05 * step
    return {"arm": arm, "seed": seed, "metric": metric, "goal": goal, "of": STEPS, "step": step, "seconds": seconds}


def size(arm: str) -> dict:
    asked = 0.11 if arm in ("one_leap", "progressive") else 0.27
    image, text = (0.22, 0.36) if arm == "auto" else (asked, asked)
    return {"arm": arm, "seed": None, "asked": asked, "blocks": asked + 0.006, "all": asked + 0.08, "image": image,
            "text": text, "parameters": int(900_000 * asked)}  # fmt: skip
