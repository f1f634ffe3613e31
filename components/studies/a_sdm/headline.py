"""What a finished run came to, in a few plain sentences, each with its interval.

Says that something is better only where the 95 % interval of the paired difference does not hold zero. Knows
settings.jsonl and summary.json; no widget.
"""

from collections.abc import Mapping, Sequence
from html import escape

from backend.runs.folder import RunDir
from components.studies.a_sdm import reading, words

ALIKE = 40.0  # dB: nothing of the difference is seen at this size
NEAR = 0.15  # fewer steps that are at most so much slower or faster, of one, are as fast


def headline_markup(run: RunDir) -> str:
    """The sentences as markup; empty where the run measured nothing."""
    settings, summary = reading.settings(run.rows("settings")), run.summary()
    said = [*inheritance(settings, summary), *light(settings), *fewer(settings)]
    if not said:
        return ""
    n = max((one["n"] or 0 for one in settings), default=0)
    about = f"In brackets: 95 % intervals; of likeness over {n:,} pictures, of speed over interleaved rounds."
    return f'<p class="ds-watching">{escape(" ".join(said))}</p><p class="ds-run-about">{escape(about)}</p>'


def inheritance(settings: Sequence[Mapping], summary: Mapping) -> list[str]:
    """The fastest plan whose pictures are the full ones to the eye, else the one most alike; and its rival."""
    tried = [one for one in settings if one["family"] == "inherit" and one["psnr"] is not None]
    alike = [one for one in tried if one["psnr"] >= ALIKE]
    if not tried:
        return []
    best = max(alike, key=lambda one: one["speed8"]) if alike else max(tried, key=lambda one: one["psnr"])
    said = f"Feature inheritance draws {speed(best)} at {likeness(best)} to the full picture."
    if not alike:
        said += f" No plan reached {ALIKE:.0f} dB."
    return [said, *against_fewer(best, settings, summary)]


def against_fewer(best: Mapping, settings: Sequence[Mapping], summary: Mapping) -> list[str]:
    """The paired difference to fewer steps of about the same time, where the run made one."""
    rivals = {words.FEWER, *(one["id"] for one in settings if one["family"] == words.FEWER)}
    rows = reading.rows_of(summary, "differences", ("what", "a", "b", "metric"), ("mean", "low", "high"))
    found = [row for row in rows if row["a"] == best["id"] and row["b"] in rivals and row["metric"] == "psnr"]
    if not found:
        return []
    row = found[0]
    bounds = f"({words.decibels(row['low'])} to {words.decibels(row['high'])})"
    if row["low"] <= 0 <= row["high"]:
        return [f"Against fewer steps of that time this is not beyond noise: {words.decibels(row['mean'])} {bounds}."]
    way = "above" if row["mean"] > 0 else "below"
    return [f"That is {words.decibels(abs(row['mean']))} {way} fewer steps of that time {bounds}."]


def light(settings: Sequence[Mapping]) -> list[str]:
    """The light net whose pictures are most alike."""
    nets = [one for one in settings if one["family"] == "light" and one["psnr"] is not None]
    if not nets:
        return []
    best = max(nets, key=lambda one: one["psnr"])
    return [f"The best light net: {speed(best)} at {likeness(best)}."]


def fewer(settings: Sequence[Mapping]) -> list[str]:
    """What fewer steps alone would give, at about twice the speed."""
    tried = [one for one in settings if one["family"] == words.FEWER and one["psnr"] is not None]
    if not tried:
        return []
    one = min(tried, key=lambda row: abs(row["speed8"] - 2))
    return [f"Fewer steps alone: {speed(one)} at {likeness(one)}."]


def speed(one: Mapping) -> str:
    """'1.62 times as fast (1.58 to 1.66)'."""
    low, high = one["speed8_low"], one["speed8_high"]
    bounds = f" ({low:.2f} to {high:.2f})" if low is not None and high is not None else ""
    return f"{one['speed8']:.2f} times as fast{bounds}"


def likeness(one: Mapping) -> str:
    """'44.1 ± 0.6 dB'."""
    error = one["psnr_se"]
    bounds = f" ± {words.half_width(error):.1f}" if error is not None else ""
    return f"{one['psnr']:.1f}{bounds} dB"
