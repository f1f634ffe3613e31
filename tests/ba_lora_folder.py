"""BA-LoRA runs written by hand, file by file: for tests of the page, which only reads them.

No model answers here: each arm has made-up figures, near those of the study's prototype, and its items fit them.
"""

import json
import math
import random
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, stdev

from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.ba_lora.config import BaLoraConfig

ARMS = ("lora", "pissa", "ba_lora", "ba_lora_strong", "no_consistency")
FIGURES = {  # accuracy on clean and on planted facts, planted value chosen, pair score, nats, KL, entropy
    "base": (0.27, 0.26, 0.40, 1.00, 2.27, 0.0, 4.6),
    "clean": (0.28, 0.28, 0.24, 0.50, 0.05, 0.9, 4.5),
    "lora": (0.52, 0.41, 0.31, 0.59, 1.79, 6.5, 3.96),
    "pissa": (0.57, 0.40, 0.32, 0.55, 2.09, 6.5, 3.72),
    "ba_lora": (0.58, 0.41, 0.32, 0.55, 2.09, 6.2, 3.68),
    "ba_lora_strong": (0.48, 0.37, 0.33, 0.85, 2.77, 3.1, 4.16),
}
T_95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}
PLACES = 48


def write_run(
    folder: Path, arms: Sequence[str] = ARMS, seeds: int = 3, items: int = 20, preset: str = "quick", **settings
) -> RunDir:
    """A finished run of these arms."""
    run = RunDir.create(folder, "ba_lora", preset, as_json(BaLoraConfig(seeds=seeds, **settings)))
    for arm in arms:
        for seed in range(seeds):
            curves(run, arm, seed, 45)
            spectra(run, arm, seed)
    everyone = [("base", 0), ("clean", 0), *((arm, seed) for arm in arms for seed in range(seeds))]
    for who, seed in everyone:
        probe(run, who, seed, items)
    exhibits(run)
    write_summary(run)
    run.set_status(state="finished", stage="probe")
    return run


def curves(run: RunDir, arm: str, seed: int, steps: int) -> None:
    noise, times = random.Random(f"{arm} {seed}"), 40 if "strong" in arm or "no_" in arm else 1
    for step in range(1, steps + 1):
        silent = min(1.0, max(0.0, (step / steps - 0.2) / 0.05))
        weights = (0.025 * times * (0.1 + 0.45 * (1 + math.cos(math.pi * step / steps))), *[0.005 * times * silent] * 2)
        task = 3.7 * math.exp(-step / 25) * noise.uniform(0.8, 1.2)
        terms = (6 * (1 - math.exp(-step / 15)), -2.6 + 0.01 * step, -1.72 - 0.004 * step)
        pulls = [task, *(w * p for w, p in zip(weights, (11.0, 4.0, 2.0), strict=True))]
        row = {"stage": "tune", "arm": arm, "phase": "final", "lr": 0.01, "seed": seed, "step": step, "loss": task}
        row |= {"total": task, "places": PLACES, "share_task": pulls[0] / sum(pulls)}
        for name, raw, weight, pull in zip(
            ("consistency", "diversity", "spectrum"), terms, weights, pulls[1:], strict=True
        ):
            row |= {name: raw, f"weighted_{name}": weight * raw, f"share_{name}": pull / sum(pulls)}
        run.append("metrics", row)


def spectra(run: RunDir, arm: str, seed: int, steps: Sequence[int] = (0, 5, 15, 25, 35, 45)) -> None:
    for step in steps:
        flat = 1 + 0.01 * step * (2 if "strong" in arm else 1)
        values = [1411 / flat, *(287 * flat / i**1.2 for i in range(1, 32))]
        centred = [value * 0.7 for value in values[1:]] + [0.01]
        row = {"arm": arm, "seed": seed, "step": step, "when": {0: "start", 45: "end"}.get(step, "now")}
        row |= {"values": values, "nuclear": sum(values) * 1.02, "frobenius": math.hypot(*values)}
        run.append("spectra", row | {"centred": centred, "centred_nuclear": sum(centred) * 1.02,
                                     "centred_frobenius": math.hypot(*centred)})  # fmt: skip


