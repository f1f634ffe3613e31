"""What is kept of each prompt's texts, under one measure or a sum of several, at any size of the choice."""

import random
import time

import pytest

from backend.studies.active_inheritance.objectives import OBJECTIVES, candidates, rechoose, z_scale

NAMES = ("length", "mtld", "mattr", "fog", "rix", "rude", "truth", "words")


def pool(prompts: int, k: int, talkers: tuple[str, ...] = ("a",), seed: int = 0) -> list[dict]:
    """Rows of a pool with random scores."""
    chance = random.Random(seed)

    def text() -> dict:
        length = chance.randint(1, 80)
        scores = {name: chance.random() for name in NAMES}
        return {"text": "x", "scores": scores | {"length": length, "words": length, "rude": chance.randint(0, 1)}}

    return [
        {"prompt": number, "talker": talker, "texts": [text() for _ in range(k)]}
        for talker in talkers
        for number in range(prompts)
    ]


def scores(rows: list[dict], picked: list) -> list[dict]:
    by_place = {(row["prompt"], row["talker"]): row["texts"] for row in rows}
    return [by_place[prompt, talker][index]["scores"] for prompt, talker, index in picked]


@pytest.mark.parametrize("objective", list(OBJECTIVES))
def test_the_best_has_most_of_it_and_the_worst_least(objective):
    rows, (name, sign) = pool(6, 8), OBJECTIVES[objective]
    for how, pick in (("best", max), ("worst", min)):
        found = scores(rows, rechoose(rows, objective, k=8, how=how))
        assert [sign * one[name] for one in found] == [
            pick(sign * text["scores"][name] for text in row["texts"]) for row in rows
        ]


def test_a_smaller_choice_is_among_the_first_texts():
    rows = pool(20, 8)
    for k in (2, 4, 8):
        picked = rechoose(rows, "length", k=k)
        assert max(index for *_, index in picked) < k
    lengths = [sum(one["length"] for one in scores(rows, rechoose(rows, "length", k=k))) for k in (2, 4, 8)]
    assert lengths == sorted(lengths)


def test_two_talkers_share_the_choice_equally():
    rows = pool(3, 8, ("a", "b"))
    group = candidates(rows, 8)[0]
    assert [(talker, index) for talker, index, _ in group] == [(t, i) for t in "ab" for i in range(4)]
    assert {talker for _, talker, _ in rechoose(pool(40, 8, ("a", "b")), "length", k=8)} == {"a", "b"}


def test_a_sum_adds_standard_deviations_and_ignores_what_does_not_vary():
    rows = pool(5, 4)
    for row in rows:
        for text in row["texts"]:
            text["scores"]["rude"] = 0
    assert rechoose(rows, "sum", {"length": 2.0, "polite": 9.0}, k=4) == rechoose(rows, "length", k=4)
    assert rechoose(rows, "sum", {"length": -1.0}, k=4) == rechoose(rows, "short", k=4)
    (middle, spread), (mid, wide) = z_scale(rows, "length"), z_scale(rows, "fog")
    for row, one in zip(rows, scores(rows, rechoose(rows, "sum", {"length": 1.0, "plain": 0.5}, k=4)), strict=True):
        worth = [
            (t["scores"]["length"] - middle) / spread - 0.5 * (t["scores"]["fog"] - mid) / wide for t in row["texts"]
        ]
        assert (one["length"] - middle) / spread - 0.5 * (one["fog"] - mid) / wide == pytest.approx(max(worth))


def test_a_random_choice_depends_on_its_seed_alone():
    rows = pool(30, 8)
    assert rechoose(rows, "length", how="random", seed=1) == rechoose(rows, "polite", how="random", seed=1)
    assert rechoose(rows, "length", how="random", seed=1) != rechoose(rows, "length", how="random", seed=2)


def test_variety_is_compared_among_texts_that_are_long_enough():
    rows = pool(30, 8)
    picked = scores(rows, rechoose(rows, "mtld", k=8, equal_words=40))
    could = [any(text["scores"]["words"] >= 40 for text in row["texts"]) for row in rows]
    assert [one["words"] >= 40 for one in picked] == could
    assert rechoose(rows, "length", k=8, equal_words=40) == rechoose(rows, "length", k=8)


def test_what_the_texts_have_no_score_of_is_refused():
    rows = pool(2, 2)
    rows[0]["texts"][0]["scores"]["truth"] = None
    with pytest.raises(ValueError, match="no truth"):
        rechoose(rows, "true", k=2)
    with pytest.raises(ValueError, match="none of"):
        rechoose(rows, "beauty", k=2)
    with pytest.raises(ValueError, match="none of"):
        rechoose(rows, "length", how="middling")


def test_a_slider_waits_for_no_model():
    rows = pool(100, 8, ("a", "b"))
    begin = time.process_time()
    rechoose(rows, "sum", {"length": 1.0, "polite": 1.0, "mtld": 0.3}, k=8, equal_words=50)
    assert time.process_time() - begin < 0.2
