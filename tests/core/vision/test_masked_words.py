"""Hidden words are guessed by a module that leaves no trace in the model, and the picture is what it adds."""

import pytest
import torch

from backend.core.seeding import generator
from backend.core.vision.masked_words import (
    Asked,
    Fusion,
    guesses,
    hide_words,
    image_states,
    masked_word_loss,
    word_logits,
    word_states,
)
from backend.core.vision.models import clip_of, outputs
from backend.core.vision.pairs import Pairs
from backend.core.vision.token_matching import word_places
from tests.tiny_clip_model import SIZES, tiny_clip, tiny_pairs


def taught(model, seed: int = 0, **how) -> Fusion:
    """A module whose every part does something."""
    fusion, rng = Fusion(model, seed=seed, **how), generator("taught", seed)
    with torch.no_grad():
        for parameter in fusion.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, generator=rng)
    return fusion


def asked(pairs: Pairs, **how) -> Asked:
    return Asked(pairs, hide_words(pairs.mask, generator("hide"), 0.5), **how)


def nothing(pairs: Pairs) -> Asked:
    return Asked(pairs, torch.zeros_like(pairs.mask, dtype=torch.bool))


def test_a_share_of_each_captions_words_is_hidden_and_no_mark():
    mask = tiny_pairs().mask
    counts = word_places(mask).sum(-1)
    assert counts.tolist() == [3, 7, 2, 7]
    for share, expected in ((0.15, [1, 1, 1, 1]), (0.5, [2, 4, 1, 4]), (1.0, counts.tolist())):
        hidden = hide_words(mask, generator(0), share)
        assert hidden.sum(-1).tolist() == expected
        assert not (hidden & ~word_places(mask)).any()
    assert torch.equal(hide_words(mask, generator(0)), hide_words(mask, generator(0)))
    marks = torch.tensor([[1, 1, 0]])
    assert not hide_words(marks, generator(0), 1.0).any()


def test_every_word_is_hidden_about_as_often():
    counts = hide_words(torch.ones(2000, 6, dtype=torch.long), generator(0)).sum(0).tolist()
    assert counts[0] == counts[-1] == 0
    assert all(400 < count < 600 for count in counts[1:-1])


def test_an_untrained_module_changes_nothing_that_the_text_tower_says():
    model, pairs = tiny_clip(), tiny_pairs()
    fusion = Fusion(model)
    own = model.text_model(input_ids=pairs.ids).last_hidden_state
    real = pairs.mask.bool()
    for seen in (None, image_states(model, pairs.pixels)):
        assert torch.allclose(word_states(model, fusion, nothing(pairs), seen)[real], own[real], atol=1e-6)
    moved = word_states(model, taught(model), nothing(pairs), image_states(model, pairs.pixels))
    assert (moved[real] - own[real]).abs().max() > 0.1


def test_a_hidden_word_is_seen_by_nobody():
    model, pairs = tiny_clip(), tiny_pairs()
    question, fusion, seen = asked(pairs, both_ways=True), taught(model), image_states(model, pairs.pixels)
    other = Pairs(pairs.pixels, torch.where(question.hidden, 7, pairs.ids), pairs.mask)
    swapped = Asked(other, question.hidden, both_ways=True)
    assert not torch.equal(other.ids, pairs.ids)
    assert torch.equal(word_logits(model, fusion, question, seen), word_logits(model, fusion, swapped, seen))


def test_words_to_the_right_are_seen_only_both_ways_and_padding_never():
    model, pairs = tiny_clip(), tiny_pairs()
    changed = pairs.ids.clone()
    changed[:, 3] = 9
    changed[pairs.mask == 0] = 10
    other = Pairs(pairs.pixels, changed, pairs.mask)
    for both_ways in (False, True):
        first, second = (
            word_states(model, taught(model), Asked(each, nothing(pairs).hidden, both_ways=both_ways), None)
            for each in (pairs, other)
        )
        assert torch.allclose(first[:, :3], second[:, :3], atol=1e-6) != both_ways
    padded = Pairs(pairs.pixels, torch.where(pairs.mask == 0, 10, pairs.ids), pairs.mask)
    both = [
        word_states(model, taught(model), Asked(p, nothing(p).hidden, both_ways=True), None) for p in (pairs, padded)
    ]
    real = pairs.mask.bool()
    assert torch.allclose(both[0][real], both[1][real], atol=1e-6)


def test_rows_that_are_not_sighted_are_those_without_a_picture():
    model, pairs = tiny_clip(), tiny_pairs()
    fusion, seen = taught(model), image_states(model, pairs.pixels)
    sighted = torch.tensor([True, False, True, False])
    mixed = word_states(model, fusion, asked(pairs, sighted=sighted), seen)
    with_picture, without = (word_states(model, fusion, asked(pairs), each) for each in (seen, None))
    assert torch.allclose(mixed[sighted], with_picture[sighted], atol=1e-6)
    assert torch.allclose(mixed[~sighted], without[~sighted], atol=1e-6)
    assert (with_picture - without).abs().amax((1, 2)).min() > 0.1


