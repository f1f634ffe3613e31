"""Usage: what became of a file's columns, what was left out, and the warnings about it.

Also the checks that need the columns that a layout leaves over: options that a free answer would lose, a name that is
almost one that counts, a row of another kind.
"""

import re
from collections.abc import Sequence

from backend.core.text.cells import ABSENT, blank, close_name, value_at
from backend.core.text.layout_files import LAYOUTS, Layout
from backend.core.text.places import Place, printable
from backend.core.text.recognise import counted_on, kind_of, roles, series_of
from backend.core.text.rows import Parts, context_path
from backend.errors import UserError

OPTION_WORDS = re.compile(
    r"((answer[ _])?(choices?|options?)|endings?|candidates?|distractors?|alternatives?|(wrong|incorrect)[ _]answers?)"
    r"[ _]?([a-j]|\d+)?",
    re.IGNORECASE,
)
TOLD_PLACES = 8
SEEDED = (
    "The options of every row stand in an order drawn from its question with a fixed seed: the file has them sorted."
)
FROM_ONE = "The answers are numbers that count the options from 1."
LETTERS_ALONE = "Every answer is one letter or number, and no column holds options."

Named = Sequence[tuple[Place, dict]]


def used_tops(layout: Layout, row: dict) -> set[str]:
    """The columns that a layout uses of a row."""
    context = context_path(row, layout)
    found = {path.partition(".")[0] for role, path in roles(layout) if role != "context"}
    return found | set(series_names(layout, row)) | ({context} if context else set())


def series_names(layout: Layout, row: dict) -> list[str]:
    """The columns of options that are named by their first."""
    first = layout.options.get("columns")
    return [name for name in counted_on(first) if name in row] if isinstance(first, str) else []


def left_over(layout: Layout, row: dict) -> dict[str, object]:
    """The filled columns that a layout does not use."""
    used = used_tops(layout, row)
    return {str(name): value for name, value in row.items() if name not in used and not blank(value)}


def columns_of(named: Named, layout: Layout) -> tuple[dict[str, str], tuple[str, ...]]:
    """What became of which columns, and the columns that became nothing."""
    found: dict[str, dict[str, None]] = {}
    unused: dict[str, None] = {}
    left: dict[tuple, list] = {}  # by the columns that a row has: the names that nothing uses
    for _, row in named:
        if (names := tuple(row)) not in left:
            _add_roles(row, layout, found)
            used = used_tops(layout, row)
            left[names] = [name for name in row if name not in used]
        unused |= {str(name): None for name in left[names] if not blank(row[name])}
    for _, row in named if any("." in path for path in layout.needs) else ():
        unused |= dict.fromkeys(_left_inside(layout, row))
    columns = {role: ", ".join(paths) for role, paths in found.items()}
    if turns := columns.pop("turns", ""):
        columns |= {"prompt": turns.partition(", ")[0], "answer": turns.rpartition(", ")[2]}
    if "fixed" in layout.options:
        columns["options"] = f"always {', '.join(layout.options['fixed'])}"
    return columns, tuple(unused)


def _add_roles(row: dict, layout: Layout, found: dict[str, dict[str, None]]) -> None:
    context = context_path(row, layout)
    for role, path in roles(layout):
        if value_at(row, path) is not ABSENT and (role != "context" or path == context):
            found.setdefault(role, {})[path.removesuffix(".0")] = None
    for name in series_names(layout, row):
        found.setdefault("options", {})[name] = None


def _left_inside(layout: Layout, row: dict) -> list[str]:
    """What lies unused inside an object of which another part is used."""
    paths = {path for _, path in roles(layout)}
    outer = {path.partition(".")[0] for path in paths if "." in path} - paths
    inside = {f"{name}.{part}" for name in outer if isinstance(row.get(name), dict) for part in row[name]}
    return [path for path in sorted(inside) if not any(f"{used}.".startswith(f"{path}.") for used in paths)]


def warnings_of(
    parts: list[tuple[Parts, Layout]], layout: Layout, base: int, unused: tuple[str, ...], remarks: list[str]
) -> list[str]:
    found = [*remarks, layout.note]
    if "found" in LAYOUTS[layout.name].options:
        names = {path.partition(".")[0]: None for role, path in roles(layout) if role == "options"}
        found.append(f"Read as the options: {listed(names)}.")
    if "right" in layout.options:
        found.append(SEEDED)
    if base == 1 and layout.counted_from is None:
        found.append(FROM_ONE)
    cut = sum(1 for part, _ in parts if part.turns_behind)
    if cut:
        found.append(f"In {cut:,} of {len(parts):,} conversations the turns behind the last answer are not used.")
    if layout.task in ("own_text", "own_prompts"):
        found += _of_free_answers([part for part, _ in parts], layout)
    if unused:
        found.append(f"Not used: {listed(unused)}.")
    return [sentence for sentence in found if sentence]


