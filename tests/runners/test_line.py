"""Whose turn it is, when many wait."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from backend.runners.line import Line


def line_of(*runs: str) -> Line:
    line = Line()
    for run in runs:
        line.add(Path(run))
    return line


def drained(line: Line) -> list[str]:
    return [str(line.pop()) for _ in range(len(line))]


def test_one_owner_is_served_in_the_order_they_came():
    assert drained(line_of("a/1", "a/2", "a/3")) == ["a/1", "a/2", "a/3"]


def test_a_visitor_with_many_runs_delays_another_by_one_of_them_only():
    assert drained(line_of("a/1", "a/2", "a/3", "b/1", "c/1")) == ["a/1", "b/1", "c/1", "a/2", "a/3"]


def test_who_had_a_turn_lately_comes_after_who_had_not():
    line = line_of("a/1")
    line.pop()
    line.add(Path("a/2"))
    line.add(Path("b/1"))
    assert drained(line) == ["b/1", "a/2"]


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 9)), unique=True, max_size=20))
def test_the_order_that_is_told_is_the_order_that_comes(runs):
    line = line_of(*(f"{owner}/{number}" for owner, number in runs))
    told = [str(run) for run in line.order()]
    assert drained(line) == told


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=24))
def test_nobody_gets_a_second_turn_while_another_waits_for_a_first(owners):
    turns = [run.split("/")[0] for run in drained(line_of(*(f"{o}/{i}" for i, o in enumerate(owners))))]
    first = {owner: turns.index(owner) for owner in set(owners)}
    assert max(first.values()) < len(first)


def naive_order(line: Line) -> list[Path]:
    """Every turn looks at every run."""
    left, turns, found = list(line._waiting), dict(line._turns), []
    while left:
        run = min(left, key=lambda one: turns.get(one.parent.name, 0))  # the first of equals came first
        left.remove(run)
        turns[run.parent.name] = max(turns.values(), default=0) + 1
        found.append(run)
    return found


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 9)), unique=True, max_size=24), st.integers(0, 12))
def test_the_order_is_that_of_looking_at_every_run_for_every_turn(runs, turns):
    line = line_of(*(f"{owner}/{number}" for owner, number in runs))
    for _ in range(min(turns, len(line))):
        line.pop()
    assert line.order() == naive_order(line)
    for owner, number in runs[:turns]:
        line.add(Path(f"{owner}/again-{number}"))
    assert line.order() == naive_order(line)
