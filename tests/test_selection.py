"""Choosing real questions: every way fills the same quota, is drawn from its seed, and does what its paper says."""

import json
import random
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from backend.core.errors import UserError
from backend.core.readers import Reader
from backend.core.tasks import find_task, to_example
from backend.core.text_data import ASSETS, load_questions
from backend.selection import NAMES, SELECTORS
from backend.selection.bm25 import word_scores
from backend.core.chunks import chunks
from backend.selection.dealing import deal
from backend.selection.embedding import embed
from backend.selection.evolve import evolve
from backend.selection.geometry import farthest_points, nearest_means
from backend.selection.groups import clusters, groups, relations
from backend.selection.pool import Pool, make_pool
from backend.selection.projection import Projection
from backend.selection.quota import Quota, shares

SIZE = 12
SPEC = find_task("pocket_science")


@pytest.fixture(scope="module")
def pool() -> Pool:
    """A tenth of the bundled questions, read by the bundled OPT."""
    torch.set_num_threads(1)
    questions = load_questions("pocket_science", "train", limit=120)
    reader = Reader("opt-pocket", 2, 4, [to_example(question, SPEC) for question in questions])
    return make_pool(SPEC, questions, load_questions("pocket_science", "validation", limit=30), reader, seed=3)


@pytest.fixture(scope="module")
def chosen(pool) -> dict[str, list[int]]:
    return {name: SELECTORS[name](pool, SIZE) for name in NAMES}


# every selector


@pytest.mark.parametrize("name", NAMES)
def test_a_selector_takes_different_rows_of_exactly_the_quotas_lengths(pool, chosen, name):
    lengths = pool.answer_lengths()
    assert len(set(chosen[name])) == len(chosen[name]) == SIZE
    assert Counter(lengths[row] for row in chosen[name]) == Counter(
        {length: count for length, count in shares(lengths, SIZE).items() if count}
    )


def test_every_arm_teaches_equally_many_answer_tokens(pool, chosen):
    lengths = pool.answer_lengths()
    assert len({sum(lengths[row] for row in rows) for rows in chosen.values()}) == 1
    assert len(set(lengths)) > 2  # else that says nothing


@pytest.mark.parametrize("name", NAMES)
def test_a_selector_is_drawn_from_its_seed_alone(pool, chosen, name):
    torch.manual_seed(99), np.random.seed(99), random.seed(99)
    assert SELECTORS[name](pool, SIZE) == chosen[name]


def test_selectors_choose_differently(chosen):
    assert len({frozenset(rows) for rows in chosen.values()}) == len(NAMES)


@pytest.mark.parametrize("name", ["random", "balanced", "bm25", "embedding", "less"])
def test_another_seed_chooses_other_rows_where_something_is_drawn(pool, chosen, name):
    assert set(SELECTORS[name](replace(pool, seed=4), SIZE)) != set(chosen[name])


@pytest.mark.parametrize("name", NAMES)
def test_the_whole_pool_can_be_chosen_and_no_more(pool, name):
    if name != "less":  # it would only repeat its gradients
        assert sorted(SELECTORS[name](pool, len(pool))) == list(range(len(pool)))
    for size in (0, len(pool) + 1):
        with pytest.raises(UserError, match=f"{size} of 120"):
            SELECTORS[name](pool, size)


def test_no_selector_changes_the_student(pool, chosen):
    assert all(not p.any() for name, p in pool.reader.student.live().items() if "lora_B" in name)


def test_a_pool_without_questions_is_refused(pool):
    for questions, validation, what in (([], pool.validation, "training"), (pool.questions, [], "validation")):
        with pytest.raises(UserError, match=f"no {what} questions"):
            make_pool(SPEC, questions, validation, pool.reader, seed=0)


# the quota


@given(st.data())
def test_a_quota_is_proportional_and_can_always_be_filled(data):
    lengths = data.draw(st.lists(st.integers(1, 6), min_size=1, max_size=60))
    size = data.draw(st.integers(1, len(lengths)))
    given_, counts = shares(lengths, size), Counter(lengths)
    assert sum(given_.values()) == size
    assert all(abs(given_[length] - size * counts[length] / len(lengths)) < 1 for length in counts)
    order = data.draw(st.permutations(range(len(lengths))))
    assert Counter(lengths[row] for row in Quota(lengths, size).fill(order)) == Counter(given_)
    assert shares(list(reversed(lengths)), size) == given_


def test_of_equal_remainders_the_shorter_length_wins():
    assert shares([3, 3, 2, 2], 3) == {2: 2, 3: 1}


