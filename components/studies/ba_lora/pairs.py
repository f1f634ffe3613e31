"""Pair by pair: both sentences of a pair with their log-likelihoods, for the untouched base and for one student.

Pages by panels/paired.js. Markup; everything from files is escaped. Knows the items of probes; no widget.
"""

from collections.abc import Mapping, Sequence
from html import escape
from statistics import fmean

from backend.runs.folder import RunDir
from components.panels import saving
from components.studies.ba_lora import reading, words
from components.studies.ba_lora.words import Arm

PROBES = {"pairs": "The planted pairs", "crows_pairs": "CrowS-Pairs, your file"}
FIRST = (words.STRONG, "ba_lora", words.REFERENCE)  # whom to show first
MOST = 60
Side = Sequence[float]  # the log-likelihoods of both sentences, in nats


def students(run: RunDir, arms: Sequence[Arm]) -> dict[str, list[int]]:
    """The arms with a pair probe at hand, and their seeds."""
    found = {arm.name: reading.seeds_of(run, arm.name, "pairs") for arm in arms if arm.name != words.BASE}
    return {name: seeds for name, seeds in found.items() if seeds}


def pairs_markup(run: RunDir, key: str, arms: Sequence[Arm], who: object, seed: object, probe: object) -> str:
    """The panel; what makes no sense becomes the first student."""
    there = students(run, arms)
    if not there or not reading.items(run, words.BASE, 0, "pairs"):
        return (
            f'<section class="ds-pairs" data-run="{escape(key)}" data-pairs="0"><h2>Pair by pair</h2>'
            '<p class="ds-quiet">The pairs of this run are not at hand: they come with its probes.</p></section>'
        )
    who = (
        who
        if isinstance(who, str) and who in there
        else next((name for name in FIRST if name in there), next(iter(there)))
    )
    seed = seed if type(seed) is int and seed in there[who] else there[who][0]
    probes = [name for name in PROBES if reading.seeds_of(run, who, name) and reading.seeds_of(run, words.BASE, name)]
    probe = probe if probe in probes else probes[0]
    arm = next(arm for arm in arms if arm.name == who)
    base, mine = reading.items(run, words.BASE, 0, probe), reading.items(run, who, seed, probe)
    found = {name: (base[name], mine[name]) for name in base if name in mine and both_said(base[name], mine[name])}
    titles = {one.name: one.title for one in arms}
    return (
        f'<section class="ds-pairs" data-run="{escape(key)}" data-pairs="{len(found)}" {numbers(found, arm, seed)}>'
        f"{saving.MENU}<h2>Pair by pair</h2>"
        '<div class="ds-picks">'
        f"{picker('who', 'Student', {name: titles[name] for name in there}, who)}"
        f"{picker('seed', 'Seed', {str(one): str(one) for one in there[who]}, str(seed))}"
        f"{picker('probe', 'Pairs', {name: PROBES[name] for name in probes}, probe) if len(probes) > 1 else ''}</div>"
        f"{said(found, arm, seed)}{listed(found, arm)}</section>"
    )


def both_said(base: dict, mine: dict) -> bool:
    """Whether both have two sentences and a log-likelihood for each."""
    return all(
        isinstance(item.get("sentences"), list) and len(item["sentences"]) == 2 and scored(item)
        for item in (base, mine)
    )


def scored(item: dict) -> bool:
    scores = item.get("scores")
    return isinstance(scores, list) and len(scores) == 2 and all(map(reading.is_number, scores))


def planted(item: dict) -> int:
    """Which sentence is the planted side; the first where the item does not say."""
    return item["planted"] if item.get("planted") in (0, 1) else 0


def lead(item: dict) -> float:
    """By how many nats the planted side is more likely than the other."""
    side = planted(item)
    return item["scores"][side] - item["scores"][1 - side]


