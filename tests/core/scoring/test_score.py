"""Scoring, against the naive twin that reads one option at a time and pads nothing. Models have weights in float64."""

import dataclasses

import pytest
import torch

from backend.core.models.backbones import Backbone, load_backbone
from backend.core.scoring import score
from backend.core.scoring.metrics import summarise
from backend.core.scoring.score import blocks, jobs, plan, score_questions, score_stream
from backend.core.scoring.trees import tree_mask
from backend.core.text.tasks import TASKS, Question, to_example
from backend.core.text.text_data import load_file, load_questions, load_shots
from backend.core.text.token_ids import encode_pairs
from backend.errors import UserError
from tests import tiny
from tests.double import double_backbone
from tests.naive_score import naive_scores, same, trees_of

ARC, MMLU = TASKS["arc_easy"], TASKS["mmlu"]


@pytest.fixture(scope="module", params=tiny.FAMILIES)
def backbone(request, tiny_models) -> Backbone:
    return double_backbone(tiny_models[request.param])


@pytest.fixture(scope="module")
def opt(tiny_models) -> Backbone:
    return double_backbone(tiny_models["opt"])


@pytest.fixture(scope="module")
def arc(tiny_tasks) -> list[Question]:
    return load_questions("arc_easy", "test", str(tiny_tasks))


@pytest.fixture(scope="module")
def mmlu(tiny_tasks) -> list[Question]:
    return load_questions("mmlu", "test", str(tiny_tasks))


@pytest.fixture(scope="module")
def shots(tiny_tasks) -> dict[str, list[Question]]:
    return load_shots("mmlu", str(tiny_tasks))


def test_scores_equal_one_option_at_a_time(backbone, arc):
    scored = score_questions(backbone.model, backbone.tokenizer, arc, ARC, token_budget=200)
    assert same(scored, naive_scores(backbone, arc, ARC))


def test_letter_scores_equal_one_letter_at_a_time(backbone, mmlu, shots):
    scored = score_questions(backbone.model, backbone.tokenizer, mmlu, MMLU, shots=shots)
    assert same(scored, naive_scores(backbone, mmlu, MMLU, shots))


