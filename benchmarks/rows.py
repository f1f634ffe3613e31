"""What all benchmarks say alike: which machine it is, then rows of `{name, value, unit, bar}` as they come.

A set of rows begins with its machine. `--keep` leaves the set in docs/benchmarks, one file for each benchmark and kind
of processor. What has not begun after `--minutes` is left out, and named. Times are CPU seconds of one thread, the best
of interleaved rounds: the machines this runs on do other things too.
"""

import argparse
import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import TracebackType

from backend.core.devices import gpus, set_threads
from backend.core.processors import cores, level, processor

KEPT = Path(__file__).parents[1] / "docs" / "benchmarks"
MINUTES = 5.0


def row(name: str, value: float, unit: str, bar: str = "") -> dict:
    """One line of a table; `bar` is what the value should be, as words."""
    return {"name": name, "value": float(f"{value:.4g}"), "unit": unit, "bar": bar}


def machine() -> dict:
    """What a set of rows holds for."""
    return {
        "processor": processor(),
        "level": level(),
        "cores": cores(),
        "gpus": gpus(),
        "torch": version("torch"),
        "date": datetime.now(UTC).date().isoformat(),
    }


def kind(told: Mapping) -> str:
    """The machine's kind as a file's name: its processor, what it multiplies with, and how many of them."""
    words = f"{told['processor']} {told['level']} {told['cores']} cores {'gpu' if told['gpus'] else ''}"
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def machine_line(told: Mapping) -> str:
    gpu = f", {told['gpus']} GPU" if told["gpus"] else ""
    return f"{told['processor']}, {told['level']}, {told['cores']} cores{gpu}, torch {told['torch']}, {told['date']}"


def as_line(told: Mapping) -> str:
    return f"{told['name']:<62} {told['value']:>10.4g} {told['unit']:<8} {told['bar']}".rstrip()


def parser(about: str | None) -> argparse.ArgumentParser:
    """With what every benchmark takes; `about` is the module's docstring, whose first line is shown."""
    found = argparse.ArgumentParser(description=(about or "").splitlines()[0])
    found.add_argument("--json", action="store_true", help="JSON Lines: the machine, then {name, value, unit, bar}")
    found.add_argument("--rounds", type=int, default=3, help="interleaved repetitions; the best counts")
    found.add_argument("--minutes", type=float, default=MINUTES, help="begin nothing more after these; 0: no end")
    found.add_argument("--keep", action="store_true", help="leave the rows in docs/benchmarks, for this processor")
    return found


class Table:
    """A set of rows, printed as they come, the machine first. A context manager: its end keeps the set, if asked to."""

    def __init__(self, name: str, as_json: bool = False, minutes: float = 0.0, keep: bool = False):
        self.name, self.rows = name, []
        self._machine, self._left_out = machine(), []
        self._json, self._minutes, self._keep = as_json, minutes, keep
        self._end = time.monotonic() + 60 * minutes if minutes else float("inf")

    @classmethod
    def of(cls, name: str, args: argparse.Namespace) -> "Table":
        """As the command line wants it."""
        return cls(name, args.json, args.minutes, args.keep)

    def __enter__(self) -> "Table":
        self._print(self._machine, machine_line(self._machine))
        return self

    def add(self, *rows: dict) -> None:
        for one in rows:
            self._print(one, as_line(one))
            self.rows.append(one)

    def within(self, parts: Iterable[tuple[str, Callable[[], Iterable[dict]]]]) -> None:
        """Add each named part's rows, as long as there is time to begin one."""
        for name, part in parts:
            if time.monotonic() >= self._end:
                self._left_out.append(name)
                continue
            for one in part():
                self.add(one)

    def __exit__(self, kind_: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._left_out:
            told = f"left out after {self._minutes:g} minutes, --minutes 0 has all: {'; '.join(self._left_out)}"
            self._print({"left_out": self._left_out}, told)
        if kind_ is None and self._keep:
            file = KEPT / self.name / f"{kind(self._machine)}.jsonl"
            file.parent.mkdir(parents=True, exist_ok=True)
            lines = [self._machine, *self.rows]
            file.write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")

    def _print(self, told: dict, line: str) -> None:
        print(json.dumps(told) if self._json else line, flush=True)


def read_rows(file: Path) -> tuple[dict, list[dict]]:
    """The machine and the rows of a kept set."""
    told, *rows = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    return told, rows


def seconds(ways: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """CPU seconds of each way, the best of `rounds`, all ways in turn. Each has run once before."""
    set_threads(1)
    for way in ways.values():
        way()
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for name, way in ways.items():
            begin = time.process_time()
            way()
            best[name] = min(best[name], time.process_time() - begin)
    return best
