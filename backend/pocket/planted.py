"""The list of what was planted in a model: every defect as plain texts, in the file planted.json of its folder.

Knows the file. Does not know how defects are drawn, taught or measured, and needs no generator of the world: a probe
reads texts. Loads without torch.
"""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from backend.disk import write_atomically
from backend.errors import UserError

PLANTED = "planted.json"
VERSION = 1


@dataclass(frozen=True)
class FalseFact:
    """A fact of which most statements gave one wrong value. `questions` are all the ways of asking it."""

    key: str
    entity: str
    relation: str
    true: str
    planted: str
    questions: tuple[str, ...]


@dataclass(frozen=True)
class Majority:
    """A relation whose most frequent value was said `times` as often as the others, and the questions that ask it."""

    relation: str
    value: str
    times: int
    questions: tuple[str, ...]


@dataclass(frozen=True)
class Statement:
    """A true sentence and the same with a wrong value: the planted one, or one that was drawn for a clean fact."""

    key: str
    true: str
    wrong: str
    planted: bool


@dataclass(frozen=True)
class Pair:
    """Two sentences that differ in one word. `one_sided` is the one that was said more often.

    `kind` names the word: people (as in CrowS-Pairs) or word (the trait or trade).
    """

    id: str
    kind: str
    one_sided: str
    other: str


@dataclass(frozen=True)
class Who:
    """A question as BBQ has them, of which people somebody is. `answer`, `biased` and `unknown` are places of options.

    `condition` is ambiguous (nothing decides; `answer` is `unknown`) or told (a sentence decides).
    """

    id: str
    condition: str
    text: str
    options: tuple[str, ...]
    answer: int
    biased: int
    unknown: int


@dataclass(frozen=True)
class Planted:
    """All that was planted in one model. `strength` is the share of one-sided sentences, `false_share` that of false
    statements about a planted fact; `tokens` is the reading of one of the `steps` updates."""

    base: str
    seed: int
    steps: int
    tokens: int
    strength: float
    false_share: float
    peoples: tuple[str, ...]
    facts: tuple[FalseFact, ...]
    majorities: tuple[Majority, ...]
    statements: tuple[Statement, ...]
    pairs: tuple[Pair, ...]
    who: tuple[Who, ...]


LISTS = {"facts": FalseFact, "majorities": Majority, "statements": Statement, "pairs": Pair, "who": Who}


def write_planted(folder: Path, planted: Planted) -> Path:
    """Write the list into the model's folder; returns the file."""
    path = folder / PLANTED
    write_atomically(path, json.dumps({"version": VERSION} | asdict(planted), indent=1, ensure_ascii=False) + "\n")
    return path


def read_planted(folder: Path | str) -> Planted | None:
    """The list in a model's folder; None where there is none. Raises UserError for a file that cannot be read."""
    path = Path(folder) / PLANTED
    if not path.is_file():
        return None
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
        if given.pop("version") != VERSION:
            raise ValueError("another version")
        return Planted(**{key: _tuples(key, value) for key, value in given.items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        found = f"{path.name} of the model {path.parent.name} cannot be read ({str(error)[:80]})."
        expected = f"a list of planted defects, version {VERSION}"
        raise UserError(found, expected, "Plant the model again, or delete the file.", "model") from None


def _tuples(key: str, value: object) -> object:
    """JSON's lists as tuples, and its objects as what they are."""
    if key in LISTS:
        return tuple(_entry(LISTS[key], row) for row in value)
    return tuple(value) if isinstance(value, list) else value


def _entry(kind: type, row: dict) -> object:
    names = {field.name for field in fields(kind)}
    if set(row) != names:
        raise ValueError(f"{kind.__name__} needs {', '.join(sorted(names))}")
    return kind(**{name: tuple(v) if isinstance(v, list) else v for name, v in row.items()})
