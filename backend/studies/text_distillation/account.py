"""Account of one update: what the log of a run says, or lets one work out exactly, about one step of the outer loop.

From rows of metrics.jsonl and prompts.jsonl and the run's config; no tensor, no words for the screen.
"""

import math
from collections.abc import Sequence

from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.schedule import latest_start, shrinking, typical_norm


def account(config: DistillConfig, metrics: Sequence[dict], prompts: Sequence[dict], step: float | int) -> dict | None:
    """Everything about the latest update at or before `step`, else about the first; None where there is no update.

    Besides the row itself (`row`), with `before` the one before it: `first` and `last` update of the log,
    `latest_start` that could be drawn, `target` step of the expert, `left` of the way (1 at the start, 0 at the
    target), `angle` between the two ways in degrees, `typical` norm, `limit` and `shrink` of the gradient, `skipped`
    as `loss`, `numbers` or None, `snapshot`: the latest one at or before it, `words` where one was taken just after
    it: slots whose text changed since the one before, as `slot`, `before` and `after`, `engine`: how the gradient was
    computed, as the check before the first update found it, None in runs that made none.
    """
    rows = [row for row in metrics if row.get("stage") == "distil"]
    if not rows:
        return None
    place = max((k for k, row in enumerate(rows) if row["step"] <= step), default=0)
    row, before = rows[place], rows[place - 1] if place else None
    loss, cosine = row.get("matching_loss"), row.get("cosine")
    taken = [found for found in prompts if "round" not in found]
    return {
        "row": row,
        "before": before,
        "first": rows[0]["step"],
        "last": rows[-1]["step"],
        "latest_start": latest_start(config, row["step"] - 1),
        "target": row["start"] + config.expert_span,
        "left": math.sqrt(loss) if loss is not None else None,
        "angle": math.degrees(math.acos(max(-1.0, min(1.0, cosine)))) if cosine is not None else None,
        **clipping(config, rows[: place + 1]),
        "skipped": why_skipped(config, row, before),
        "snapshot": max((found["step"] for found in taken if found["step"] <= row["step"]), default=None),
        "words": changed_words(taken, row["step"]),
        "engine": engine_of(metrics, row["step"]),
    }


def engine_of(metrics: Sequence[dict], step: int) -> dict | None:
    """How the gradient of an update was computed: the latest row from before it."""
    rows = [row for row in metrics if row.get("stage") == "engine" and row["step"] < step]
    return rows[-1] if rows else None


def clipping(config: DistillConfig, rows: Sequence[dict]) -> dict:
    """`typical` norm, `limit` and `shrink` at the last of `rows`: the worker's own rule, followed from the beginning.

    All None for an update that was skipped, and where the log does not begin with the first update.
    """
    typical, before = 0.0, None
    for row in rows:
        if why_skipped(config, row, before) is None:
            typical = typical_norm(typical, row["gradient_norm"])
        before = row
    if rows[0]["step"] != 1 or why_skipped(config, rows[-1], rows[-2] if len(rows) > 1 else None):
        return {"typical": None, "limit": None, "shrink": None}
    shrink = shrinking(config, typical, rows[-1]["gradient_norm"])
    return {"typical": typical, "limit": config.clip * typical, "shrink": shrink}


def why_skipped(config: DistillConfig, row: dict, before: dict | None) -> str | None:
    """`loss` above skip_above, `numbers` that are not finite, or None for an update that was made."""
    loss, norm = row.get("matching_loss"), row.get("gradient_norm")
    if loss is None or norm is None:
        return "numbers"
    counted = row.get("skipped", 0) > ((before or {}).get("skipped", 0))
    return "loss" if counted else None


def changed_words(snapshots: Sequence[dict], step: int) -> list[dict] | None:
    """Slots whose text differs between the snapshot at `step` and the one before; None where none was taken."""
    places = [k for k, found in enumerate(snapshots) if found["step"] == step]
    if not places or places[0] == 0:
        return None
    then = {prompt["slot"]: prompt["text"] for prompt in snapshots[places[0] - 1]["prompts"]}
    return [
        {"slot": prompt["slot"], "before": then.get(prompt["slot"], ""), "after": prompt["text"]}
        for prompt in snapshots[places[0]]["prompts"]
        if then.get(prompt["slot"], "") != prompt["text"]
    ]
