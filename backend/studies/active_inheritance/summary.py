"""Summary: what the students took over of what was chosen, what moved along in the pool, and what to be wary of.

Reads the rows of a run; no model. Moves are differences from the students of random texts with the same seeds, so that
they started alike and read the same prompts in the same order.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean

import numpy as np

from backend.runs.folder import RunDir
from backend.studies.active_inheritance.cells import RANDOM, Cell, cells
from backend.studies.active_inheritance.config import PASSIVE, ActiveConfig
from backend.studies.active_inheritance.intervals import over_both, over_prompts, over_seeds
from backend.studies.active_inheritance.scores import METRICS
from backend.studies.active_inheritance.sitters import BEFORE_PASSIVE, Sitter, by_prompt, sitters

CAPPED = 0.05  # share of texts that the cap cut off, from which it decides what is longest
LEAST_MOVE = 1e-9  # of the data; a share of nothing is none
Means = dict[str, dict[int, float]]  # metric -> prompt -> mean


def inherited(config: ActiveConfig, run_dir: RunDir) -> list[dict]:
    """A row for every arm, objective, size of the choice and metric: how far data and students moved."""
    items = {sitter.name: run_dir.rows(sitter.items.removesuffix(".jsonl")) for sitter in sitters(config)}
    means = {who: by_prompt(rows, config.equal_words) for who, rows in items.items()}
    data = _data(run_dir)
    found, seen = [], set()
    for cell in cells(config):
        group = (cell.arm, cell.objective, cell.k)
        if cell.arm == RANDOM or group in seen:
            continue
        seen.add(group)
        pairs = [(Cell(*group, seed), _start(config, cell.arm, seed)) for seed in range(config.seeds)]
        found += _rows(group, pairs, means, data)
    return found


def _start(config: ActiveConfig, arm: str, seed: int) -> Cell | None:
    """Whom a student is compared with: the one of random texts; None for the untouched one, in the passive arms."""
    return None if arm in PASSIVE else Cell(RANDOM, None, config.k, seed)


def _data(run_dir: RunDir) -> dict[tuple, dict]:
    """What each student was taught, by who, objective, k and seed: metric -> mean."""
    found: dict[tuple, dict] = {}
    for row in run_dir.rows("profiles"):
        where = (row["who"], row["objective"], row["k"], row["seed"])
        found.setdefault(where, {})[row["metric"]] = row["data"]
    return found


def _rows(
    group: tuple[str, str | None, int],
    pairs: Sequence[tuple[Cell, Cell | None]],
    means: Mapping[str, Means],
    data: Mapping[tuple, dict],
) -> list[dict]:
    arm, objective, k = group
    mine = [means[cell.name] for cell, _ in pairs]
    others = [means[start.name if start else BEFORE_PASSIVE] for _, start in pairs]
    found = []
    for metric in mine[0]:
        if not all(metric in side for side in (*mine, *others)):
            continue
        taught = [_moved(data, cell, start, metric, others[i]) for i, (cell, start) in enumerate(pairs)]
        if None in taught or not all(a[metric].keys() & b[metric].keys() for a, b in zip(mine, others, strict=True)):
            continue
        row = {"arm": arm, "objective": objective, "k": k, "metric": metric, "data_move": fmean(taught)}
        found.append(row | move([one[metric] for one in mine], [one[metric] for one in others], fmean(taught)))
    return found


def _moved(data: Mapping[tuple, dict], cell: Cell, start: Cell | None, metric: str, before: Means) -> float | None:
    """How far what a student was taught lies from what it is compared with; None where a text is too short for it."""
    taught = data.get(tuple(_where(cell)), {}).get(metric)
    usual = data.get(tuple(_where(start)), {}).get(metric) if start else fmean(before[metric].values())
    return None if taught is None or usual is None else taught - usual


def _where(cell: Cell) -> tuple:
    return tuple(Sitter(cell.arm, "", cell).where.values())


def move(mine: Sequence[dict[int, float]], others: Sequence[dict[int, float]], data_move: float) -> dict:
    """The students' mean difference, its intervals over students, over prompts and over both, and its share of the
    data's.

    Each side is a list of seeds: prompt -> mean. Of a seed, prompts count that both its students have a text for; the
    interval over both needs prompts that all students have one for. The share takes the data's move as known.
    """
    pairs = [(a, b, a.keys() & b.keys()) for a, b in zip(mine, others, strict=True)]
    by_seed = [fmean(a[p] for p in there) - fmean(b[p] for p in there) for a, b, there in pairs]
    prompts = sorted(set().union(*(there for *_, there in pairs)))
    by_prompt = [fmean(a[p] - b[p] for a, b, there in pairs if p in there) for p in prompts]
    whole = sorted(set.intersection(*(there for *_, there in pairs)))
    both = over_both(*([[one[p] for p in whole] for one in side] for side in (mine, others))) if whole else (None, None)
    (prompts_low, prompts_high), (low, high) = over_prompts(by_prompt), over_seeds(by_seed)
    over = "prompts" if low is None else "seeds"
    low, high = (prompts_low, prompts_high) if over == "prompts" else (low, high)
    moved, base = fmean(by_seed), fmean(fmean(b[p] for p in there) for _, b, there in pairs)
    row = {"student_move": moved, "low": low, "high": high, "over": over, "seeds": len(mine), "n": len(prompts)}
    row |= {"prompts_low": prompts_low, "prompts_high": prompts_high, "both_low": both[0], "both_high": both[1]}
    return row | {"base": base, "relative": moved / base if base else None} | _share(moved, low, high, data_move)


def _share(moved: float, low: float | None, high: float | None, data_move: float) -> dict:
    if abs(data_move) < LEAST_MOVE:
        return {"share": None, "share_low": None, "share_high": None}
    ends = [None if end is None else end / data_move for end in (low, high)]
    if None not in ends:
        ends.sort()
    return {"share": moved / data_move, "share_low": ends[0], "share_high": ends[1]}


def correlations(pool: Sequence[dict]) -> list[dict]:
    """Pearson's r of every two scores over all texts of the pool; those that do not vary are left out."""
    texts = [text["scores"] for row in pool for text in row["texts"]]
    values = {name: [scores[name] for scores in texts] for name in METRICS}
    there = {name: column for name, column in values.items() if None not in column and len(set(column)) > 1}
    table = np.corrcoef(list(there.values())) if len(there) > 1 else np.ones((1, 1))
    names = list(there)
    return [
        {"a": a, "b": b, "r": round(float(table[i, j]), 4)}
        for i, a in enumerate(names)
        for j, b in enumerate(names)
        if i < j
    ]


