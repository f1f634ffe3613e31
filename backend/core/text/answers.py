"""Answers: which option a written answer means, and whether a file counts its options from 0 or from 1.

A number alone does not say where counting begins, so a file in which no answer is 0 is refused unless a row decides:
an answer that is the number of the last option counted from 1. Knows the parts of rows; no column but the answer's.
"""

from collections.abc import Sequence

from backend.core.text.cells import ABSENT, checked_text, kind_words
from backend.core.text.layout_files import Layout
from backend.core.text.places import printable
from backend.core.text.prompts import LETTERS
from backend.core.text.rows import Parts

STATE = "Set answers_from to 0 or 1 (describe and score: --answers-from), or write letters in the file."


def counted_from(rows: Sequence[tuple[Parts, Layout]], stated: int | None) -> int:
    """Where the numbers among the answers begin. UserError where the file does not tell."""
    counted = [(parts, layout, number) for parts, layout in rows if (number := _number(parts, layout)) is not None]
    declared = next((layout.counted_from for _, layout, _ in counted if layout.counted_from is not None), None)
    if declared is not None or stated is not None or not counted:
        return declared if declared is not None else stated or 0
    if any(number == 0 for _, _, number in counted):
        return 0
    if any(number == len(parts.options) for parts, _, number in counted):
        return 1
    unsure = next((item for item in counted if 0 < item[2] < len(item[0].options)), None)
    if unsure is None:
        return 0
    parts, layout, _ = unsure
    found = "every answer that is a number is above 0 and below the number of options, so it may be counted from 0 or 1"
    raise parts.place.error(layout.answer, found, "numbers that say where they begin", STATE)


def usual_readings(rows: Sequence[tuple[Parts, Layout]], base: int) -> set[str]:
    """How the file names its options, by the rows whose answer can be read in one way alone: letter, number or text."""
    found: set[str] = set()
    for parts, layout in rows:
        meanings = {} if parts.answer is ABSENT or parts.labels else _meanings(parts, layout, base)
        found |= meanings.keys() if len(meanings) == 1 else set()
    return found


def chosen(parts: Parts, layout: Layout, base: int, usual: set[str]) -> int:
    """The index of the option that the answer means. UserError where it means none, or two."""
    if "label" in layout.readings or parts.labels:
        return _by_label(parts, layout)
    if "marks" in layout.readings:
        return _marked(parts, layout)
    meanings = _meanings(parts, layout, base)
    if not meanings:
        raise _unknown(parts, layout, base)
    if len(set(meanings.values())) > 1:
        meanings = {reading: meanings[reading] for reading in meanings.keys() & usual} or meanings
    if len(set(meanings.values())) > 1:
        first, second = list(meanings)[:2]
        found = f"{printable(str(parts.answer).strip())!r} is the {first} of one option and the {second} of another"
        raise parts.place.error(layout.answer, found, "an answer that cannot be mistaken")
    return next(iter(meanings.values()))


def _meanings(parts: Parts, layout: Layout, base: int) -> dict[str, int]:
    """The option that an answer names, by each way in which it may be read."""
    value, count = parts.answer, len(parts.options)
    written = value.strip() if isinstance(value, str) else ""
    number = _number(parts, layout)
    truth = {"true": 1, "false": 0}.get(str(value).strip().lower()) if isinstance(value, bool | str) else None
    same = [i for i, option in enumerate(parts.options) if written and option.strip() == written]
    found = {
        "number": number - base if number is not None and 0 <= number - base < count else None,
        "letter": LETTERS.index(written.upper()) if written.upper() in list(LETTERS[:count]) else None,
        "truth": truth,
        "text": same[0] if len(same) == 1 else None,
    }
    return {reading: i for reading, i in found.items() if i is not None and reading in layout.readings}


def _number(parts: Parts, layout: Layout) -> int | None:
    """The answer as a number, where it is written as one and may be."""
    value = parts.answer
    if "number" not in layout.readings or parts.labels:
        return None
    if type(value) is int:
        return value if abs(value) < 10**9 else None
    written = value.strip() if isinstance(value, str) else ""
    return int(written) if written.isascii() and written.isdigit() and len(written) < 10 else None


def _by_label(parts: Parts, layout: Layout) -> int:
    value = parts.answer
    key = str(value) if type(value) is int else checked_text(value, layout.answer, parts.place).strip()
    if key not in parts.labels:
        expected = f"one of {printable(', '.join(parts.labels), 80)}"
        raise parts.place.error(layout.answer, f"unknown answer key {key[:40]!r}", expected)
    return parts.labels.index(key)


def _marked(parts: Parts, layout: Layout) -> int:
    marks = parts.answer
    if not isinstance(marks, list) or len(marks) != len(parts.options):
        raise parts.place.error(layout.answer, kind_words(marks), "a list with a 0 or 1 for each option")
    if sorted(map(str, marks)) != [*["0"] * (len(marks) - 1), "1"]:
        raise parts.place.error(layout.answer, f"the marks {str(marks)[:40]}", "a single 1 among zeros")
    return marks.index(1)


def _unknown(parts: Parts, layout: Layout, base: int):
    value, last = parts.answer, len(parts.options) - 1
    words = {
        "letter": f"a letter from A to {LETTERS[last]}",
        "number": f"a number from {base} (which is option A) to {last + base}",
        "text": "the text of an option",
        "truth": "true or false",
    }
    expected = ", or ".join(words[reading] for reading in words if reading in layout.readings)
    if type(value) is not int and not isinstance(value, str):
        return parts.place.error(layout.answer, kind_words(value), expected)
    if isinstance(value, str):
        checked_text(value, layout.answer, parts.place)
        return parts.place.error(layout.answer, f"unknown answer {value.strip()[:40]!r}", expected)
    return parts.place.error(layout.answer, f"unknown answer {str(value)[:40]}", expected)
