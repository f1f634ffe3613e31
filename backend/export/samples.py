"""Samples: the examples of a run's data sets, as files for other programs are made of them.

Which rows of a run are examples, its study says (`Study.examples`). Knows rows; no study, no layout and no file.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from backend.core.text.tasks import OWN_TASKS, TASKS
from backend.core.text.unframed import unframed
from backend.errors import UserError
from backend.export import travel
from backend.export.contract import check_rows
from backend.export.copy import RunCopy
from backend.study import resolve

BETWEEN = " "  # stood between prompt and answer before a row could say so
PLAIN = "arc"  # layout of a task that this copy does not know


@dataclass(frozen=True)
class Sample:
    """`row` is the example as the run has it, `question` what its prompt asks, without the words of a template.

    `earlier` are the turns of a conversation before the question, as (role, text).
    """

    row: dict
    question: str
    earlier: tuple[tuple[str, str], ...] = ()

    @property
    def prompt(self) -> str:
        return self.row["prompt"]

    @property
    def answer(self) -> str:
        return self.row["answer"]

    @property
    def completion(self) -> str:
        """What follows the prompt exactly: a blank where one was taught, then the answer."""
        return self.row.get("between", BETWEEN) + self.answer

    @property
    def system(self) -> str:
        """The system turns, one below the other; empty where there is none."""
        return "\n\n".join(text for role, text in self.earlier if role == "system")

    @property
    def talk(self) -> tuple[tuple[str, str], ...]:
        """The conversation without its system turns: earlier turns, the question, the answer."""
        said = tuple(turn for turn in self.earlier if turn[0] != "system")
        return (*said, ("user", self.question), ("assistant", self.answer))


Sets = dict[str, list[Sample]]  # by the name of the set


def sets_of(copy: RunCopy) -> Sets:
    """The data sets of a run. UserError where it has none, or not yet."""
    return resolve(copy.study.examples)(copy)


def read_samples(copy: RunCopy, file: str, task: str) -> list[Sample]:
    """The samples in a row file of the run, whose prompts are of this task. UserError where a row is not as it should
    be."""
    check_rows(file, copy.files[file], travel.entry_of(copy.study, file).shape)
    return samples(copy.rows(file.removesuffix(".jsonl")), task)


def samples(rows: Iterable[dict], task: str) -> list[Sample]:
    spec = TASKS.get(task) or OWN_TASKS.get(task)
    return [sample(row, spec.layout if spec else PLAIN) for row in rows]


def sample(row: dict, layout: str) -> Sample:
    """A row with `turns` is a conversation: those before the last are the earlier ones."""
    if turns := row.get("turns"):
        *earlier, (_, question) = turns
        return Sample(row, question, tuple((role, text) for role, text in earlier))
    return Sample(row, unframed(row["prompt"], layout))


def no_examples(what: str, next_step: str) -> UserError:
    """The UserError of a run that has no data set yet."""
    return UserError(f"This run has no {what} yet.", "a run that has come so far", next_step)
