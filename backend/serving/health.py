"""Health: whether this server can do its work, for whoever restarts servers. Knows runner, keeper and disk."""

import os
import time

from backend.limits.room import MB, free
from backend.runners.contract import Runner
from backend.serving.keeper import EVERY_S, Keeper

LATE_S = 12 * EVERY_S


def health(runner: Runner, keeper: Keeper) -> tuple[bool, dict]:
    """`(well, facts)`. No facts about any visitor: anyone may ask."""
    left = free(runner.root)
    found = {
        "store": _writable(runner),
        "disk": left >= runner.host.reserve // 2,
        "keeper": time.time() - keeper.looked_at < LATE_S,
    }
    facts = {"host": runner.host.kind, "computing": len(runner.computing()), "waiting": runner.waiting()}
    return all(found.values()), {"well": all(found.values()), **found, **facts, "disk_free_mb": left // MB}


def _writable(runner: Runner) -> bool:
    folder = runner.root
    while not folder.exists():
        folder = folder.parent
    return os.access(folder, os.W_OK)
