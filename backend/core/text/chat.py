"""Chat templates: the very text of an example that a model reads, for training, asking and scoring alike.

Knows a tokenizer's template and turns of a conversation; no token ids, no model, no file. Templates are Jinja, which
transformers renders in a sandbox.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from backend.core.text.prompts import Example
from backend.errors import UserError

Turns = Sequence[tuple[str, str]]
PROBE = "Answer"  # stands for an answer where a template is asked how it ends one


@dataclass(frozen=True)
class Reading:
    """An example as a tokenizer's model reads it: `prompt` is given, `between`, `answer` and `ending` are taught.

    `ending` is what the model's template puts behind an answer, up to its end of text; empty without a template.
    """

    prompt: str
    answer: str
    between: str
    ending: str = ""

    @property
    def text(self) -> str:
        return f"{self.prompt}{self.between}{self.answer}{self.ending}"

    def said(self, text: str) -> str:
        """The answer in what a model wrote: up to the ending, which in some models is no special token."""
        ending = self.ending.strip()
        return (text.split(ending)[0] if ending else text).strip()


def reading(tokenizer: PreTrainedTokenizerBase, example: Example) -> Reading:
    """The text that will be taught, asked and scored. Raises UserError where the model's template cannot be used."""
    if not (example.turns and tokenizer.chat_template):
        return Reading(example.prompt, example.answer, example.between)
    turns = example.turns
    prompt = _try(tokenizer, turns)
    if prompt is None or not _holds_system(prompt, turns):
        turns = without_system(turns)
        prompt = _try(tokenizer, turns)
    if prompt is None:
        prompt = _render(tokenizer, example.turns)  # for what it says of the turns as they were given
    return Reading(prompt, example.answer, "", _ending(tokenizer, turns))


def without_system(turns: Turns) -> tuple[tuple[str, str], ...]:
    """The turns with the system's texts before the first text of the user, for templates without a system turn."""
    said = [text for role, text in turns if role == "system"]
    others = [turn for turn in turns if turn[0] != "system"]
    place = next((i for i, (role, _) in enumerate(others) if role == "user"), None)
    if not said:
        return tuple(others)
    if place is None:
        return (("user", "\n\n".join(said)), *others)
    first = ("user", "\n\n".join([*said, others[place][1]]))
    return (*others[:place], first, *others[place + 1 :])


def _holds_system(prompt: str, turns: Turns) -> bool:
    """Some templates drop a system turn without a word."""
    return all(text.strip() in prompt for role, text in turns if role == "system")


def _ending(tokenizer: PreTrainedTokenizerBase, turns: Turns) -> str:
    """What the template puts behind an answer. Blanks behind an end of text are left out: nothing reads them."""
    whole = _try(tokenizer, [*turns, ("assistant", PROBE)], answered=True)
    ending = (whole or "").rpartition(PROBE)[2] if whole and PROBE in whole else ""
    end = tokenizer.eos_token
    return ending[: ending.index(end) + len(end)] if end and end in ending else ending


def _try(tokenizer: PreTrainedTokenizerBase, turns: Turns, answered: bool = False) -> str | None:
    try:
        return _render(tokenizer, turns, answered)
    except UserError:
        return None


def _render(tokenizer: PreTrainedTokenizerBase, turns: Turns, answered: bool = False) -> str:
    messages = [{"role": role, "content": text} for role, text in turns]
    try:
        return tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=not answered)
    except Exception as error:  # a template is a program of somebody else's: whatever it raises
        reason = " ".join(str(error).split())[:200]
        found = f"The model's chat template cannot put these turns into a text: {type(error).__name__}: {reason}"
        step = "Correct the roles of this conversation, or choose a model with another template, or with none."
        raise UserError(found, "turns that the template takes", step, kind="model") from error
