"""Hidden words: what the model puts into a gap of a caption, with the picture and without it, side by side.

A click on a word hides that one; masked.js shows what belongs to it. Markup; everything from files and from the desk is
escaped. Knows rows of masked.jsonl; no run folder and no widget.
"""

from collections.abc import Mapping, Sequence
from html import escape

from components.panels import saving
from components.studies.light_clip import reading, words
from components.studies.light_clip.words import Arm

HEAD = "<h2>What does the picture add to a hidden word?</h2>"
WAITING = "Hidden words appear here when an arm that learns them has ended."
GONE = "This run kept no hidden words: no arm of it learned them, or it has not come so far."
FIRST = (words.MASKED, words.ALL)
MOST = 24
GAP = "_"  # how a hidden word is written in a caption of one's own
Pictures = Mapping[int, Mapping]  # id -> thumbnail


def masked_markup(
    key: str, rows: Sequence[Mapping], pictures: Pictures, arms: Sequence[Arm], said: str, over: bool
) -> str:
    """The panel: cards of one arm's rows, and a caption of one's own to fill in. `said`: the figures of the whole
    test, markup. `over`: nothing will come any more."""
    rows = [row for row in rows if reading.is_masked(row) and row["picture"] in pictures]
    there = [arm for arm in arms if any(row["arm"] == arm.name for row in rows)]
    if not there:
        return (
            f'<section class="ds-light-masked" data-cards="0">{HEAD}'
            f'<p class="ds-quiet">{GONE if over else WAITING}</p></section>'
        )
    arm = next((arm for name in FIRST for arm in there if arm.name == name), there[0])
    groups: dict[int, list[Mapping]] = {}
    for row in rows:
        if row["arm"] == arm.name:
            groups.setdefault(row["picture"], []).append(row)
    chosen = list(groups.items())[:MOST]
    shown = "".join(card(pictures[picture], mine) for picture, mine in chosen)
    return (
        f'<section class="ds-light-masked" data-run="{escape(key)}" data-cards="{len(chosen)}" '
        f"{numbers(arm, rows)}>{saving.MENU}{HEAD}{said}"
        f'<p class="ds-quiet">Arm: {escape(arm.head)}, seed 0. Click a word of a caption to hide that one.</p>'
        f'<div class="ds-light-cards">{shown}</div>{own(list(groups), pictures)}</section>'
    )


def card(picture: Mapping, rows: Sequence[Mapping]) -> str:
    """A picture, its caption with words to hide, and the guesses of each; the first one's are open."""
    places = {row["place"]: row for row in reversed(rows)}  # of a place that stands twice the first row
    order = sorted(places)
    caption = " ".join(
        word_markup(number, word, number in places, number == order[0])
        for number, word in enumerate(rows[0]["text"].split())
    )
    guesses = "".join(both(places[place], place != order[0]) for place in order)
    return (
        f'<article class="ds-light-card"><header><img src="{escape(picture["src"])}" alt="" width="96" height="96">'
        f'<p translate="no">{caption}</p></header>{guesses}</article>'
    )


def word_markup(number: int, word: str, asked: bool, hidden: bool) -> str:
    if not asked:
        return f"<span>{escape(word)}</span>"
    return f'<button type="button" data-hide="{number}" aria-pressed="{str(hidden).lower()}">{escape(word)}</button>'


def both(row: Mapping, closed: bool) -> str:
    """The guesses for one place, without the picture and with it."""
    sides = [bars(title, kind, row[name], row["word"]) for title, kind, name in SIDES]
    return f'<div class="ds-light-both" data-place="{row["place"]}"{" hidden" if closed else ""}>{"".join(sides)}</div>'


SIDES = (("Caption alone", "none", "without"), ("With the picture", "made", "with"))


def bars(title: str, kind: str, guesses: Sequence[Sequence], word: str | None) -> str:
    """The likeliest words as bars; the right one is marked."""
    rows = "".join(guess(text, chance, text == word) for text, chance in guesses)
    return f'<figure class="ds-light-guesses ds-light-{kind}"><figcaption>{title}</figcaption><ul>{rows}</ul></figure>'


def guess(text: str, chance: float, right: bool) -> str:
    sign = '<small title="the hidden word">✓</small>' if right else ""
    return (
        f'<li class="{"ds-light-hit" if right else ""}"><span><bdi translate="no">{escape(text)}</bdi>{sign}</span>'
        f'<b>{100 * chance:.0f} %</b><div><i style="width:{100 * min(max(chance, 0.0), 1.0):.1f}%"></i></div></li>'
    )


# -- one's own ------------------------------------------------------------------------------------------------------
def own(there: Sequence[int], pictures: Pictures) -> str:
    """A form that asks the desk: a picture of the run and a caption with one gap."""
    choices = "".join(
        f'<label title="{escape(pictures[number]["text"])}"><input type="radio" name="light-own" value="{number}"'
        f'{" checked" if not place else ""}><img src="{escape(pictures[number]["src"])}" '
        f'alt="{escape(pictures[number]["text"])}" width="44" height="44"></label>'
        for place, number in enumerate(there[:MOST])
    )
    return (
        '<form class="ds-light-own"><h3>Try a caption of your own</h3>'
        f'<div class="ds-light-strip" role="radiogroup" aria-label="Picture" translate="no">{choices}</div>'
        f"<label>A caption with one word hidden, written {GAP}"
        '<input type="text" translate="no" maxlength="200" autocomplete="off" '
        f'placeholder="a red {GAP} above a boat"></label>'
        '<button type="submit">Fill in</button></form>'
    )


def waiting_markup() -> str:
    return (
        '<div class="ds-light-answer" data-state="waiting" role="status"><div class="ds-loading"></div>'
        '<p class="ds-quiet">Asking. The first question loads the model.</p></div>'
    )


def answer_markup(found: Mapping, picture: Mapping) -> str:
    """What the desk said; empty where it is not whole."""
    spoken, place, unknown = found.get("words"), found.get("place"), found.get("unknown")
    if not (isinstance(spoken, list) and all(isinstance(one, str) for one in spoken) and reading.is_whole(place)):
        return ""
    if not all(reading.is_guesses(found.get(name)) for _, _, name in SIDES):
        return ""
    caption = " ".join(
        '<mark aria-label="hidden word">?</mark>' if number == place else f"<span>{escape(word)}</span>"
        for number, word in enumerate(spoken)
    )
    sides = "".join(bars(title, kind, found[name], None) for title, kind, name in SIDES)
    strange = [word for word in unknown if isinstance(word, str)] if isinstance(unknown, list) else []
    lacking = f'<p class="ds-quiet">The model has no word for: {escape(", ".join(strange))}.</p>' if strange else ""
    return (
        '<article class="ds-light-card ds-light-answer" data-state="ready"><header>'
        f'<img src="{escape(picture["src"])}" alt="" width="96" height="96"><p translate="no">{caption}</p></header>'
        f'<div class="ds-light-both">{sides}</div>{lacking}</article>'
    )


def numbers(arm: Arm, rows: Sequence[Mapping]) -> str:
    heads = ("arm", "picture", "caption", "hidden word", "picture shown", "guess", "probability")
    told = (
        (arm.name, row["picture"], row["text"], row["word"], "yes" if name == "with" else "no", *pair)
        for row in rows
        if row["arm"] == arm.name
        for name in ("with", "without")
        for pair in row[name]
    )
    return saving.saves("hidden-words", heads, told)
