"""The line: runs that wait to compute, and whose turn is next.

Owners take turns: who waited longest since their last turn goes first, so that one visitor with eight runs delays a
second visitor by one of them, not by eight. Knows paths, whose parent folder is the owner; no process and no run.
"""

from collections import deque
from heapq import heapify, heappop, heappush
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
        """All that wait, in the order in which their turns come if nobody joins.

        A heap of owners and not a look at every run for every turn: of 1,000 that waited, each page that asked for its
        place took a quarter of a second of the processor.
        """
        runs: dict[str, deque[tuple[int, Path]]] = {}  # owner -> place in line, run
        for place, run in enumerate(self._waiting):
            runs.setdefault(run.parent.name, deque()).append((place, run))
        # (turn, place of the first run, owner): the first of equals came first
        owners = [(self._turns.get(owner, 0), own[0][0], owner) for owner, own in runs.items()]
        heapify(owners)
        later, found = max(self._turns.values(), default=0), []
        while owners:
            _, _, owner = heappop(owners)
            found.append(runs[owner].popleft()[1])
            later += 1
            if runs[owner]:
                heappush(owners, (later, runs[owner][0][0], owner))
        return found
