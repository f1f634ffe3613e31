"""What is said of each finished prompt: its part in the matching, how it reads, what it copies, what is near it."""

import statistics
from dataclasses import replace

import pytest
import torch

from backend.core.text.tasks import Question
from backend.runs.folder import RunDir
from backend.studies.text_distillation.evaluate import Learned, distilled_examples
from backend.studies.text_distillation.heldout import text_losses
from backend.studies.text_distillation.prompt_facts import contributions, copied, nearest, prompt_facts, surprise
from components.studies.text_distillation.lens import facts_of, sight
from tests import tiny_decoding
from tests.studies.text_distillation.test_run import start

one_process = tiny_decoding.one_process
config = tiny_decoding.config
ready = tiny_decoding.ready
REAL = [
    Question("a", "Which organ pumps the blood of a heron around?", ("heart", "liver"), 0),
    Question("b", "Where does an otter usually build its den?", ("river bank", "desert"), 0),
    Question("c", "What is the metal of an old copper kettle?", ("copper", "tin"), 0),
]


def learned(setup, state, decoder) -> Learned:
    ids = decoder.decode(state)
    return Learned(state.prompts.detach(), state.log_lrs.detach(), ids, (False,) * len(ids))


def test_a_contribution_is_what_the_matching_loses_by_training_without_the_prompt(ready):
    setup, decoder, state, buffer = ready("nearest")
    tiny_decoding.moved(setup, state)
    found = learned(setup, state, decoder)
    added = contributions(setup, buffer, found)
    rows = setup.own.rows(distilled_examples(setup, found))
    everyone = statistics.fmean(r["matching_loss"] for r in text_losses(setup, buffer, rows, found.log_lrs))
    two = setup.own.rows(distilled_examples(setup, found)[:2])
    without_last = statistics.fmean(r["matching_loss"] for r in text_losses(setup, buffer, two, found.log_lrs))
    assert added[2] == pytest.approx(without_last - everyone, abs=2e-4)
    assert len({*added}) == 3


@pytest.mark.parametrize("changes", [{"inner_batch": 1}, {"prompts": 1}])
def test_where_nothing_can_be_left_out_there_is_no_contribution(ready, changes):
    setup, decoder, state, buffer = ready("nearest", **changes)
    assert set(contributions(setup, buffer, learned(setup, state, decoder))) == {None}


def test_a_step_that_reads_some_prompts_goes_on_with_the_others(ready):
    setup, decoder, state, buffer = ready("nearest", inner_batch=2)
    assert all(isinstance(one, float) for one in contributions(setup, buffer, learned(setup, state, decoder)))


def test_surprise_is_that_of_the_untrained_model_and_ranks_among_ordinary_questions(ready):
    setup, *_ = ready("nearest")
    texts = [example.prompt for example in setup.train_examples[:4]]
    with torch.no_grad():
        before = surprise(setup.own, texts, texts)
    noise = {name: torch.randn_like(value) for name, value in setup.own.student.live().items()}
    setup.own.student.put(noise)
    assert surprise(setup.own, texts, texts) == before
    order = sorted(before, key=lambda row: row["perplexity"])
    assert [row["above"] for row in order] == [0.0, 0.25, 0.5, 0.75]


def test_copies_name_their_split_and_question_and_paraphrases_are_none():
    verbatim, near = "Question: Where does an otter usually build its den?\nAnswer:", "Which organ pumps a heron?"
    found = copied([verbatim, near], "test", REAL)
    assert found[0] == [{"split": "test", "question": REAL[1].question, "how": "same text", "share": 1.0}]
    assert found[1] == []


def test_the_nearest_real_questions_share_words_and_none_is_named_where_none_does():
    found = nearest(["Question: copper kettle otter\nAnswer:", "Question: zzz\nAnswer:"], REAL)
    assert [one["question"] for one in found[0]] == [REAL[2].question, REAL[1].question]
    assert found[0][0]["answer"] == "copper" and found[0][0]["score"] > found[0][1]["score"] > 0
    assert found[1] == []


def test_test_questions_are_all_looked_through_however_few_students_are_asked(ready):
    setup, decoder, state, buffer = ready("nearest", test_limit=1)
    last = replace(setup.train[0], question=setup._questions("test", 0)[-1].question)
    setup.train[setup.init_rows[0]] = last
    example = replace(setup.init_examples[0], prompt=f"Question: {last.question}\nAnswer:")
    setup.init_examples[0] = example
    found = replace(learned(setup, state, decoder), reverted=(True, False, False))
    row = prompt_facts(setup, buffer, found)[0]
    assert [copy["split"] for copy in row["copies"]].count("test") == 1


def test_a_run_leaves_a_row_for_each_prompt_and_the_lens_shows_it(config, tmp_path):
    run, state = start(config, tmp_path / "run", ("experts", "distil", "decode"))
    assert state == "finished"
    assert [row["slot"] for row in run.rows("facts")] == [0, 1, 2]
    shown = sight(run, "own/x", 1, 2**53, None)["facts"]
    assert shown["text"] == run.rows("distilled")[1]["provenance"]["text"] and shown["of"] == 3
    assert shown["contribution"] == run.rows("facts")[1]["contribution"]


def test_before_a_prompt_is_finished_nothing_is_said_of_it(tmp_path):
    run = RunDir.create(tmp_path / "run", "text_distillation", None, {"seed": 0})
    assert facts_of(run, 0) is None
    run.append("facts", {"slot": 4})
    assert facts_of(run, 4) is None
