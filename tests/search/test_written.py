"""Written texts: what a writer is taught it writes, the filters take what they should, and a search takes its texts."""

import json
import random
from dataclasses import asdict, replace

import pytest

from backend.core.text.facts import Fact
from backend.core.text.tasks import Question
from backend.search import count
from backend.search import writing as module
from backend.search.moves import Draft, Material, draw
from backend.search.search import Search, move_of
from backend.search.state import found_of
from backend.search.writing import Writing, as_text, parted, with_written, write
from backend.search.written import FACT, LEAK, MALFORMED, OUTCOMES, REPEAT, TAKEN, judged, outcomes, written_once
from tests import tiny_search
from tests.tiny_search import DRAFTS, PLAN, SPEC, TRAIN, VALIDATION

readers = tiny_search.readers

POOL = DRAFTS[:4]
ASKS = ("Which planet is closest to the sun?", "What circles next to the sun?")
SUN = Fact("sky.nearest:sun", "sun", ("Mercury",), ASKS)
ASKED = Question("v", "Which of the nine planets is the nearest to the sun?", ("Mercury", "Venus"), 0)
TEXTS = [
    ("Which animal lays eggs?", "a hen"),
    ("which animal gives  milk", "a goat"),  # as the pool asks it, but for signs and case
    ("Which animal lays eggs?", "a duck"),
    ("Which planet? Which of the nine planets is the nearest to the sun?", "Mars"),
    ("Which animal has no answer?", ""),
    ("Which animal has a b\ufffd?", "a goat"),
    ("Which animal has a long answer?", "a goat and a cow"),
    ("Which animal has wool?", "a sheep"),
]
LOT = random.Random(0)


def short(draft: Draft) -> bool:
    return len(draft.answer.split()) <= 2


def test_every_filter_takes_out_what_it_should_and_nothing_else():
    rows = list(judged(TEXTS, short, POOL, [ASKED]))
    found = [row["outcome"] for row in rows]
    assert found == [TAKEN, "copy", REPEAT, LEAK, MALFORMED, MALFORMED, MALFORMED, TAKEN]
    assert [(row["question"], row["answer"]) for row in rows] == TEXTS  # what is left out is on record too


def test_what_a_kept_out_question_asks_is_kept_out_in_other_words_too_and_on_record_with_why():
    asked = Question("v_7", "What circles next to the sun?", ("Mercury", "Venus"), 0)
    texts = [*TEXTS, ("Which planet is closest to the sun?", "Venus"), ("What does the sun keep near?", "Mercury")]
    before, after = (list(judged(texts, short, POOL, [ASKED, asked], facts)) for facts in ((), (SUN,)))
    assert [row["outcome"] for row in before[-2:]] == [TAKEN, TAKEN]
    why = {"outcome": FACT, "fact": "sky.nearest:sun", "asked_by": "v_7"}
    assert after == before[:-2] + [row | why for row in before[-2:]]
    assert list(judged(texts, short, POOL, [ASKED], (SUN,)))[-2:] == before[-2:]  # a fact that nobody keeps out


def test_texts_are_written_once_and_then_read(tmp_path):
    file = tmp_path / "written.jsonl"
    first = written_once(file, lambda: TEXTS, short, POOL, lambda: [ASKED])
    assert first == (Draft(*TEXTS[0], "written_0000"), Draft(*TEXTS[7], "written_0007"))
    assert outcomes(file) == dict(zip(OUTCOMES, (2, 3, 1, 1, 1, 0), strict=True))
    assert written_once(file, pytest.fail, short, POOL, pytest.fail) == first


def test_a_text_is_parted_where_it_was_put_together():
    for draft in DRAFTS:
        example = as_text(draft)
        assert parted(example.text.removeprefix(example.prompt)) == (draft.question, draft.answer)
    assert parted(" Which animal") == ("Which animal", "")


def test_a_writer_writes_as_it_was_taught_and_the_same_for_a_seed(tiny_models):
    much = Writing(texts=8, steps=70, batch=4, lr=0.02)
    model = str(tiny_models["llama"])
    found = write(model, POOL, much, seed=0)
    assert len(found) == 8 and len(set(found)) > 1
    known = {(draft.question, draft.answer) for draft in POOL}
    assert len(known & set(found)) > 1, "it has learned some of four texts by heart"
    few = replace(much, texts=2, steps=1)
    assert write(model, POOL, few, seed=0) == write(model, POOL, few, seed=0) != write(model, POOL, few, seed=1)


@pytest.fixture(scope="module")
def material() -> Material:
    written = (Draft("Which animal lays eggs?", "a hen", "written_0000"), Draft("What is wet?", "rain", "written_0003"))
    return replace(Material.of(DRAFTS[:12], [2] * 12), written=written, written_lengths=(2, 1))


def test_a_written_move_brings_a_written_question_with_an_answer_as_long(material):
    assert {draw("written", DRAFTS[0], 2, material, LOT) for _ in range(5)} == {material.written[0]}
    assert draw("written", DRAFTS[0], 7, material, LOT) == DRAFTS[0]
    assert draw("written", DRAFTS[0], 2, replace(material, written=(), written_lengths=()), LOT) == DRAFTS[0]


def test_written_and_real_questions_take_turns_where_both_are_allowed():
    moves = ("question", "phrase", "word", "written")
    wanted = "question phrase written word question phrase".split()
    assert [move_of(number, moves) for number in range(1, 7)] == wanted
    assert [move_of(number, ("written", "word")) for number in range(1, 4)] == ["written", "word", "written"]
    assert [move_of(number, ("written", "question")) for number in range(1, 4)] == ["written", "question", "written"]


def test_a_search_takes_written_texts_and_goes_on_with_the_same_ones(readers, tmp_path, monkeypatch):
    texts = [(f"Which animal lays {number} eggs?", draft.answer) for number, draft in enumerate(DRAFTS[:12])]
    monkeypatch.setattr(module, "write", lambda *_: texts)
    lengths = [len(one.answer) for one in readers[0].train.examples]
    plan = replace(PLAN, moves=("written", "word"), rounds=2, validate_every=9, confirmations=0)

    def make() -> Search:
        plain = Material.of(DRAFTS[:12], lengths)
        file = tmp_path / "written.jsonl"
        return Search(readers, TRAIN, VALIDATION, with_written(plain, readers[0], SPEC, file, lambda: [], 1), plan)

    whole = list(make().run(DRAFTS[:4]))
    taken = [draft for draft in whole[1].drafts if draft not in DRAFTS]
    assert taken and all((draft.question, draft.answer) in texts for draft in taken)
    assert all(draft.origin.startswith("written_") for draft in taken)
    monkeypatch.setattr(module, "write", pytest.fail)
    saved = found_of(json.loads(json.dumps(asdict(whole[1]))))
    assert list(make().run(DRAFTS[:4], saved)) == whole[2:]


def test_estimates_count_the_writer_that_there_is():
    there = (module.WRITING.steps, module.WRITING.batch, module.WRITING.texts)
    assert (count.WRITER_STEPS, count.WRITER_BATCH, count.WRITTEN) == there
