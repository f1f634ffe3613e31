"""Looks into a student: a row of softened labels, words matched with patches, hidden words. Rows as the run folder has
them, of a few pictures that are the same for everybody.

Knows the pictures that are looked at and a student; no training and no file.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from backend.core.vision.captions import numbered
from backend.core.vision.contrastive import logits_of
from backend.core.vision.images import normalised
from backend.core.vision.light_loss import Light, Parts
from backend.core.vision.masked_words import Asked, guesses, image_states, word_logits
from backend.core.vision.models import outputs
from backend.core.vision.pair_pool import PoolBatch
from backend.core.vision.pairs import Pairs
from backend.core.vision.soft_labels import soft_labels, softness_at
from backend.core.vision.splits import Split
from backend.core.vision.token_matching import Matching, cosines, plan
from backend.studies.light_clip.arms import RULES
from backend.studies.light_clip.config import LightClipConfig
from backend.studies.light_clip.data import Data
from backend.studies.light_clip.exams import scenes_of

SCENES = 8  # validation pictures whose words are matched and hidden
TOGETHER = 32  # training pairs of which some get a row of labels, as in an update
ROWED = 4  # of them, those that most other captions are true of
NEIGHBOURS = 16  # other captions of a row that are kept, those of the largest weight
TOP = 5  # guesses of a hidden word
DIGITS = 4
Patches = list[list[int] | None] | None


@dataclass(frozen=True)
class Shown:
    """The pictures that are looked at: scenes of validation, then training pairs. `true` says which captions of these
    pairs are true of which of their pictures; `patches[i]` where the words of scene i are, None where nobody knows."""

    scenes: Split
    pairs: Pairs
    patches: list[Patches]
    batch: PoolBatch
    texts: list[str]
    true: Bool[Tensor, "n n"]

    @property
    def rows(self) -> list[int]:
        """The training pairs that get a row of labels, the most ambiguous ones first."""
        others = (self.true.sum(1) - self.true.diagonal().int()).tolist()
        return sorted(range(len(others)), key=lambda row: -others[row])[:ROWED]


def shown_of(data: Data) -> Shown:
    """The pictures of a run that are looked at."""
    c, source, pool = data.config, data.source(data.config.loose), data.pool(data.config.loose)
    split = source.split(scenes_of(source.validations), c.validation_limit)
    numbers = _varied(split, SCENES)
    scenes = _rows(split, numbers)
    pairs = Pairs(normalised(scenes.pixels, data.normal), *numbered(data.tokenizer, scenes.texts, data.context))
    batch = pool.batch(c.seed, 0, min(TOGETHER, c.batch))
    batch = pool.pick(batch.rows, torch.zeros_like(batch.views), batch.captions)
    texts = [pool.texts[number] for number in batch.captions.tolist()]
    patches: list[Patches] = [None] * len(scenes)
    if data.whole_words(scenes.texts):
        patches = [source.word_patches(scenes.name, number, data.grid) for number in numbers]
    return Shown(scenes, pairs, patches, batch, texts, source.true(texts, batch.rows.tolist()))


def _varied(split: Split, count: int) -> list[int]:
    """The numbers of the first pictures that show several things, each with words of its own."""
    kept: dict[str, int] = {}
    for row, text in enumerate(split.texts):
        if len(split.names[row]) > 1:
            kept.setdefault(text, row)
    found = list(kept.values())
    return (found + [row for row in range(len(split)) if row not in found])[:count]


def _rows(split: Split, numbers: list[int]) -> Split:
    """The pictures of these numbers."""
    texts, names = (tuple(every[number] for number in numbers) for every in (split.texts, split.names))
    return Split(split.name, split.pixels[numbers], texts, names, split.classes, split.right[numbers])


def picture_rows(data: Data, shown: Shown) -> list[dict]:
    """The rows of pictures.jsonl: scenes first, then the training pairs; a picture's id is its number here."""
    source, pool, classes = data.source(data.config.loose), data.pool(data.config.loose), shown.scenes.classes
    at = source.shown(classes)[shown.batch.rows]
    names = tuple(tuple(one for one, there in zip(classes, row, strict=True) if there) for row in at.tolist())
    drawn = pool.pixels[shown.batch.rows.numpy()]
    pairs = Split("pairs", drawn, tuple(shown.texts), names, classes, at.bool())
    first = len(shown.scenes)
    return [shown.scenes.row(number) for number in range(first)] + [
        pairs.row(number) | {"id": first + number} for number in range(len(pairs))
    ]


