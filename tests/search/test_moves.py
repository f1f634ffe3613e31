"""The moves of the search keep what they promise: the answer, a fair length, and one token where one is changed."""

import random
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from backend.core.text.prompts import question_prompt
from backend.core.text.token_ids import prompt_ids
from backend.search.moves import Draft, Material, common, draw, last_phrase, rewritten
from backend.search.tokens import token_proposals
from tests import tiny_search
from tests.tiny_search import DRAFTS, MATERIAL, TOKENS

readers = tiny_search.readers


@given(st.sampled_from(("phrase", "word")), st.integers(0, 11), st.integers(1, 30))
def test_a_move_keeps_the_answer_and_a_text_of_fair_length(move, slot, seed):
    rng, draft = random.Random(seed), DRAFTS[slot]
    for _ in range(40):
        draft = draw(move, draft, TOKENS[slot], MATERIAL, rng)
        assert (draft.answer, draft.origin) == (DRAFTS[slot].answer, DRAFTS[slot].origin)
        assert 1 <= len(draft.question.split()) <= MATERIAL.longest
        assert draft.question == " ".join(draft.question.split())


@given(st.integers(0, 11), st.integers())
def test_a_question_move_brings_a_real_question_with_an_answer_of_as_many_tokens(slot, seed):
    found = draw("question", DRAFTS[slot], TOKENS[slot], MATERIAL, random.Random(seed))
    assert found in DRAFTS and TOKENS[DRAFTS.index(found)] == TOKENS[slot]


def test_a_question_move_stays_where_no_answer_is_as_long():
    assert draw("question", DRAFTS[0], 99, MATERIAL, random.Random(0)) == DRAFTS[0]


def test_every_move_changes_something_now_and_then():
    for move, slot in (("question", 1), ("word", 1)):
        found = {draw(move, DRAFTS[slot], TOKENS[slot], MATERIAL, random.Random(i)).question for i in range(60)}
        assert len(found - {DRAFTS[slot].question}) > 1, move


def test_a_phrase_move_recombines_with_the_same_answer_or_where_texts_begin_or_end_alike():
    mine = Draft("What does a cow give in spring", "milk", "x")
    others = [Draft("What fills a jug of glass", "milk", "y"), Draft("What does a hen lay", "eggs", "z"),
              Draft("Who goes out in spring", "bees", "w")]  # fmt: skip
    material = Material.of([mine, *others], [1] * 4)
    found = {draw("phrase", mine, 1, material, random.Random(i)).question for i in range(400)}
    assert found == {
        mine.question, "What fills a jug of glass",  # whole
        "What fills a jug of spring", "What does a cow give in glass",  # crossed at their last phrases
        "What does a hen lay",  # begins alike: what follows
        "Who goes out in spring",  # ends alike: what comes before
    }  # fmt: skip


def test_a_word_move_changes_adds_or_drops_one_word():
    words, sizes = DRAFTS[2].question.split(), set()
    for i in range(60):
        found = draw("word", DRAFTS[2], 0, replace(MATERIAL, longest=99), random.Random(i)).question.split()
        begin, end = common(words, found), common(words[::-1], found[::-1])
        assert abs(len(found) - len(words)) <= 1 and begin + end >= min(len(words), len(found)) - 1
        sizes.add(len(found) - len(words))
    assert sizes == {-1, 0, 1}
    assert all(draw("word", Draft("one", "a", "x"), 0, MATERIAL, random.Random(i)).question for i in range(20))


def test_the_last_phrase_begins_behind_the_last_small_word():
    assert last_phrase("What is the colour of a leaf".split()) == 6
    assert last_phrase("Name one green leaf".split()) == 3
    assert last_phrase("Leaf".split()) == 1
    assert last_phrase("Which animal is at".split()) == 3


def test_an_empty_text_is_no_text():
    assert rewritten(DRAFTS[0], "  ") == DRAFTS[0]
    assert rewritten(DRAFTS[0], " hi ").question == "hi"


@pytest.mark.parametrize("family", ["opt", "llama"])
def test_a_token_proposal_reads_back_as_one_changed_token(readers, family):
    reader = readers[("opt", "llama").index(family)]
    rng = torch.Generator().manual_seed(0)
    before = [prompt_ids(reader.tokenizer, question_prompt(draft.question)) for draft in DRAFTS[:3]]
    slopes = [torch.randn(len(ids), reader.student.table.shape[1], generator=rng) for ids in before]
    found = token_proposals(reader, DRAFTS[:3], slopes, 12)
    assert 0 < len(found) <= 12
    gains = []
    for one in found:
        assert one.draft.answer == DRAFTS[one.slot].answer and one.draft.question.strip()
        after = prompt_ids(reader.tokenizer, question_prompt(one.draft.question))
        places = [i for i, (a, b) in enumerate(zip(before[one.slot], after, strict=True)) if a != b]
        assert len(places) == 1
        a, b = before[one.slot][places[0]], after[places[0]]
        gains.append(float((reader.student.table[b] - reader.student.table[a]) @ slopes[one.slot][places[0]]))
    assert gains == sorted(gains) and gains[0] < 0