def _of_free_answers(parts: list[Parts], layout: Layout) -> list[str]:
    found = []
    if all(kind_of(part.options[0]) == "key" for part in parts):
        found.append(LETTERS_ALONE)
    if layout.task == "own_prompts":
        glued = [part.place.row for part in parts if _glued(part.question, part.options[0])]
        if glued:
            found.append(
                f"Prompt and answer meet without a blank in {len(glued):,} of {len(parts):,} rows, the first is row "
                f"{glued[0]}. They are taught exactly as they stand."
            )
    return found


def _glued(prompt: str, answer: str) -> bool:
    """Whether two words, or a sentence and a word, run into each other."""
    letters = prompt[-1].isascii() and prompt[-1].isalnum()
    return (letters or prompt[-1] in ".?!:,;") and answer[0].isascii() and answer[0].isalnum()


def listed(names) -> str:
    names = list(names)
    shown = ", ".join(f"`{printable(name)}`" for name in names[:TOLD_PLACES])
    return shown + (f" and {len(names) - TOLD_PLACES:,} more" if len(names) > TOLD_PLACES else "")


def check_overlooked(named: Named, layout: Layout) -> None:
    """Refuse a name that is almost `subject` or `id`, where the layout would have used it."""
    places: dict[str, Place] = {}
    for place, row in named:
        for name in row:
            places.setdefault(str(name), place)
    for column in (layout.subject, layout.id) if layout.task == "own_options" else ():
        others = places.keys() - used_tops(layout, {}) if column and column not in places else ()
        close = close_name(column, others, cutoff=0.85)
        if close:
            found = f"an unknown name that is close to `{column}`"
            advice = f"Rename `{printable(close)}` to `{column}`, or remove it."
            raise places[close].of_header().error(printable(close), found, f"`{column}` or no such column", advice)


def check_hidden_options(row: dict, parts: Parts, layout: Layout) -> None:
    """Refuse a row with a free answer beside columns that look like the options it is one of."""
    if layout.task not in ("own_text", "own_prompts"):
        return
    answer = parts.options[0].strip()
    for name, value in left_over(layout, row).items():
        if OPTION_WORDS.fullmatch(name) or _holds_options(value, answer):
            raise _hidden(name, parts.place)
    texts = {name: "text" for name, value in left_over(layout, row).items() if isinstance(value, str)}
    for form in series_of(texts):
        if answer in {str(row[name]).strip() for name in form["columns"]}:
            raise _hidden(form["columns"][0], parts.place)


def check_loose_options(named: Named, parts: list[tuple[Parts, Layout]], layout: Layout) -> None:
    """Refuse a file whose answers are mostly letters or small numbers beside several other texts."""
    if layout.task not in ("own_text", "own_prompts"):
        return
    suspect = []
    for (place, row), (part, _) in zip(named, parts, strict=True):
        others = [name for name, value in left_over(layout, row).items() if isinstance(value, str)]
        answer = part.options[0].strip()
        if len(others) > 1 and kind_of(answer) == "key" and (not answer.isdigit() or int(answer) <= len(others)):
            suspect.append((place, others))
    if 2 * len(suspect) >= len(named) and suspect:
        place, others = suspect[0]
        found = f"the answers are letters or small numbers, and {listed(others)} may hold what they mean"
        expected = "options in columns `A`, `B` and so on, or as a list in `choices`"
        raise place.of_header().error(printable(others[0]), found, expected, "Rename the columns, or remove them.")


def _holds_options(value: object, answer: str) -> bool:
    """A list or object beside an answer that is a key or stands in it."""
    if isinstance(value, dict):
        return any(_holds_options(inner, answer) for inner in value.values() if isinstance(inner, list))
    if not isinstance(value, list):
        return False
    return kind_of(answer) == "key" or any(isinstance(inner, str) and inner.strip() == answer for inner in value)


def _hidden(name: str, place: Place) -> UserError:
    found = "it looks like options, and the answer does not say which one is right"
    expected = "options as a list in `choices`, or in columns `A`, `B` and so on, and an answer that names one"
    advice = "Rename the columns, or remove this one where the answer is free."
    return place.of_header().error(printable(name), found, expected, advice)


def another_kind(row: dict, layout: Layout, first: Layout, place: Place, before: Place) -> UserError:
    """The error for a row that reads as one layout under rows that read as another."""
    names = {path.partition(".")[0] for path in layout.needs} ^ {path.partition(".")[0] for path in first.needs}
    here = [str(name) for name in row if name in names]
    column = next(iter(here or [path for path in first.needs if value_at(row, path) is ABSENT]), "")
    found = f"this row reads as {layout.name}, and row {before.row} as {first.name}"
    return place.error(
        printable(column), found, "rows of one kind in a file", "Put these rows into a file of their own."
    )


def wrong_kind(row: dict, layout: Layout, place: Place) -> UserError:
    """The error for a row that has every column of a layout and yet does not read as it."""
    return place.error("", f"the row does not read as {layout.name}", ", ".join(layout.needs))