def test_a_row_is_open_until_it_or_its_length_is_taken():
    quota = Quota([1, 1, 1, 2, 2, 2], 4)
    quota.take(0)
    assert quota.open().tolist() == [False, True, True, True, True, True]
    quota.take(2)
    assert quota.open().tolist() == [False, False, False, True, True, True]
    with pytest.raises(RuntimeError, match="Row 1"):
        quota.take(1)
    assert quota.fill([5, 1, 0, 4, 3]) == [0, 2, 5, 4]
    assert quota.full


# groups


def test_groups_are_relations_where_the_task_is_bundled(pool):
    known = json.loads((ASSETS / "pocket_science" / "relations.json").read_text())
    assert pool.groups == [known[question.id] for question in pool.questions]
    assert pool.validation_groups is None


def test_groups_are_subjects_where_there_are_some(pool):
    asked = [replace(question, subject=f"s{i % 3}") for i, question in enumerate(pool.questions)]
    assert groups(asked, SPEC, lambda: 1 / 0, 0)[:4] == ["s0", "s1", "s2", "s0"]
    assert make_pool(SPEC, pool.questions, asked[:5], pool.reader, 0).validation_groups == [
        "s0",
        "s1",
        "s2",
        "s0",
        "s1",
    ]


def test_groups_are_clusters_for_anyone_elses_questions(pool):
    foreign = [replace(question, id=f"mine_{question.id}") for question in pool.questions]
    assert relations(foreign, SPEC) is None and relations(foreign, find_task("arc_easy")) is None
    vectors = np.repeat(np.eye(4, dtype=np.float32), 4, axis=0)
    found = groups(foreign[:16], SPEC, lambda: vectors, 0)
    assert len(set(found)) == 4 and all(len(set(found[i : i + 4])) == 1 for i in range(0, 16, 4))


def test_clustering_says_nothing_and_repeats_itself(capfd):
    vectors = np.random.default_rng(0).normal(size=(2000, 8)).astype(np.float32)
    assert clusters(vectors, 1) == clusters(vectors, 1) != clusters(vectors, 2)
    assert len(set(clusters(vectors, 1))) == 40
    assert len(set(clusters(vectors[:100], 1))) == 10  # few enough that faiss would warn
    assert capfd.readouterr() == ("", "")


# balanced


def test_balanced_takes_every_group_equally_often(pool):
    four = [f"g{min(i % 8, 3)}" for i in range(len(pool))]  # g3 is five times as large as the others
    rows = SELECTORS["balanced"](replace(pool, told_groups=four), SIZE)
    assert set(Counter(four[row] for row in rows).values()) == {3}
    assert len({pool.groups[row] for row in SELECTORS["balanced"](pool, SIZE)}) == SIZE


def test_balanced_takes_every_position_equally_often_and_odd_ones_last(pool):
    one = replace(pool, told_groups=["one"] * len(pool))
    assert Counter(pool.questions[row].answer for row in SELECTORS["balanced"](one, SIZE)) == {0: 3, 1: 3, 2: 3, 3: 3}
    questions = list(pool.questions)
    for row in range(0, len(questions), 3):
        questions[row] = replace(questions[row], options=tuple("abcde"), answer=4)
    assert all(questions[row].answer < 4 for row in SELECTORS["balanced"](replace(one, questions=questions), SIZE))


# embeddings


def test_an_embedding_is_the_mean_over_the_prompt_whatever_stands_beside_it_and_is_trained(pool):
    reader, student = pool.reader, pool.reader.student
    vectors = embed(reader, reader.train)
    ids = torch.tensor([reader.train.examples[7].prompt])
    with student.model.disable_adapter(), torch.no_grad():
        hidden = student.model.get_base_model().model(input_ids=ids).last_hidden_state[0].mean(0)
    assert np.allclose(vectors[7], (hidden / hidden.norm()).numpy(), atol=1e-5)
    before = {name: p.detach().clone() for name, p in student.live().items()}
    student.put({name: torch.ones_like(p) for name, p in before.items()})
    again = embed(reader, reader.train)
    student.put(before)
    assert np.array_equal(vectors, again)


def toy_vectors(rows: int = 30, width: int = 5) -> np.ndarray:
    vectors = np.random.default_rng(1).normal(size=(rows, width))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


LENGTHS = [2] * 20 + [3] * 10


