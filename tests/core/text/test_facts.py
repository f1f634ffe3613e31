"""Facts of a task: read from beside its splits, found in texts whatever their words, and kept out for who asks them."""

import json
import random
import re

import pytest

from backend.core.text.facts import FILE, KeptOut, load_facts, plain, read_facts
from backend.core.text.tasks import Question
from backend.core.text.text_data import load_questions
from backend.errors import UserError

KINDS = {
    "units.of": {
        "asks": ["The {} is the unit of what?", "What do we measure by the {}?"],
        "answers": {"metre": ["length"], "square metre": ["area"], "hour": ["time", "a time"]},
    },
    "farm.gives": {"asks": ["What does {} give?"], "answers": {"a cow": ["milk"], "a hen": ["eggs"]}},
}
AREA = Question("test_3", "What do we measure by the square metre?", ("area", "time"), 0)
MILK = Question("validation_1", "What does a cow give?", ("milk", "eggs"), 0)


@pytest.fixture(scope="module")
def facts(tmp_path_factory):
    file = tmp_path_factory.mktemp("data") / FILE
    file.write_text(json.dumps(KINDS), "utf-8")
    return read_facts(file)


@pytest.fixture(scope="module")
def out(facts) -> KeptOut:
    return KeptOut(facts, [AREA, MILK])


@pytest.mark.parametrize(
    ("question", "answer", "fact"),
    [
        (AREA.question, "area", "units.of:square metre"),
        ("the SQUARE-METRE is a unit of what", "time", "units.of:square metre"),  # other phrasing, wrong answer
        ("So: what does the cow give? And why?", "hay", "farm.gives:a cow"),
        ("From which animal, a cow or a hen, is it?", "Milk", "farm.gives:a cow"),  # nobody's words, but the fact
        ("From which animal, a cow or a hen, is it?", "eggs", None),
        ("From which animal, a cow or a hen, is it?", "hay", None),
        ("The metre is the unit of what?", "length", None),  # nobody keeps it out, and it is no square metre
        ("What do we measure by the square?", "area", None),
        ("What does a hen give?", "milk", None),
    ],
)
def test_a_fact_is_kept_out_in_all_words_that_are_understood(out, question, answer, fact):
    by = {"units.of:square metre": "test_3", "farm.gives:a cow": "validation_1"}
    assert out.why(question, answer) == (fact and {"fact": fact, "asked_by": by[fact]})


def test_options_under_a_question_do_not_hide_what_it_asks(facts):
    lettered = Question("test_9", "What does a cow give?\nA. milk\nB. a stone", ("A", "B"), 0)
    assert KeptOut(facts, [lettered]).why("What does a cow give?\nA. eggs\nB. milk", "B")["asked_by"] == "test_9"


def test_facts_are_found_as_by_looking_for_each_in_the_text(facts):
    """The naive twin: every phrasing, the longest first, is looked for in the text and crossed out."""
    out, rng = KeptOut(facts, []), random.Random(0)
    known = [(" ".join(plain(ask)), fact.name) for fact in facts for ask in fact.asks]
    for _ in range(300):
        text = " ".join(rng.choice([rng.choice(known)[0], "so", "a cow", "the square", "and"]) for _ in range(4))
        left, naive = " ".join(plain(text)), set()
        for words, name in sorted(known, key=lambda one: -len(one[0])):
            left, times = re.subn(rf"(?<!\S){re.escape(words)}(?!\S)", "#", left)
            naive |= {name} if times else set()
        assert {fact.name for fact in out.asked(text)} == naive


def test_a_task_without_such_a_file_tells_no_facts(tiny_tasks, tmp_path):
    assert load_facts("arc_easy", str(tiny_tasks)) == load_facts("arc_easy") == load_facts("own_text") == ()
    assert KeptOut((), [AREA]).why(AREA.question, "area") is None
    (tmp_path / FILE).write_text(json.dumps(KINDS), "utf-8")
    assert len(load_facts("own_text", str(tmp_path))) == 5


def test_kept_out_questions_of_no_fact_keep_nothing_out(facts):
    others = load_questions("pocket_science", "test", limit=20)
    assert KeptOut(facts, others).by == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[]", "facts.json is not as it should be"),
        ("{", "facts.json is not as it should be"),
        ('{"farm": {"asks": []}}', "at farm, answers"),
        ('{"farm": {"asks": [], "answers": {"cow": "milk"}}}', "at farm, answers, cow"),
        ('{"farm": {"asks": [], "answers": {}, "says": []}}', "at farm, says"),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_name_and_place(tmp_path, text, found):
    (tmp_path / FILE).write_text(text, "utf-8")
    with pytest.raises(UserError) as refused:
        read_facts(tmp_path / FILE)
    assert found in refused.value.found and refused.value.next_step == "Correct the file or remove it."
