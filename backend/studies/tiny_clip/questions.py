"""The small questions of this study's page to a warm process: zero-shot with own words, and retrieval both ways.

The teacher answers, and those students of seed 0 that the run folder has; who is not there is left out. Knows a run
folder; no screen. Loaded models and what they say of the run's pictures are kept for the next question.
"""

import base64
import binascii
import io
import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor
from transformers import CLIPModel

from backend.core.models.backbones import quiet
from backend.core.vision.captions import numbered, unknown_words
from backend.core.vision.clip_files import Clip
from backend.core.vision.cut_files import load_student
from backend.core.vision.images import normalised, read_image
from backend.core.vision.models import image_features, text_features
from backend.core.vision.zero_shot import class_features
from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.settings import build, from_saved
from backend.studies.tiny_clip.arms import ARMS, TEACHER
from backend.studies.tiny_clip.config import TinyClipConfig
from backend.studies.tiny_clip.data import load_teacher
from backend.studies.tiny_clip.tuning import STUDENTS

MOST_WORDS, LONGEST, MOST_FOUND = 200, 300, 50
MOST_RUNS = 3  # that are kept; a run's models take some MB each, the bundled teacher's


@dataclass
class Answerer:
    """Who answers about one run: its teacher and its students, and its stored pictures."""

    teacher: Clip
    models: dict[str, CLIPModel]
    rows: dict[int, dict]

    @cached_property
    def pixels(self) -> Float[Tensor, "pictures 3 side side"]:
        """The stored pictures as the teacher reads them."""
        return torch.cat([self.seen(stored_picture(row["png"], self.teacher.side)) for row in self.rows.values()])

    @cached_property
    def image(self) -> dict[str, Tensor]:
        """What everybody says of the stored pictures."""
        return {who: image_features(model, self.pixels) for who, model in self.models.items()}

    @cached_property
    def text(self) -> dict[str, Tensor]:
        """What everybody says of the stored captions."""
        ids, _ = numbered(self.teacher.tokenizer, [row["text"] for row in self.rows.values()], self.teacher.context)
        return {who: text_features(model, ids) for who, model in self.models.items()}

    def seen(self, pixels: UInt8[np.ndarray, "side side 3"]) -> Float[Tensor, "1 3 side side"]:
        own = np.array(pixels)[None]  # what Pillow gives cannot be written, which torch warns of
        return normalised(own, self.teacher.normal)

    def asked(self, picture: int | None, image: str | None) -> Float[Tensor, "1 3 side side"]:
        """The picture that a question is about. Raises UserError where there is none, or it cannot be read."""
        if image is not None:
            return self.seen(read_image(_bytes(image), self.teacher.side, "The picture"))
        if picture not in self.rows:
            found = f"There is no picture {picture!r} in this run."
            raise UserError(found, "one of those that are shown, or a file", "Choose another picture.")
        return self.seen(stored_picture(self.rows[picture]["png"], self.teacher.side))


_kept: OrderedDict[tuple, Answerer] = OrderedDict()


def own_words(
    _shelf: object,
    run: str,
    words: Sequence[str],
    template: str = "a picture of {}",
    picture: int | None = None,
    image: str | None = None,
) -> dict:
    """Which of these words the picture shows: `shares` of everybody, a softmax at the teacher's scale, in the order of
    `words`; `unknown` are words that nobody learned.

    `picture` is a stored one's number, `image` a file in base64. Raises UserError for input that cannot be used.
    """
    names = [_text(word, "word") for word in words if isinstance(word, str) and word.strip()]
    if not 2 <= len(dict.fromkeys(names)) <= MOST_WORDS or len(set(names)) < len(names):
        found = f"There are {len(names)} words, {len(set(names))} of them different."
        raise UserError(found, f"2 to {MOST_WORDS} different words", "Put commas between them.")
    who = answerer(run)
    template = _text(template, "template")
    seen, unknown = who.asked(picture, image), _unknown(who.teacher, [*names, template.replace("{}", " ")])
    scale, shares = who.teacher.model.logit_scale.exp().item(), {}
    for name, model in who.models.items():
        classes = class_features(model, who.teacher.tokenizer, names, [template])
        shares[name] = _rounded((scale * image_features(model, seen) @ classes.T).softmax(-1)[0])
    return {"words": names, "unknown": unknown, "shares": shares}


