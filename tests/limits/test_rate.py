"""How often one visitor may ask within a minute."""

import pytest

from backend.errors import UserError
from backend.limits.rate import Rate


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_so_many_a_minute_and_no_more():
    clock = Clock()
    rate = Rate(2, clock)
    rate.admit("ada")
    clock.now = 20.0
    rate.admit("ada")
    with pytest.raises(UserError, match=r"2 times within a minute.*Ask again in 40 s"):
        rate.admit("ada")
    rate.admit("ben")
    clock.now = 60.0
    rate.admit("ada")
    with pytest.raises(UserError, match="Ask again in 20 s"):
        rate.admit("ada")


def test_who_asks_no_more_is_forgotten():
    clock = Clock()
    rate = Rate(1, clock)
    for number in range(100):
        rate.admit(f"owner {number}")
    clock.now = 61.0
    rate.admit("ada")
    assert list(rate._asked) == ["ada"]


def test_without_a_limit_nobody_is_refused():
    rate = Rate(None)
    for _ in range(1000):
        rate.admit("ada")
