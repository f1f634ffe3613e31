"""What the map can be filled with: parts of the net and sets of steps by name, as the engine makes them.

Knows rows of modules.jsonl and the engine's named plans, which need no torch; no widget. A net of another shape has
those parts that the engine finds in it.
"""

from collections.abc import Iterable, Iterator, Mapping

from backend.core.diffusion import named_plans, step_sets
from backend.core.diffusion.modules import Module
from backend.errors import UserError

LEVELS = {
    "mid": "Middle block",
    "encoder": "Encoder (Faster Diffusion)",
    "decoder": "Decoder",
    "whole": "Whole answer",
    "resnets": "All resnets",
    "attentions": "All attention layers",
    "cross": "Cross-attention (T-GATE)",
    "self": "Self-attention",
    "ff": "Feed-forward units",
    "conv2": "Second convolutions",
    "convs": "All convolutions",
}
MOST_BRANCHES = 12
EVENLY = {2: "Every second step", 3: "Every third step", 4: "Every fourth step"}


def parts(rows: Iterable[Mapping]) -> list[list]:
    """`[title, [[module, reading], ...]]` of each part that has a name; none where these rows are no UNet's."""
    try:
        modules = [Module.of_row(row) for row in rows if row.get("id")]
        levels = [[level_title(name), taken(modules, name)] for name in named_plans.levels_of(modules)]
        return [[title, found] for title, found in (*levels, *branches(modules)) if found]
    except (UserError, KeyError, TypeError, ValueError, AttributeError, IndexError):
        return []  # a run that was brought here may hold anything


def taken(modules: list[Module], name: str) -> list[list[str]]:
    return [list(pair) for pair in named_plans.level_modules(modules, name)]


def level_title(name: str) -> str:
    return LEVELS.get(name) or f"All from down {int(name.removeprefix('deep')) + 1} inwards"


def branches(modules: list[Module]) -> Iterator[list]:
    """DeepCache's branches, the outermost first."""
    for branch in range(MOST_BRANCHES):
        try:
            found = named_plans.deepcache(modules, 2, branch, 2)
        except UserError:
            return
        yield [f"DeepCache, branch {branch}", [[one.module, one.reading] for one in found.inherit]]


def sets(steps: int) -> list[list]:
    """`[title, steps that are computed]` of each set that has a name."""
    found = [[title, step_sets.every(steps, k)] for k, title in EVENLY.items() if k < steps]
    for count in dict.fromkeys((max(2, steps // 2), max(2, steps // 4))):
        if count >= steps:
            continue
        found += [
            [f"{count} steps, evenly", step_sets.uniform(steps, count)],
            [f"{count} steps, dense at the start", step_sets.dense_start(steps, count)],
            [f"{count} steps, dense in the middle", step_sets.dense_middle(steps, count)],
            [f"{count} steps, dense at the end", step_sets.dense_end(steps, count)],
        ]
    first = max(1, steps // 4)
    found += [[f"The first {first}, then every second", step_sets.warm_up(steps, first, 2)]]
    found += [[f"The first {gate}, none after", step_sets.gate(steps, gate)] for gate in (2 * first,) if gate < steps]
    return [[title, list(computed)] for title, computed in found]
