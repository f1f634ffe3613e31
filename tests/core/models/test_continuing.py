"""Many texts at a time, from a cache and behind left padding, are the texts that each prompt gets alone without it."""

import pytest
import torch

from backend.core.models import continuing
from backend.core.models.backbones import load_backbone
from backend.core.models.continuing import Sampling, continued, drawn, draws_of, pad_id
from backend.core.seeding import generator

PROMPTS = ("Which animal gives milk?", "Name a colour.", "What do plants need to grow well?")
MOST = 12


@torch.inference_mode()
def alone(model, ids: list[int], end: int | None, sampling: Sampling | None, draws) -> list[int]:
    """The whole text is read again for every token; the nucleus is found by sorting all of them."""
    found: list[int] = []
    while len(found) < MOST and found[-1:] != [end]:
        logits = model(torch.tensor([ids + found]), use_cache=False).logits[0, -1]
        found.append(int(logits.argmax()) if sampling is None else pointed_at(logits, sampling, draws[len(found)]))
    return found


def pointed_at(logits: torch.Tensor, sampling: Sampling, draw: float) -> int:
    shares, tokens = torch.sort((logits / sampling.temperature).softmax(-1), descending=True)
    nucleus, reached = [], 0.0
    for share in shares.tolist():
        if reached >= sampling.top_p:
            break
        nucleus.append(share)
        reached += share
    left = float(draw) * sum(nucleus)
    for place, share in enumerate(nucleus):
        left -= share
        if left < 0:
            return int(tokens[place])
    return int(tokens[len(nucleus) - 1])


@pytest.mark.parametrize("sampling", [None, Sampling(1.0, 0.9), Sampling(0.7, 1.0)])
def test_a_batch_from_the_cache_is_what_each_prompt_gets_alone(tiny_models, sampling, monkeypatch):
    monkeypatch.setattr(continuing, "ROUND", 5)
    for family in ("opt", "llama"):
        backbone = load_backbone(str(tiny_models[family]))
        ids = [backbone.tokenizer(prompt).input_ids for prompt in PROMPTS]
        draws, end = draws_of([generator("twin", i) for i in range(3)], MOST), backbone.tokenizer.eos_token_id
        together = continued(backbone.model, ids, MOST, end, pad_id(backbone.tokenizer), sampling, draws)
        assert together == [alone(backbone.model, row, end, sampling, draws[i]) for i, row in enumerate(ids)]
        assert len({len(row) for row in ids}) > 1


def test_a_text_ends_with_the_end_that_the_model_wrote(tiny_models):
    backbone = load_backbone(str(tiny_models["opt"]))
    ids = backbone.tokenizer(PROMPTS[0]).input_ids
    [said] = continued(backbone.model, [ids], MOST, None, 0)
    end = said[3]
    [ended] = continued(backbone.model, [ids], MOST, end, 0)
    assert ended == said[: said.index(end) + 1]
    assert len(said) == MOST


def test_texts_that_ended_leave_the_batch_and_the_others_go_on_as_alone(tiny_models, monkeypatch):
    monkeypatch.setattr(continuing, "ROUND", 4)
    backbone, widths = load_backbone(str(tiny_models["llama"])), []
    ids = [backbone.tokenizer(prompt).input_ids for prompt in PROMPTS]
    alone = [continued(backbone.model, [row], MOST, None, 0)[0] for row in ids]
    end = alone[0][2]
    assert end not in alone[1]
    backbone.model.register_forward_pre_hook(
        lambda _, args, given: widths.append(given["input_ids"].shape), with_kwargs=True
    )
    together = continued(backbone.model, ids, MOST, end, 0)
    assert together[0] == alone[0][:3]
    assert together[1] == alone[1]
    assert [tuple(shape) for shape in widths][:5] == [(3, len(max(ids, key=len))), *[(3, 1)] * 3, (len(ids) - 1, 1)]


def test_only_the_nucleus_is_drawn_from_also_where_it_is_wider_than_the_first_look():
    flat = torch.zeros(1, 1000)
    drawn_of_flat = {int(drawn(flat, Sampling(1.0, 0.5), torch.tensor([u]))) for u in (0.0, 0.3, 0.6, 0.999)}
    assert len(drawn_of_flat) == 4
    peaked = torch.tensor([[5.0, 4.0, 0.0, -9.0]])
    assert {int(drawn(peaked, Sampling(1.0, 0.9), torch.tensor([u / 50]))) for u in range(50)} == {0, 1}
    assert int(drawn(peaked, Sampling(1.0, 0.1), torch.tensor([0.999]))) == 0


def test_a_model_keeps_its_own_habits_afterwards(tiny_models):
    model = load_backbone(str(tiny_models["opt"])).model
    before = model.generation_config
    continued(model, [[5, 6]], 2, None, 0)
    assert model.generation_config is before