def label_rows(c: LightClipConfig, parts: Parts, light: Light, shown: Shown, step: int) -> Iterator[dict]:
    """Rows of labels after `step` updates: what each of some pictures gives to the captions beside its own."""
    softness = softness_at(min(step, c.steps - 1), c.steps, parts.softness, parts.schedule)
    with torch.no_grad():
        logits = logits_of(outputs(light.clip, shown.batch.pairs.to(light.clip.device)))
        labels, first = soft_labels(logits, softness, parts.weights).cpu(), len(shown.scenes)
    for row in shown.rows:
        others = [number for number in range(len(labels)) if number != row]
        others.sort(key=lambda number: -labels[row, number].item())
        told = [
            {
                "id": first + number,
                "weight": round(labels[row, number].item(), 6),
                "true": bool(shown.true[row, number]),
            }
            for number in others[:NEIGHBOURS]
        ]
        yield {"step": step, "picture": first + row, "softness": round(softness, 6), "others": told}


def match_rows(c: LightClipConfig, light: Light, shown: Shown, tokenizer, step: int) -> Iterator[dict]:
    """Rows of matches: of each scene the cosines of words and patches, and the patches that each rule chooses."""
    with torch.no_grad():
        found = outputs(light.clip, shown.pairs.to(light.clip.device), tokens=True)
    for number in range(len(shown.scenes)):
        ids = shown.pairs.ids[number, 1 : int(shown.pairs.mask[number].sum()) - 1].tolist()
        similar = cosines(found.patches[number, None], found.words[number, None, 1 : len(ids) + 1])[0, 0].cpu()
        words = tokenizer.convert_ids_to_tokens(ids)
        truth = shown.patches[number] or [None] * len(words)
        yield {"step": step, "picture": number, "words": words, "truth": truth} | matched(c, similar)


def matched(c: LightClipConfig, similar: Float[Tensor, "words patches"]) -> dict:
    """Cosines, and for each rule the patch of each word; of Sinkhorn the one that gets most of it."""
    every = torch.ones(len(similar), dtype=torch.bool)
    rules = {rule: Matching(rule, c.k, c.epsilon, c.iterations) for rule in RULES}
    chosen = {rule: plan(similar[None], every[None], how)[0].argmax(-1).tolist() for rule, how in rules.items()}
    return {"cosines": [[round(value, DIGITS) for value in row] for row in similar.tolist()], "chosen": chosen}


def hidden_rows(c: LightClipConfig, light: Light, shown: Shown, tokenizer) -> Iterator[dict]:
    """Rows of masked.jsonl: of each scene every word about a thing (every word, where nobody knows), hidden alone."""
    for number, text in enumerate(shown.scenes.texts):
        one, there = shown.pairs.rows([number]), shown.patches[number]
        words = int(one.mask.sum()) - 2
        for place in range(words):
            if there is None or there[place] is not None:
                told = guessed(c, light, one, place, tokenizer)
                yield {"picture": number, "text": text, "place": place} | told


def guessed(c: LightClipConfig, light: Light, pair: Pairs, place: int, tokenizer) -> dict:
    """The word at a place, counted from 0, and the likeliest words there with the picture and without it."""
    hidden = torch.zeros_like(pair.ids, dtype=torch.bool)
    hidden[0, place + 1] = True
    device = light.clip.device
    asked = replace(Asked(pair.to(device), hidden.to(device)), both_ways=c.both_ways)
    with torch.no_grad():
        seen = image_states(light.clip, asked.pairs.pixels)
        found = {}
        for name, shown in (("with", seen), ("without", None)):
            likeliest = guesses(word_logits(light.clip, light.fusion, asked, shown), asked.word, TOP)
            words = tokenizer.convert_ids_to_tokens(likeliest.top[0].tolist())
            shares = [round(share, DIGITS) for share in likeliest.probability[0].tolist()]
            found[name] = [list(pair) for pair in zip(words, shares, strict=True)]
    return {"word": tokenizer.convert_ids_to_tokens([int(asked.word[0])])[0]} | found