def naive_open(taken: list[int], size: int) -> list[int]:
    left = Counter(shares(LENGTHS, size)) - Counter(LENGTHS[row] for row in taken)
    return [row for row in range(len(LENGTHS)) if row not in taken and left[LENGTHS[row]]]


def test_k_center_takes_the_farthest_open_point():
    x, taken = toy_vectors(), []
    for _ in range(9):
        if taken:
            taken.append(max(naive_open(taken, 9), key=lambda i: min(np.linalg.norm(x[i] - x[j]) for j in taken)))
        else:
            taken.append(min(naive_open(taken, 9), key=lambda i: np.linalg.norm(x[i] - x.mean(0))))
    assert farthest_points(x, Quota(LENGTHS, 9)) == taken


def test_k_center_covers_three_heaps_with_three_points():
    heaps = np.repeat(np.eye(3), 5, axis=0) + 0.01 * np.random.default_rng(0).normal(size=(15, 3))
    assert {row // 5 for row in farthest_points(heaps, Quota([1] * 15, 3))} == {0, 1, 2}


def test_herding_is_wellings_update():
    x, taken = toy_vectors(), []
    weights = x.mean(0)
    for _ in range(9):
        taken.append(max(naive_open(taken, 9), key=lambda i: weights @ x[i]))
        weights = weights + x.mean(0) - x[taken[-1]]
    assert nearest_means(x, Quota(LENGTHS, 9)) == taken


def test_herding_keeps_the_mean_better_than_chance():
    x, rng = toy_vectors(200), np.random.default_rng(2)
    lengths = [1] * 200

    def far(rows) -> float:
        return float(np.linalg.norm(x[rows].mean(0) - x.mean(0)))

    by_chance = [far(rng.choice(200, 10, replace=False)) for _ in range(200)]
    assert far(nearest_means(x, Quota(lengths, 10))) < min(by_chance)


def test_validation_questions_take_turns():
    scores = np.array([[9.0, 8.0], [8.0, 9.5], [7.0, 7.0], [1.0, 9.0]])
    assert deal(scores, Quota([1] * 4, 4), [0, 1]) == [0, 1, 2, 3]  # by mean it would be 1, 0, 2, 3
    assert deal(scores, Quota([1] * 4, 3), [1, 0]) == [1, 0, 3]
    assert deal(scores, Quota([1, 2, 1, 2], 2), [0]) == [0, 1]


@pytest.mark.parametrize("name", ["embedding", "bm25"])
def test_a_validation_question_finds_itself_in_the_pool(pool, name):
    wanted = [40, 41, 42, 43, 44, 45]
    asked = [pool.questions[row] for row in wanted]
    rows = replace(pool.reader.train, examples=[pool.reader.train.examples[row] for row in wanted])
    twins = replace(pool, validation=asked, validation_rows=rows)
    found = SELECTORS[name](twins, 60)  # large, so that no length is full in the first turns
    assert set(found[: len(wanted)]) == set(wanted)


# words


def test_bm25_finds_the_identical_question_first_and_nothing_in_strange_words(pool, capfd):
    texts = [question.question for question in pool.questions]
    scores = word_scores(texts, [*texts[:20], "zzz qqq", "?", "the"])
    assert scores[:, :20].argmax(axis=0).tolist() == list(range(20))
    assert not scores[:, 20:].any()
    assert not word_scores(["a", "?"], ["what is it"]).any()
    assert capfd.readouterr() == ("", "")


def test_bm25_is_its_formula():
    documents = ["red fox", "red red hen house", "blue fish"]
    words = [document.split() for document in documents]
    mean = sum(map(len, words)) / 3

    def by_hand(query: str, document: list[str]) -> float:
        total = 0.0
        for word in query.split():
            n, f = sum(word in other for other in words), document.count(word)
            total += np.log(1 + (3 - n + 0.5) / (n + 0.5)) * f / (f + 1.5 * (0.25 + 0.75 * len(document) / mean))
        return total

    scores = word_scores(documents, ["red house", "fish"])
    expected = [[by_hand(query, document) for query in ("red house", "fish")] for document in words]
    assert np.allclose(scores, expected, atol=1e-6)


# projection


def test_a_projection_keeps_inner_products_on_average():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 3000)).astype(np.float32)
    b = (a + b) / 2
    found = []
    for seed in range(60):
        project = Projection(3000, 64, seed)
        pa, pb = project(np.stack([a, b]))
        found.append(pa @ pb)
    exact = a @ b
    spread = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found) - exact) < 3 * spread < 0.1 * exact


