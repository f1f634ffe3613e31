"""The doctor: what went wrong in a run, in plain words, its likely cause, and which settings to change.

Pure functions of a config, a status and the rows of metrics.jsonl; the thresholds come from measured runs, good and bad
(the README of this study has the figures). Torch-free. Knows no file and no screen.
"""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace

from backend.errors import UserError
from backend.studies.text_distillation.config import DistillConfig
from backend.study import Diagnosis

ENOUGH = 10  # updates before a curve is judged
UNLEARNED = 0.65  # experts' last loss / first where no student follows; recorded runs end at 0.15 and 0.27
LOST = 0.8  # matching loss at the end, where 1 is to have learned nothing; recorded runs end at 0.17 and 0.23
FALLING = 0.9  # of where it began: a loss that fell so far is slow, not lost
RISEN = 1.5  # matching loss at the end / its best fifth
SKIPPING = 0.2  # of the updates
FAR = 3.0  # distance to the nearest tokens, in standard deviations of the table; recorded runs end at 0.5 and 0.8
CHAOS = 1000.0  # median growth of the adjoint; a recorded run reaches 436 in a single update, its median is 5
LARGE_FOR_ADAM = 0.01  # with the preconditioned rule 0.05 went astray on the preset quick
BUNDLED = DistillConfig()
GENTLER = 0.2  # what a step size is multiplied with


def diagnose(config: DistillConfig, status: dict, rows: Sequence[dict]) -> Diagnosis | None:
    """The first thing that explains the trouble; None for a run that is well, or too young to tell.

    A failed run's error is told by its kind. Runs made before errors had one are judged by their curve alone.
    """
    if status.get("state") == "failed":
        found = _failed(config, status.get("error") or {}, rows)
        if found is not None:
            return found
    return _astray(config, rows)


def cured(config: DistillConfig, diagnosis: Diagnosis) -> DistillConfig:
    """The config with the diagnosis' changes."""
    return replace(config, **{name: new for name, (_, new) in diagnosis.changes.items()})


# -- what a failed run says -----------------------------------------------------------------------------------------
def _failed(c: DistillConfig, error: dict, rows: Sequence[dict]) -> Diagnosis | None:
    """The diagnosis of an error by its kind. None where it has none that is known, or the curve says more than it."""
    if error.get("kind") == "skipped":
        return _unfollowed(c, rows, True) or _too_far(c, rows, error["found"])
    answer = KINDS.get(error.get("kind", ""))
    return answer(c, error) if answer else None


def _full_disk(c: DistillConfig, error: dict) -> Diagnosis:
    return Diagnosis(
        "disk",
        error["found"],
        "No setting can fix this: free some space, then resume. Nothing saved so far is lost.",
        {},
    )


