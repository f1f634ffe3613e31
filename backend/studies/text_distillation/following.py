"""Where a student walks beside its expert: its states in the plane of the expert's way, and what is left per layer.

`along` is how far a state has come on the straight way from start to target (0 = start, 1 = target), `away` its
distance from that way, in lengths of it. The plane hides nothing that counts: (1 - along)^2 + away^2 is the matching
loss of a state, so its distance to the target on the picture is the root of its loss. Knows parameters; no model, no
file.
"""

import re
from collections import defaultdict
from collections.abc import Sequence

from backend.core.params import Params, inner_product, minus, squared_distance

LAYER = re.compile(r"\.(?:layers|h|blocks)\.(\d+)\.")  # as the families name theirs


def in_plane(states: Sequence[Params], start: Params, target: Params) -> list[tuple[float, float]]:
    """(along, away) of each state. Raises ValueError where the expert never moved."""
    way = minus(target, start)
    length = inner_product(way, way)
    if not float(length) > 0:
        raise ValueError("An expert that never moved has no way to walk along.")
    found = []
    for state in states:
        moved = minus(state, start)
        along = float(inner_product(moved, way) / length)
        rest = {name: moved[name] - along * way[name] for name in way}
        found.append((along, float((inner_product(rest, rest) / length).sqrt())))
    return found


def left_by_layer(end: Params, start: Params, target: Params) -> list[dict]:
    """For each layer, first to last: `left`, its own matching loss, and `share`, its part of the expert's squared way.

    Over all layers the sum of left * share is the matching loss.
    """
    groups: dict[int, list[str]] = defaultdict(list)
    for name in start:
        found = LAYER.search(name)
        groups[int(found.group(1)) if found else -1].append(name)
    whole, rows = float(squared_distance(start, target)), []
    for layer in sorted(groups):
        ours, first, last = ({name: part[name] for name in groups[layer]} for part in (end, start, target))
        travel = float(squared_distance(first, last))
        rows.append(
            {
                "layer": layer,
                "left": float(squared_distance(ours, last)) / travel if travel else 1.0,
                "share": travel / whole,
            }
        )
    return rows
