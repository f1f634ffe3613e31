"""Objectives: what makes one text of a prompt better than another, and which of the first k is kept.

None of them has a gradient; each is a number of a text, more being better, or a weighted sum of such numbers in
standard deviations of the pool. Standard library only and quick, so that a page chooses anew at every move of a slider.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, pstdev

# objective -> the score it reads, and whether more or less of it is wanted
OBJECTIVES = {
    "length": ("length", 1),
    "short": ("length", -1),
    "mtld": ("mtld", 1),
    "mattr": ("mattr", 1),
    "plain": ("fog", -1),
    "rix": ("rix", -1),
    "polite": ("rude", -1),
    "true": ("truth", 1),
}
SUM = "sum"
VARIED = ("mtld", "mattr")  # compared among texts that are long enough for them
CHOICES = ("random", "best", "worst")
Chosen = tuple[int, str, int]  # prompt, talker, which of its texts


def rechoose(
    rows: Sequence[Mapping],
    objective: str,
    weights: Mapping[str, float] | None = None,
    k: int = 8,
    how: str = "best",
    *,
    seed: int = 0,
    equal_words: int = 0,
) -> list[Chosen]:
    """The kept text of every prompt, by rows of pool.jsonl: (prompt, talker, index), in the order of the prompts.

    `how` is best, worst or random. The candidates of a prompt are the first k texts, which several talkers of `rows`
    share equally. `weights` are those of the objectives that a `sum` adds up. Of texts that are equally good the first
    is kept, which is as good as drawn. With `equal_words`, a text with fewer words is chosen by MTLD or MATTR only
    where its prompt has no longer one. Raises ValueError for an objective that is none, or that these texts have no
    score of.
    """
    if how not in CHOICES:
        raise ValueError(f"{how} is none of {', '.join(CHOICES)}")
    groups = candidates(rows, k)
    if how == "random":
        return [_draw(group, prompt, seed) for prompt, group in groups.items()]
    value, sign = valued(rows, objective, weights), 1 if how == "best" else -1
    found = []
    for prompt, group in groups.items():
        kept = _long_enough(group, objective, weights, equal_words)
        talker, index, _ = max(kept, key=lambda one: sign * value(one[2]["scores"]))
        found.append((prompt, talker, index))
    return found


def candidates(rows: Iterable[Mapping], k: int) -> dict[int, list[tuple[str, int, Mapping]]]:
    """Prompt -> its candidates as (talker, index, text): the first k texts, shared equally by the talkers there are."""
    by_prompt: dict[int, list[Mapping]] = {}
    for row in rows:
        by_prompt.setdefault(row["prompt"], []).append(row)
    found = {}
    for prompt in sorted(by_prompt):
        each = max(1, k // len(by_prompt[prompt]))
        found[prompt] = [
            (row["talker"], index, text) for row in by_prompt[prompt] for index, text in enumerate(row["texts"][:each])
        ]
    return found


def valued(rows: Iterable[Mapping], objective: str, weights: Mapping[str, float] | None = None):
    """A function from the scores of a text to its worth under the objective, more being better."""
    if objective != SUM:
        name, sign = _known(objective)
        if any(text["scores"][name] is None for row in rows for text in row["texts"]):
            raise ValueError(f"these texts have no {name}")
        return lambda scores: sign * scores[name]
    parts = []
    for part, weight in (weights or {}).items():
        name, sign = _known(part)
        if weight and (scale := z_scale(rows, name)):
            parts.append((name, sign * weight / scale[1], scale[0]))
    return lambda scores: sum(factor * (scores[name] - middle) for name, factor, middle in parts)


def z_scale(rows: Iterable[Mapping], name: str) -> tuple[float, float] | None:
    """Mean and standard deviation of a score over all texts of the pool; None where it does not vary."""
    values = [text["scores"][name] for row in rows for text in row["texts"]]
    if any(value is None for value in values):
        raise ValueError(f"these texts have no {name}")
    spread = pstdev(values) if values else 0.0
    return (fmean(values), spread) if spread else None


def _known(objective: str) -> tuple[str, int]:
    if objective not in OBJECTIVES:
        raise ValueError(f"{objective} is none of {', '.join((*OBJECTIVES, SUM))}")
    return OBJECTIVES[objective]


def _long_enough(
    group: list[tuple[str, int, Mapping]], objective: str, weights: Mapping[str, float] | None, equal_words: int
) -> list[tuple[str, int, Mapping]]:
    """The candidates whose variety can be compared; all of them where none is long enough, or variety is not asked."""
    asked = {name for name, weight in (weights or {}).items() if weight} if objective == SUM else {objective}
    if not equal_words or not asked & set(VARIED):
        return group
    return [one for one in group if one[2]["scores"]["words"] >= equal_words] or group


def _draw(group: list[tuple[str, int, Mapping]], prompt: int, seed: int) -> Chosen:
    talker, index, _ = random.Random(f"{seed}/random/{prompt}").choice(group)
    return prompt, talker, index