def capped(pool: Sequence[dict], profiles: Mapping[str, Sequence[dict]]) -> dict[str, float]:
    """The share of texts that the cap on their length cut off: of each talker in the pool, and of each who wrote."""
    found: dict[str, list[bool]] = {}
    for row in pool:
        found.setdefault(f"pool of {row['talker']}", []).extend(not text["ended"] for text in row["texts"])
    for who, items in profiles.items():
        found.setdefault(who, []).extend(not row["ended"] for row in items)
    return {who: round(fmean(cut), 4) for who, cut in found.items() if cut}


def warnings(config: ActiveConfig, shares: Mapping[str, float], rows: Sequence[dict]) -> list[dict]:
    """What a reader must know before believing a figure, each with `kind`, found, expected and next_step."""
    found = []
    most = max(shares, key=shares.get, default=None)
    if most and shares[most] >= CAPPED:
        said = f"The cap of {config.tokens} tokens cut off {100 * shares[most]:.0f} % of the texts ({most})."
        step = "Raise tokens: a cap decides which text is longest."
        found.append(_warning("capped", said, f"less than {100 * CAPPED:.0f} %", step))
    if config.seeds < 3:
        said = f"Each arm has {config.seeds} student{'s' * (config.seeds != 1)}."
        found.append(_warning("seeds", said, "at least 3, better 5", "Raise seeds before calling one arm better."))
    if rows:
        said = f"{len(rows)} differences are shown, and none of their intervals is corrected for that."
        found.append(_warning("looks", said, "one in twenty outside by luck alone", "Trust what you asked beforehand."))
    return found


def _warning(kind: str, found: str, expected: str, next_step: str) -> dict:
    return {"kind": kind, "found": found, "expected": expected, "next_step": next_step}
