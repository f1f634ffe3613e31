"""The revert rule: a text stays only where the loss gets lower, and what was written follows no worse."""

import statistics
from dataclasses import replace

import pytest

from backend.core.text.batches import Encoded
from backend.core.text.prompts import Example, question_prompt
from backend.errors import UserError
from backend.studies.text_distillation.heldout import text_losses
from backend.studies.text_distillation.learning import restore
from backend.studies.text_distillation.recording import followed, held_out, record_experts
from backend.studies.text_distillation.revert import judge, reverted_slots, tokens_changed
from backend.studies.text_distillation.setup import Setup
from tests import tiny_decoding
from tests.studies.text_distillation.test_run import start
from tests.tiny_decoding import summary

one_process = tiny_decoding.one_process
config = tiny_decoding.config
ready = tiny_decoding.ready


def mean(rows: list[dict]) -> float:
    return statistics.fmean(row["matching_loss"] for row in rows)


def counted(*ids: int) -> Encoded:
    return Encoded(ids, (0,))


START = [counted(1), counted(2), counted(3)]


def test_a_text_stays_only_where_the_loss_gets_strictly_lower():
    texts = [counted(0), counted(2, 0), counted(3, 3)]
    worth = {texts[0]: -1.0, texts[1]: 0.0, texts[2]: 0.5}  # better, no different, worse
    assert list(reverted_slots(START, texts, lambda rows: sum(worth.get(row, 0.0) for row in rows))) == [
        False,
        True,
        True,
    ]


def test_slots_are_decided_in_order_given_those_before():
    """The second text helps only beside the first, the third only without it."""
    texts = [counted(7), counted(8), counted(9)]

    def loss(rows):
        return -(texts[0] in rows) - (texts[0] in rows and texts[1] in rows) - 0.5 * (texts[0] not in rows)

    assert list(reverted_slots(START, texts, loss)) == [False, False, True]


def test_garbage_reverts_fully_and_so_does_a_loss_that_is_no_number():
    garbage = [counted(9, 9, slot) for slot in range(3)]
    assert list(reverted_slots(START, garbage, lambda rows: float(sum(9 in row.prompt for row in rows)))) == [True] * 3
    broken = iter([1.0, float("nan"), float("nan"), float("nan")])
    assert list(reverted_slots(START, garbage, lambda rows: next(broken))) == [True] * 3


def test_a_text_that_reads_as_its_question_has_nothing_to_revert():
    calls = []
    assert list(reverted_slots(START, START, lambda rows: calls.append(rows) or 0.0)) == [False] * 3
    assert len(calls) == 1


@pytest.mark.parametrize("changes", [{}, {"layout": "prefix"}, {"inner_batch": 2}, {"decoder": "straight_through"}])
def test_the_result_follows_held_out_experts_no_worse_than_the_real_questions(changes, config, tmp_path):
    """The identity, on the examples in the file, re-read and measured anew."""
    config = replace(config, prompt_tokens=64, **changes)
    run, _ = start(config, tmp_path / "run", ("experts", "distil", "decode"))
    setup = Setup(config)
    buffer = record_experts(setup, run, held_out(config), "decode")
    state = restore(setup, buffer, run)
    loss = judge(setup, buffer, state.log_lrs.detach())
    rows = run.rows("distilled")
    written = setup.own.rows([Example(row["prompt"], row["answer"]) for row in rows]).examples
    real = setup.own.rows(setup.init_examples).examples
    found = summary(run)
    assert mean(found["heldout"]["text"]) == pytest.approx(loss(written))
    assert loss(written) <= loss(real)
    assert found["judged_by"] == "heldout"
    assert found["reverted"] == sum(row["provenance"]["reverted"] for row in rows)
    for row, kept, question in zip(rows, written, real, strict=True):
        if row["provenance"]["reverted"]:
            assert kept == question
            assert row["provenance"]["text"] in row["prompt"]


def test_turning_the_rule_off_keeps_every_text_and_the_rule_is_deterministic(config, tmp_path):
    stages = ("experts", "distil", "decode")
    on, again = (start(config, tmp_path / name, stages)[0] for name in ("on", "again"))
    off, _ = start(replace(config, revert=False), tmp_path / "off", stages)
    assert on.rows("distilled") == again.rows("distilled")
    assert summary(on)["reverted"] > 0  # else this compares nothing
    for with_rule, without in zip(on.rows("distilled"), off.rows("distilled"), strict=True):
        same = with_rule["prompt"] == without["prompt"]
        assert same != with_rule["provenance"]["reverted"]


def test_without_held_out_experts_the_followed_ones_judge_and_the_summary_says_so(config, tmp_path):
    config = replace(config, heldout_experts=0)
    run, _ = start(config, tmp_path / "run", ("experts", "distil", "decode"))
    found = summary(run)
    assert found["judged_by"] == "followed"
    assert found["heldout"]["text"] == []
    setup = Setup(config)
    buffer = record_experts(setup, run, followed(config), "experts")
    lrs = restore(setup, buffer, run).log_lrs.detach()
    written = setup.own.rows([Example(row["prompt"], row["answer"]) for row in run.rows("distilled")])
    real = setup.own.rows(setup.init_examples)
    assert mean(text_losses(setup, buffer, written, lrs, True)) <= mean(text_losses(setup, buffer, real, lrs, True))


def test_students_are_not_trained_before_the_rule_was_applied(config, tmp_path):
    start(config, tmp_path / "run", ("experts", "distil"))
    with pytest.raises(UserError, match="Add decode to --stages"):
        start(config, tmp_path / "run", ("experts", "evaluate"))
    assert start(config, tmp_path / "run")[1] == "finished"


def test_tokens_changed_counts_after_alignment(ready):
    tokenizer = ready("nearest")[0].own.tokenizer
    old = [Example(question_prompt("Which animal gives milk?"), "a cow")]
    assert tokens_changed(tokenizer, old, old) == 0
    inserted = [Example(question_prompt("What? Which animal gives milk?"), "a cow")]
    assert 0 < tokens_changed(tokenizer, old, inserted) < 0.5
    assert tokens_changed(tokenizer, old, [Example(question_prompt("xyz"), "a cow")]) == 1
