"""What a run says in the end: every figure with its interval, compared with PiSSA seed by seed, and what to beware of.

Knows the rows of probes.jsonl; no model and no torch.
"""

import statistics
from collections.abc import Sequence

from backend.core.scoring.metrics import interval
from backend.runs.intervals import difference, spread
from backend.studies.ba_lora.arms import BASE, CLEAN, REFERENCE
from backend.studies.ba_lora.config import BaLoraConfig

SHARES = {"acc", "false_rate", "false_preferred", "true_preferred_clean", "pair_score", "kept"}  # of items, each 0 or 1
STRONG, WITHOUT = "ba_lora_strong", "no_consistency"

Values = dict[tuple[str, str, str], dict[int, float]]  # (who, probe, metric) -> seed -> value


def values_of(rows: Sequence[dict]) -> tuple[Values, dict[tuple[str, str, str], int]]:
    """Every figure by seed, and how many items it is over."""
    values: Values = {}
    counts = {}
    for row in rows:
        key = (row["who"], row["probe"], row["metric"])
        values.setdefault(key, {})[row["seed"]] = row["value"]
        counts[key] = row["n"]
    return values, counts


def table(rows: Sequence[dict]) -> list[dict]:
    """A row for each figure of everybody: over seeds, or of an untrained model over items where it is a share."""
    values, counts = values_of(rows)
    found = []
    for (who, probe, metric), by_seed in values.items():
        row = {"who": who, "probe": probe, "metric": metric} | spread(list(by_seed.values()))
        n = counts[who, probe, metric]
        row |= {"seeds": len(by_seed), "n": n, "over": "seeds"}
        if who in (BASE, CLEAN):
            row["over"] = "questions"
            if metric in SHARES:
                row["low"], row["high"] = interval(row["mean"] * n, n)
        reference = values.get((REFERENCE, probe, metric), {})
        told = None if who in (REFERENCE, BASE, CLEAN) else difference(by_seed, reference)
        against = {"arm": REFERENCE, **{k: told[k] for k in ("mean", "low", "high")}} if told else None
        found.append(row | {"against": against})
    return found


def consistency(rows: Sequence[dict]) -> list[dict]:
    """What consistency does: the strong terms minus the same without it, in every figure, paired by seed."""
    values, counts = values_of(rows)
    found = []
    for (who, probe, metric), by_seed in values.items():
        told = difference(by_seed, values.get((WITHOUT, probe, metric), {})) if who == STRONG else None
        if told:
            found.append({"probe": probe, "metric": metric} | told | {"n": counts[who, probe, metric]})
    return found


def looks(rows: Sequence[dict]) -> int:
    """How many intervals of a difference the table shows: one in twenty lies beside its true value by chance."""
    return sum(bool(row["against"]) and row["against"]["low"] is not None for row in rows)


def training_seconds(seconds: dict[str, list[float | None]]) -> dict[str, float]:
    """The processor's seconds of a student of each arm: the mean of those that one sitting trained whole."""
    known = {arm: [value for value in values if value is not None] for arm, values in seconds.items()}
    return {arm: round(statistics.fmean(values), 3) for arm, values in known.items() if values}


def beyond_reference(seconds: dict[str, float]) -> dict[str, float]:
    """How many times a student of PiSSA each arm's student takes."""
    own = seconds.get(REFERENCE)
    return {arm: round(value / own, 3) for arm, value in seconds.items()} if own else {}


def skipped(config: BaLoraConfig, planted: bool, clean: bool) -> list[str]:
    """Which probes there are none of, and why, each in a sentence."""
    told = []
    if not planted:
        told.append("The model has no list of planted defects, so only answers and wrong labels are probed.")
    if not clean:
        told.append("There is no clean twin, so nothing shows what the model would do without its defects.")
    if not config.wrong:
        told.append("No wrong label was taught, so none can be remembered.")
    return told


def warnings(config: BaLoraConfig) -> list[dict]:
    """What a reader must know before believing a figure."""
    found = []
    if config.seeds < 5:
        few = "one student" if config.seeds == 1 else f"{config.seeds} students"
        found.append(_warning("seeds", f"Each arm has {few}.", "5 or more", "Set seeds to 5 for narrower intervals."))
    if REFERENCE not in config.arms:
        step = f"Add {REFERENCE} to arms."
        found.append(_warning("reference", "No arm is plain PiSSA.", "one to compare the others with", step))
    return found


def _warning(kind: str, found: str, expected: str, next_step: str) -> dict:
    return {"kind": kind, "found": found, "expected": expected, "next_step": next_step}


def result_row(config: BaLoraConfig, who: str, seed: int, correct: Sequence[bool]) -> dict:
    """The accuracy of somebody on all test questions, planted or not, in the columns that every study has."""
    student = config.model if config.plant == "bundled" else "planted"
    where = {"arm": who, "student": student, "task": config.train_task, "regime": config.anchor}
    value = {"metric": "acc", "seed": seed, "value": statistics.fmean(correct), "n": len(correct)}
    return where | value | {"scores": None}