def naive_glance(glance, words, tokens):
    """One head after the other, by the weights' names."""
    attention, heads = glance.attention, glance.attention.num_heads
    x, keys = glance.words(words), glance.tokens(tokens)
    biases = attention.in_proj_bias.chunk(3)
    named = zip((attention.q_proj_weight, attention.k_proj_weight, attention.v_proj_weight), biases, strict=True)
    q, k, v = (side @ weight.T + bias for side, (weight, bias) in zip((x, keys, keys), named, strict=True))
    parts = []
    for one, other, value in zip(q.chunk(heads, -1), k.chunk(heads, -1), v.chunk(heads, -1), strict=True):
        parts.append((one @ other.transpose(1, 2) / one.shape[-1] ** 0.5).softmax(-1) @ value)
    return torch.cat(parts, -1) @ attention.out_proj.weight.T + attention.out_proj.bias


@pytest.mark.parametrize("stages", ["every", "last"])
@pytest.mark.parametrize("source", ["last", "level"])
def test_the_fused_pass_and_its_loss_equal_a_naive_twin(stages, source):
    model, pairs = tiny_clip(), tiny_pairs()
    fusion, question = taught(model, stages=stages, source=source), asked(pairs)
    seen, table, losses = image_states(model, pairs.pixels), model.text_model.embeddings.token_embedding, []
    for row in range(len(pairs)):
        one = pairs.rows([row])
        length = int(one.mask.sum())
        words = table(one.ids[:, :length]).clone()
        words[question.hidden[[row], :length]] = fusion.hidden_word
        x = words + model.text_model.embeddings.position_embedding.weight[:length]
        blind = torch.full((length, length), -torch.inf).triu(1)[None, None]
        for stage, level in enumerate((1, 2, 3)):  # of three image layers, for two text layers
            if stages == "every" or stage == 2:
                glance = fusion.glances[stage if stages == "every" else 0]
                x = x + naive_glance(glance, x, seen[level if source == "level" else 3][[row]])
            if stage < 2:
                x = model.text_model.encoder.layers[stage](x, blind)
        logits = model.text_model.final_layer_norm(x) @ table.weight.T + fusion.bias
        chances = logits[0].log_softmax(-1)
        losses += [-chances[place, one.ids[0, place]] for place in question.hidden[row, :length].nonzero().flatten()]
    found = masked_word_loss(model, fusion, question, seen)
    assert found.item() == pytest.approx(torch.stack(losses).mean().item(), abs=1e-5)


def test_the_states_of_the_picture_are_those_before_and_after_each_layer():
    model, pairs = tiny_clip(), tiny_pairs()
    seen = image_states(model, pairs.pixels)
    assert len(seen) == SIZES.image.depth + 1
    last = model.vision_model(pixel_values=pairs.pixels).last_hidden_state
    assert torch.allclose(seen[-1], last, atol=1e-6)


def test_the_loss_teaches_both_towers_and_the_module_and_none_hidden_teaches_nothing():
    model, pairs = tiny_clip(), tiny_pairs()
    fusion, seen = taught(model), image_states(model, pairs.pixels)
    masked_word_loss(model, fusion, asked(pairs), seen).backward()
    assert all(p.grad is not None and p.grad.any() for p in fusion.parameters() if p is not fusion.bias)
    assert model.vision_model.embeddings.patch_embedding.weight.grad.any()
    assert model.text_model.encoder.layers[0].mlp.fc1.weight.grad.any()
    assert masked_word_loss(model, fusion, nothing(pairs), seen).item() == 0


def test_the_module_leaves_no_trace_and_what_it_taught_runs_in_a_model_that_never_knew_it():
    model, pairs = clip_of(SIZES), tiny_pairs()
    shapes = {name: value.shape for name, value in model.state_dict().items()}
    parts = [(name, type(part)) for name, part in model.named_modules()]
    fusion = Fusion(model, seed=1)
    optimizer = torch.optim.AdamW([*model.parameters(), *fusion.parameters()], lr=1e-2)
    losses = []
    for step in range(8):
        question = Asked(pairs, hide_words(pairs.mask, generator("step", step)))
        loss = masked_word_loss(model, fusion, question, image_states(model, pairs.pixels))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-3:]) < sum(losses[:3])
    del fusion
    assert {name: value.shape for name, value in model.state_dict().items()} == shapes
    assert [(name, type(part)) for name, part in model.named_modules()] == parts
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in model.modules())
    plain = clip_of(SIZES, seed=5)
    plain.load_state_dict(model.state_dict())
    first, second = outputs(model, pairs), outputs(plain, pairs)
    assert torch.equal(first.image, second.image) and torch.equal(first.text, second.text)


def test_modules_are_drawn_from_their_seed_alone():
    before = torch.get_rng_state()
    first, again, other = (Fusion(tiny_clip(), seed=seed).state_dict() for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_guesses_rank_the_right_word_and_tell_the_likeliest_ones():
    logits = torch.tensor([[0.0, 3.0, 1.0], [2.0, 2.0, 0.0]]).log_softmax(-1)
    found = guesses(logits, torch.tensor([2, 0]), top=2)
    assert found.rank.tolist() == [1, 1]  # a tie counts against the right word
    assert found.top[0].tolist() == [1, 2]
    assert torch.allclose(found.probability[0], logits[0].exp()[[1, 2]])
    assert guesses(logits, torch.tensor([2, 0])).top.shape == (2, 3)
