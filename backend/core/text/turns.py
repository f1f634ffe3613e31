"""Turns: a conversation in any of its spellings as (role, text), parted into what was said before and the answer.

One conversation is one example: the last answer of the assistant is taught, all before it is read. Knows messages with
`role` and `content` or with `from` and `value`, or as [role, text], ChatML as text, and earlier turns as pairs. No
template and no model.
"""

import re

from backend.core.text.cells import ABSENT, blank, checked_text, kind_words, needed, optional_text, text_at, value_at
from backend.core.text.layout_files import Layout
from backend.core.text.places import Place, printable

ROLES = {
    "system": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "model": "assistant",
}
NAMES = (("role", "content"), ("from", "value"))
CHATML = re.compile(r"<\|im_start\|>([^\n<]*)\n(.*?)(?:<\|im_end\|>\n?|\Z)", re.DOTALL)

Turns = tuple[tuple[str, str], ...]


def turns_at(row: dict, layout: Layout, place: Place) -> tuple[Turns, str, int]:
    """The turns before the answer, the answer, and how many turns behind it are not used."""
    system = optional_text(row, layout.system, place) if layout.system else ""
    turns = [("system", system)] if system else []
    for path in layout.turns:
        value = needed(row, path, place)
        turns += _written_out(value, path, place) if isinstance(value, str) else _messages(value, path, place)
    if layout.answer:
        turns.append(("assistant", text_at(row, layout.answer, place)))
    last = next((i for i in reversed(range(len(turns))) if turns[i][0] == "assistant"), None)
    path = layout.turns[-1]
    if last is None:
        raise place.error(path, "no turn of the assistant", "an answer to learn")
    before = tuple(turns[:last])
    if not any(role == "user" for role, _ in before):
        raise place.error(path, "no turn of the user before the assistant's", "a question and then its answer")
    return before, turns[last][1], len(turns) - last - 1


def plain_text(turns: Turns) -> str:
    """What is read before the answer, without a template: earlier turns behind their role, the last as it is."""
    earlier = [text if role == "system" else f"{role.capitalize()}: {text}" for role, text in turns[:-1]]
    return "\n\n".join([*earlier, turns[-1][1]])


def history_turns(row: dict, layout: Layout, place: Place) -> Turns:
    """Earlier turns as pairs of what was asked and what was answered, of which a blank half is no turn."""
    path = layout.history
    pairs = value_at(row, path) if path else ABSENT
    if pairs is ABSENT or pairs is None:
        return ()
    if not isinstance(pairs, list):
        raise place.error(path, kind_words(pairs), "a list of pairs: what was asked, what was answered")
    found = []
    for number, pair in enumerate(pairs):
        if not isinstance(pair, list) or len(pair) != 2:
            raise place.error(f"{path}[{number}]", kind_words(pair), "a list of two texts")
        found += [
            (role, checked_text(text, f"{path}[{number}]", place))
            for role, text in zip(("user", "assistant"), pair, strict=True)
            if not blank(text)
        ]
    return tuple(found)


def _messages(values: object, path: str, place: Place) -> list[tuple[str, str]]:
    if not isinstance(values, list):
        raise place.error(path, kind_words(values), "a list of messages")
    return [_message(value, f"{path}[{number}]", place) for number, value in enumerate(values)]


def _message(value: object, shown: str, place: Place) -> tuple[str, str]:
    if isinstance(value, list) and len(value) == 2:
        return _role(value[0], f"{shown}[0]", place), checked_text(value[1], f"{shown}[1]", place)
    if not isinstance(value, dict):
        raise place.error(shown, kind_words(value), "a message with a role and a text")
    names = next((names for names in NAMES if names[0] in value and names[1] in value), None)
    if names is None:
        has = ", ".join(f"`{printable(str(name))}`" for name in list(value)[:8]) or "nothing"
        raise place.error(shown, f"a message that has {has}", "`role` and `content`, or `from` and `value`")
    return _role(value[names[0]], f"{shown}.{names[0]}", place), _content(value[names[1]], f"{shown}.{names[1]}", place)


def _content(value: object, shown: str, place: Place) -> str:
    """A text, or a list of parts that are all texts, as some programs write messages."""
    if isinstance(value, list):
        parts = [part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None for part in value]
        if not all(isinstance(part, str) for part in parts):
            raise place.error(shown, "a part that is no text", "texts alone")
        value = "".join(parts)
    return checked_text(value, shown, place)


def _role(value: object, shown: str, place: Place) -> str:
    role = ROLES.get(value.strip().lower()) if isinstance(value, str) else None
    if role is None:
        found = f"the role {printable(value)!r}" if isinstance(value, str) else kind_words(value)
        raise place.error(shown, found, f"one of {', '.join(ROLES)}")
    return role


def _written_out(text: str, path: str, place: Place) -> list[tuple[str, str]]:
    """The turns of a ChatML text. The opening of an answer that never comes is no turn."""
    checked_text(text, path, place)
    if CHATML.sub("", text).strip() or not CHATML.search(text):
        raise place.error(
            path, "text outside of the turns", "<|im_start|>, a role, the text and <|im_end|> for every turn"
        )
    turns = [(_role(role, path, place), said) for role, said in CHATML.findall(text)]
    return [(role, said) for i, (role, said) in enumerate(turns) if said.strip() or i + 1 < len(turns)]
