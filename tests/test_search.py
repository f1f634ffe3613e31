"""The search decoder: its moves keep what they promise, and a search repeats itself, goes on, and never gets worse."""

import json
import math
import random
from dataclasses import asdict, replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from backend.core.backbones import prompt_ids
from backend.core.errors import UserError
from backend.core.finetune import Diverged
from backend.core.prompts import question_prompt
from backend.core.readers import Reader
from backend.core.tasks import Question, find_task, to_example
from backend.studies.text_distillation import search as module
from backend.studies.text_distillation.court import Court, Proposal, SearchPlan, Students
from backend.studies.text_distillation.moves import Draft, Material, common, draw, last_phrase, rewritten
from backend.studies.text_distillation.objectives import Answers
from backend.studies.text_distillation.search import Found, Search, joint_trials
from backend.studies.text_distillation.searching import found_of
from backend.studies.text_distillation.tokens import token_proposals
from tests.tiny import FACTS

SPEC = find_task("arc_easy")
QUESTIONS = [Question(f"toy_{i}", text, options, answer) for i, (text, options, answer) in enumerate(FACTS)]
DRAFTS = tuple(Draft(q.question, q.options[q.answer], q.id) for q in QUESTIONS)
TRAIN, VALIDATION = QUESTIONS[:12], QUESTIONS[12:]
TOKENS = [len(draft.answer) % 3 for draft in DRAFTS[:12]]  # any lengths do for the moves alone
MATERIAL = Material.of(DRAFTS[:12], TOKENS)
PLAN = SearchPlan(
    "arc_easy", rounds=3, lrs=(0.05, 0.05), steps=3, batch=4, candidates=10, questions=4, validate_every=2,
    moves=("question", "phrase", "word", "token"),
)  # fmt: skip


@pytest.fixture(scope="module")
def readers(tiny_models) -> list[Reader]:
    examples = [to_example(question, SPEC) for question in TRAIN]
    return [Reader(str(tiny_models[family]), 2, 4, examples) for family in ("opt", "llama")]


def make(readers: list[Reader], **changes) -> Search:
    plan = replace(PLAN, lrs=PLAN.lrs[: len(readers)], **changes)
    material = Material.of(DRAFTS[:12], [len(e.answer) for e in readers[0].train.examples])
    return Search(readers, TRAIN, VALIDATION, material, plan)


# moves


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


# tokens


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


# trials


def proposals(*changes: tuple[int, str]) -> list[Proposal]:
    return [Proposal(slot, replace(DRAFTS[slot], question=text)) for slot, text in changes]


def changed(trial: tuple[Draft, ...]) -> dict[int, str]:
    return {i: draft.question for i, draft in enumerate(trial) if draft != DRAFTS[i]}


def test_trials_take_the_best_of_each_slot_1_2_4_together_and_the_next_alone():
    given_ = proposals((0, "a"), (1, "b"), (0, "better a"), (2, "c"), (3, "d"), (4, "e"), (5, "worse"))
    found = joint_trials(DRAFTS[:8], given_, [-1.0, -5.0, -6.0, -4.0, -3.0, -2.0, 1.0])
    four = {0: "better a", 1: "b", 2: "c", 3: "d"}
    assert [changed(trial) for trial in found] == [
        {0: "better a"}, {0: "better a", 1: "b"}, four, {1: "b"}, {2: "c"},
    ]  # fmt: skip


def test_a_trial_never_holds_two_equal_texts():
    found = joint_trials(DRAFTS[:4], proposals((0, "same"), (1, "same"), (2, "other")), [-4.0, -3.0, -2.0])
    assert [changed(trial) for trial in found] == [{0: "same"}, {0: "same", 2: "other"}, {2: "other"}]
    assert all(len({draft.question for draft in trial}) == 4 for trial in found)


