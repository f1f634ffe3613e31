"""A run folder of active inheritance, written by hand in a moment: six prompts, two talkers, four texts each.

Longer texts are ruder, so that every choice has a side effect. Knows the files of the study; no model.
"""

import json
import statistics
from dataclasses import asdict
from pathlib import Path

from backend.runs.folder import RunDir
from backend.studies.active_inheritance.config import ActiveConfig
from backend.studies.active_inheritance.objectives import OBJECTIVES, rechoose
from backend.studies.active_inheritance.rude import PHRASES
from backend.studies.active_inheritance.scores import METRICS, scores_of

TALKERS = ("talker-chatty", "talker-plain")
SAYS = "It is good to know more of the {} which lives {} days. "
RUDE = PHRASES.pattern.partition("|")[0].replace("\\", "") + ". "
SHARES = {"length": 1.0, "polite": 0.75, "mtld": 0.1}  # of the data's move that a student makes


def config(**changes) -> ActiveConfig:
    return ActiveConfig(**({"prompts": 6, "k": 4, "ks": (2, 4), "seeds": 2} | changes))


def text(prompt: int, talker: str, number: int) -> dict:
    """The longer, the ruder; the plain talker is short."""
    sentences = 1 + (3 * prompt + 2 * number) % 5 if talker == TALKERS[0] else 1 + number % 2
    said = "".join(SAYS.format(f"{talker[7:]} beast", prompt + n) for n in range(sentences))
    said += RUDE if sentences > 3 else ""
    scores = scores_of(said, "", None, 50)
    return {"text": said.strip(), "tokens": len(said) // 4, "ended": number != 3, "scores": scores | {"truth": 0.25}}


def pool(prompts: int = 6, k: int = 4) -> list[dict]:
    return [
        {
            "prompt": prompt,
            "text": f"Question: Tell me about beast {prompt}.\nAnswer:",
            "entity": f"beast {prompt}",
            "talker": talker,
            "split": "train",
            "texts": [text(prompt, talker, number) for number in range(k)],
        }
        for prompt in range(prompts)
        for talker in TALKERS
    ]


def write_run(path: Path, prompts: int = 6, **changes) -> RunDir:
    """A finished run, whose students moved by SHARES of what their data moved."""
    c = config(**changes)
    run = RunDir.create(path, "active_inheritance", None, json.loads(json.dumps(asdict(c))))
    rows = pool(prompts, c.k)
    for row in rows:
        run.append("pool", row)
    run.append("metrics", {"stage": "pool", "done": 1, "talker": TALKERS[0], "words": 20.0})
    own = [row for row in rows if row["talker"] == TALKERS[0]]
    by_place = {(row["prompt"], row["talker"], n): t for row in rows for n, t in enumerate(row["texts"])}
    whole = [t for row in own for t in row["texts"]]
    base = {metric: mean(whole, metric) for metric in METRICS}
    for who in ("before", "before_passive", *TALKERS):
        profile(run, (who, None, None, 0), {m: base[m] * (0.5 if who == TALKERS[1] else 1) for m in METRICS}, None)
    inherited = []
    for seed in range(c.seeds):
        profile(run, ("random", None, c.k, seed), base, base)
        for arm in ("passive_first", "passive_second"):
            profile(run, (arm, None, c.k, seed), {m: base[m] * 0.75 for m in METRICS}, base)
    first = c.objectives[0]
    arms = [*(("best", objective, c.k) for objective in c.objectives), ("best", first, 2), ("worst", first, c.k)]
    for arm, objective, k in arms:
        picked = rechoose(own, objective, k=k, how=arm, equal_words=c.equal_words)
        data = {m: mean([by_place[one] for one in picked], m) for m in METRICS}
        share = SHARES[objective]
        for seed in range(c.seeds):
            student = {m: base[m] + share * (data[m] - base[m]) for m in METRICS}
            profile(run, (arm, objective, k, seed), student, data)
            where = {"arm": arm, "objective": objective, "k": k, "seed": seed}
            run.append("chosen", where | {"chosen": [list(one) for one in picked]})
        inherited += [moved(arm, objective, k, m, share, data[m] - base[m], base[m], c.seeds) for m in METRICS]
    for arm in ("before", "random", "best"):
        row = {"arm": arm, "student": c.student, "task": "pocket_science", "regime": "any", "metric": "acc", "seed": 0}
        run.append("results", row | {"value": 0.4, "n": 60, "scores": f"artifacts/scores/{arm}-pocket_science.jsonl"})
    warnings = [{"kind": "seeds", "found": "Each arm has 2 students.", "expected": "5", "next_step": "Raise seeds."}]
    summary = {"inherited": inherited, "capped": {"before": 0.1, "best-length-k4-seed0": 0.2}, "warnings": warnings}
    (run.path / "summary.json").write_text(json.dumps(summary))
    run.set_status(state="finished", stage="profile", done=1, total=1)
    return run


def mean(texts: list[dict], metric: str) -> float:
    return statistics.fmean(text["scores"][metric] for text in texts)


def moved(arm: str, objective: str, k: int, metric: str, share: float, data: float, base: float, seeds: int) -> dict:
    """A student's move is clear of 0 in the attribute that was aimed at, and nowhere else."""
    student = share * data
    half = abs(student) / 2 if OBJECTIVES[objective][0] == metric else abs(student) + 1
    row = {"arm": arm, "objective": objective, "k": k, "metric": metric, "seeds": seeds, "base": base, "n": 6}
    row |= {"data_move": data, "student_move": student, "low": student - half, "high": student + half}
    names = {"share": student, "share_low": student - half, "share_high": student + half}
    return row | {name: end / data if data else None for name, end in names.items()}


def profile(run: RunDir, who: tuple, means: dict[str, float], data: dict[str, float] | None) -> None:
    """The rows of one writer, and the texts it wrote to three held-out prompts."""
    name, objective, k, seed = who
    file = "-".join(str(part) for part in who if part is not None)
    items = f"artifacts/profiles/{file}.jsonl"
    where = {"who": name, "objective": objective, "k": k, "seed": seed}
    for metric, value in means.items():
        ends = {"mean": value, "low": value - 0.1, "high": value + 0.1, "n": 3, "items": items}
        run.append("profiles", where | ends | {"metric": metric, "data": data[metric] if data else None})
    (run.artifacts / "profiles").mkdir(exist_ok=True)
    rows = [
        {"prompt": prompt, "asked": f"Question: Tell me about number {prompt}.\nAnswer:", "sample": 0}
        | {"text": f"{file} says {prompt}", "scores": {}, "tokens": 4, "ended": True}
        for prompt in range(3)
    ]
    (run.path / items).write_text("".join(json.dumps(row) + "\n" for row in rows))
