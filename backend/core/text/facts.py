"""Facts: which of a task's facts a text asks, and which of the questions that are kept out asks the same one.

A task may tell its facts in `facts.json` beside its splits: `{kind: {"asks": [...], "answers": {about: [...]}}}`. A
fact is one thing that is true of what it is about; its right answers are listed, and each fact of a kind is asked in
the words of `asks`, with what it is about in place of `{}`. Compares words as leaks.py does, without articles. A text
in other words is understood where it names what a fact is about and its answer is right; beside a wrong one it is not.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from backend.core.text.leaks import ARTICLES, Words, words
from backend.core.text.tasks import OWN_TASKS, Question, find_task
from backend.core.text.text_data import folder_of
from backend.errors import UserError

FILE = "facts.json"
BLANK = "{}"


@dataclass(frozen=True)
class Fact:
    """One thing that is true: its name, what it is about, its right answers and the questions that ask it."""

    name: str
    about: str
    answers: tuple[str, ...]
    asks: tuple[str, ...]


class Kind(BaseModel):
    """Facts that are asked alike, as the file has them."""

    model_config = ConfigDict(extra="forbid", strict=True)
    asks: list[str]
    answers: dict[str, list[str]]


KINDS = TypeAdapter(dict[str, Kind])


def load_facts(task: str, data_dir: str | None = None) -> tuple[Fact, ...]:
    """The facts that a task's data tells, where load_questions reads the task; none where it tells none."""
    spec = find_task(task)
    own = spec.name in OWN_TASKS and data_dir
    folder = Path(data_dir).expanduser() if own else folder_of(spec, data_dir)
    return read_facts(folder / FILE) if folder and (folder / FILE).is_file() else ()


def read_facts(file: Path) -> tuple[Fact, ...]:
    """The facts of a file. UserError says what is wrong in it, and where."""
    try:
        kinds = KINDS.validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        expected = 'one JSON object: {kind: {"asks": [questions with {}], "answers": {about: [answers]}}}'
        raise UserError(_wrong(file, error), expected, "Correct the file or remove it.", kind="data") from None
    return tuple(
        Fact(f"{kind}:{about}", about, tuple(answers), tuple(ask.replace(BLANK, about) for ask in told.asks))
        for kind, told in kinds.items()
        for about, answers in told.answers.items()
    )


class KeptOut:
    """The facts that the given questions ask, which no other text may ask."""

    def __init__(self, facts: Sequence[Fact], questions: Sequence[Question]):
        self.phrasings = _Runs((ask, fact) for fact in facts for ask in fact.asks)
        self.subjects = _Runs((fact.about, fact) for fact in facts)
        self.by: dict[str, str] = {}  # name of a fact -> id of the first question that asks it
        for question in questions:
            for fact in self.asked(question.question):
                self.by.setdefault(fact.name, question.id)

    def why(self, question: str, answer: str) -> dict[str, str] | None:
        """The `fact` that a text asks and the question by which it is kept out, `asked_by`; None where it may stay."""
        for fact in self.asked(question) or self.stated(question, answer):
            if fact.name in self.by:
                return {"fact": fact.name, "asked_by": self.by[fact.name]}
        return None

    def asked(self, text: str) -> list[Fact]:
        """The facts that a text asks in their own phrasings, whatever stands around these."""
        return self.phrasings.inside(plain(text))

    def stated(self, question: str, answer: str) -> list[Fact]:
        """The facts whose subject a question names and whose right answer it has."""
        given = plain(answer)
        return [fact for fact in self.subjects.inside(plain(question)) if given in map(plain, fact.answers)]


def plain(text: str) -> Words:
    """The words that are compared."""
    return tuple(word for word in words(text) if word not in ARTICLES)


class _Runs:
    """Runs of words, and the facts that each tells of."""

    def __init__(self, told: Iterable[tuple[str, Fact]]):
        self.facts: dict[Words, list[Fact]] = defaultdict(list)
        for text, fact in told:
            self.facts[plain(text)].append(fact)
        self.longest = max(map(len, self.facts), default=0)

    def inside(self, text: Words) -> list[Fact]:
        """The facts of the runs in a text. One that is part of a longer one does not count: a square metre is no
        metre."""
        places = ((i, j) for i in range(len(text)) for j in range(i + 1, min(i + self.longest, len(text)) + 1))
        found = [place for place in places if text[slice(*place)] in self.facts]
        outer = [one for one in found if not any(_within(one, other) for other in found)]
        return [fact for place in outer for fact in self.facts[text[slice(*place)]]]


def _within(place: tuple[int, int], other: tuple[int, int]) -> bool:
    return place != other and other[0] <= place[0] and place[1] <= other[1]


def _wrong(file: Path, error: OSError | ValidationError) -> str:
    if isinstance(error, OSError):
        return f"{file.name} cannot be read ({str(error)[:80]})."
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ", ".join(str(part)[:40] for part in first["loc"])
    return f"{file.name} is not as it should be{f', at {place}' if place else ''}: {first['msg'][:80]}."
