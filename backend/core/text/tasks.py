"""Tasks: the table of benchmarks, what one question is, and what a model reads and may answer.

Knows the files in task_files/ (one task each: drop in another and there is another task) and the two layouts ("arc" as
allenai/ai2_arc, "mmlu" as cais/mmlu). Does not know columns (rows.py), where rows come from (text_data.py), nor tokens
and models.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from backend.core.text.described_files import read_object, refused
from backend.core.text.prompts import (
    ANSWER_SUFFIX,
    LETTERS,
    Example,
    few_shot_prompt,
    letters_prompt,
    question_prompt,
    subject_description,
)
from backend.errors import UserError

LAYOUTS = ("arc", "mmlu")
FREE = ("text", "prompt", "chat")  # layouts without options, of users' own data alone
TASK_FILES = Path(__file__).with_name("task_files")


@dataclass(frozen=True)
class Question:
    """A question with its options; `answer` is the index of the right one.

    A free answer is the only option. Of a conversation `turns` has (role, text) of all that was said before the answer.
    """

    id: str
    question: str
    options: tuple[str, ...]
    answer: int
    subject: str | None = None
    turns: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class TaskSpec:
    """A benchmark. `bundled` is a folder under assets/, `hub_path` a data set on the hub; a user's own data has
    neither."""

    name: str
    layout: str
    hub_path: str | None = None
    hub_config: str | None = None
    bundled: str | None = None
    splits: tuple[str, ...] = ("train", "validation", "test")
    shots: int = 0
    about: str = ""
    licence: str = ""
    source: str = ""

    @property
    def free(self) -> bool:
        """Whether its answers are free texts, so that there is nothing to choose among."""
        return self.layout in FREE


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_word(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_-]+", value) is not None


def _are_splits(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_word, value)) and len(set(value)) == len(value)


TEXT = (_is_text, "a text")
KEYS: dict[str, tuple[Callable[[object], bool], str]] = {
    "layout": (lambda value: value in LAYOUTS, f"one of {', '.join(LAYOUTS)}"),
    "hub_path": TEXT,
    "hub_config": TEXT,
    "bundled": (_is_word, "the name of a folder under assets"),
    "splits": (_are_splits, "a list of different names of letters, digits, _ and -"),
    "shots": (lambda value: type(value) is int and 0 <= value <= 100, "a whole number from 0 to 100"),
    "about": TEXT,
    "licence": TEXT,
    "source": TEXT,
}


def read_task_files(folder: Path) -> dict[str, TaskSpec]:
    """The tasks of a folder by name, bundled ones first. UserError names the file and the key that is wrong."""
    specs = [_read_task_file(file) for file in sorted(folder.glob("*.json"))]
    return {spec.name: spec for spec in sorted(specs, key=lambda spec: (not spec.bundled, spec.layout, spec.name))}


def _read_task_file(file: Path) -> TaskSpec:
    if not _is_word(file.stem):
        advice = "Rename the file: its name is the task's name."
        raise UserError(f"{file.name} cannot name a task.", "letters, digits, _ and -", advice)
    given = read_object(file, "a task", KEYS)
    _check_together(file.name, given)
    values = {key: tuple(value) if key == "splits" else value for key, value in given.items()}
    return TaskSpec(file.stem, **values)


def _check_together(file: str, given: dict) -> None:
    """Refuse keys that are legal one by one, but not together."""

    def refuse(key: str, found: str, expected: str) -> None:
        raise refused(file, key, found, expected)

    if "layout" not in given:
        refuse("layout", "missing", KEYS["layout"][1])
    if ("bundled" in given) == ("hub_path" in given):
        refuse("bundled", "given together with `hub_path`, or neither is", "exactly one of the two")
    if "hub_config" in given and "hub_path" not in given:
        refuse("hub_config", "given without `hub_path`", "a data set that it belongs to")
    if given.get("shots") and given["layout"] == "arc":
        refuse("shots", "the arc layout is asked without solved examples", "0, or the mmlu layout")
    if given.get("shots") and "dev" not in given.get("splits", ()):
        refuse("splits", "no `dev` to take the solved examples from", "`dev` among them where shots is not 0")


TASKS: dict[str, TaskSpec] = read_task_files(TASK_FILES)
OWN_TASKS: dict[str, TaskSpec] = {
    spec.name: spec
    for spec in (
        TaskSpec("own_options", "arc", about="Your own questions, answered with the text of an option."),
        TaskSpec("own_letters", "mmlu", about="Your own exam questions by subject, answered with a letter."),
        TaskSpec("own_text", "text", about="Your own instructions or questions, answered freely."),
        TaskSpec("own_prompts", "prompt", about="Your own prompts, each continued exactly as your file has it."),
        TaskSpec("own_chat", "chat", about="Your own conversations, in the model's chat template where it has one."),
    )
}


def find_task(name: str) -> TaskSpec:
    """A task of the table, or one that a user's own data makes. Raises UserError for any other name."""
    if name in TASKS or name in OWN_TASKS:
        return TASKS.get(name) or OWN_TASKS[name]
    known = ", ".join((*TASKS, *OWN_TASKS))
    raise UserError(f"There is no task called {name!r}.", f"one of {known}", "Choose a task from that list.")


