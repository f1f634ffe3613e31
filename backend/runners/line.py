"""The line: runs that wait to compute, and whose turn is next.

Owners take turns: who waited longest since their last turn goes first, so that one visitor with eight runs delays a
second visitor by one of them, not by eight. Knows paths, whose parent folder is the owner; no process and no run.
"""

from itertools import count
from pathlib import Path

REMEMBERED = 1000  # turns; who had theirs longer ago counts as new


class Line:
    """Not safe for several threads at once: the runner holds its lock."""

    def __init__(self):
        self._waiting: list[Path] = []
        self._turns: dict[str, int] = {}  # owner -> when they last had a turn
        self._clock = count(1)

    def __contains__(self, run: Path) -> bool:
        return run in self._waiting

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, run: Path) -> None:
        """At the owner's own end."""
        self._waiting.append(run)

    def remove(self, run: Path) -> None:
        self._waiting.remove(run)

    def of(self, owner: str) -> int:
        """How many runs of an owner wait."""
        return sum(run.parent.name == owner for run in self._waiting)

    def pop(self) -> Path:
        """The run whose turn it is, and the turn is taken."""
        run = self.order()[0]
        self._waiting.remove(run)
        now = next(self._clock)
        self._turns = {owner: turn for owner, turn in self._turns.items() if turn > now - REMEMBERED}
        self._turns[run.parent.name] = now
        return run

    def order(self) -> list[Path]:
        """All that wait, in the order in which their turns come if nobody joins."""
        left, turns, found = list(self._waiting), dict(self._turns), []
        later = max(turns.values(), default=0)
        while left:
            run = min(left, key=lambda one: turns.get(one.parent.name, 0))  # the first of equals came first
            left.remove(run)
            later += 1
            turns[run.parent.name] = later
            found.append(run)
        return found
