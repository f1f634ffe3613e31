"""Which files of a run folder travel, and what a download is called.

A study lists its files; besides them only config.json and status.json travel. What is not listed never leaves the
machine and never comes in: logs, stop flags, half-written parts. Names only.
"""

import re
import time
from functools import cache
from pathlib import Path

from backend.export.shapes import PART
from backend.study import File, Study

NEEDED = ("config.json", "status.json")
PLAIN = re.compile(rf"(?:{PART}/){{0,4}}{PART}")


def plain(name: str) -> bool:
    """Whether a run folder may hold a file of this name at all: a relative one that leads nowhere else."""
    return PLAIN.fullmatch(name) is not None


def entry_of(study: Study, name: str) -> File | None:
    """The entry of a study that a file belongs to; None where it does not travel."""
    fits = (file for file in study.files if file.travels and file.shape and pattern(file.name).fullmatch(name))
    return next(fits, None)


@cache
def pattern(name: str) -> re.Pattern:
    """What the names of an entry look like: a `*` stands for a part of a name, never for a folder more."""
    return re.compile(PART.join(re.escape(part) for part in name.split("*")))


def there(folder: Path, study: Study) -> list[str]:
    """Files of a run folder that travel. No link is followed. Those of an entry stay behind where they are large."""
    found = [name for name in NEEDED if is_plain(folder, name)]
    for entry in study.files:
        names = sorted(path.relative_to(folder).as_posix() for path in folder.glob(entry.name))
        names = [name for name in names if entry_of(study, name) is entry and is_plain(folder, name)]
        if within(entry, sum((folder / name).stat().st_size for name in names)):
            found += names
    return found


def is_plain(folder: Path, name: str) -> bool:
    """Whether this is a file that lies where its name says, not behind a link."""
    path = folder / name
    return path.is_file() and path.resolve() == folder.resolve() / name


def within(entry: File, size: int) -> bool:
    """Whether the files of an entry may have so many bytes together."""
    return entry.most is None or size <= entry.most


def stem(found: dict, status: dict) -> str:
    """What the downloads of a run begin with: its preset and when it began, as in `quick-2026-11-21-1445`."""
    began = time.strftime("%Y-%m-%d-%H%M", time.gmtime(status.get("started_at") or 0))
    preset = re.sub(r"[^a-z0-9]+", "-", str(found.get("preset") or "custom").lower()).strip("-")[:40]
    return f"{preset or 'custom'}-{began}"