def find(
    _shelf: object,
    run: str,
    text: str | None = None,
    picture: int | None = None,
    image: str | None = None,
    k: int = 10,
) -> dict:
    """The k stored pictures nearest to a sentence, or the k stored captions nearest to a picture, by everybody: numbers
    of rows of pictures.jsonl with their cosines, and the sentence's words that nobody learned.

    Raises UserError for input that cannot be used.
    """
    if not isinstance(k, int) or not 1 <= k <= MOST_FOUND:
        raise UserError(f"k is {k!r}.", f"a whole number from 1 to {MOST_FOUND}", "Change it.")
    who, unknown = answerer(run), []
    if text is not None:
        said = _text(text, "sentence")
        unknown = _unknown(who.teacher, [said])
        ids, _ = numbered(who.teacher.tokenizer, [said], who.teacher.context)
        ours = {name: (text_features(model, ids), who.image[name]) for name, model in who.models.items()}
    else:
        seen = who.asked(picture, image)
        ours = {name: (image_features(model, seen), who.text[name]) for name, model in who.models.items()}
    numbers, found = list(who.rows), {}
    for name, (one, many) in ours.items():
        best = (one @ many.T)[0].topk(min(k, len(numbers)))
        pairs = zip(best.indices.tolist(), _rounded(best.values), strict=True)
        found[name] = [{"id": numbers[place], "cosine": cosine} for place, cosine in pairs]
    return {"unknown": unknown, "found": found}


def answerer(run: str) -> Answerer:
    """Who answers about the run of this folder, kept while its files do not change."""
    folder = RunDir(run)
    students = {arm: folder.artifacts / STUDENTS / arm for arm in ARMS}
    there = {arm: place for arm, place in students.items() if place.is_dir()}
    key = (str(folder.path), tuple((arm, place.stat().st_mtime_ns) for arm, place in there.items()))
    if key not in _kept:
        _kept[key] = _loaded(folder, there)
        while len(_kept) > MOST_RUNS:
            _kept.popitem(last=False)
    _kept.move_to_end(key)
    return _kept[key]


def _loaded(folder: RunDir, students: dict[str, Path]) -> Answerer:
    rows = {row["id"]: row for row in folder.rows("pictures")}
    if not rows:
        raise UserError("This run has no pictures yet.", "a run that has drawn them", "Wait a moment, then ask again.")
    told = folder.config()["config"]
    teacher = load_teacher(build(TinyClipConfig, from_saved(TinyClipConfig, told)))
    with quiet():
        models = {TEACHER: teacher.model} | {arm: load_student(place) for arm, place in students.items()}
    return Answerer(teacher, models, rows)


def _text(text: object, what: str) -> str:
    """A text that somebody typed, blanks around it dropped."""
    if not isinstance(text, str) or not text.strip() or len(text) > LONGEST:
        found = f"The {what} is {'longer' if isinstance(text, str) and text.strip() else 'empty'}."
        raise UserError(found, f"1 to {LONGEST} characters", f"Type a {what}.")
    if any("\ud800" <= letter <= "\udfff" for letter in text):  # no tokenizer can encode it
        raise UserError(f"The {what} holds half of a Unicode surrogate pair.", "whole characters", "Type it anew.")
    return re.sub(r"\s+", " ", text.strip())


def _unknown(teacher: Clip, texts: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(word for text in texts for word in unknown_words(teacher.tokenizer, text)))


def _bytes(image: object) -> bytes:
    try:
        return base64.b64decode(image, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise UserError("The picture did not arrive whole.", "a PNG or JPEG", "Choose the file again.") from error


def stored_picture(png: str, side: int) -> UInt8[np.ndarray, "side side 3"]:
    """A stored picture; enlarged where the teacher reads larger ones."""
    with Image.open(io.BytesIO(base64.b64decode(png))) as image:
        return np.asarray(image.convert("RGB").resize((side, side), Image.Resampling.BICUBIC))


def _rounded(values: Tensor) -> list[float]:
    return [round(value, 4) for value in values.tolist()]
