"""What A-SDM's page reads of a run's rows: modules, plans, settings. What is not of the right kind is left out.

A run that was brought here may hold anything. Knows no widget and no markup.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from components.panels.thinning import short
from components.studies.a_sdm import words

MOST_MODULES, MOST_STEPS, MOST_SETTINGS = 2000, 200, 300
LONGEST = 200  # letters of a name
OWN = ("own_ms1", "own_ms8", "own_flops")  # of a module without its parts
COSTS = ("ms1", "ms8", "flops", "parameters", "cache_bytes")
LEVELS = ("unet", "block", "layer", "unit")
NUMBERS = ("speed8", "speed8_low", "speed8_high", "speed1", "speed1_low", "speed1_high", "flops", "psnr", "psnr_se",
           "right", "right_se", "slots", "distance", "frechet", "cache_mb", "n", "steps", "computed")  # fmt: skip


def is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def is_name(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST


def number(value: object, digits: int = 5) -> float | int | None:
    """A number short enough to travel, else None."""
    return short(value, digits) if is_number(value) else None


def is_step(value: object) -> bool:
    return type(value) is int and 0 <= value < MOST_STEPS


def names(found: object) -> list[str]:
    return [one for one in found if is_name(one)] if isinstance(found, list) else []


def modules(rows: Iterable[Mapping]) -> list[dict]:
    """`{id, title, level, kind, parent, reads}` and its costs, in the order of execution; "" is a whole step."""
    found: dict[str, dict] = {}
    for row in rows:
        named = is_name(row.get("id")) and row.get("level") in LEVELS and row["id"] not in found
        if named and all(is_number(row.get(key)) for key in OWN) and len(found) < MOST_MODULES:
            one = {"id": row["id"], "title": words.module_title(row["id"]), "level": row["level"]}
            one |= {key: row[key] if is_name(row.get(key)) else None for key in ("kind", "parent")}
            costs = {key: number(row.get(key)) for key in (*OWN, *COSTS)}
            found[row["id"]] = one | {"reads": names(row.get("reads")), **costs}
    return list(found.values())


def plan_of(found: object) -> dict | None:
    """A plan as the browser draws it; None for what is none."""
    if not isinstance(found, Mapping) or not is_step(found.get("steps")) or not isinstance(found.get("inherit"), list):
        return None
    inherit = [one for one in map(inherited, found["inherit"][:MOST_MODULES]) if one]
    return {"steps": found["steps"], "inherit": inherit}


def inherited(one: object) -> dict | None:
    fits = isinstance(one, Mapping) and is_name(one.get("module")) and one.get("reading") in words.READINGS
    if not fits or not isinstance(one.get("at"), list):
        return None
    return {"module": one["module"], "reading": one["reading"], "at": [step for step in one["at"] if is_step(step)]}


def settings(rows: Iterable[Mapping]) -> list[dict]:
    """The settings that were measured, each once and as it was last, with numbers or None."""
    found: dict[str, dict] = {}
    for row in rows:
        if all(is_name(row.get(key)) for key in ("id", "family", "title")) and is_number(row.get("speed8")):
            one = {key: row[key] for key in ("id", "family", "title")}
            one |= {key: number(row.get(key)) for key in NUMBERS}
            one |= {"plan": plan_of(row.get("plan")), "net": row["net"] if is_name(row.get("net")) else None}
            found[row["id"]] = one | {"nets": names(row.get("nets"))[:MOST_STEPS]}
    order = list(words.FAMILIES)
    kept = sorted(found.values(), key=lambda one: order.index(one["family"]) if one["family"] in order else len(order))
    return kept[:MOST_SETTINGS]


def harms(rows: Iterable[Mapping]) -> list[list]:
    """`[module, reading, psnr, se]` of each module that was inherited alone."""
    return [
        [row["module"], row["reading"], number(row["psnr"]), number(row.get("se"))]
        for row in rows
        if is_name(row.get("module")) and row.get("reading") in words.READINGS and is_number(row.get("psnr"))
    ]


def changes(rows: Iterable[Mapping]) -> dict[str, list[float | None]]:
    """Module -> how much it changed at each step, None where nothing is known (step 0 has nothing before it)."""
    found: dict[str, dict[int, float]] = {}
    for row in rows:
        if is_name(row.get("module")) and is_step(row.get("step")) and is_number(row.get("change")):
            found.setdefault(row["module"], {})[row["step"]] = short(float(row["change"]), 3)
    steps = max((step for mine in found.values() for step in mine), default=-1) + 1
    return {name: [mine.get(step) for step in range(steps)] for name, mine in found.items()}


def steps_of(found: Sequence[Mapping]) -> int:
    """How many steps the full model takes; 20 where no setting says so yet."""
    told = [one["steps"] for one in found if one["id"] == words.FULL and is_step(one["steps"])]
    plans = [one["plan"]["steps"] for one in found if one["plan"]]
    return (told or plans or [20])[0] or 20


def rows_of(summary: Mapping, name: str, texts: Sequence[str] = (), numbers: Sequence[str] = ()) -> Iterator[dict]:
    """The rows of a list of the summary that have these texts and numbers."""
    found = summary.get(name)
    for row in found if isinstance(found, list) else []:
        fits = isinstance(row, dict) and all(is_name(row.get(key)) for key in texts)
        if fits and all(is_number(row.get(key)) for key in numbers):
            yield row


def prompt_words(summary: Mapping) -> list[str]:
    """The vocabulary of the prompts without marks such as <pad>; empty where any word may stand."""
    return [one for one in names(summary.get("words")) if one[:1].isalnum()][:2000]
