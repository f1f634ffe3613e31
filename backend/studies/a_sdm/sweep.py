"""The sweep stage: every setting draws all prompts, is measured against the full model's pictures, and is timed.

Settings are shared among processes a few at a time. What a group came to is kept in a file, so that a killed run goes
on with the next one. Knows the run folder; not what figures mean.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from backend.disk import write_atomically
from backend.runs.folder import RunDir
from backend.runs.progress import Progress
from backend.runs.students import trained
from backend.studies.a_sdm.config import ASdmConfig
from backend.studies.a_sdm.entries import Entry, entries_of
from backend.studies.a_sdm.extras import extras
from backend.studies.a_sdm.sweeper import SWEPT, Sweeper, place_of, told

GROUP = 4  # settings that are timed in turn


@dataclass(frozen=True)
class Group:
    """Settings by id."""

    number: int
    ids: tuple[str, ...]


def sweep(config: ASdmConfig, run_dir: RunDir) -> list[dict]:
    """Measure what is not measured yet; the rows of settings.jsonl. Raises Stopped when asked to stop."""
    entries = entries_of(config)
    (run_dir.artifacts / SWEPT).mkdir(exist_ok=True)
    groups = groups_of(entries)
    with Progress(run_dir, "sweep", len(entries)) as progress:

        def write(group: Group, rows: list[dict]) -> None:
            write_atomically(place_of(run_dir, f"group-{group.number}"), json.dumps(rows))
            show(run_dir, rows)
            progress.advance("Settings are measured", by=len(rows))

        def read(group: Group) -> list[dict] | None:
            rows = told(place_of(run_dir, f"group-{group.number}"))
            if rows is not None:
                show(run_dir, rows)
                progress.advance(by=len(rows), work=0.0)
            return rows

        found = trained(groups, read, partial(worker, config, run_dir.path), write, progress.check_stop)
        rows = [row for group in groups for row in found[group]]
        write_atomically(run_dir.path / "settings.jsonl", _lines(rows))
        looks = [look for entry in entries for look in told(place_of(run_dir, entry.id))["looks"]]
        write_atomically(run_dir.path / "looks.jsonl", _lines(looks))
        extras(config, run_dir, rows, progress)
    return rows


def groups_of(entries: Sequence[Entry]) -> list[Group]:
    """The settings, a few at a time."""
    firsts = range(0, len(entries), GROUP)
    return [Group(at, tuple(one.id for one in entries[first : first + GROUP])) for at, first in enumerate(firsts)]


def show(run_dir: RunDir, rows: Sequence[dict]) -> None:
    """Append the rows that are not shown yet; in the end the file is written in the settings' order."""
    there = {row["id"] for row in run_dir.rows("settings")}
    for row in rows:
        if row["id"] not in there:
            run_dir.append("settings", row)


def worker(config: ASdmConfig, folder: Path, look_up: Callable[[], None] | None) -> Callable[[Group], list[dict]]:
    """Load everything once, in whichever process this is, and return what to do with a group."""
    sweeper = Sweeper(config, RunDir(folder), look_up or (lambda: None))
    return lambda group: sweeper.rows(group.ids)


def read_figures(run_dir: RunDir, id: str) -> list[dict]:
    """What every picture of a measured setting came to, seed by seed."""
    return told(place_of(run_dir, id))["seeds"]


def _lines(rows: Sequence[dict]) -> str:
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
