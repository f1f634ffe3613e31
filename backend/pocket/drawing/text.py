"""The bundled text encoder: whole words, two layers, taught to say what a prompt asks for, and frozen afterwards.

Stable Diffusion's text encoder, too, learned before its UNet did and is frozen. Here every place from the end mark on,
padding among it, learns to name all slots of the scene, so that prompts of one meaning look alike to the UNet. Knows
the simplest scenes' words. Does not know the UNet.
"""

import random

import torch
import torch.nn.functional as F
from jaxtyping import Int
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, PreTrainedTokenizerFast

from backend.core.seeding import generator
from backend.core.vision.captions import BEGIN, END, MARKS, PAD, word_tokenizer
from backend.pocket.pictures.prompts import WORDS
from backend.pocket.pictures.simple import SLOTS, Simple, draw_simple

CONTEXT = 20  # the longest prompt has 15 words, and there are two marks
WIDTH = 64
STEPS, BATCH, LR = 600, 128, 3e-3
SAID = {  # other words for the same relation
    "above": ("above", "over"),
    "below": ("below", "under"),
    "left of": ("left of", "to the left of", "on the left of"),
    "right of": ("right of", "to the right of", "on the right of"),
}


def text_tokenizer() -> PreTrainedTokenizerFast:
    """One number for every word that prompts may have."""
    return word_tokenizer(WORDS, CONTEXT)


def untaught_text(seed: int = 0) -> CLIPTextModel:
    """The encoder before its first step, 0.1 million parameters."""
    config = CLIPTextConfig(
        vocab_size=len(WORDS) + len(MARKS),
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=CONTEXT,
        projection_dim=WIDTH,
        pad_token_id=PAD,
        bos_token_id=BEGIN,
        eos_token_id=END,
    )
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        return CLIPTextModel(config)


def said(scene: Simple, rng: random.Random) -> str:
    """One of the prompts that mean the scene: either sort first, with other words for its relation."""
    prompt = scene.prompt(reverse=rng.random() < 0.5)
    for relation, others in SAID.items():
        if f" {relation} " in prompt:
            return prompt.replace(f" {relation} ", f" {rng.choice(others)} ")
    return prompt


def numbers_of(tokenizer: PreTrainedTokenizerFast, prompts: list[str]) -> Int[Tensor, "n context"]:
    """Their word numbers, padded to the context as Stable Diffusion does."""
    found = tokenizer(prompts, padding="max_length", max_length=CONTEXT, truncation=True, return_tensors="pt")
    return found.input_ids


def taught_text(seed: int = 0, steps: int = STEPS) -> tuple[CLIPTextModel, float]:
    """The encoder after its lesson, and the share of 1,000 other prompts whose slots are all named right at the end.

    Costs about half a minute of one core.
    """
    encoder, tokenizer = untaught_text(seed), text_tokenizer()
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed + 1)
        heads = nn.ModuleList(nn.Linear(WIDTH, many) for many in SLOTS.values())
    params = [*encoder.parameters(), *heads.parameters()]
    optimizer = torch.optim.AdamW(params, lr=LR, betas=(0.9, 0.98), weight_decay=0.01)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = LR * min((step + 1) / 50, 1 - step / steps)
        rng = random.Random(f"prompts {seed} {step}")
        scenes = [draw_simple(seed, rng.randrange(10**6)) for _ in range(BATCH)]
        _loss(encoder, tokenizer, heads, scenes, rng, generator("noise on words", seed, step)).backward()
        nn.utils.clip_grad_norm_(params, 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return encoder.eval(), _right(encoder, tokenizer, heads, seed)


def _states(encoder: CLIPTextModel, tokenizer: PreTrainedTokenizerFast, prompts: list[str]) -> tuple[Tensor, Tensor]:
    """States of all places, and 1 where the whole prompt has been read."""
    ids = numbers_of(tokenizer, prompts)
    return encoder(input_ids=ids).last_hidden_state, (ids == END).cumsum(1) + (ids == PAD) > 0


def _loss(encoder, tokenizer, heads, scenes, rng, noise) -> Tensor:
    """Cross-entropy of all slots at all places that have read the whole prompt, in nats a slot."""
    states, whole = _states(encoder, tokenizer, [said(scene, rng) for scene in scenes])
    states = states + 0.3 * torch.randn(states.shape, generator=noise)  # so that what differs is far apart
    slots = torch.tensor([scene.slots() for scene in scenes])
    rows = whole.nonzero()[:, 0]
    seen = states[whole]
    return torch.stack([F.cross_entropy(head(seen), slots[rows, k]) for k, head in enumerate(heads)]).mean()


@torch.no_grad()
def _right(encoder, tokenizer, heads, seed: int) -> float:
    rng = random.Random(f"prompts to look at {seed}")
    scenes = [draw_simple(seed + 1, rng.randrange(10**6)) for _ in range(1000)]
    states, _ = _states(encoder, tokenizer, [said(scene, rng) for scene in scenes])
    found = torch.stack([head(states[:, -1]).argmax(1) for head in heads], 1)
    return (found == torch.tensor([scene.slots() for scene in scenes])).all(1).float().mean().item()
