"""Edits: what somebody changed in a run's final texts, and the texts with these changes. Loads without torch.

Knows the rows of distilled.jsonl and what an edit may hold; no model, no student, no screen.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from backend.core.text.prompts import ANSWER_SUFFIX, QUESTION_PREFIX, Example
from backend.errors import UserError
from backend.runs.folder import RunDir

MOST_EDITS = 200
LONGEST_TEXT = 4000  # characters, where the host says nothing: what a desk may be asked has an end
SHAPE = 'one of {"slot", "question", "answer"}, {"slot", "remove": true} and {"slot", "real": number}'


@dataclass(frozen=True)
class Text:
    """One of the texts that students learn: what may be changed of it, and the words around that."""

    slot: int
    question: str
    answer: str
    before: str = QUESTION_PREFIX
    behind: str = ANSWER_SUFFIX
    between: str = " "
    turns: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, slot: int, example: Example) -> "Text":
        """Of an example; words around its question that are not the usual ones stay part of it."""
        before = QUESTION_PREFIX if example.prompt.startswith(QUESTION_PREFIX) else ""
        behind = ANSWER_SUFFIX if example.prompt.endswith(ANSWER_SUFFIX) else ""
        question = example.prompt.removeprefix(before).removesuffix(behind)
        return cls(slot, question, example.answer, before, behind, example.between, example.turns)

    @property
    def example(self) -> Example:
        return Example(f"{self.before}{self.question}{self.behind}", self.answer, self.between, self.turns)

    def reworded(self, question: str, answer: str) -> "Text":
        """The text in other words. Blanks around a prompt or an answer, which nobody sees to change them, stay; a
        conversation with another question is that question alone."""
        question, answer = around(self.question, question), around(self.answer, answer)
        turns = (("user", question),) if self.turns and question != self.question else self.turns
        return replace(self, question=question, answer=answer, turns=turns)


@dataclass(frozen=True)
class Edit:
    """A change of the text in one slot, counted from 0: other words, or none where `question` is None. `real`: the
    number of a draw; the real question that it draws takes the place."""

    slot: int
    question: str | None = None
    answer: str | None = None
    real: int | None = None


def around(old: str, new: str) -> str:
    """New words with the blanks that stand around the old ones."""
    words = old.strip()
    return old.replace(words, new, 1) if words else new


def texts_of(run: RunDir) -> list[Text]:
    """The final texts of a run. Raises UserError where there are none yet, or they cannot be read."""
    try:
        rows = run.rows("distilled")
        texts = [Text.of(slot, Example.of(row)) for slot, row in enumerate(rows)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise UserError("The texts of this run cannot be read.", "rows of distilled.jsonl", "Decode again.") from None
    if not texts:
        found = "This run has no texts yet."
        raise UserError(found, "a run that has finished its step Decode", "Wait for that step, or resume the run.")
    return texts


def read_edits(given: object, slots: int, longest: int = LONGEST_TEXT) -> list[Edit]:
    """Edits as JSON has them, the first one first. Raises UserError naming the one that cannot be used."""
    if not isinstance(given, list) or len(given) > MOST_EDITS:
        found = f"There are {len(given):,} edits." if isinstance(given, list) else "The edits are not a list."
        raise UserError(found, f"a list of at most {MOST_EDITS}", "Undo some of them.")
    return [_edit(f"Edit {number}", one, slots, longest) for number, one in enumerate(given, 1)]


def _edit(name: str, given: object, slots: int, longest: int) -> Edit:
    keys = set(given) if isinstance(given, dict) else set()
    slot = given.get("slot") if keys else None
    if type(slot) is not int or not 0 <= slot < slots:
        raise UserError(f"{name} does not refer to a text.", f"a slot from 0 to {slots - 1}", "Correct its slot.")
    if keys == {"slot", "remove"} and given["remove"] is True:
        return Edit(slot)
    if keys == {"slot", "real"} and type(given["real"]) is int and 0 <= given["real"] < 2**31:
        return Edit(slot, real=given["real"])
    if keys == {"slot", "question", "answer"}:
        question, answer = (_written(part, given[part], longest) for part in ("question", "answer"))
        return Edit(slot, question, answer)
    raise UserError(f"{name} cannot be read.", SHAPE, "Correct this edit.")


def _written(part: str, text: object, longest: int) -> str:
    """A text as somebody wrote it, without the blanks around it, which nobody sees."""
    said = {"question": "text", "answer": "answer"}[part]
    text = text.strip() if isinstance(text, str) else ""
    if not text:
        raise UserError(f"The {said} is empty.", "some words", "Write some, or remove the whole text.")
    if len(text) > longest:
        raise UserError(f"The {said} has {len(text):,} characters.", f"at most {longest:,}", "Shorten it.")
    if any("\ud800" <= letter <= "\udfff" for letter in text):  # no tokenizer can encode it
        raise UserError(f"The {said} holds half of a Unicode surrogate pair.", "whole characters", "Type it anew.")
    return text


def with_edits(
    texts: Sequence[Text], edits: Sequence[Edit], drawn: Callable[[Edit, Sequence[Text]], Example]
) -> list[Text]:
    """The texts with these changes, one after the other: the last one of a slot counts. Removed ones are left out.

    `drawn(edit, texts)` is the real question of an edit that asks for one. Raises UserError where no text is left.
    """
    now = {text.slot: text for text in texts}
    for edit in edits:
        if edit.real is not None:
            now[edit.slot] = Text.of(edit.slot, drawn(edit, texts))
        elif edit.question is None:
            now.pop(edit.slot, None)
        else:
            now[edit.slot] = now.get(edit.slot, texts[edit.slot]).reworded(edit.question, edit.answer)
    if not now:
        raise UserError("All texts are removed.", "at least one to learn from", "Undo one of the changes.")
    return [now[slot] for slot in sorted(now)]


def edits_file(text: str) -> list:
    """The edits in a file's text. Raises UserError where it is no JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"The file of edits is no JSON ({str(error)[:80]}).", "a list of edits", "Correct it."
        ) from None
