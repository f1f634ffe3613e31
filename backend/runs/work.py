"""How much work a run is, counted in what every machine can time: starts, steps, tokens and questions.

A study says it of a config, part by part; pace.py says what each takes here. Data only; knows no study and no clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass

Number = float | int
START = "start"  # beside a study's own stages: the process loads its libraries, the models and the data


@dataclass(frozen=True)
class Amount:
    """Some work. Amounts add up, and may be taken several times.

    `starts`: processes that load everything; `steps`: updates of one student, each of which costs something however
    little it reads; `tokens`: what these read, forward and back; `questions`: of four short options, scored.
    """

    starts: Number = 0.0
    steps: Number = 0.0
    tokens: Number = 0.0
    questions: Number = 0.0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(*(a + b for a, b in zip(self.counts, other.counts, strict=True)))

    def __mul__(self, times: Number) -> "Amount":
        return Amount(*(count * times for count in self.counts))

    @property
    def counts(self) -> tuple[Number, ...]:
        return self.starts, self.steps, self.tokens, self.questions


@dataclass(frozen=True)
class Part:
    """Work of one stage by the students of one model, shared by `at_once` processes or by `threads` of one; without a
    model, a bundled one.

    The parts of a stage follow each other. `name` says what it is, for whoever reads the count.
    """

    stage: str
    name: str
    amount: Amount
    model: str = ""
    at_once: int = 1
    threads: int = 1

    @property
    def shared_by(self) -> int:
        """How many cores it keeps busy."""
        return self.at_once * self.threads

    @classmethod
    def from_dict(cls, stage: str, told: dict) -> "Part":
        """A part that timings.jsonl kept."""
        return cls(stage, "", Amount(*told["amount"]), told["model"], told["at_once"], told["threads"])

    def as_dict(self) -> dict:
        """As timings.jsonl keeps it."""
        return {"amount": self.amount.counts, "model": self.model, "at_once": self.at_once, "threads": self.threads}


@dataclass(frozen=True)
class Work:
    """All parts of a run, and the most memory that its processes hold at once, in MB."""

    parts: tuple[Part, ...]
    memory_mb: Number


def apart(stage: str, name: str, amount: Amount, model: str, threads: int) -> list[Part]:
    """As two parts: the training in one thread, and the questions, which so many threads of a process share."""
    asked = Amount(questions=amount.questions)
    training = Part(stage, name, amount + asked * -1, model)
    return [training, Part(stage, f"{name}: questions", asked, model, threads=threads)]


def total(amounts: Iterable[Amount]) -> Amount:
    """The sum of any number of amounts."""
    found = Amount()
    for amount in amounts:
        found += amount
    return found
