"""LightCLIP runs written by hand, file by file: for tests of the page, which only reads them.

Nothing is learned here: pictures, captions and the places of words are those of the drawn world, similarities and
figures are made up so that token matching points better and softened labels change nothing.
"""

import base64
import functools
import io
import json
import math
import random
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, stdev

import numpy as np
from PIL import Image

from backend.pocket.pictures.caption import where
from backend.pocket.pictures.drawing import draw, truth
from backend.pocket.pictures.pairs import Pair, pair
from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.light_clip.config import LightClipConfig

ARMS = ("base", "softened", "tokens", "masked_words", "all")
MOVES = {  # added to base's figures: pointing, zero-shot and retrieval, masked words with the picture
    "base": (0.0, 0.0),
    "softened": (0.0, 0.01),
    "tokens": (0.31, 0.01),
    "masked_words": (0.0, -0.02),
    "all": (0.27, 0.03),
}
BASE = {"pointing": 0.38, "top1": 0.31, "top5": 0.62, "i2t1": 0.12, "i2t5": 0.34, "t2i1": 0.11, "t2i5": 0.33}
MASKED = {"masked_with": 0.61, "masked_without": 0.33}
T_95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}
LR = 0.002
STEPS = (0, 60, 120, 180, 240, 300)
GRID, SIDE, PICTURES = 4, 32, 6
RULES = ("one_to_one", "relaxed", "row_max", "sinkhorn")


def write_run(folder: Path, seeds: int = 3, arms: Sequence[str] = ARMS, state: str = "finished") -> RunDir:
    """A run of these arms, with all that its panels show."""
    config = LightClipConfig(seeds=seeds, arms=tuple(arms))
    run = RunDir.create(folder, "light_clip", "quick", as_json(config))
    pairs = world(12)
    for number, one in enumerate(pairs):
        names = sorted({placed.thing for placed in one.scene.things})
        run.append("pictures", {"id": number, "text": one.caption.text, "png": png_of(one), "names": names})
    for arm in arms:
        for seed in range(seeds):
            curves(run, arm, seed)
        labels(run, arm, pairs)
        matches(run, arm, pairs[:PICTURES])
        masked(run, arm, pairs[:PICTURES])
    depths(run, seeds)
    noise(run, seeds)
    write_summary(run, arms, seeds)
    run.set_status(state=state, stage="conclude")
    return run


@functools.cache
def world(count: int) -> list[Pair]:
    """Pairs whose captions name two things or more."""
    pairs = (pair("test", number, seed=7, loose=0.3) for number in range(400))
    return [one for one in pairs if len(one.caption.naming) > 1 and len(one.caption.words) < 10][:count]


@functools.cache
def png_of(one: Pair) -> str:
    found = io.BytesIO()
    Image.fromarray(draw(one.scene)).save(found, "PNG")
    return base64.b64encode(found.getvalue()).decode()


def curves(run: RunDir, arm: str, seed: int) -> None:
    for step in STEPS:
        learned = 1 - math.exp(-step / 100)
        row = {"stage": "evaluate", "arm": arm, "phase": "grid", "lr": LR, "seed": seed, "step": step, "n": 200}
        figures = {name: value * learned for name, value in figures_of(arm, seed).items()}
        run.append("metrics", row | {"masked_with": None, "masked_without": None} | figures)
    for step in range(1, 301, 30):
        row = {"stage": "train", "arm": arm, "phase": "grid", "lr": LR, "seed": seed, "step": step}
        row |= {"layers": 1, "loose": 0.4, "loss": 4.1 * math.exp(-step / 200), "instance": 4.0 * math.exp(-step / 200)}
        run.append("metrics", row | {"tokens": None, "masked_words": None, "softness": None})


def figures_of(arm: str, seed: int) -> dict[str, float]:
    """What a student of this arm and seed ends at. Luck of a seed moves all arms alike, and each a little by itself."""
    shared, own = random.Random(f"{seed}"), random.Random(f"{arm} {seed}")
    points, others = MOVES.get(arm, (0.0, 0.0))
    luck = {name: shared.gauss(0, 0.01) + own.gauss(0, 0.015) for name in (*BASE, *MASKED)}
    found = {name: value + (points if name == "pointing" else others) + luck[name] for name, value in BASE.items()}
    if arm in ("masked_words", "all"):
        found |= {name: value + luck[name] for name, value in MASKED.items()}
    return found


def labels(run: RunDir, arm: str, pairs: Sequence[Pair]) -> None:
    if arm not in ("softened", "all"):
        return
    for step in STEPS:
        for number in range(PICTURES):
            softness, drawn = 0.3 * step / STEPS[-1], random.Random(f"{arm} {number} {step // 200}")
            parts = [drawn.expovariate(1) for _ in pairs]
            others = [
                {"id": other, "weight": round(softness * parts[other] / sum(parts), 5),
                 "true": (number + other) % 4 == 0}
                for other, one in enumerate(pairs) if other != number
            ]  # fmt: skip
            others.sort(key=lambda one: -one["weight"])
            row = {"arm": arm, "lr": LR, "seed": 0, "step": step, "picture": number, "softness": softness}
            run.append("labels", row | {"others": others[:8]})


def matches(run: RunDir, arm: str, pairs: Sequence[Pair]) -> None:
    for step in STEPS:
        learned = (step / STEPS[-1]) * (2.2 if arm in ("tokens", "all") else 0.5)
        for number, one in enumerate(pairs):
            drawn = np.random.default_rng([len(arm), step, number])
            right = truths(one)
            cosines = drawn.normal(0, 0.22, (len(right), GRID**2))
            for word, places in enumerate(right):
                if places:
                    cosines[word, places] += 0.4 * learned
            cosines = np.clip(cosines, -1, 1).round(4)
            row = {"arm": arm, "lr": LR, "seed": 0, "step": step, "picture": number, "truth": right}
            row |= {"words": [word.text for word in one.caption.words], "cosines": cosines.tolist()}
            run.append("matches", row | {"chosen": {rule: chosen(cosines, rule) for rule in RULES}})