def test_nothing_is_tried_that_promises_nothing():
    assert joint_trials(DRAFTS[:4], proposals((0, "a"), (1, "b")), [0.0, 2.0]) == []
    assert joint_trials(DRAFTS[:4], [], []) == []


@given(st.lists(st.tuples(st.integers(0, 6), st.sampled_from("abcdefgh"), st.floats(-1, 1)), max_size=30))
def test_trials_are_different_texts_that_change_a_power_of_two_of_slots(drawn):
    found = joint_trials(DRAFTS[:7], proposals(*((slot, text) for slot, text, _ in drawn)), [e for *_, e in drawn])
    assert len(set(found)) == len(found)
    for trial in found:
        assert len({draft.question for draft in trial}) == 7
        assert len(changed(trial)) in (1, 2, 4)


# courts


def court(reader: Reader, **changes) -> Court:
    plan = replace(PLAN, lrs=(0.05,), **changes)
    students = [Students(reader, module.Plan(plan.steps, 0.05), plan, (1, seed)) for seed in range(plan.seeds)]
    return Court(reader, students, TRAIN[:6], plan)


@pytest.mark.parametrize("objective", ["answers", "matching"])
def test_a_court_judges_equal_texts_alike_and_others_not(readers, objective):
    judge, other = court(readers[0], objective=objective, seeds=2), (DRAFTS[5], *DRAFTS[1:4])
    losses = judge.judge([DRAFTS[:4], other, DRAFTS[:4]]).tolist()
    assert losses[0] == losses[2] != losses[1]
    singles = [judge._objectives[i].value(s.train(judge._rows(other))) for i, s in enumerate(judge.students)]
    assert losses[1] == pytest.approx(sum(singles) / 2) and singles[0] != singles[1]


def test_an_effect_is_of_the_change_so_a_draft_for_itself_has_none(readers):
    given_ = [Proposal(2, DRAFTS[2]), Proposal(2, DRAFTS[7]), Proposal(0, DRAFTS[7])]
    effects = court(readers[0]).effects(DRAFTS[:4], given_)
    assert effects[0].abs() < 1e-4 * effects[1:].abs().max() and effects[1] != effects[2]
    assert court(readers[0]).effects(DRAFTS[:4], []).tolist() == []


def test_a_trial_whose_student_diverges_loses(readers, monkeypatch):
    train = Students.train

    def broken(self, rows):
        if len(rows) == 3:
            raise Diverged("The loss is nan.", "a finite loss", "Lower it.")
        end = train(self, rows)
        return {name: p * math.nan for name, p in end.items()} if len(rows) == 2 else end

    monkeypatch.setattr(Students, "train", broken)
    losses = court(readers[0]).judge([DRAFTS[:4], DRAFTS[:3], DRAFTS[:2]])
    assert losses.isfinite().tolist() == [True, False, False] and losses.argmin() == 0


# the whole search


@pytest.fixture(scope="module")
def whole(readers) -> list[Found]:
    return list(make(readers).run(DRAFTS[:4]))


def test_a_search_repeats_itself_and_another_seed_does_not(readers, whole):
    assert [found.round for found in whole] == [0, 1, 2, 3]
    assert list(make(readers).run(DRAFTS[:4])) == whole
    assert list(make(readers, seed=1).run(DRAFTS[:4]))[-1].drafts != whole[-1].drafts


def test_the_search_changes_texts_and_keeps_their_answers_tokens(readers, whole):
    assert any(found.drafts != DRAFTS[:4] for found in whole)
    for found in whole:
        for before, now in zip(DRAFTS[:4], found.drafts, strict=True):
            rows = readers[0].rows([module.as_example(before), module.as_example(now)])
            assert len(rows.examples[0].answer) == len(rows.examples[1].answer)
        assert len({draft.question for draft in found.drafts}) == 4


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_search_goes_on_from_any_round_through_json_to_the_same_end(readers, whole, after):
    saved = found_of(json.loads(json.dumps(asdict(whole[after]))))
    assert saved == whole[after]
    assert list(make(readers).run(DRAFTS[:4], saved)) == whole[after + 1 :]


