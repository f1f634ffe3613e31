"""The page's small questions to a warm process: a caption of one's own beside a stored picture of a run.

`hidden_word` guesses a word with the picture and without it, `own_match` finds the patches of words. Knows run folders
and the students that a run kept; trains nothing. The first answer of a run loads its students, some 0.1 s.
"""

import base64
import io
import re
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from backend.core.training.finetune_state import read_tensors
from backend.core.vision.captions import numbered, unknown_words
from backend.core.vision.clip_files import Clip, load_clip
from backend.core.vision.images import normalised
from backend.core.vision.light_loss import Light
from backend.core.vision.masked_words import Fusion
from backend.core.vision.models import outputs
from backend.core.vision.pairs import Pairs
from backend.core.vision.token_matching import cosines
from backend.desk.ask import Shelf
from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.settings import build
from backend.studies.light_clip.arms import EVERYTHING
from backend.studies.light_clip.config import LightClipConfig
from backend.studies.light_clip.looks import guessed, matched
from backend.studies.light_clip.training import FUSION
from backend.studies.light_clip.tuning import STUDENTS

MATCHED = ("base", "tokens", EVERYTHING)  # whose matches are shown
GUESSING = ("masked_words", EVERYTHING)  # who may guess, the first that was kept does
HOLE = "_"
LONGEST = 300  # characters of a caption
KEPT = 6  # students that stay loaded


def hidden_word(shelf: Shelf, run: str, picture: int, text: str) -> dict:
    """`words`, `place` of the hole, and `with` and `without`: the five likeliest words there and their probabilities.

    `unknown` are words of the caption that the student never learned; it reads them as unknown. Raises UserError where
    the caption has no hole or several, is too long, or the run kept no student that guesses.
    """
    words = _words(text)
    holes = [place for place, word in enumerate(words) if set(word) == {HOLE}]
    if len(holes) != 1:
        found = f"The caption has {len(holes)} holes." if holes else "The caption has no hole."
        raise UserError(found, f"one {HOLE} in the place of a word", f'Write, say, "a red {HOLE} on sand".')
    config, row = _picture(run, picture)
    clip, fusion = next((got for arm in GUESSING if (got := _student(run, arm)) and got[1] is not None), (None, None))
    if clip is None:
        raise _none_kept("guesses hidden words", "Train the arm masked_words or all.")
    asked = [clip.tokenizer.mask_token or "a" if place == holes[0] else word for place, word in enumerate(words)]
    told = guessed(config, Light(clip.model, fusion), _pair(clip, row, " ".join(asked)), holes[0], clip.tokenizer)
    unknown = unknown_words(clip.tokenizer, " ".join(word for word in words if HOLE not in word))
    return {"words": words, "place": holes[0], "with": told["with"], "without": told["without"], "unknown": unknown}


def own_match(shelf: Shelf, run: str, picture: int, text: str) -> dict:
    """`arms`: for each of some arms the `words`, their `cosines` with every patch and the patches `chosen` by rule.

    `unknown` are words of the caption that the students never learned; they read them as unknown. Raises UserError
    where the caption is empty or too long, or the run kept no student.
    """
    words = _words(text)
    config, row = _picture(run, picture)
    found: dict = {"arms": {}, "unknown": []}
    for arm in MATCHED:
        if got := _student(run, arm):
            clip, _ = got
            pair = _pair(clip, row, " ".join(words))
            with torch.no_grad():
                said = outputs(clip.model, pair, tokens=True)
            last = int(pair.mask.sum()) - 1
            similar = cosines(said.patches, said.words[:, 1:last])[0, 0]
            shown = (
                words if len(words) == last - 1 else clip.tokenizer.convert_ids_to_tokens(pair.ids[0, 1:last].tolist())
            )
            found["arms"][arm] = {"words": shown} | matched(config, similar)
            found["unknown"] = unknown_words(clip.tokenizer, " ".join(words))
    if not found["arms"]:
        raise _none_kept("matches words", "Train the arm base or tokens.")
    return found


def _words(text: str) -> list[str]:
    """The words of a caption; punctuation does not count."""
    if len(text) > LONGEST:
        found = f"The caption has {len(text):,} characters."
        raise UserError(found, f"at most {LONGEST}", "Shorten it.")
    words = re.findall(r"\w+(?:'\w+)?", text.lower())
    if not words:
        raise UserError("The caption is empty.", "at least one word", "Write what the picture may show.")
    return words


def _picture(run: str, number: int) -> tuple[LightClipConfig, dict]:
    """The settings of a run and one of its pictures."""
    folder = RunDir(run)
    rows = {row["id"]: row for row in folder.rows("pictures")}
    if number not in rows:
        found = f"The run has no picture {number}."
        raise UserError(found, f"one of its {len(rows)} pictures", "Choose another picture.")
    return build(LightClipConfig, folder.config()["config"]), rows[number]


def _pair(clip: Clip, row: dict, text: str) -> Pairs:
    with Image.open(io.BytesIO(base64.b64decode(row["png"])), formats=("PNG",)) as image:
        pixels = np.array(image.convert("RGB").resize((clip.side, clip.side)))
    return Pairs(normalised(pixels[None], clip.normal), *numbered(clip.tokenizer, [text], clip.context))


def _student(run: str, arm: str) -> tuple[Clip, Fusion | None] | None:
    """The first student of an arm, with what guesses hidden words where it was trained; None where none was kept."""
    folder = RunDir(run).artifacts / STUDENTS / arm
    if not (folder / "config.json").is_file():
        return None
    config = build(LightClipConfig, RunDir(run).config()["config"])
    return _loaded(folder, (folder / "config.json").stat().st_mtime_ns, config)


@lru_cache(maxsize=KEPT)
def _loaded(folder: Path, changed: int, config: LightClipConfig) -> tuple[Clip, Fusion | None]:
    """A folder whose files have changed is loaded anew."""
    clip = load_clip(str(folder))
    if not (folder / FUSION).is_file():
        return clip, None
    fusion = Fusion(clip.model, config.stages, config.level)
    fusion.load_state_dict(read_tensors(folder / FUSION)[0])
    return clip, fusion.requires_grad_(False)


def _none_kept(what: str, step: str) -> UserError:
    return UserError(f"The run kept no student that {what}.", "a run that was made on this machine", step)