@functools.cache
def truths(one: Pair) -> list[list[int] | None]:
    """The patches on which each word's things are seen; None for a word that is about none."""
    seen, found = truth(one.scene), []
    for position in range(len(one.caption.words)):
        if position not in one.caption.naming:
            found.append(None)
            continue
        mask, _ = where(one.caption, position, seen)
        cover = mask.reshape(GRID, SIDE // GRID, GRID, SIDE // GRID).mean((1, 3)).ravel()
        found.append(np.flatnonzero((cover >= 0.25) | (cover == cover.max())).tolist())
    return found


def chosen(cosines: np.ndarray, rule: str) -> list[int]:
    """A stand-in of each rule: what is similar most, under the rule's limit on how many words a patch may serve."""
    most = {"one_to_one": 1, "relaxed": 2}.get(rule, len(cosines))
    taken: dict[int, int] = {}
    found = []
    for row in cosines:
        best = next(int(patch) for patch in np.argsort(-row) if taken.get(int(patch), 0) < most)
        taken[best] = taken.get(best, 0) + 1
        found.append(best)
    return found


def masked(run: RunDir, arm: str, pairs: Sequence[Pair]) -> None:
    if arm not in ("masked_words", "all"):
        return
    for number, one in enumerate(pairs):
        for place in one.caption.naming:
            word = one.caption.words[place].text
            rivals = [name for name in ("apple", "boat", "star", "tree", "cat", "drum") if name != word]
            said = [[word, 0.7], *([rival, 0.05] for rival in rivals[:4])]
            blind = [[rivals[0], 0.2], [rivals[1], 0.15], [word, 0.1], [rivals[2], 0.05], [rivals[3], 0.04]]
            row = {"arm": arm, "lr": LR, "seed": 0, "picture": number, "text": one.caption.text, "place": place}
            run.append("masked", row | {"word": word, "with": said, "without": blind})


def depths(run: RunDir, seeds: int) -> None:
    for depth, top1 in zip((1, 2, 3, 4), (0.30, 0.31, 0.312, 0.309), strict=True):
        for seed in range(seeds):
            luck = random.Random(f"depth {depth} {seed}").gauss(0, 0.01)
            row = {
                "depth": depth,
                "seed": seed,
                "lr": LR,
                "top1": top1 + luck,
                "i2t5": 0.33 + luck,
                "t2i5": 0.32 + luck,
            }
            run.append("depth", row | {"parameters": 40_000 + 28_000 * depth, "blocks": 28_000 * depth, "n": 600})


def noise(run: RunDir, seeds: int) -> None:
    for loose, share in ((0.0, 0.05), (0.4, 0.21), (0.8, 0.44)):
        for arm, lift in (("base", 0.0), ("softened", 0.02 * share)):
            for seed in range(seeds):
                luck = random.Random(f"noise {loose} {seed}").gauss(0, 0.01)
                luck += random.Random(f"noise {loose} {arm} {seed}").gauss(0, 0.01)
                top1 = 0.34 - 0.2 * share + lift + luck
                row = {"loose": loose, "arm": arm, "seed": seed, "lr": LR, "false_negatives": share, "top1": top1}
                run.append("noise", row | {"t2i5": top1 + 0.02, "i2t5": top1 + 0.03, "n": 600})


def spread(values: Sequence[float]) -> dict:
    half = T_95[len(values)] * stdev(values) / math.sqrt(len(values)) if len(values) > 1 else None
    mean = fmean(values)
    return {"mean": mean, "low": None if half is None else mean - half, "high": None if half is None else mean + half}


def write_summary(run: RunDir, arms: Sequence[str], seeds: int) -> None:
    found = {arm: [figures_of(arm, seed) for seed in range(seeds)] for arm in arms}
    table = []
    for arm, students in found.items():
        for metric in students[0]:
            row = {"arm": arm, "metric": metric, "seeds": seeds, "n": 600, "against": None}
            if arm != "base" and metric in BASE and "base" in found:
                apart = spread([one[metric] - base[metric] for one, base in zip(students, found["base"], strict=True)])
                beyond = apart["low"] is not None and not apart["low"] <= 0 <= apart["high"]
                row["against"] = {
                    "arm": "base",
                    **apart,
                    "error": 0.01,
                    "wins": seeds,
                    "seeds": seeds,
                    "beyond": beyond,
                }
            table.append(row | spread([one[metric] for one in students]))
        if arm in ("masked_words", "all"):
            gain = spread([one["masked_with"] - one["masked_without"] for one in students])
            table.append({"arm": arm, "metric": "masked_gain", "seeds": seeds, "n": 600, "against": None, **gain})
    summary = {"ablation": table, "looks": sum(bool(row["against"]) for row in table)}
    summary |= {"chance": {"pointing": 0.16, "top1": 0.017, "masked": 0.02}, "parameters": dict.fromkeys(arms, 96_000)}
    summary |= {"extra": {arm: 41_000 if arm in ("masked_words", "all") else 0 for arm in arms}}
    summary |= {"chosen": dict.fromkeys(arms, LR), "grids": {arm: {str(LR): 0.3} for arm in arms}, "seconds": {}}
    summary |= {"false_negatives": 0.2, "training_seconds": dict.fromkeys(arms, 10.0), "peak_memory_mb": 400}
    summary |= {"remarks": [], "warnings": []}
    (run.path / "summary.json").write_text(json.dumps(summary))
