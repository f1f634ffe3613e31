"""How often one visitor may ask for something within a minute. Knows owners' names and a clock; not what is asked."""

import threading
import time
from collections import deque
from collections.abc import Callable

from backend.errors import UserError

MINUTE_S = 60.0


class Rate:
    """Admits an owner `a_minute` times within any minute; None for any number. Any thread may ask."""

    def __init__(self, a_minute: int | None, clock: Callable[[], float] = time.monotonic):
        self.a_minute, self._clock = a_minute, clock
        self._asked: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def admit(self, owner: str) -> None:
        """Raise UserError where this owner has asked too often. What was refused does not count."""
        if self.a_minute is None:
            return
        with self._lock:
            now = self._clock()
            self._forget(now - MINUTE_S)
            asked = self._asked.setdefault(owner, deque())
            if len(asked) >= self.a_minute:
                left = asked[0] + MINUTE_S - now
                found = f"You asked {len(asked)} times within a minute (this host is shared)."
                raise UserError(found, f"at most {self.a_minute} times", f"Ask again in {left:.0f} s.")
            asked.append(now)

    def _forget(self, until: float) -> None:
        """Whoever has not asked since is not kept, so that this never grows."""
        for owner in list(self._asked):
            asked = self._asked[owner]
            while asked and asked[0] <= until:
                asked.popleft()
            if not asked:
                del self._asked[owner]