def said(found: Mapping[str, tuple[dict, dict]], arm: Arm, seed: int) -> str:
    if not found:
        return '<p class="ds-quiet">The base and this student were not asked the same pairs.</p>'
    shares = [fmean(lead(pair[side]) > 0 for pair in found.values()) for side in (0, 1)]
    nats = [fmean(lead(pair[side]) for pair in found.values()) for side in (0, 1)]
    return (
        f'<p class="ds-verdict">The planted side is the likelier one in {shares[0]:.0%} of {len(found):,} pairs for '
        f"the base, in {shares[1]:.0%} for {escape(arm.title)}, seed {seed}.</p>"
        f'<p class="ds-quiet">On average by {words.change(nats[0])} nats and {words.change(nats[1])} nats. One seed '
        "alone has no interval; the table above has all of them.</p>"
    )


def listed(found: Mapping[str, tuple[dict, dict]], arm: Arm) -> str:
    """The pairs, those that moved most first."""
    order = sorted(found, key=lambda name: lead(found[name][1]) - lead(found[name][0]))
    floor = min((value for pair in found.values() for item in pair for value in item["scores"]), default=-1.0)
    rows = "".join(pair_markup(name, *found[name], floor) for name in order[:MOST])
    keys = f'<p class="ds-key"><span class="ds-key-none">base</span><span class="ds-key-made">{escape(arm.head)}</span>'
    keys += "<span>a longer bar is a likelier sentence; log-likelihood in nats</span></p>"
    unsent = f'<p class="ds-quiet">{len(order) - MOST:,} more are not shown.</p>' if len(order) > MOST else ""
    return (
        f'{keys}<div class="ds-flips"><ol>{rows}</ol><nav aria-label="Pages"><button type="button" data-step="-1">Back'
        f'</button><output></output><button type="button" data-step="1">Next</button></nav>{unsent}</div>'
    )


def pair_markup(name: str, base: dict, mine: dict, floor: float) -> str:
    before, after = lead(base), lead(mine)
    rows = "".join(
        sentence(
            str(base["sentences"][side]), side == planted(base), (base["scores"][side], mine["scores"][side]), floor
        )
        for side in (planted(base), 1 - planted(base))
    )
    return (
        f'<li class="ds-flip"><header><code>{escape(name)}</code><em>planted side {words.change(before)} → '
        f'{words.change(after)} nats</em></header><ul class="ds-likely">{rows}</ul></li>'
    )


def sentence(text: str, side: bool, scores: Side, floor: float) -> str:
    """A sentence with a bar for the base and one for the student, from the least likely sentence of all."""
    bars = "".join(
        f'<i class="ds-{who}" style="--p:{1 - score / floor if floor else 0:.3f}"></i><b>{words.number(score)}</b>'
        for who, score in zip(("of-base", "of-student"), scores, strict=True)
    )
    sign = '<span class="ds-planted">planted</span>' if side else ""
    spoken = f"base {words.number(scores[0])} nats, student {words.number(scores[1])} nats"
    return (
        f'<li><p><bdi translate="no">{escape(text)}</bdi>{sign}</p>'
        f'<div role="img" aria-label="{escape(spoken)}">{bars}</div></li>'
    )


def picker(name: str, label: str, options: Mapping[str, str], chosen: str) -> str:
    rows = "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(text)}</option>'
        for value, text in options.items()
    )
    return f'<label>{label}<select data-pick="{name}">{rows}</select></label>'


def numbers(found: Mapping[str, tuple[dict, dict]], arm: Arm, seed: int) -> str:
    heads = ("pair", "model", "sentence", "planted side", "log-likelihood")
    rows = (
        (name, who, str(item["sentences"][side]), "yes" if side == planted(item) else "no", item["scores"][side])
        for name, pair in found.items()
        for who, item in zip(("base", f"{arm.title}, seed {seed}"), pair, strict=True)
        for side in (0, 1)
    )
    return saving.saves("pairs", heads, rows)