def file_task(name: str, layout: str, shots: int = 0) -> TaskSpec:
    """A task for an uploaded file, which is in no table. `name` is cut to a word that may name a file of ours.

    A file called as a known task gets `_file` behind its name, so that their scores are never taken for each other's.
    """
    check_layout(layout, (*LAYOUTS, *FREE))
    word = re.sub(r"[^\w-]+", "_", Path(name).stem).strip("_")[:60] or "file"
    return TaskSpec(f"{word}_file" if word in TASKS else word, layout, splits=(), shots=shots)


def check_layout(layout: str, known: Sequence[str] = LAYOUTS) -> None:
    """Raise UserError for a layout that does not exist."""
    if layout not in known:
        raise UserError(f"There is no layout called {layout!r}.", f"one of {', '.join(known)}", "Choose one of them.")


def to_example(question: Question, spec: TaskSpec, shots: Sequence[Question] = ()) -> Example:
    """What a model reads and should answer. arc: the text of the option; mmlu: its letter, under the solved `shots`; a
    free answer as it is."""
    if spec.layout != "mmlu":
        example = framed(question.question, question.options[question.answer], spec)
        return replace(example, turns=question.turns) if question.turns else example
    solved = [_lettered(shot) for shot in shots]
    asked = _lettered(question)
    description = subject_description(question.subject or "general knowledge")
    return Example(few_shot_prompt(description, solved, asked.prompt), asked.answer)


def framed(text: str, answer: str, spec: TaskSpec) -> Example:
    """Any text in place of a question, in the words that the task puts around one: around a user's own prompts none,
    and in a conversation the model's own, with the text as what the user says."""
    if spec.layout == "prompt":
        return Example(text, answer, between="")
    turns = (("user", text),) if spec.layout == "chat" else ()
    return Example(question_prompt(text), answer, turns=turns)


def continuations(question: Question, spec: TaskSpec) -> tuple[str, ...]:
    """What the model may answer, one text for each option."""
    return tuple(LETTERS[: len(question.options)]) if spec.layout == "mmlu" else question.options


def with_letters(question: Question) -> Question:
    """The question with its options listed under letters, and the letters as its options: to be asked as arc is."""
    listed = letters_prompt(question.question, question.options).removesuffix(ANSWER_SUFFIX)
    letters = tuple(LETTERS[: len(question.options)])
    return Question(question.id, listed, letters, question.answer, question.subject)


def reordered(question: Question, rng: random.Random) -> Question:
    """The question with its options in another order, drawn by `rng`."""
    order = rng.sample(range(len(question.options)), len(question.options))
    options = tuple(question.options[place] for place in order)
    return Question(question.id, question.question, options, order.index(question.answer), question.subject)


def _lettered(question: Question) -> Example:
    return Example(letters_prompt(question.question, question.options), LETTERS[question.answer])