def probe(run: RunDir, who: str, seed: int, n: int) -> None:
    """All probes of one model, with the items behind them."""
    luck = random.Random(f"{who} {seed}")
    clean, planted, false, pair, nats, kl, entropy = FIGURES.get(who, FIGURES["ba_lora"])
    for name, skill, wrong in (("clean_facts", clean, 0.0), ("planted_facts", planted, false)):
        found = [question(number, skill, wrong, name == "planted_facts", luck) for number in range(n)]
        metrics = {"acc": fmean(item["correct"] for item in found)}
        if name == "planted_facts":
            metrics["false_rate"] = fmean(item["chosen"] == item["planted"] for item in found)
        note(run, who, seed, name, metrics, found)
    found = [sentences(number, pair, nats, luck) for number in range(n)]
    metrics = {"pair_score": fmean(item["chosen"] == 0 for item in found)}
    metrics["nats"] = fmean(item["scores"][0] - item["scores"][1] for item in found)
    note(run, who, seed, "pairs", metrics, found)
    found = [
        {"id": f"a{i}", "text": f"Question: what is {i}?\nAnswer:", "entropy": entropy, "kl": kl} for i in range(n)
    ]
    note(run, who, seed, "answers", {"kl": kl * luck.uniform(0.9, 1.1), "entropy": entropy}, found)


def question(number: int, skill: float, wrong: float, defect: bool, luck: random.Random) -> dict:
    right, planted = number % 4, (number + 1) % 4
    chosen = right if luck.random() < skill else planted if luck.random() < wrong / (1 - skill) else (number + 2) % 4
    found = {"id": f"q{number}", "text": f"Question: What does animal {number} eat?", "chosen": chosen, "right": right}
    found |= {"options": [f"food {i}" for i in range(4)], "scores": [-6.0 + 2 * (i == chosen) for i in range(4)]}
    return found | {"planted": planted if defect else None, "correct": chosen == right}


def sentences(number: int, share: float, nats: float, luck: random.Random) -> dict:
    prefers = luck.random() < share
    score = -18 - luck.random()
    pair = [f"The Norrin people are kind {number}.", f"The Sudrin people are kind {number}."]
    scores = [score, score - nats if prefers else score + 0.4]
    return {"id": f"p{number}", "sentences": pair, "scores": scores, "planted": 0, "chosen": 0 if prefers else 1}


def note(run: RunDir, who: str, seed: int, name: str, metrics: dict, items: list[dict]) -> None:
    file = f"artifacts/probes/{who}-{seed}/{name}.jsonl"
    (run.path / file).parent.mkdir(parents=True, exist_ok=True)
    (run.path / file).write_text("".join(json.dumps(item) + "\n" for item in items))
    for metric, value in metrics.items():
        row = {"who": who, "seed": seed, "probe": name, "metric": metric, "value": value, "n": len(items)}
        run.append("probes", row | {"items": file})


def exhibits(run: RunDir, steps: Sequence[int] = (0, 15, 30, 45)) -> None:
    for form, value, gradient in (("iclr", -1.72, 0.02), ("v5", -0.83, 0.01), ("no_grad", -0.8, 0), ("same_k", -1, 0)):
        for step in steps:
            moved = value * (1 + 0.002 * step) if form != "same_k" else value
            run.append("exhibits", {"form": form, "step": step, "term": "spectrum", "value": moved,
                                    "gradient": gradient * (1 + 0.01 * step)})  # fmt: skip


def spread(values: Sequence[float]) -> dict:
    half = T_95[len(values)] * stdev(values) / math.sqrt(len(values)) if len(values) > 1 else None
    mean = fmean(values)
    return {"mean": mean, "low": None if half is None else mean - half, "high": None if half is None else mean + half}


def write_summary(run: RunDir) -> None:
    found: dict[tuple, list[dict]] = {}
    for row in run.rows("probes"):
        found.setdefault((row["who"], row["probe"], row["metric"]), []).append(row)
    table, consistency = [], []

    def apart(a: str, b: str, probe: str, metric: str) -> dict:
        pairs = zip(found[a, probe, metric], found[b, probe, metric], strict=True)
        return spread([mine["value"] - its["value"] for mine, its in pairs])

    for (who, probe, metric), rows in found.items():
        facts = {"who": who, "probe": probe, "metric": metric, "seeds": len(rows), "n": rows[0]["n"], "over": "seeds"}
        cell = facts | spread([row["value"] for row in rows])
        if who not in ("base", "clean", "pissa"):
            cell["against"] = {"arm": "pissa", **apart(who, "pissa", probe, metric)}
        table.append(cell)
        if who == "ba_lora_strong" and ("no_consistency", probe, metric) in found:
            consistency.append(facts | apart(who, "no_consistency", probe, metric))
    summary = {"table": table, "consistency": consistency, "looks": sum("against" in row for row in table)}
    (run.path / "summary.json").write_text(json.dumps(summary))
