"""Prompts: what the talkers are asked, in two parts: those whose answers are taught, and those held out.

They lie beside a talker (prompts.json) or in a file of the user's, a prompt a line or a row. Loads without torch; knows
no model and no world.
"""

import json
import random
import re
from dataclasses import dataclass
from pathlib import Path

from backend.core.text.prompts import Example
from backend.core.text.tables import read_table
from backend.core.text.unframed import unframed
from backend.errors import UserError

BESIDE = "prompts.json"
COLUMNS = ("prompt", "question", "text", "instruction")  # of a user's file, the first that is there
ABOUT = re.compile(r"Tell me about (?:an? |the )?(.+?)\.?\n")
FRAMED = "arc"  # the layout whose words may stand around a prompt


@dataclass(frozen=True)
class Prompt:
    """`number` counts within its part; `entity` is who is asked about, empty where nobody knows."""

    number: int
    text: str
    entity: str

    def taught(self, answer: str) -> Example:
        """The example to learn: also as a conversation, for models with a chat template."""
        return Example(self.text, answer, turns=(("user", unframed(self.text, FRAMED)),))


@dataclass(frozen=True)
class Prompts:
    """Those that the pool and the students are made with, and those that profiles are taken on."""

    train: list[Prompt]
    test: list[Prompt]


def read_prompts(place: Path, train: int, test: int, seed: int) -> Prompts:
    """So many of each part, the first ones. Of a file without parts they are drawn. Raises UserError where the file
    cannot be read or has too few."""
    if place.name == BESIDE:
        parts = _beside(place)
    else:
        texts = list(dict.fromkeys(_own(place)))
        random.Random(f"{seed}/prompts").shuffle(texts)
        held = min(test, len(texts) // 2)
        parts = {"train": texts[held:], "test": texts[:held]}
    for name, wanted in (("train", train), ("test", test)):
        if len(parts[name]) < wanted:
            found = f"{place.name} has {len(parts[name])} prompts to {name}, and {wanted} are asked for."
            setting = "prompts" if name == "train" else "test_prompts"
            raise UserError(found, "at least as many", f"Lower {setting}, or give more prompts.", about=setting)
    return Prompts(*(list(map(_prompt, range(n), parts[name])) for name, n in (("train", train), ("test", test))))


def _prompt(number: int, item: str | dict) -> Prompt:
    if isinstance(item, dict):
        return Prompt(number, item["text"], item.get("entity", ""))
    about = ABOUT.search(f"{item}\n")
    return Prompt(number, item, about[1] if about else "")


def _beside(place: Path) -> dict[str, list]:
    try:
        found = json.loads(place.read_text(encoding="utf-8"))
        return {name: list(found[name]) for name in ("train", "test")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        said = f"{place.name} beside the talker cannot be read ({type(error).__name__})."
        raise UserError(said, "train and test, each a list of prompts", "Set prompts_file.") from error


def _own(place: Path) -> list[str]:
    """The prompts of a user's file: lines of a .txt, else one column of a table."""
    if place.suffix == ".txt":
        return _lines(place)
    rows = [row for _, row in read_table(place).rows]
    named = [row for row in rows if isinstance(row, dict)]
    column = next((name for name in COLUMNS if named and isinstance(named[0].get(name), str)), None)
    if named and column is None:
        found = f"{place.name} has no column of prompts."
        step = "Name it prompt, or give a .txt file with a prompt a line."
        raise UserError(found, f"one of {', '.join(COLUMNS)}", step, about="prompts_file")
    texts = [row.get(column) if isinstance(row, dict) else row for row in rows]
    return [text for text in texts if isinstance(text, str) and text.strip()]


def _lines(place: Path) -> list[str]:
    try:
        lines = place.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        found = f"{place.name} cannot be read ({type(error).__name__})."
        raise UserError(found, "text in UTF-8", "Check the file.", about="prompts_file") from error
    return [line.strip() for line in lines if line.strip()]
