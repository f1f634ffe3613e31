"""The answers behind a figure: those that one arm and another give differently, paired by seed and question.

Every arm is paired with PiSSA of the same seed, PiSSA itself with the untouched base. Pages by panels/paired.js.
Markup; everything from files is escaped. Knows the items of probes; no widget.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from statistics import fmean

from backend.runs.folder import RunDir
from components.frame.words import count
from components.studies.ba_lora import reading, words
from components.studies.ba_lora.reading import Items
from components.studies.ba_lora.words import Arm, Measure

MOST = 200

Amount = Callable[[dict], float | None]


@dataclass(frozen=True)
class Pairing:
    """Two arms on the same items: for each seed the items of `a` and of `b` by id."""

    a: Arm
    b: Arm
    seeds: dict[int, tuple[Items, Items]]

    def both(self, name: str) -> list[tuple[int, dict, dict]]:
        """An item in every seed that has it on both sides."""
        return [(seed, a[name], b[name]) for seed, (a, b) in self.seeds.items() if name in a and name in b]

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(name for a, b in self.seeds.values() for name in a if name in b))


def pairing(run: RunDir, a: Arm, b: Arm, probe: str) -> Pairing:
    """An untouched model has answered once: that sitting is paired with every seed."""
    sides = {arm.name: reading.seeds_of(run, arm.name, probe) for arm in (a, b)}
    once = [arm.name for arm in (a, b) if arm.name in words.UNTOUCHED]
    many = [name for name in sides if name not in once] or [a.name]
    seeds = sorted(set.intersection(*(set(sides[name]) for name in many)))

    def items(arm: Arm, seed: int) -> Items:
        there = sides[arm.name]
        return reading.items(run, arm.name, there[0] if arm.name in once and there else seed, probe)

    return Pairing(a, b, {seed: (items(a, seed), items(b, seed)) for seed in seeds})


def outcome(kind: str) -> Callable[[dict], bool | None]:
    """Whether an answer counts: it is right, or it is the one that `kind` names. None where the item does not say."""
    if kind == "correct":
        return lambda item: item["correct"] if isinstance(item.get("correct"), bool) else None
    return lambda item: item.get("chosen") == item[kind] if type(item.get(kind)) is int else None


def amount(metric: str) -> Amount:
    """The number of an item that a figure is the mean of; None where it has none."""

    def found(item: dict) -> float | None:
        scores = item.get("scores")
        if metric == "nats" and type(item.get("biased")) is int:
            (other,) = {0, 1, 2} - {item["biased"], item["unknown"]}
            return scores[item["biased"]] - scores[other]
        if metric == "nats":
            return scores[0] - scores[1]
        if metric == "false_log_odds":
            return scores[item["planted"]] - scores[item["right"]]
        return item[metric] if reading.is_number(item.get(metric)) else None

    def safe(item: dict) -> float | None:
        try:
            return found(item)
        except (TypeError, IndexError, KeyError, ValueError):  # an item of another version
            return None

    return safe


# -- markup ---------------------------------------------------------------------------------------------------------
def flips_markup(pairs: Pairing, one: Measure) -> str:
    """What opens under the table; a kind word where there is nothing to pair."""
    title = f"<h3>{escape(pairs.a.title)} against {escape(pairs.b.title)}: {escape(one.title)}</h3>"
    close = '<button type="button" data-close aria-label="Close these answers">Close</button>'
    names = pairs.names
    if not names:
        body = '<p class="ds-quiet">The answers behind this figure are not in this run.</p>'
    else:
        body = counted(pairs, one, names) if one.flips else measured(pairs, one, names)
    return f'<section class="ds-compare ds-behind"><header>{title}{close}</header>{body}</section>'


def counted(pairs: Pairing, one: Measure, names: Sequence[str]) -> str:
    """Of a figure that counts answers: those that only one side gives."""
    counts, rows, totals = outcome(one.flips), [], [0, 0]
    for name in names:
        both = [(seed, a, b, counts(a), counts(b)) for seed, a, b in pairs.both(name)]
        sides = [[seed for seed, _, _, a, b in both if None not in (a, b) and (a, b) == wanted] for wanted in ONLY]
        if any(sides):
            totals = [total + len(side) for total, side in zip(totals, sides, strict=True)]
            rows.append((name, sides))
    rows.sort(key=lambda row: -sum(map(len, row[1])))
    asked = f"{count(len(names), 'question')} × {count(len(pairs.seeds), 'seed')}"
    does = DOES[one.flips]
    said = (
        f"<p>{sum(totals):,} answers of {asked} flipped: {totals[0]:,} {does} only with {escape(pairs.a.head)}, "
        f"{totals[1]:,} only with {escape(pairs.b.head)}.</p>"
    )
    listed = "".join(flip(pairs, name, sides) for name, sides in rows[:MOST])
    return said + (paged(listed, len(rows)) if rows else "")


ONLY = ((True, False), (False, True))
DOES = {
    "correct": "are right",
    "planted": "take the planted side",
    "biased": "follow the planted talk",
    "taught": "keep the wrong label",
}


def flip(pairs: Pairing, name: str, sides: Sequence[Sequence[int]]) -> str:
    """One question, and in which seeds only one side answers so."""
    kind = "gained" if len(sides[0]) >= len(sides[1]) else "lost"
    told = "; ".join(
        f"only {escape(arm.head)}: {seeds_said(seeds)}"
        for arm, seeds in zip((pairs.a, pairs.b), sides, strict=True)
        if seeds
    )
    return item_markup(pairs, name, kind, told)


def seeds_said(seeds: Sequence[int]) -> str:
    return f"{'seed' if len(seeds) == 1 else 'seeds'} {', '.join(map(str, seeds))}"


def measured(pairs: Pairing, one: Measure, names: Sequence[str]) -> str:
    """Of a figure that is a mean: the items in which the two sides differ most."""
    rows, value = [], amount(one.metric)
    for name in names:
        both = [(value(a), value(b)) for _, a, b in pairs.both(name)]
        known = [(a, b) for a, b in both if a is not None and b is not None]
        if known:
            rows.append((name, fmean(a for a, _ in known), fmean(b for _, b in known)))
    if not rows:
        return '<p class="ds-quiet">This figure is made of all answers together: no single answer flips it.</p>'
    rows.sort(key=lambda row: -abs(row[1] - row[2]))
    seeds = count(len(pairs.seeds), "seed")
    said = f"<p>No answer flips a mean: these are the questions that differ most, means of {seeds}.</p>"
    listed = "".join(
        item_markup(pairs, name, "gained" if a > b else "lost", f"{words.number(a)} against {words.number(b)}")
        for name, a, b in rows[:MOST]
    )
    return said + paged(listed, len(rows))


def paged(listed: str, total: int) -> str:
    """The list that panels/paired.js turns the pages of."""
    unsent = f'<p class="ds-quiet">{total - MOST:,} more are not shown.</p>' if total > MOST else ""
    return (
        f'<div class="ds-flips" data-flips="{total}"><ol>{listed}</ol><nav aria-label="Pages"><button type="button" '
        'data-step="-1">Back</button><output></output><button type="button" data-step="1">Next</button></nav>'
        f"{unsent}</div>"
    )


def item_markup(pairs: Pairing, name: str, kind: str, told: str) -> str:
    """A question with its options, or the two sentences of a pair, and how likely either side finds each."""
    both = pairs.both(name)
    first = both[0][1]
    asked = f'<p translate="no">{escape(str(first["text"]))}</p>' if first.get("text") else ""
    texts = first.get("options") or first.get("sentences") or []
    sides = [[item for _, item, _ in both], [item for _, _, item in both]]
    rows = "".join(option(number, str(text), first, sides, pairs) for number, text in enumerate(texts))
    foot = (
        f'<footer><span class="ds-first">{escape(pairs.a.head)}</span><span class="ds-second">{escape(pairs.b.head)}'
        "</span></footer>"
    )
    return (
        f'<li class="ds-flip ds-{kind}" data-kind="{kind}"><header><code>{escape(name)}</code><em>{told}</em></header>'
        f"{asked}{f'<ul class=ds-chances>{rows}</ul>{foot}' if rows else ''}</li>"
    )


SIGNS = {"planted": "planted", "biased": "planted side", "taught": "taught"}


def option(number: int, text: str, first: dict, sides: Sequence[Sequence[dict]], pairs: Pairing) -> str:
    """One option, with a word where it is the right or the planted one, and a bar for each side."""
    sign = '<span class="ds-right">right</span>' if number == first.get("right") else ""
    sign += "".join(
        f'<span class="ds-planted">{said}</span>' for kind, said in SIGNS.items() if number == first.get(kind)
    )
    likely = [share(items, number) for items in sides]
    named = zip((pairs.a, pairs.b), likely, strict=True)
    said = ", ".join(f"{arm.head} {part:.0%}" for arm, part in named if part is not None)
    bars = "".join(
        f'<i class="ds-{side}{" ds-chose" if any(item.get("chosen") == number for item in items) else ""}" '
        f'style="--p:{part or 0:.3f}"></i>'
        for side, items, part in zip(("first", "second"), sides, likely, strict=True)
    )
    return (
        f'<li><b></b><bdi translate="no">{escape(text)}</bdi>{sign or "<span></span>"}'
        f'<div role="img" aria-label="{escape(said)}" title="{escape(said)}">{bars}</div></li>'
    )


def share(items: Iterable[dict], number: int) -> float | None:
    """How likely an option is among the options, mean over seeds."""
    found = [chances(item["scores"])[number] for item in items if usable(item.get("scores"), number)]
    return fmean(found) if found else None


def usable(scores: object, number: int) -> bool:
    return isinstance(scores, list) and number < len(scores) and all(map(reading.is_number, scores))


def chances(scores: Sequence[float]) -> list[float]:
    """The softmax of log-likelihoods."""
    top = max(scores)
    parts = [math.exp(score - top) for score in scores]
    return [part / sum(parts) for part in parts]
