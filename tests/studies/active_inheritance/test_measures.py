"""The measures of a text against published worked examples and counts by hand."""

import random

import pytest

from backend.studies.active_inheritance.measures import (
    fog,
    mattr,
    mtld,
    mtld_one_way,
    partial_factor,
    rix,
    sentences_of,
    syllables,
    words_of,
)


def slow_mattr(words: list[str], window: int) -> float:
    """By its definition, a set for every window."""
    windows = [words[i : i + window] for i in range(len(words) - window + 1)] or [words]
    return sum(len(set(one)) / len(one) for one in windows) / len(windows)


def test_the_worked_example_of_mccarthy_and_jarvis():
    """340 words, four factors and a rest whose ratio is 0.887 give 77.203."""
    rest = round(partial_factor(0.887), 3)
    assert rest == 0.404
    assert 340 / (4 + rest) == pytest.approx(77.203, abs=5e-4)


def test_a_factor_ends_where_the_ratio_falls_to_the_threshold():
    words = "a b c a b c a b".split()  # 3/4 = 0.75 goes on, 3/5 ends; then "c a b" without repetition
    assert mtld_one_way(words) == 8.0
    # backwards b a c b a | c b a, the same
    assert mtld(words) == 8.0
    assert mtld_one_way([*words, "b"]) == pytest.approx(9 / (1 + (1 - 3 / 4) / 0.28))


def test_both_directions_are_averaged_as_values():
    words = "a a a b c d e f".split()
    forward, backward = mtld_one_way(words), mtld_one_way(words[::-1])
    assert forward != backward
    assert mtld(words) == (forward + backward) / 2


def test_a_text_without_repetition_is_finite_and_above_any_with_one():
    without = [f"w{i}" for i in range(30)]
    once = [*without[:-1], "w0"]
    assert mtld(once) < mtld(without) < float("inf")
    assert mtld([]) == 0.0
    assert mtld(["alone"]) > 0


def test_a_moving_average_ratio_is_its_definition():
    chance = random.Random(5)
    for length in (0, 1, 5, 19, 20, 21, 60):
        words = [chance.choice("abcdefghij") for _ in range(length)]
        assert mattr(words, 20) == pytest.approx(slow_mattr(words, 20) if words else 0.0)
    with pytest.raises(ValueError, match="window"):
        mattr(["a"], 0)


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("cow", 1),
        ("table", 2),
        ("grasshopper", 3),
        ("time", 1),
        ("walked", 1),
        ("wanted", 2),
        ("animal", 3),
        ("temperature", 4),
        ("houses", 2),
        ("makes", 1),
        ("people", 2),
        ("the", 1),
        ("whole", 1),
        ("electricity", 5),
        ("3", 1),
    ],
)
def test_syllables_by_hand(word, count):
    assert syllables(word) == count


def test_fog_and_rix_by_hand():
    text = "The temperature of the Sun is high. Grasshoppers eat grass! Is 3.5 much?"
    words, sentences = words_of(text), sentences_of(text)
    assert len(words) == 13 + 1  # 3.5 are two words
    assert len(sentences) == 3
    # three syllables and more: temperature, grasshoppers; more than six letters: the same two
    assert fog(words, len(sentences)) == pytest.approx(0.4 * (14 / 3 + 100 * 2 / 14))
    assert rix(words, len(sentences)) == pytest.approx(2 / 3)


def test_a_text_without_an_end_or_without_words_has_its_measures():
    assert sentences_of("a cow eats") == ["a cow eats"]
    assert sentences_of(' "Really?" he said. ... ') == ['"Really', '" he said']
    assert fog([], 0) == rix([], 0) == 0.0
    assert words_of("Don't stop, it's_late") == ["don't", "stop", "it's", "late"]
