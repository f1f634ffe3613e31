"""run(config, run_dir): fit a line to noisy points by gradient descent, then ask how far off it is.

Every stage picks up where its files end, so a stopped or killed run resumes to the same numbers. Knows the run folder.
"""

import random
import time

from backend.studies.toy.config import ToyConfig
from backend.studies.toy.study import STUDY

from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.runs.progress import Progress

Points = list[tuple[float, float]]


def run(config: ToyConfig, run_dir: RunDir, stages: tuple[str, ...] = STUDY.stage_names) -> None:
    """Do the named stages that are not done yet. Raises UserError for bad input, Stopped when asked to stop."""
    if config.points_dir:
        raise UserError("There is no file of points.", "a folder with points.csv", "Leave points_dir empty.")
    lines = fit(config, run_dir)
    if "judge" in stages:
        judge(config, run_dir, lines)


def fit(config: ToyConfig, run_dir: RunDir) -> list[tuple[float, float]]:
    """Slope and height of each seed's line; a row of metrics for each step."""
    written = {(row["seed"], row["step"]) for row in run_dir.rows("metrics")}
    lines = []
    with Progress(run_dir, "fit", config.seeds * config.steps, done=len(written)) as progress:
        for seed in range(config.seeds):
            points, line = drawn(config, seed), (0.0, 0.0)
            for step in range(1, config.steps + 1):
                line, loss = stepped(line, points, config.lr)
                if (seed, step) not in written:
                    run_dir.append("metrics", {"stage": "fit", "seed": seed, "step": step, "loss": loss})
                    time.sleep(config.pause)
                    progress.advance(f"Line {seed + 1}")
            lines.append(line)
    return lines


def drawn(config: ToyConfig, seed: int) -> Points:
    """Points around the line y = 2 x + 1."""
    source = random.Random(config.seed * 1000 + seed)
    places = [source.uniform(-1, 1) for _ in range(config.points)]
    return [(x, 2 * x + 1 + source.gauss(0, 0.1)) for x in places]


def stepped(line: tuple[float, float], points: Points, lr: float) -> tuple[tuple[float, float], float]:
    """One step down the mean squared error, and the error before it."""
    slope, height = line
    off = [(slope * x + height - y, x) for x, y in points]
    loss = sum(e * e for e, _ in off) / len(off)
    down = (2 * sum(e * x for e, x in off) / len(off), 2 * sum(e for e, _ in off) / len(off))
    return (slope - lr * down[0], height - lr * down[1]), loss


def judge(config: ToyConfig, run_dir: RunDir, lines: list[tuple[float, float]]) -> None:
    """The share of unseen points that lie within 0.3 of the line, before and after the fit."""
    finished = {(row["arm"], row["seed"]) for row in run_dir.rows("results")}
    with Progress(run_dir, "judge", 2 * len(lines), done=len(finished)) as progress:
        for seed, fitted in enumerate(lines):
            points = drawn(config, seed + 500)
            for arm, (slope, height) in (("base", (0.0, 0.0)), ("fitted", fitted)):
                near = sum(abs(slope * x + height - y) < 0.3 for x, y in points) / len(points)
                row = {"arm": arm, "student": "line", "task": "points", "regime": "plain", "metric": "near"}
                if (arm, seed) not in finished:
                    run_dir.append("results", {**row, "seed": seed, "value": near, "n": len(points)})
                    progress.advance()
