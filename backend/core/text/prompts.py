"""The words around a question: the exact text a model reads before it answers. Text in, text out.

Knows no file, model, tokenizer or task. Both templates are those of lm-evaluation-harness (arc_easy and mmlu, default
variant), so that a score here can be compared with a published one. Raise PROMPT_VERSION when any character changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PROMPT_VERSION = 1
QUESTION_PREFIX = "Question: "
ANSWER_SUFFIX = "\nAnswer:"
LETTERS = "ABCDEFGHIJKLMNOP"  # TruthfulQA has questions with thirteen options


@dataclass(frozen=True)
class Example:
    """One thing to learn: of `text`, the part after `prompt` is taught, exactly as it stands.

    `between` stands between prompt and answer: the benchmarks' one space, or nothing where a file says it all itself.
    `turns` are the (role, text) of a conversation before the answer, for models with a chat template; `prompt` has the
    same as plain text, for those without.
    """

    prompt: str
    answer: str
    between: str = " "
    turns: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        return f"{self.prompt}{self.between}{self.answer}"

    @property
    def row(self) -> dict:
        """The example as data sets of runs have it: prompt, answer, and of the others what is not as usual."""
        found: dict = {"prompt": self.prompt, "answer": self.answer}
        if self.between != " ":
            found["between"] = self.between
        if self.turns:
            found["turns"] = [list(turn) for turn in self.turns]
        return found

    @classmethod
    def of(cls, row: Mapping) -> "Example":
        """The example of a row as `row` makes it. Raises KeyError or TypeError for anything else."""
        turns = tuple((role, text) for role, text in row.get("turns", ()))
        return cls(row["prompt"], row["answer"], row.get("between", " "), turns)


def question_prompt(question: str) -> str:
    """The harness strips nothing here, so neither do we."""
    return f"{QUESTION_PREFIX}{question}{ANSWER_SUFFIX}"


def letters_prompt(question: str, options: Sequence[str]) -> str:
    """Options listed under letters; the answer is a letter. The harness strips the question, not the options."""
    lines = (f"\n{letter}. {option}" for letter, option in zip(LETTERS, options, strict=False))
    return f"{question.strip()}{''.join(lines)}{ANSWER_SUFFIX}"


def subject_description(subject: str) -> str:
    return f"The following are multiple choice questions (with answers) about {subject.replace('_', ' ')}.\n\n"


def few_shot_prompt(description: str, shots: Sequence[Example], prompt: str) -> str:
    """The description, then every solved example followed by an empty line, then the open question."""
    return description + "".join(f"{shot.text}\n\n" for shot in shots) + prompt
