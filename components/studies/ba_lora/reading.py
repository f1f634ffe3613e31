"""What the page reads of a BA-LoRA run: figures of probes, the items behind them, singular values.

A row that lacks something is left out, so a run of an older version shows what it has. Knows the run folder's files; no
widget and no markup.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean

from backend.runs.folder import RunDir

PART = re.compile(r"[a-z][a-z0-9_]{0,40}")
Key = tuple[str, str, str]  # who, probe, metric
Items = dict[str, dict]  # by id


@dataclass(frozen=True)
class Spread:
    """A mean with its 95 % interval; `low` and `high` are None where there is none yet."""

    mean: float
    low: float | None
    high: float | None

    @property
    def known(self) -> bool:
        """Whether there is an interval that can tell something. Two seeds that agree to the digit leave one without any
        width, which would exclude zero whatever the difference."""
        return self.low is not None and self.high is not None and self.high > self.low

    @property
    def holds_zero(self) -> bool:
        """Also where no interval tells: nothing is shown then."""
        return not self.known or self.low <= 0 <= self.high


@dataclass(frozen=True)
class Cell:
    """A figure of one arm. `over`: seeds or questions, what the interval is over; `against`: the difference from the
    reference arm, paired by seed."""

    value: Spread
    seeds: int
    n: int
    over: str
    against: Spread | None = None


def is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def spread_of(row: object) -> Spread | None:
    """The mean and bounds of a row; None where it has no mean."""
    if not isinstance(row, Mapping) or not is_number(row.get("mean")):
        return None
    low, high = (row[name] if is_number(row.get(name)) else None for name in ("low", "high"))
    return Spread(row["mean"], low, high) if None not in (low, high) else Spread(row["mean"], None, None)


def cells(run: RunDir) -> dict[Key, Cell]:
    """Every figure: of the summary where the run has come so far, else the means of the seeds that were probed."""
    table = run.summary().get("table")
    found = {key: cell for row in table if (key := key_of(row)) and (cell := cell_of(row))} if _is_rows(table) else {}
    return found or means(probed(run))


def key_of(row: object) -> Key | None:
    """Who, probe and metric of a row; None where they are no names."""
    if not isinstance(row, Mapping):
        return None
    key = tuple(row.get(name) for name in ("who", "probe", "metric"))
    return key if all(isinstance(part, str) and PART.fullmatch(part) for part in key) else None


def cell_of(row: Mapping) -> Cell | None:
    value = spread_of(row)
    seeds, n = (row.get(name) if type(row.get(name)) is int else 0 for name in ("seeds", "n"))
    over = row["over"] if row.get("over") in ("seeds", "questions") else "seeds"
    return Cell(value, seeds, n, over, spread_of(row.get("against"))) if value else None


def probed(run: RunDir) -> list[dict]:
    """The rows of probes.jsonl that can be used; of one that stands twice the later one."""
    found = {}
    for row in run.rows("probes"):
        if key_of(row) and type(row.get("seed")) is int and is_number(row.get("value")):
            found[(*key_of(row), row["seed"])] = row
    return list(found.values())


def means(rows: Iterable[dict]) -> dict[Key, Cell]:
    """The mean of each figure over the seeds so far. There is no interval before all of them are in."""
    parted: dict[Key, list[dict]] = {}
    for row in rows:
        parted.setdefault(key_of(row), []).append(row)
    return {
        key: Cell(Spread(fmean(row["value"] for row in mine), None, None), len(mine), _n(mine), "seeds")
        for key, mine in parted.items()
    }


def _n(rows: list[dict]) -> int:
    return next((row["n"] for row in rows if type(row.get("n")) is int), 0)


def by_seed(rows: Iterable[dict], probe: str, metric: str) -> dict[str, dict[int, float]]:
    """Who -> seed -> the value of one figure."""
    found: dict[str, dict[int, float]] = {}
    for row in rows:
        if (row["probe"], row["metric"]) == (probe, metric):
            found.setdefault(row["who"], {})[row["seed"]] = row["value"]
    return found


def items(run: RunDir, who: str, seed: int, probe: str) -> dict[str, dict]:
    """The items of a probe by id; empty where the file is missing or cannot be read. Names of any other look make no
    path."""
    if not (PART.fullmatch(who) and PART.fullmatch(probe) and type(seed) is int and 0 <= seed < 1000):
        return {}
    try:
        lines = (run.artifacts / "probes" / f"{who}-{seed}" / f"{probe}.jsonl").read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines if line.strip()]
    except (OSError, ValueError):
        return {}
    return {str(row["id"]): row for row in rows if isinstance(row, dict) and "id" in row}


def seeds_of(run: RunDir, who: str, probe: str) -> list[int]:
    """The seeds of an arm whose items of a probe are at hand; none for names of any other look."""
    if not (PART.fullmatch(who) and PART.fullmatch(probe)):
        return []
    folder = run.artifacts / "probes"
    found = [re.fullmatch(rf"{re.escape(who)}-(\d{{1,3}})", part.name) for part in folder.glob("*-*")]
    return sorted(int(one[1]) for one in found if one and (folder / one[0] / f"{probe}.jsonl").is_file())


def spectra(rows: Iterable[dict], k: int) -> list[dict]:
    """Rows of spectra.jsonl with the share of the top `k` in both norms, as they are and with centred rows.

    A ratio is None where the run did not record its norm, for only the largest singular values are kept.
    """
    return [
        {
            **{name: row[name] for name in ("arm", "seed", "step", "when")},
            "values": [float(f"{value:.4g}") for value in row["values"]],
            "ratios": ratios(row["values"], k, row.get("nuclear"), row.get("frobenius")),
        }
        | centred(row, k)
        for row in rows
        if _is_spectrum(row)
    ]


def centred(row: dict, k: int) -> dict:
    found = row.get("centred")
    if not (isinstance(found, list) and found and all(map(is_number, found))):
        return {}
    shares = ratios(found, k, row.get("centred_nuclear"), row.get("centred_frobenius"))
    return {"centred": [float(f"{value:.4g}") for value in found], "centred_ratios": shares}


def ratios(values: list[float], k: int, nuclear: object, frobenius: object) -> list[float | None]:
    """The sum of the top `k` singular values over the nuclear and over the Frobenius norm."""
    top = sum(values[:k])
    return [round(top / norm, 4) if is_number(norm) and norm > 0 else None for norm in (nuclear, frobenius)]


def _is_spectrum(row: dict) -> bool:
    named = isinstance(row.get("arm"), str) and PART.fullmatch(row["arm"]) and row.get("when") in WHEN
    counted = type(row.get("seed")) is int and type(row.get("step")) is int
    values = row.get("values")
    return bool(named and counted and isinstance(values, list) and values and all(map(is_number, values)))


def _is_rows(found: object) -> bool:
    return isinstance(found, list)


WHEN = ("start", "now", "end")
