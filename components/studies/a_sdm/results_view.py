"""Results: every setting in a table by families, paired differences, and what was to be reached.

Rows of settings.jsonl and summary.json in, markup out; everything from files is escaped. Knows no widget.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from backend.runs.folder import RunDir
from components.panels import saving, tables
from components.panels.notices import notices
from components.studies.a_sdm import reading, words

HEAD = "<h2>What did each setting give?</h2>"
WAITING = "The results appear here when the first settings are measured."
GONE = "This run has no results: it has not come so far, or its files were not kept."
HOW = (
    "Speed is measured, processor time with the full model as 1; multiplications stand beside it and are another "
    "thing. Likeness is to the full model's picture of the same noise; ± is half of a 95 % interval over pictures."
)
GROUPS = {
    "rival": "Against fewer steps of equal time",
    "arms": "Light nets, seed by seed",
    "readings": "Branch against whole output",
    "steps": "Which steps are computed",
    "switch": "Light first against full first",
}
HEADS = ("Setting", "Speed, 8 at a time", "Speed, one", "Multiplications", "PSNR, dB", "Read right", "Slots right",
         "Fréchet distance", "Kept, MB", "n")  # fmt: skip
UNITS = {"psnr": "dB", "right": "points", "slots": "points"}
SHARES = ("right", "slots")
MOST_VERDICTS = 100
OF_LEVELS = ("order of harm", "branch against output")  # bars that name levels


def results_markup(run: RunDir, over: bool = False) -> str:
    """The whole panel. `over`: nothing more comes."""
    settings, summary = reading.settings(run.rows("settings")), run.summary()
    if not settings:
        said = GONE if over else WAITING
        return f'<section class="ds-sdm ds-sdm-results" data-rows="0">{HEAD}<p class="ds-quiet">{said}</p></section>'
    titles = {words.FEWER: words.family_title(words.FEWER)} | {one["id"]: one["title"] for one in settings}
    return (
        f'<section class="ds-sdm ds-sdm-results" data-rows="{len(settings)}" {numbers(settings)}>{saving.MENU}{HEAD}'
        f"{verdicts(summary, titles)}{bars(summary, titles)}{differences(summary, titles)}"
        f'<h3>All settings</h3><p class="ds-quiet" data-terms>{HOW}{judged(summary)}</p>'
        f"{families(settings)}{notices(summary.get('warnings'))}</section>"
    )


# -- settings ---------------------------------------------------------------------------------------------------------
def families(settings: Sequence[Mapping]) -> str:
    """A table for each family; the first two stand open, for everything is compared with them."""
    found: dict[str, list[Mapping]] = {}
    for one in settings:
        found.setdefault("full" if one["family"] == "fewer_steps" else one["family"], []).append(one)
    made = []
    for name, mine in found.items():
        table = tables.table(HEADS, map(row, mine))
        title = "Full model, and fewer steps" if name == "full" else words.family_title(name)
        opened = f'<div class="ds-table"><div>{table}</div></div>'
        made.append(f"<h4>{escape(title)}</h4>{opened}" if name == "full" else tables.folded(title, table))
    return "".join(made)


def row(one: Mapping) -> tuple[str, ...]:
    return (
        escape(one["title"]),
        ranged(one, "speed8"),
        ranged(one, "speed1"),
        "" if one["flops"] is None else f"{100 * one['flops']:.0f} %",
        "the same picture" if one["psnr"] is None else spread(one["psnr"], one["psnr_se"], 1),
        "" if one["right"] is None else f"{spread(one['right'], one['right_se'], 100)} %",
        "" if one["slots"] is None else words.share(one["slots"]),
        "" if one["frechet"] is None else f"{one['frechet']:.3g}",
        "" if one["cache_mb"] is None else f"{one['cache_mb']:.2f}",
        "" if one["n"] is None else f"{one['n']:,.0f}",
    )


def ranged(one: Mapping, name: str) -> str:
    value, low, high = one[name], one[f"{name}_low"], one[f"{name}_high"]
    if value is None:
        return ""
    bounds = f" <small>{low:.2f} to {high:.2f}</small>" if low is not None and high is not None else ""
    return f"{words.times(value)}{bounds}"


def spread(value: float, error: float | None, scale: float) -> str:
    bounds = f" ± {scale * words.half_width(error):.1f}" if error is not None else ""
    return f"{scale * value:.1f}{bounds}"


def numbers(settings: Sequence[Mapping]) -> str:
    heads = ("setting", "family", "speed, 8", "from", "to", "speed, 1", "multiplications", "PSNR", "standard error",
             "read right", "standard error", "slots", "Fréchet distance", "cache, MB", "n")  # fmt: skip
    keys = ("title", "family", "speed8", "speed8_low", "speed8_high", "speed1", "flops", "psnr", "psnr_se", "right",
            "right_se", "slots", "frechet", "cache_mb", "n")  # fmt: skip
    return saving.saves("settings", heads, ([one[key] for key in keys] for one in settings))


# -- what the engine concluded ----------------------------------------------------------------------------------------
def verdicts(summary: Mapping, titles: Mapping[str, str]) -> str:
    found = summary.get("verdicts")
    said = [one for one in found if isinstance(one, str)][:MOST_VERDICTS] if isinstance(found, list) else []
    lines = "".join(f"<li>{quoting(words.with_titles(one, titles))}</li>" for one in said)
    return f'<ul class="ds-sdm-verdicts">{lines}</ul>' if said else ""


def quoting(said: str) -> str:
    """A sentence in which titles of settings stand in quotation marks: each is a text of its own, which has a
    translation; the words between them are told by sentences with gaps."""
    parts = re.split("“([^”]*)”", said)
    return "".join(f"<q>{escape(one)}</q>" if number % 2 else escape(one) for number, one in enumerate(parts))


def bars(summary: Mapping, titles: Mapping[str, str]) -> str:
    """What was to be reached, and what was."""
    rows = list(reading.rows_of(summary, "bars", ("name", "asked", "found")))
    if not rows:
        return ""
    lines = ((*(bar_word(one, key, titles) for key in ("name", "asked", "found")), met(one.get("met"))) for one in rows)
    table = tables.table(("What", "Asked", "Found", ""), lines)
    return f'<h3>What was to be reached</h3><div class="ds-table" data-terms><div>{table}</div></div>'


def bar_word(one: Mapping, key: str, titles: Mapping[str, str]) -> str:
    said = words.with_titles(one[key], titles)
    return escape(words.with_levels(said) if one["name"] in OF_LEVELS else with_one_picture(said))


def with_one_picture(said: str) -> str:
    """With what one picture of so many is in points, behind a difference of pictures right: a point may be less."""
    n = re.search(r"\(n = ([1-9][0-9,]*)\).*points of pictures right$", said)
    return f"{said}; one picture of {n[1]} is {100 / int(n[1].replace(',', '')):.2f} points" if n else said


def met(found: object) -> str:
    marks = {True: '<b class="ds-sdm-good">reached</b>', False: '<b class="ds-sdm-bad">missed</b>'}
    return marks.get(found, "cannot be said") if isinstance(found, bool) else "cannot be said"


def differences(summary: Mapping, titles: Mapping[str, str]) -> str:
    """Paired differences by group; grey and said where they are not beyond noise."""
    rows = list(reading.rows_of(summary, "differences", ("what", "a", "b", "metric"), ("mean",)))
    made = []
    for what in dict.fromkeys(row["what"] for row in rows):
        mine = [row for row in rows if row["what"] == what]
        table = tables.table(("", "Difference", "n"), difference_rows(mine, titles))
        made.append(tables.folded(GROUPS.get(what, what), table))
    if not made:
        return ""
    told = "The first minus the second, paired picture by picture or seed by seed, with 95 % intervals."
    return f'<h3>What is better</h3><p class="ds-quiet">{told}</p>{"".join(made)}'


def difference_rows(rows: Sequence[Mapping], titles: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    for one in rows:
        pair = " − ".join(f"<span>{escape(titles.get(one[key], one[key]))}</span>" for key in ("a", "b"))
        n = f"{one['n']:,.0f}" if reading.is_number(one.get("n")) else ""
        yield (pair, difference(one), n)


def difference(one: Mapping) -> str:
    """'+5.1 dB', its interval, and whether that is beyond noise."""
    scale, unit = (100 if one["metric"] in SHARES else 1), escape(UNITS.get(one["metric"], one["metric"]))
    ends = [one.get(key) for key in ("low", "high")]
    known = all(map(reading.is_number, ends))
    bounds = f"<small>{signed(ends[0] * scale)} to {signed(ends[1] * scale)}</small>" if known else ""
    clear = known and not ends[0] <= 0 <= ends[1]
    noise = "" if clear else f"<small>{'not beyond noise' if known else 'no interval'}</small>"
    look = "ds-clear" if clear else "ds-faint"
    return f'<span class="{look}">{signed(one["mean"] * scale)} {unit}{bounds}{noise}</span>'


def signed(value: float) -> str:
    return words.minus(f"{value:+.1f}")


def judged(summary: Mapping) -> str:
    """How good the judge itself is, and the floor of the Fréchet distance."""
    said, judge = "", summary.get("judge")
    if isinstance(judge, Mapping) and reading.is_number(judge.get("right")):
        said += f" The judge itself reads {words.share(judge['right'])} of fresh renders right in every slot."
    if reading.is_number(summary.get("floor")):
        said += f" The Fréchet distance between two sets of fresh renders is {summary['floor']:.3g}."
    return said
