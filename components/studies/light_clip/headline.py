"""What a finished run came to, in a few plain sentences: token matching, the picture's part in a hidden word, softness.

Says that something moved only where the 95 % interval excludes zero, and that LightCLIP's formulas are our reading.
Knows figures; no widget.
"""

from collections.abc import Mapping
from html import escape

from backend.studies.light_clip.words import OUR_READING
from components.frame.words import count
from components.studies.light_clip import words
from components.studies.light_clip.reading import Figure, Spread

Found = Mapping[tuple[str, str], Figure]
SAID = {  # of a difference to base: what is said where it rose, fell, lies within noise; {n} in points, {bounds} 95 %
    (words.TOKENS, "pointing"): (
        "Token matching adds {n} points of pointing accuracy ({bounds}).",
        "Token matching costs {n} points of pointing accuracy ({bounds}).",
        "Token matching moves pointing accuracy by {n} points ({bounds}), not beyond noise.",
    ),
    (words.TOKENS, "i2t5"): (
        "It adds {n} points to finding a picture's caption ({bounds}).",
        "It costs {n} points in finding a picture's caption ({bounds}).",
        "Finding a picture's caption moves by {n} points ({bounds}), not beyond noise.",
    ),
    (words.SOFTENED, "top1"): (
        "Softened labels add {n} points of zero-shot accuracy ({bounds}).",
        "Softened labels cost {n} points of zero-shot accuracy ({bounds}).",
        "Softened labels move zero-shot accuracy by {n} points ({bounds}), not beyond noise.",
    ),
}
ADDED = (  # the picture's part in a hidden word
    "The picture adds {n} points to guessing a hidden word ({bounds}).",
    "The picture costs {n} points in guessing a hidden word ({bounds}).",
    "The picture moves guessing a hidden word by {n} points ({bounds}), not beyond noise.",
)
GUESSERS = (words.MASKED, words.ALL)


def headline_markup(found: Found) -> str:
    """The sentences as markup; empty where the run has nothing to compare."""
    told = sentences(found)
    if not told:
        return ""
    seeds = max(figure.value.seeds for figure in found.values())
    measured = f"In brackets: 95 % intervals over {count(seeds, 'seed')}, differences paired by seed. {OUR_READING}"
    return f'<p class="ds-watching">{escape(" ".join(told))}</p><p class="ds-run-about">{escape(measured)}</p>'


def sentences(found: Found) -> list[str]:
    moved = {key: found[key].against for key in SAID if key in found and found[key].against}
    told = [sentence(forms, moved[key]) for key, forms in SAID.items() if key in moved and moved[key].known]
    gain = picture_gain(found)
    if gain is not None:
        told.insert(sum(key[0] == words.TOKENS for key in moved), sentence(ADDED, gain))
    return told


def picture_gain(found: Found) -> Spread | None:
    """What the picture adds to a hidden word, by the arm that learned hidden words alone, else by all together."""
    gains = (found[arm, "masked_gain"].value for arm in GUESSERS if (arm, "masked_gain") in found)
    return next((gain for gain in gains if gain.known), None)


def gain_markup(found: Found) -> str:
    """What the picture adds to a hidden word, with both figures, for beside the examples; empty where there is none."""
    arm = next((arm for arm in GUESSERS if (arm, "masked_gain") in found), None)
    sides = [found.get((arm, name)) for name in ("masked_with", "masked_without")]
    if arm is None or None in sides:
        return ""
    with_, without = (words.percent(one.value.mean) for one in sides)
    n, gain = sides[0].value.n, found[arm, "masked_gain"].value
    said = f"Of all hidden words of the test, {with_} are guessed with the picture, {without} without (n = {n:,})."
    moved = f" {sentence(ADDED, gain)}" if gain.known else ""
    return f'<p class="ds-verdict">{escape(said + moved)}</p>'


def sentence(forms: tuple[str, str, str], moved: Spread) -> str:
    """One figure: what happened to it, by how much, and its interval."""
    form = forms[2 if not moved.beyond else int(moved.mean < 0)]
    n = words.points(moved.mean).lstrip("+\N{MINUS SIGN}") if moved.beyond else words.points(moved.mean)
    return form.format(n=n, bounds=f"95 %: {words.bounds(moved.low, moved.high)}")
