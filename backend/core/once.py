"""What is tried by the clock once on a kind of machine, and believed from then on.

Two processes that tried for themselves might decide differently on a busy machine. Their products would differ in a
last digit, and a run that was killed would not end where an unbroken one does. Kept in the home folder, a file for each
kind of processor and version of torch, which may be deleted. Does not know what is tried.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import torch

from backend.core.processors import level, processor
from backend.disk import home, part_of

FOLDER = "tried"


def once(name: str, attempt: Callable[[], dict[str, float]]) -> dict[str, float]:
    """The numbers that the first process found which asked for them here. Where nothing can be kept, this one's own."""
    kind = f"{name}, {processor()}, {level()}, torch {torch.__version__}"
    path = home() / FOLDER / f"{hashlib.sha256(kind.encode()).hexdigest()[:16]}.json"
    if (kept := _read(path)) is not None:
        return kept
    found = attempt()
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = part_of(path)
        part.write_text(json.dumps({"of": kind, "found": found}, indent=1), encoding="utf-8")
        try:
            os.link(part, path)  # of two processes that tried at once the first one's counts
        except FileExistsError:
            if (kept := _read(path)) is None:
                part.replace(path)
        part.unlink(missing_ok=True)
    return kept or found


def _read(path: Path) -> dict[str, float] | None:
    """What is kept; None where nothing is that can be read."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        return {name: float(value) for name, value in json.loads(path.read_text(encoding="utf-8"))["found"].items()}
    return None
