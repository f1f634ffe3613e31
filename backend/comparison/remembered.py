"""Students remembered by recipe: what a student of the very same data, start, order and plan came to, made once.

Comparisons share their baselines, and training is most of their cost. Knows recipes and files below the home folder;
not how a student is trained. Raise VERSION when training or scoring changes.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from backend.comparison.config import ComparisonConfig
from backend.core.models.readers import Reader
from backend.core.text.examples import Rows
from backend.core.text.tasks import Question
from backend.disk import home, write_atomically

VERSION = 1
FOLDER = "students"


def remembered(recipe: dict, make: Callable[[], Any]) -> Any:
    """The kept result of the recipe, as JSON gives it back; made and kept where there is none."""
    return remembered_each([recipe], lambda _: [make()])[0]


def remembered_each(recipes: Sequence[dict], make: Callable[[list[int]], list[Any]]) -> list[Any]:
    """The kept result of every recipe; `make` is asked once for all that there are none of, by their numbers."""
    paths = [_path(recipe) for recipe in recipes]
    if missing := [number for number, path in enumerate(paths) if not path.is_file()]:
        for number, found in zip(missing, make(missing), strict=True):
            paths[number].parent.mkdir(parents=True, exist_ok=True)
            write_atomically(paths[number], json.dumps(found))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def _path(recipe: dict) -> Path:
    digest = hashlib.sha256(json.dumps(recipe | {"version": VERSION}, sort_keys=True).encode()).hexdigest()[:24]
    return home() / FOLDER / f"{digest}.json"


def recipe_of(
    config: ComparisonConfig, reader: Reader, rows: Rows, asked: list[Question], **about: object
) -> dict[str, object]:
    """Everything an ordinary student depends on: its data in order, its model, its plan and the questions asked."""
    plan = ("seed", "steps", "batch", "lora_rank", "lora_alpha", "mixed_precision", "task")
    data = [(example.prompt, example.answer) for example in rows.examples]
    return {
        "student": reader.fingerprint,
        "device": reader.student.device.type,
        "data": hashlib.sha256(repr(data).encode()).hexdigest(),
        "asked": hashlib.sha256(repr(asked).encode()).hexdigest(),
        "plan": {name: getattr(config, name) for name in plan} | config.adapted_elsewhere(),
        **about,
    }
