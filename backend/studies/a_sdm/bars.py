"""What was to be reached and what was found, and in plain sentences who wins.

Knows measured settings and differences; no model. A bar of which nothing was measured is neither met nor missed.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from backend.studies.a_sdm.arms import FULL
from backend.studies.a_sdm.summary import Measured
from backend.studies.a_sdm.words import FAMILIES, LEVELS, count, net_title, percent, signed

CHAIN = ("mid", "deep2", "deep1", "deepcache0", "whole")  # the expected order of harm
SURE = 4  # paired standard errors
MOST_MB = 1500


def bars(measured: Measured, found: Mapping, nets: Sequence[dict]) -> list[dict]:
    """Every bar; `found` is the summary so far."""
    rivals = {row["a"]: row for row in found["differences"] if row["what"] == "rival" and row["metric"] == "psnr"}
    told = [
        *_teacher(measured, found),
        _inheritance(measured, "inheritance, nearly the same", 1.4, 40.0, None),
        _inheritance(measured, "inheritance, twice as fast", 2.0, 35.0, rivals),
        _order(measured, found["differences"], found["order"]),
        _readings(found["differences"]),
        _light(measured, found["differences"], nets),
        _cheap(measured, nets),
        _front(measured, found["front"]),
    ]
    memory = found["peak_memory_mb"]
    told.append(_bar("memory", f"at most {MOST_MB:,} MB", f"{memory:,} MB", memory <= MOST_MB))
    return told


def verdicts(measured: Measured, found: Mapping) -> list[str]:
    """Plain sentences: who wins against fewer steps, and what arms, experts and the order of a switch come to."""
    return [
        *_against_rival(measured, found["differences"]),
        *_arms(found["differences"]),
        *_switch(measured, found["differences"]),
    ]


def _bar(name: str, asked: str, found: str, met: bool | None) -> dict:
    return {"name": name, "asked": asked, "found": found, "met": met}


def _teacher(measured: Measured, found: Mapping) -> list[dict]:
    full, floor = measured.row(FULL), found["floor"]
    if full["right"] is None:
        return []
    said = f"{percent(full['right'])} all right, {percent(full['slots'])} of slots (n = {full['n']})"
    met = full["right"] >= 0.85 and full["slots"] >= 0.96
    rows = [_bar("full model", "85 % of pictures all right, 96 % of slots", said, met)]
    if floor and full["frechet"] is not None:
        said = f"{full['frechet'] / floor:.2f} times the floor (n = {full['n']})"
        rows.append(_bar("full model, distance", "at most 3 times the floor", said, full["frechet"] <= 3 * floor))
    return rows


def _inheritance(measured: Measured, name: str, speed: float, psnr: float, rivals: Mapping[str, dict] | None) -> dict:
    """The fastest plan of the full model, also in fewer steps, that is like enough: of equal accuracy, or with `rivals`
    above fewer steps."""
    asked = f"{speed:g} times the speed at {psnr:g} dB"
    asked += ", 1.5 dB above fewer steps of equal time" if rivals is not None else ", pictures as right within 1 point"
    plans = [row for row in measured.rows if row["plan"] is not None and row["net"] == FULL and row["psnr"] >= psnr]
    if not plans:
        return _bar(name, asked, f"no plan reaches {psnr:g} dB", False)

    def holds(row: Mapping) -> bool:
        if rivals is not None:
            return row["id"] in rivals and _above(rivals, row) >= 1.5
        return _lost(measured, row) is None or _lost(measured, row) <= 0.01

    best = max(plans, key=lambda row: (row["speed8"] >= speed and holds(row), row["speed8"]))
    said = f"{best['title']}: {best['speed8']:.2f} times, {best['psnr']:.1f} dB (n = {best['n']})"
    if rivals is not None:
        said += f", {signed(_above(rivals, best))} dB" if best["id"] in rivals else ", no rival of equal time"
    elif _lost(measured, best) is not None:
        said += f", {signed(-100 * _lost(measured, best), 2)} points of pictures right"
    return _bar(name, asked, said, best["speed8"] >= speed and holds(best))


def _lost(measured: Measured, row: Mapping) -> float | None:
    """The share of pictures that the full model draws right and the row's setting does not; None without a judge."""
    full = measured.row(FULL)["right"]
    return None if full is None else full - row["right"]


def _above(rivals: Mapping[str, dict] | None, row: dict) -> float:
    """By how many dB it is above its rival; of no consequence without rivals."""
    if rivals is None:
        return 1.5
    return rivals[row["id"]]["mean"] if row["id"] in rivals else float("-inf")


def _order(measured: Measured, differences: Sequence[dict], order: Sequence[dict]) -> dict:
    asked = f"{' < '.join(map(_level, CHAIN))}, each step beyond {SURE} paired standard errors"
    levels = [row["level"] for row in order]
    chain = [level for level in CHAIN if level in levels]
    if len(chain) < 2:
        return _bar("order of harm", asked, "not measured", None)
    apart = []
    for a, b in pairwise(chain):
        ours, theirs = (measured.values(f"{level}@every2", "psnr") for level in (a, b))
        apart.append(_errors([x - y for x, y in zip(ours, theirs, strict=True)]))
    pairs = zip(pairwise(map(_level, chain)), apart, strict=True)
    said = "; ".join(f"{b} after {a}: {signed(e)}" for (a, b), e in pairs)
    return _bar("order of harm", asked, said, min(apart) >= SURE and chain == list(CHAIN))


def _level(name: str) -> str:
    """A level of the chain as people read it."""
    deepcache = name.removeprefix("deepcache")
    return LEVELS[name] if name in LEVELS else f"{LEVELS['deepcache']} at branch {deepcache}"


