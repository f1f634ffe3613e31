"""What a form offers for a setting that names a model or a task: a list to choose from, with size, licence and place.

A shared host lists only what it runs; on one's own machine any other model may be typed, as a hub id, a folder or a
.gguf file. Knows settings, models and tasks by their tables; no study and no widget.
"""

from dataclasses import dataclass

from backend.core.models.listed import AWAY, Listed, listed
from backend.core.models.registry import Entry
from backend.core.text.tasks import OWN_TASKS, TASKS
from backend.limits.hosts import Host
from backend.settings import MODEL, TASK, Setting, describe

NONE = "none"


@dataclass(frozen=True)
class Offer:
    """What a setting may be chosen from, as `(label, value)`. `opens`: as a list that opens, for long ones.
    `free`: anything else may be typed too, which needs such a list."""

    choices: tuple[tuple[str, str], ...]
    free: bool = False
    opens: bool = False


def offers_of(config_class: type, host: Host) -> dict[str, Offer]:
    """Setting -> its offer, for all that name one model or one task."""
    makers = {MODEL: model_offer, TASK: task_offer}
    items = [item for item in describe(config_class) if item.kind in makers and not item.many]
    return {item.name: makers[item.kind](item, host) for item in items}


def model_offer(item: Setting, host: Host) -> Offer:
    allowed = host.allowed(item)
    choices = [(label(one), one.entry.id) for one in listed() if not allowed or one.entry.id in allowed]
    return Offer((*([(NONE, "")] if item.optional else []), *choices), free=not allowed, opens=True)


def task_offer(item: Setting, host: Host) -> Offer:
    names = (*TASKS, *OWN_TASKS)
    allowed = host.allowed(item) or names
    return Offer(tuple((name.replace("_", " "), name) for name in names if name in allowed), opens=True)


def label(one: Listed) -> str:
    """`opt-pocket · 1.2 M · bundled`: the short name first, for a narrow field shows no more."""
    entry, where = one.entry, f"{one.download_mb:,} MB to download" if one.where == AWAY else one.place
    gated = " (gated)" if entry.gated else ""
    return f"{entry.id} · {size(entry)} · {entry.licence.partition(',')[0]}{gated} · {where}"


def size(entry: Entry) -> str:
    """Its parameters in three figures or fewer."""
    millions = entry.parameters / 1e6
    if millions >= 1000:
        return f"{millions / 1000:.1f} B"
    return f"{millions:.0f} M" if millions >= 10 else f"{millions:.1f} M"
