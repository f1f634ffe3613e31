"""Which steps of a sampling are computed, by name: evenly, densely at one end or in the middle, or by what changes.

Every set holds step 0, is ascending and has as many steps as were asked for. Plain numbers; knows no nets.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

from backend.errors import UserError

Steps = tuple[int, ...]


def uniform(steps: int, count: int) -> Steps:
    """`count` steps as evenly as possible."""
    return _placed(steps, count, lambda share: share * steps)


def every(steps: int, interval: int) -> Steps:
    """Every `interval`-th step from 0 on, as DeepCache counts them."""
    _check(interval, 1, "interval")
    return tuple(range(0, steps, interval))


def dense_start(steps: int, count: int, power: float = 2.0) -> Steps:
    """`count` steps, most of them early: the j-th at (j / count) ** power of the way."""
    return _placed(steps, count, lambda share: share**power * steps)


def dense_end(steps: int, count: int, power: float = 2.0) -> Steps:
    """Step 0 and then most of them late: the gaps of `dense_start` in the opposite order."""
    starts = (*dense_start(steps, count, power), steps)
    gaps = [after - before for before, after in pairwise(starts)]
    return tuple(sum(gaps[len(gaps) - at :]) for at in range(count))


def dense_middle(steps: int, count: int, power: float = 1.4, centre: float = 0.5) -> Steps:
    """Step 0 and the others most densely around `centre`, a share of the way.

    Distances from it grow with `power`, as in DeepCache's uneven rule (Ma et al., 2024).
    """
    middle = centre * steps
    first, last = -(middle ** (1 / power)), (steps - middle) ** (1 / power)

    def place(share: float) -> float:
        root = first + share * (last - first)
        return middle + abs(root) ** power * (1 if root >= 0 else -1)

    return _placed(steps, count, place)


def warm_up(steps: int, first: int, interval: int) -> Steps:
    """The `first` steps, then every `interval`-th."""
    _check(first, 1, "number of first steps")
    _check(interval, 1, "interval")
    return tuple(step for step in range(steps) if step < first or (step - first + 1) % interval == 0)


def gate(steps: int, last: int) -> Steps:
    """The steps before `last` and none from there on, as T-GATE has it (Zhang et al., 2024)."""
    _check(last, 1, "gate")
    return tuple(range(min(last, steps)))


def by_hand(steps: int, computed: Sequence[int]) -> Steps:
    """The very steps given. Raises UserError where step 0 is missing or there is no such step."""
    chosen = tuple(sorted(set(computed)))
    if not chosen or chosen[0] != 0 or chosen[-1] >= steps:
        told = ", ".join(map(str, chosen)) or "none"
        raise UserError(
            f"The computed steps are {told}.",
            f"step 0 and any others up to {steps - 1}",
            "Step 0 is always computed, since there is nothing to inherit before: put it in.",
        )
    return chosen


def by_change(changes: Sequence[float], threshold: float) -> Steps:
    """Step 0 and each step by which the changes since the last computed one have grown beyond `threshold`.

    `changes[i]` is how much something changes from step i - 1 to step i, relative to its size; the first is not looked
    at. With the first block's change of a full sampling these are the steps that an adaptive rule finds before it runs.
    """
    chosen, grown = [0], 0.0
    for step, change in enumerate(changes[1:], 1):
        grown += change
        if grown > threshold:
            chosen.append(step)
            grown = 0.0
    return tuple(chosen)


def _placed(steps: int, count: int, place: Callable[[float], float]) -> Steps:
    """Whole steps at the places of 0 / count, 1 / count, …; where several fall together the later ones move on."""
    if not 1 <= count <= steps:
        raise UserError(
            f"{count} of {steps} steps are to be computed.", f"1 to {steps} of them", "Choose a number between."
        )
    chosen: list[int] = []
    for at in range(count):
        least, most = (chosen[-1] + 1 if chosen else 0), steps - (count - at)
        chosen.append(min(max(round(place(at / count)), least), most) if at else 0)
    return tuple(chosen)


def _check(number: int, least: int, what: str) -> None:
    if number < least:
        raise UserError(f"The {what} is {number}.", f"at least {least}", "Choose a larger one.")