def test_the_best_texts_are_the_ones_that_validated_best(readers, whole):
    search, validated = make(readers), {found.round: found.row["validation"] for found in whole}
    assert [number for number, loss in validated.items() if loss is not None] == [0, 2, 3]
    best = min((loss, number) for number, loss in validated.items() if loss is not None)
    assert whole[-1].best_loss == best[0] <= whole[0].best_loss
    assert whole[-1].best == whole[best[1]].drafts
    assert search.validate(whole[-1].best) == pytest.approx(whole[-1].best_loss)
    assert search.validate(DRAFTS[:4]) == whole[0].best_loss


def test_a_search_that_only_gets_worse_returns_the_start(readers, monkeypatch):
    rising = iter(range(100))
    monkeypatch.setattr(Search, "validate", lambda self, drafts: float(next(rising)))
    found = list(make(readers[:1], moves=("word",)).run(DRAFTS[:4]))
    assert any(one.row["changed"] for one in found[1:]), "it tried"
    assert found[-1].best == found[-1].drafts == DRAFTS[:4] and found[-1].best_loss == 0.0


def test_a_round_never_takes_texts_that_judge_worse(whole):
    assert all(found.row["gain"] >= 0 for found in whole[1:])
    assert any(found.row["gain"] > 0 and found.row["changed"] for found in whole[1:])


def test_no_rounds_are_the_start(readers):
    (found,) = make(readers, rounds=0).run(DRAFTS[:4])
    assert found.drafts == found.best == DRAFTS[:4] and found.row["validation"] == found.best_loss


@pytest.mark.parametrize("moves", [("question",), ("token",)])
def test_a_round_without_a_proposal_keeps_the_texts(readers, moves, monkeypatch):
    monkeypatch.setattr(module, "draw", lambda move, draft, *_: draft)
    found = list(make(readers[:1], moves=moves, candidates=1, rounds=1).run(DRAFTS[:4]))
    assert found[-1].drafts == DRAFTS[:4] and found[-1].row["changed"] == 0


@pytest.mark.parametrize("objective", ["answers", "matching"])
def test_trainings_are_counted_as_they_are_made(readers, objective, monkeypatch):
    made = []
    for place in ("court.finetuned", "objectives.finetuned", "court.walk"):
        name = f"backend.studies.text_distillation.{place}"
        function = getattr(__import__(name.rpartition(".")[0], fromlist=["x"]), name.rpartition(".")[2])
        monkeypatch.setattr(name, lambda *given, f=function: made.append(1) or f(*given))
    found = list(make(readers, rounds=1, objective=objective, seeds=2).run(DRAFTS[:4]))
    assert sum(one.row["trainings"] for one in found) == len(made)


def test_the_validation_counts_readers_alike_whatever_the_size_of_their_losses(readers):
    losses = []
    for reader in readers:
        for seed in range(2):
            students = Students(reader, module.Plan(3, 0.05), PLAN, ("validation", seed))
            rows = reader.rows([module.as_example(draft) for draft in DRAFTS[:4]])
            losses.append(Answers(reader, "arc_easy", VALIDATION).value(students.train(rows)))
    first, second = sum(losses[:2]) / 2, sum(losses[2:]) / 2
    assert make(readers).validate(DRAFTS[:4]) == pytest.approx((first * second) ** 0.5)
    assert len(set(losses)) == 4


@pytest.mark.parametrize(
    ("change", "says"),
    [({"moves": ("phrase", "leap")}, "no move 'leap'"), ({"objective": "beauty"}, "no objective 'beauty'"),
     ({"moves": ()}, "No move")],
)  # fmt: skip
def test_a_plan_that_makes_no_sense_is_refused(change, says):
    with pytest.raises(UserError, match=says):
        replace(PLAN, **change)
