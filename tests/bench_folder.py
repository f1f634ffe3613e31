"""Bench runs written by hand, file by file as backend/README.md has them: for tests of the page, which only reads them.

No model answers here: a student of skill s picks the right option with probability s.
"""

import json
import math
import random
from pathlib import Path

from backend.core.scoring.compare import paired, sentence
from backend.core.scoring.metrics import interval, summarise
from backend.core.scoring.scored import METRICS, Scored
from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.bench.config import ARM_OF, BenchConfig

LRS = (0.002, 0.005, 0.01)


def answers(skill: float, n: int, seed: int, favourite: int | None = None) -> list[Scored]:
    """`n` scored questions `q0`, `q1`, ...; the same questions for every student."""
    truth, luck, found = random.Random(0), random.Random(seed), []
    for number in range(n):
        right = truth.randrange(4)
        chosen = right if luck.random() < skill else (luck.randrange(4) if favourite is None else favourite)
        sure = luck.uniform(0.2, 2.5)
        values = tuple(-8 - luck.random() + (sure + 1) * (i == chosen) for i in range(4))
        found.append(Scored(f"q{number}", None, right, values, (4, 5, 6, 7)))
    return found


def write_scores(run: RunDir, config: BenchConfig, who: str, task: str, scored: list[Scored]) -> None:
    folder = run.artifacts / "scores"
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(item.as_row()) + "\n" for item in scored)
    (folder / f"{who}-{task}.jsonl").write_text(lines)
    seed = 0 if who == "base" else int(who.removeprefix("seed-"))
    totals = summarise(scored)
    facts = {"who": who, "task": task, "split": "test", "n": len(scored), "seed": seed, "student": config.student}
    (folder / f"{who}-{task}.json").write_text(json.dumps({**facts, "summary": totals}))
    arm = "base" if who == "base" else ARM_OF[config.data]
    where = {"arm": arm, "student": config.student, "task": task, "regime": config.regime, "seed": seed}
    for metric in METRICS:
        source = {"n": len(scored), "stderr": totals[f"{metric}_stderr"], "scores": f"scores/{who}-{task}.jsonl"}
        run.append("results", where | {"metric": metric, "value": totals[metric]} | source)


def curve(run: RunDir, phase: str, lr: float, seed: int, steps: int) -> None:
    noise = random.Random(hash((phase, lr, seed)) % 1000)
    for step in range(1, steps + 1):
        loss = 0.5 + 2.2 * math.exp(-step * lr * 8) + noise.uniform(-0.12, 0.12)
        run.append("metrics", {"stage": "tune", "phase": phase, "lr": lr, "seed": seed, "step": step, "loss": loss})
        if step % 20 == 0:
            acc = 0.85 - 0.6 * math.exp(-step * lr * 5)
            row = {"stage": "validate", "phase": phase, "lr": lr, "seed": seed, "step": step, "acc": acc}
            run.append("metrics", row | {"option_loss": 1 - acc, "n": 100})


def estimates(run: RunDir, who: str, task: str, scored: list[Scored], every: int = 10) -> None:
    for done in range(every, len(scored) + 1, every):
        right = sum(item.correct for item in scored[:done])
        low, high = interval(right, done)
        row = {"stage": "score", "who": who, "task": task, "done": done, "total": len(scored)}
        run.append("metrics", row | {"acc": right / done, "low": low, "high": high})


def write_run(folder: Path, preset: str | None = "pocket", skill: float = 0.7, n: int = 200, **settings) -> RunDir:
    """A finished run."""
    config = BenchConfig(**settings)
    run = RunDir.create(folder, "bench", preset, as_json(config))
    tuned = [f"seed-{seed}" for seed in range(config.seeds if config.data != "none" else 0)]
    if tuned:
        write_example(run, config)
        for lr in LRS:
            curve(run, "grid", lr, 0, config.steps)
        for seed in range(config.seeds):
            curve(run, "final", 0.005, seed, config.steps)
    compared = []
    for task in config.tasks:
        before = answers(0.05, n, 1, favourite=1)
        after = [answers(skill, n, 10 + seed) for seed in range(len(tuned))]
        for who, scored in [("base", before), *zip(tuned, after, strict=True)]:
            estimates(run, who, task, scored)
            write_scores(run, config, who, task, scored)
        if after:
            result = paired(after, [before])
            said = sentence(result, "The tuned student", "the untuned one")
            compared.append(vars(result) | {"task": task, "metric": "acc", "a": "tuned", "b": "base", "sentence": said})
    write_summary(run, config, compared)
    run.set_status(state="finished", stage="score", done=n * (1 + len(tuned)), total=n * (1 + len(tuned)), eta_s=None)
    return run


def write_example(run: RunDir, config: BenchConfig) -> None:
    words = [" What", " does", " a", " plant", " need", " to", " make", " food", "?", "\nAnswer", ":"]
    read = [{"text": text, "taught": False} for text in ["Question", ":", *words]]
    learned = [{"text": text, "taught": True} for text in [" sun", "light", "</s>"]]
    shown = [{"tokens": read + learned}] * 3
    found = {"student": config.student, "examples": 1200, "tokens_longest": 61, "shown": shown}
    (run.path / "example.json").write_text(json.dumps(found))


def write_summary(run: RunDir, config: BenchConfig, compared: list[dict]) -> None:
    noise = {
        "kind": "noise",
        "found": "On pocket mmlu, the difference between tuned and untuned is within the noise.",
        "expected": "an interval that does not contain 0",
        "next_step": "Ask more questions or train more seeds before calling one better.",
    }
    tried = zip(LRS, (0.62, 0.81, 0.74), strict=True)
    grid = [{"lr": lr, "acc": acc, "option_loss": 0.9, "n": 100} for lr, acc in tried]
    found = {
        "lr": 0.005 if config.data != "none" else None,
        "grid": grid if config.data != "none" else [],
        "steps": [config.steps] * config.seeds,
        "seconds": {"tune": 21.4, "score": 6.2},
        "peak_memory_mb": 690,
        "comparisons": compared,
        "warnings": [noise] if any(row["inside_noise"] for row in compared) else [],
    }
    (run.path / "summary.json").write_text(json.dumps(found))