@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")  # peft's own call
def test_scores_are_those_of_an_adapted_model(opt, tiny_models, arc):
    import peft  # noqa: PLC0415

    fresh = double_backbone(tiny_models["opt"])
    config = peft.LoraConfig(r=2, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    fresh.model = peft.get_peft_model(fresh.model, config).eval()
    scored = score_questions(fresh.model, fresh.tokenizer, arc, ARC)
    assert same(scored, naive_scores(fresh, arc, ARC))
    assert not same(scored, naive_scores(opt, arc, ARC))


def test_a_plain_module_without_logits_to_keep_scores_the_same(opt, arc):
    class Plain(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.config = opt.model, opt.model.config

        def forward(self, input_ids, attention_mask):
            return self.inner(input_ids=input_ids, attention_mask=attention_mask).logits

    plain = score_questions(Plain(), opt.tokenizer, arc, ARC)
    assert same(plain, [list(item.log_likelihoods) for item in score_questions(opt.model, opt.tokenizer, arc, ARC)])


@pytest.mark.parametrize("token_budget", [1, 64, 100_000])
def test_scores_do_not_depend_on_the_batch_size(opt, arc, token_budget):
    usual = score_questions(opt.model, opt.tokenizer, arc, ARC)
    other = score_questions(opt.model, opt.tokenizer, arc, ARC, token_budget=token_budget)
    assert same(other, [list(item.log_likelihoods) for item in usual])


def test_scores_come_in_the_order_of_the_questions(opt, arc):
    forth = score_questions(opt.model, opt.tokenizer, arc, ARC)
    back = score_questions(opt.model, opt.tokenizer, arc[::-1], ARC)
    assert [item.id for item in forth] == [question.id for question in arc]
    assert same(back[::-1], [list(item.log_likelihoods) for item in forth])


def test_the_order_of_the_options_does_not_change_their_scores(opt, arc):
    turned = [dataclasses.replace(q, options=q.options[::-1], answer=len(q.options) - 1 - q.answer) for q in arc]
    forth = score_questions(opt.model, opt.tokenizer, arc, ARC)
    back = score_questions(opt.model, opt.tokenizer, turned, ARC)
    assert same(back, [list(item.log_likelihoods)[::-1] for item in forth])
    assert [item.correct for item in back] == [item.correct for item in forth]


def test_the_same_question_twice_gets_the_same_score(opt, arc):
    scored = score_questions(opt.model, opt.tokenizer, [arc[0], arc[0]], ARC, token_budget=1)
    assert scored[0] == scored[1]


@pytest.mark.parametrize("packed", [True, False])
def test_letters_of_one_question_share_one_row(opt, mmlu, shots, packed):
    rows = trees_of(opt, mmlu, MMLU, shots, packed)
    assert len(rows) == len(mmlu)
    assert all(len(row.answers) == 4 and set(row.branches) == {0} for row in rows)


def test_texts_share_one_row_only_where_the_family_is_known_to_allow_it(opt, arc):
    packed, plain = (trees_of(opt, arc, ARC, {}, packed) for packed in (True, False))
    assert len(packed) == len(arc) < len(plain)
    assert max(len(row.answers) for row in packed) == 5


def test_a_family_that_cannot_be_packed_scores_the_same(backbone, arc, mmlu, shots, monkeypatch):
    packed = score_questions(backbone.model, backbone.tokenizer, arc, ARC)
    monkeypatch.setattr(score, "PACKED_FAMILIES", ())
    plain = score_questions(backbone.model, backbone.tokenizer, arc, ARC, token_budget=200)
    assert same(plain, [list(item.log_likelihoods) for item in packed])
    letters = score_questions(backbone.model, backbone.tokenizer, mmlu, MMLU, shots=shots)
    assert same(letters, naive_scores(backbone, mmlu, MMLU, shots))


def test_an_option_sees_its_prompt_and_itself_but_no_other_option():
    mask = tree_mask(torch.tensor([[0, 0, 1, 1, 2, 0]]), torch.float32)[0, 0] == 0
    assert mask[3].nonzero().flatten().tolist() == [0, 1, 2, 3]
    assert mask[4].nonzero().flatten().tolist() == [0, 1, 4]


def test_long_prompts_lose_their_beginning_and_are_counted(opt, mmlu, shots):
    longer = {subject: [dataclasses.replace(q, question=q.question * 20) for q in s] for subject, s in shots.items()}
    scored = score_questions(opt.model, opt.tokenizer, mmlu, MMLU, shots=longer)
    assert summarise(scored)["truncated"] == len(mmlu)
    rows = trees_of(opt, mmlu, MMLU, longer, True)
    kept = opt.tokenizer.decode(rows[0].ids)
    assert len(rows[0].ids) == tiny.CONTEXT
    assert kept.endswith("Answer:") and not kept.startswith("The following")


def test_cutting_changes_nothing_that_was_kept(opt, arc):
    """Where only the last `context` tokens fit, the score is that of exactly those tokens."""
    long = dataclasses.replace(arc[0], question="Why? " * 400 + arc[0].question)
    item = score_questions(opt.model, opt.tokenizer, [long], ARC)[0]
    (prompt, answer), *_ = encode_pairs(
        opt.tokenizer, [(to_example(long, ARC).prompt, f" {option}") for option in long.options]
    )
    whole = (prompt + answer)[-(tiny.CONTEXT + 1) :]
    with torch.inference_mode():
        log_probs = torch.log_softmax(opt.model(torch.tensor([whole[:-1]])).logits[0], dim=-1)
    expected = sum(log_probs[-len(answer) + i, token].item() for i, token in enumerate(answer))
    assert item.log_likelihoods[0] == pytest.approx(expected, abs=1e-4)
    assert item.truncated


def test_an_option_longer_than_the_context_is_refused(opt, arc):
    endless = dataclasses.replace(arc[0], options=("yes", "no " * 600))
    with pytest.raises(UserError, match=r"toy_0_test.*tokens"):
        score_questions(opt.model, opt.tokenizer, [endless], ARC)


def test_progress_counts_questions_up_to_all_of_them(opt, arc):
    heard = []
    score_questions(opt.model, opt.tokenizer, arc, ARC, token_budget=300, on_progress=lambda *seen: heard.append(seen))
    assert len(heard) > 1
    assert heard == sorted(heard) and heard[-1] == (len(arc), len(arc))


def test_what_a_subject_shares_is_read_once(backbone, mmlu, shots):
    """With many questions of one subject, the rows hold only what differs, and the scores are those of whole rows."""
    many = [dataclasses.replace(q, id=f"{q.id}/{n}", subject="toy_physics") for n in range(6) for q in mmlu]
    p = plan(backbone.model, backbone.tokenizer, MMLU, shots)
    (trees, beginning), *rest = jobs(p, many, range(len(many)))
    assert beginning is not None and all(shared is beginning for _, shared in rest)
    shortest = min(len(tree.ids) for tree in trees_of(backbone, many, MMLU, shots, True))
    assert max(len(tree.ids) for tree in trees) < shortest / 2
    expected = naive_scores(backbone, many[: len(mmlu)], MMLU, shots)
    assert same(score_questions(backbone.model, backbone.tokenizer, many, MMLU, shots=shots)[: len(mmlu)], expected)


def test_options_longer_than_a_letter_may_follow_a_shared_beginning(backbone, arc):
    texts = dataclasses.replace(ARC, name="long", shots=0)
    asked = [dataclasses.replace(q, question=f"{'Think of what you know. ' * 8}{q.question}") for q in arc] * 3
    p = plan(backbone.model, backbone.tokenizer, texts, {})
    assert next(jobs(p, asked, range(len(asked))))[1] is not None
    scored = score_questions(backbone.model, backbone.tokenizer, asked, texts)
    assert same(scored[: len(arc)], naive_scores(backbone, asked[: len(arc)], texts))


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_change_the_speed_only(opt, mmlu, shots, threads):
    usual = score_questions(opt.model, opt.tokenizer, mmlu, MMLU, shots=shots, threads=1)
    before = torch.get_num_threads()
    assert score_questions(opt.model, opt.tokenizer, mmlu, MMLU, shots=shots, threads=threads) == usual
    assert torch.get_num_threads() == before


def test_the_stream_gives_every_question_once_in_a_drawn_order(opt, arc):
    p = plan(opt.model, opt.tokenizer, ARC, {}, token_budget=64)
    seen = [i for news in score_stream(p, arc) for i, _ in news]
    assert sorted(seen) == list(range(len(arc))) and seen != sorted(seen)
    assert list(blocks(arc, 0)) == list(blocks(arc, 0)) != list(blocks(arc, 1))


@pytest.mark.parametrize("after", [1, 5, 11])
def test_a_stream_that_goes_on_gives_the_others_the_very_numbers_of_an_unbroken_one(opt, arc, after):
    """To the last digit: each stays in its batch, and the last digits depend on what is read beside it."""
    p = plan(opt.model, opt.tokenizer, ARC, {}, token_budget=96)
    whole = dict(pair for news in score_stream(p, arc) for pair in news)
    done = set(list(whole)[:after])
    rest = dict(pair for news in score_stream(p, arc, done=done) for pair in news)
    assert rest == {i: scored for i, scored in whole.items() if i not in done}
    assert list(score_stream(p, arc, done=set(whole))) == []


def test_a_closed_stream_stops_and_gives_the_model_back(opt, arc):
    attention = opt.model.config._attn_implementation
    stream = score_stream(plan(opt.model, opt.tokenizer, ARC, {}, token_budget=32, threads=2), arc)
    next(stream)
    assert opt.model.config._attn_implementation != attention
    stream.close()
    assert opt.model.config._attn_implementation == attention


def test_scoring_leaves_the_model_as_it_was(tiny_models, arc):
    fresh = load_backbone(str(tiny_models["llama"]))
    fresh.model.train()
    score_questions(fresh.model, fresh.tokenizer, arc[:2], ARC)
    assert fresh.model.training
    assert all(p.grad is None and not p.requires_grad for p in fresh.model.parameters())


def test_no_questions_is_an_error(opt):
    with pytest.raises(UserError, match="no questions"):
        score_questions(opt.model, opt.tokenizer, [], ARC)
    with pytest.raises(UserError, match="no scores"):
        summarise([])


def test_a_subject_without_solved_examples_is_named(opt, mmlu, shots):
    with pytest.raises(UserError, match="toy_physics"):
        score_questions(opt.model, opt.tokenizer, mmlu, MMLU, shots={"toy_biology": shots["toy_biology"]})


def test_lengths_are_the_characters_of_the_option_without_its_space(opt, arc):
    assert score_questions(opt.model, opt.tokenizer, arc[:1], ARC)[0].lengths == (5, 7, 20, 4)


@pytest.mark.real
def test_real_questions_can_all_be_scored(opt, real_data):
    questions = load_file(real_data / "arc_easy" / "test.jsonl", "arc")[:40]
    assert len(score_questions(opt.model, opt.tokenizer, questions, ARC)) == 40
    mmlu = load_questions("mmlu", "test", str(real_data), limit=29)
    assert len(score_questions(opt.model, opt.tokenizer, mmlu, MMLU, shots=load_shots("mmlu", str(real_data)))) == 29