def test_a_projection_is_drawn_from_its_seed_and_left_out_where_it_would_not_shorten():
    rows = np.random.default_rng(0).normal(size=(3, 200)).astype(np.float32)
    assert np.array_equal(Projection(200, 50, 1)(rows), Projection(200, 50, 1)(rows))
    assert not np.array_equal(Projection(200, 50, 1)(rows), Projection(200, 50, 2)(rows))
    assert Projection(200, 50)(rows).shape == (3, 50) and Projection(200, 200)(rows) is rows


# chunks


@given(st.lists(st.integers(1, 50), max_size=40), st.integers(50, 200), st.integers(1, 9))
def test_chunks_hold_every_row_once_within_their_limits(lengths, tokens, most):
    found = chunks(lengths, tokens, most)
    assert sorted(row for chunk in found for row in chunk) == list(range(len(lengths)))
    for chunk in found:
        assert len(chunk) <= most and len(chunk) * max(lengths[row] for row in chunk) <= tokens


# evolution


POOL_LENGTHS = [2, 3] * 20


def distance_to(target: set[int]):
    calls = []

    def judge(sets: list[list[int]]) -> list[float]:
        calls.append(sets)
        return [float(len(target - set(rows))) for rows in sets]

    return judge, calls


def test_evolution_finds_the_best_rows_and_never_gets_worse():
    judge, _ = distance_to({30, 31, 32, 33})
    rounds = list(evolve([0, 1, 2, 3], POOL_LENGTHS, judge, 3000, seed=0))
    losses = [one.loss for one in rounds]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] == 0 and set(rounds[-1].chosen) == {30, 31, 32, 33}


def test_evolution_judges_the_parent_again_beside_children_of_its_lengths():
    judge, calls = distance_to({30, 31, 32, 33})
    rounds = list(evolve([0, 1, 2, 3], POOL_LENGTHS, judge, 100, seed=1))
    parent = [0, 1, 2, 3]
    for sets, one in zip(calls, rounds, strict=True):
        assert sets[0] == parent and one.chosen in sets
        for child in sets[1:]:
            assert len(set(child)) == 4 and 1 <= len(set(child) - set(parent)) <= 2
            assert [POOL_LENGTHS[row] for row in child] == [POOL_LENGTHS[row] for row in parent]
        assert len({frozenset(one) for one in sets}) == len(sets)
        parent = one.chosen
    assert {len(set(child) - set(sets[0])) for sets in calls for child in sets[1:]} == {1, 2}


def test_evolution_stays_within_its_evaluations():
    for evaluations in range(13):
        judge, calls = distance_to({30})
        rounds = list(evolve([0, 1], POOL_LENGTHS, judge, evaluations, seed=0))
        assert sum(map(len, calls)) == (rounds[-1].evaluations if rounds else 0) <= evaluations


def test_evolution_goes_on_after_a_stop_to_the_same_rounds():
    judge, _ = distance_to({30, 31, 32, 33})
    whole = list(evolve([0, 1, 2, 3], POOL_LENGTHS, judge, 103, seed=2))
    half = whole[:7]
    assert half + list(evolve([0, 1, 2, 3], POOL_LENGTHS, judge, 103, seed=2, after=half[-1])) == whole
    assert list(evolve([0, 1, 2, 3], POOL_LENGTHS, judge, 103, seed=5)) != whole


def test_evolution_keeps_its_choice_in_a_tie_and_from_a_loss_that_is_no_number():
    for loss in (1.0, float("nan")):
        rounds = list(
            evolve([0, 1], POOL_LENGTHS, lambda sets, loss=loss: [1.0] + [loss] * (len(sets) - 1), 50, seed=0)
        )
        assert all(one.chosen == [0, 1] for one in rounds)


def test_evolution_leaves_a_parent_whose_loss_is_no_number():
    first = next(evolve([0, 1], POOL_LENGTHS, lambda sets: [float("nan")] + [1.0] * (len(sets) - 1), 50, seed=0))
    assert first.loss == 1.0 and first.chosen != [0, 1]


def test_evolution_ends_where_nothing_can_be_swapped():
    assert list(evolve([0, 1], [2, 3], lambda sets: [0.0] * len(sets), 50, seed=0)) == []


@pytest.mark.parametrize("start", [[], [0, 0], [0, 40], [-1]])
def test_evolution_refuses_rows_that_are_not_in_the_pool(start):
    with pytest.raises(UserError, match=re.escape(f"The {len(start)} rows")):
        next(evolve(start, POOL_LENGTHS, lambda sets: [0.0] * len(sets), 50, seed=0))
