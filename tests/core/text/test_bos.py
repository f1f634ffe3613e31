"""The bos token before a text can be forced or left out, and what was used is recorded with the score."""

import argparse
import json

import pytest

from backend.commands import score
from backend.core.models.backbones import load_backbone
from backend.core.scoring.score import score_questions
from backend.core.text.examples import encode
from backend.core.text.prompts import Example
from backend.core.text.text_data import load_questions
from backend.core.text.token_ids import begins_with, encode_pairs, text_ids, with_bos
from backend.desk.ask import Asked, Shelf, ask
from backend.errors import UserError
from tests import tiny
from tests.own_tokenizers import FAMILIES
from tests.tiny_students import ASKED

TEXTS = ["Question: ice?\nAnswer:", "<s>[INST] ice", "a"]


@pytest.mark.parametrize("family", FAMILIES)
def test_one_bos_stands_before_every_text_or_none_does(family):
    for before, behind in (("", ""), ("<s>", ""), ("<s>", "</s>"), ("", "</s>")):
        made = FAMILIES[family](before, behind)
        bare = made(TEXTS, add_special_tokens=False).input_ids
        brought = [ids[:1] == [made.bos_token_id] for ids in bare]
        added = [ids if own else [made.bos_token_id, *ids] for own, ids in zip(brought, bare, strict=True)]
        assert text_ids(with_bos(made, "on"), TEXTS) == added
        assert text_ids(with_bos(made, "off"), TEXTS) == bare
        assert with_bos(made, "auto") is made and text_ids(made, TEXTS) == (added if before else bare)
        assert begins_with(with_bos(made, "on")) == "<s>" and begins_with(with_bos(made, "off")) is None


def test_training_and_scoring_see_the_same_token():
    made = with_bos(FAMILIES["byte_level"](), "on")
    example = Example("Question: ice?\nAnswer:", "snow")
    found = encode(made, example)
    assert found.prompt[0] == made.bos_token_id
    assert encode_pairs(made, [(example.prompt, " snow")]) == [(list(found.prompt), list(found.answer[:-1]))]
    assert found.answer[-1] == made.eos_token_id


def test_a_switch_that_cannot_be_set_is_refused():
    with pytest.raises(UserError, match="no bos token"):
        with_bos(tiny.toy_tokenizer("gpt2", bos_token=None), "on")
    with pytest.raises(UserError, match="auto, on, off"):
        with_bos(tiny.toy_tokenizer("gpt2"), "perhaps")


def test_the_score_command_scores_with_it_and_says_so(tiny_models, tiny_tasks, tmp_path, capsys):
    parser = argparse.ArgumentParser()
    score.add_arguments(parser)
    told, rows = {}, {}
    for bos in ("auto", "on", "off"):
        file = tmp_path / f"{bos}.jsonl"
        flags = ["--model", str(tiny_models["gpt2"]), "--task", "arc_easy", "--data-dir", str(tiny_tasks), "--json"]
        score.run(parser.parse_args([*flags, "--bos", bos, "--limit", "3", "--scores", str(file)]))
        told[bos], rows[bos] = json.loads(capsys.readouterr().out), file.read_text()
    assert [(told[bos]["bos"], told[bos]["begins_with"]) for bos in told] == [
        ("auto", None),
        ("on", "</s>"),
        ("off", None),
    ]
    assert rows["auto"] == rows["off"] != rows["on"]
    backbone = load_backbone(str(tiny_models["gpt2"]))
    begun = tiny.toy_tokenizer("opt")  # the very tokenizer, with </s> before every text
    questions = load_questions("arc_easy", "test", str(tiny_tasks), limit=3)
    expected = score_questions(backbone.model, begun, questions, "arc_easy")
    assert [json.loads(row)["log_likelihoods"] for row in rows["on"].splitlines()] == [
        pytest.approx(item.log_likelihoods, abs=1e-5) for item in expected
    ]


def test_a_student_is_asked_with_it_and_the_next_question_without(tiny_models):
    model, shelf = str(tiny_models["gpt2"]), Shelf()
    plain, begun, again = (
        ask(shelf, model, None, Asked(ASKED.question, ASKED.options, bos=bos))["base"]["options"]
        for bos in ("auto", "on", "auto")
    )
    assert plain == again != begun