def _errors(moved: Sequence[float]) -> float:
    """The mean in standard errors."""
    mean = sum(moved) / len(moved)
    spread = sum((value - mean) ** 2 for value in moved) / max(1, len(moved) - 1)
    return mean / max((spread / len(moved)) ** 0.5, 1e-9)


def _readings(differences: Sequence[dict]) -> dict:
    asked = f"the branch above the output, beyond {SURE} paired standard errors"
    rows = [row for row in differences if row["what"] == "readings"]
    if not rows:
        return _bar("branch against output", asked, "not measured", None)
    named = [(LEVELS.get(row["a"].partition(".")[0], row["a"]), row) for row in rows]
    said = "; ".join(f"{level} {signed(row['mean'])} dB (n = {row['n']})" for level, row in named)
    return _bar("branch against output", asked, said, all(row["mean"] > SURE * (row["se"] or 1e9) for row in rows))


def _light(measured: Measured, differences: Sequence[dict], nets: Sequence[dict]) -> dict:
    asked = "1.3 times the speed, at most 70 % of the parameters, 5 dB above scratch at equal updates"
    row = measured.row("base")
    gain = next((d for d in differences if (d["what"], d["a"], d["b"], d["metric"]) == _scratch("base")), None)
    if row is None or gain is None:
        return _bar("a light net", asked, "not measured", None)
    size = _share(nets, "base")
    over = f"{_interval(gain)}; {count(gain['seeds'], 'seed')}"
    said = f"{row['speed8']:.2f} times, {percent(size, 0)}, {signed(gain['mean'])} dB ({over})"
    sure = gain["low"] if gain["low"] is not None else gain["mean"]
    return _bar("a light net", asked, said, row["speed8"] >= 1.3 and size <= 0.7 and gain["mean"] >= 5 and sure > 0)


def _scratch(arm: str) -> tuple[str, str, str, str]:
    return "arms", arm, "scratch_task", "psnr"


def _share(nets: Sequence[dict], arm: str) -> float:
    sizes = {row["arm"]: row["parameters"] for row in nets}
    return sizes[arm] / sizes[FULL]


def _cheap(measured: Measured, nets: Sequence[dict]) -> dict:
    asked = "one 2.5 times as fast"
    rows = [row for row in measured.rows if row["family"] == "light"]
    if not rows:
        return _bar("a very light net", asked, "not measured", None)
    best = max(rows, key=lambda row: row["speed8"])
    said = f"{net_title(best['id'])}: {best['speed8']:.2f} times, {best['psnr']:.1f} dB (n = {best['n']})"
    return _bar("a very light net", asked, said, best["speed8"] >= 2.5)


def _front(measured: Measured, front: Sequence[dict]) -> dict:
    asked = "30 settings; inheritance, a light or switched net and a combination on the front"
    on = {measured.row(one["setting"])["family"] for one in front if one["metric"] == "psnr"}
    said = f"{len(measured.rows)} settings; on the front: " + ", ".join(sorted(FAMILIES[name].lower() for name in on))
    met = len(measured.rows) >= 30 and "inherit" in on and bool(on & {"light", "switch"}) and "combined" in on
    return _bar("the front", asked, said, met)


def _against_rival(measured: Measured, differences: Sequence[dict]) -> list[str]:
    """Of every family how many settings are above fewer steps of equal time, and the best of them."""
    found = []
    for family in ("inherit", "light", "switch", "combined"):
        rows = [
            row
            for row in differences
            if row["what"] == "rival" and row["metric"] == "psnr" and measured.row(row["a"])["family"] == family
        ]
        if not rows:
            continue
        better = [row for row in rows if row["beyond"] and row["mean"] > 0]
        worse = [row for row in rows if row["beyond"] and row["mean"] < 0]
        best = max(rows, key=lambda row: row["mean"])
        speed = measured.row(best["a"])["speed8"]
        winner = "Fewer steps wins" if not better else f"{len(better)} of {len(rows)} above fewer steps"
        found.append(
            f"{FAMILIES[family]}, sameness at equal time: {winner}, {len(worse)} below, beyond noise. The best is "
            f"“{measured.row(best['a'])['title']}” at {speed:.2f} times: {signed(best['mean'], 2)} dB "
            f"({_interval(best)}, n = {best['n']})."
        )
    return found


def _arms(differences: Sequence[dict]) -> list[str]:
    found = []
    for row in differences:
        if row["what"] == "arms" and row["metric"] == "psnr":
            noise = "" if row["beyond"] else ", not beyond noise"
            over = f"{row['seeds']} seeds" if row["seeds"] > 1 else f"one net each, n = {row['n']} pictures"
            titles = f"{net_title(row['a'])} against {net_title(row['b'])}"
            found.append(f"{titles}: {signed(row['mean'], 2)} dB ({_interval(row)}, {over}){noise}.")
    return found


def _switch(measured: Measured, differences: Sequence[dict]) -> list[str]:
    found = []
    for row in differences:
        if row["what"] == "switch" and row["metric"] == "psnr":
            first = "The light net first wins" if row["mean"] > 0 else "The light net last wins"
            first = first if row["beyond"] else "Neither order wins beyond noise"
            titles = " against ".join(f"“{measured.row(row[name])['title']}”" for name in ("a", "b"))
            found.append(f"{titles}: {signed(row['mean'], 2)} dB ({_interval(row)}). {first}.")
    return found


def _interval(row: dict) -> str:
    return "no interval" if row["low"] is None else f"95 %: {signed(row['low'], 2)} to {signed(row['high'], 2)}"