def _killed(c: DistillConfig, error: dict) -> Diagnosis:
    """The diagnosis of a killed process, out of memory most often: half of everything that is held at once."""
    halves = {
        "expert_batch": max(1, c.expert_batch // 2),
        "inner_batch": max(1, (c.inner_batch or c.prompts) // 2),
        "finetune_batch": max(1, c.finetune_batch // 2),
        "prompt_tokens": max(1, c.prompt_tokens // 2) if c.prompt_tokens > 32 else c.prompt_tokens,
    }
    cause = "Most likely the machine ran out of memory. Smaller batches need less."
    return Diagnosis("memory", error["found"], cause, changed(c, halves))


def _no_model(c: DistillConfig, error: dict) -> Diagnosis:
    """The bundled model in the place of the missing one; both places may hold it."""
    missing = [name for name in ("model", "other_model") if getattr(c, name) == error.get("about")]
    wanted = {name: getattr(BUNDLED, name) for name in missing}
    cause = "The model must be on this machine or downloadable from the hub. Bundled models always are."
    return Diagnosis("model", error["found"], cause, changed(c, wanted))


def _no_data(c: DistillConfig, error: dict) -> Diagnosis:
    cause = "The questions are not where the run looked for them. The bundled task needs no folder and no network."
    return Diagnosis(
        "data", error["found"], cause, changed(c, {"task": BUNDLED.task, "data_dir": "", "data_file": "", "start": ""})
    )


def _broken_expert(c: DistillConfig, error: dict) -> Diagnosis:
    cause = "The expert's steps are too large: its loss is no longer a number."
    return Diagnosis("expert", error["found"], cause, changed(c, {"expert_lr": gentler(c.expert_lr)}))


Answer = Callable[[DistillConfig, dict], Diagnosis]
KINDS: dict[str, Answer] = {
    "disk": _full_disk,
    "killed": _killed,
    "expert": _broken_expert,
    "model": _no_model,
    "data": _no_data,
}


# -- what the curve says --------------------------------------------------------------------------------------------
def _astray(c: DistillConfig, rows: Sequence[dict]) -> Diagnosis | None:
    updates = [row for row in rows if row.get("stage") == "distil"]
    if len(updates) < ENOUGH:
        return None
    found = _unfollowed(c, rows, stuck(updates)) or _skipping(c, rows, updates)
    return found or _chaotic(c, updates) or _far(c, updates)


def level(updates: Sequence[dict]) -> float:
    """The matching loss by now: the median of the last fifth, infinite where that is no number."""
    return statistics.median(_or_infinite(row["matching_loss"]) for row in updates[-max(2, len(updates) // 5) :])


def stuck(updates: Sequence[dict]) -> bool:
    """Near 1, and hardly below where it began; 1 is where a student begins that has learned nothing."""
    first = min(1.0, level(updates[: max(2, len(updates) // 5)]))
    return level(updates) > max(LOST, FALLING * first)


def gentler(size: float) -> float:
    """A fifth of a step size, rounded to two digits for a form."""
    return float(f"{size * GENTLER:.2g}")


def _unfollowed(c: DistillConfig, rows: Sequence[dict], lost: bool) -> Diagnosis | None:
    """Experts that learned nothing have no path worth following. A few steps of a good model may lower a loss but
    little, so that counts only where the student is `lost` too, or the loss did not fall at all."""
    share = experts_share(rows)
    if share is None or share < (UNLEARNED if lost else 1.0):
        return None
    found = f"The experts hardly learned: their loss ended at {share:.0%} of where it began."
    own = c.inner_rule == BUNDLED.inner_rule
    slow = own and c.expert_lr < BUNDLED.expert_lr / 2
    if c.inner_rule == "sgd" and c.expert_lr <= 0.1:
        cause = "This expert_lr is too small for plain gradient steps. Steps of a fixed length need no such tuning."
        wanted = {"inner_rule": BUNDLED.inner_rule, "expert_lr": BUNDLED.expert_lr}
        return Diagnosis("experts", found, cause, changed(c, wanted))
    cause = "Their steps are too small." if slow else "Their steps are too large, so their training is unstable."
    lr = BUNDLED.expert_lr if slow or (own and c.expert_lr > 2 * BUNDLED.expert_lr) else gentler(c.expert_lr)
    return Diagnosis("experts", found, cause, changed(c, {"expert_lr": lr}))


def experts_share(rows: Sequence[dict]) -> float | None:
    """The experts' last loss by their first, mean over experts; None before one has a few steps."""
    losses: dict[int, list[float]] = {}
    for row in rows:
        if row.get("stage") == "experts" and row.get("loss") is not None:
            losses.setdefault(row["expert"], []).append(row["loss"])
    long = [one for one in losses.values() if len(one) >= 4 and one[0] > 0]
    return statistics.fmean(one[-1] / one[0] for one in long) if long else None


def _skipping(c: DistillConfig, rows: Sequence[dict], updates: list[dict]) -> Diagnosis | None:
    """The student runs away from the expert: its loss is no number, above the limit, or above its own best."""
    last, fifth = updates[-1], max(2, len(updates) // 5)
    losses = [row["matching_loss"] for row in updates]
    numbers = [loss if loss is not None else math.inf for loss in losses]
    share = last.get("skipped", 0) / len(updates)
    if share > SKIPPING or numbers.count(math.inf) > SKIPPING * len(updates):
        return _too_far(c, rows, f"{share:.0%} of the updates were skipped: the student diverged from the expert.")
    levels = [statistics.median(numbers[i : i + fifth]) for i in range(0, len(numbers) - fifth + 1, fifth)]
    now, best = level(updates), min(levels)
    if stuck(updates):
        return _too_far(c, rows, f"The matching loss is still {now:.2f}, where 1 means that nothing was learned.")
    if now > RISEN * best:
        return _too_far(c, rows, f"The matching loss rose from {best:.2f} to {now:.2f}.")
    return None


def _too_far(c: DistillConfig, rows: Sequence[dict], found: str) -> Diagnosis:
    """Gentler where the settings are wilder than the bundled ones; else a shorter way."""
    wanted: dict[str, object] = {}
    if c.skip_above < BUNDLED.skip_above:
        wanted["skip_above"] = BUNDLED.skip_above
        return Diagnosis(
            "limit", found, "skip_above is below the loss that a normal run starts with.", changed(c, wanted)
        )
    for name in ("prompt_lr", "lr_of_inner_lr", "clip"):
        if getattr(c, name) > 2 * getattr(BUNDLED, name):
            wanted[name] = getattr(BUNDLED, name)
    if c.inner_rule == BUNDLED.inner_rule and c.expert_lr > 2 * BUNDLED.expert_lr:
        wanted["expert_lr"] = BUNDLED.expert_lr
    if c.inner_rule == "preconditioned" and c.expert_lr > LARGE_FOR_ADAM:
        wanted["expert_lr"] = gentler(c.expert_lr)
    if wanted:
        return Diagnosis("diverging", found, f"Steps that are too large: {', '.join(wanted)}.", changed(c, wanted))
    half = max(1, c.expert_span // 2)
    wanted = {"expert_span": half, "inner_steps": max(1, min(c.inner_steps, half)), "prompt_lr": gentler(c.prompt_lr)}
    return Diagnosis("diverging", found, "The segment to retrace is too long for one unroll.", changed(c, wanted))


def _chaotic(c: DistillConfig, updates: list[dict]) -> Diagnosis | None:
    """Gradients that grow a thousandfold on their way back say nothing about the first steps."""
    growth = statistics.median(_or_infinite(row.get("adjoint_growth")) for row in updates)
    if growth <= CHAOS:
        return None
    half = max(1, c.inner_steps // 2)
    found = f"Gradients grow {growth:,.0f}-fold on their way back through the student's steps."
    wanted = {"inner_steps": half, "expert_span": max(1, min(c.expert_span, half))}
    return Diagnosis("chaos", found, "An unroll this long is chaotic: a shorter one is not.", changed(c, wanted))


def _far(c: DistillConfig, updates: list[dict]) -> Diagnosis | None:
    distance = _or_infinite(updates[-1].get("regulariser"))
    if distance <= FAR or c.decoder == "straight_through":  # which reads only real tokens, wherever the copy is
        return None
    found = (
        f"The prompts are {distance:.1f} standard deviations from any real token, so their text represents them poorly."
    )
    wanted = {"prompt_lr": min(BUNDLED.prompt_lr, gentler(c.prompt_lr))}
    return Diagnosis(
        "far", found, "prompt_lr is too large: it moves them away faster than they can learn.", changed(c, wanted)
    )


def _or_infinite(value: float | None) -> float:
    return math.inf if value is None else float(value)


def changed(c: DistillConfig, wanted: dict[str, object]) -> dict[str, tuple]:
    """Setting -> (old, new), of those that differ, and only where together they are a legal config."""
    found = {name: (getattr(c, name), new) for name, new in wanted.items() if getattr(c, name) != new}
    try:
        replace(c, **{name: new for name, (_, new) in found.items()})
    except UserError:
        return {}
    return found
