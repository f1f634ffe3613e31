"""What all benchmarks say alike: rows of `{name, value, unit, bar}`, as a table or as JSON, and how a time is taken.

Times are CPU seconds of one thread, the best of interleaved rounds: the machines this runs on do other things too.
"""

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence

import torch


def row(name: str, value: float, unit: str, bar: str = "") -> dict:
    """One line of a table; `bar` is what the value should be, as words."""
    return {"name": name, "value": float(f"{value:.4g}"), "unit": unit, "bar": bar}


def parser(about: str | None) -> argparse.ArgumentParser:
    """With --json; `about` is the module's docstring, whose first line is shown."""
    found = argparse.ArgumentParser(description=(about or "").splitlines()[0])
    found.add_argument("--json", action="store_true", help="a list of {name, value, unit, bar}")
    found.add_argument("--rounds", type=int, default=3, help="interleaved repetitions; the best counts")
    return found


def show(rows: Sequence[dict], as_json: bool) -> None:
    lines = (f"{one['name']:<62} {one['value']:>10.4g} {one['unit']:<8} {one['bar']}" for one in rows)
    print(json.dumps(rows, indent=1) if as_json else "\n".join(lines))


def seconds(ways: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """CPU seconds of each way, the best of `rounds`, all ways in turn. Each has run once before."""
    torch.set_num_threads(1)
    for way in ways.values():
        way()
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for name, way in ways.items():
            begin = time.process_time()
            way()
            best[name] = min(best[name], time.process_time() - begin)
    return best
