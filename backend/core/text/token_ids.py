"""Token ids: a prompt and its continuation as lm-evaluation-harness encodes them.

Knows a tokenizer; no model, no task and no batch.
"""

from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase


def encode_pairs(
    tokenizer: PreTrainedTokenizerBase, pairs: Sequence[tuple[str, str]]
) -> list[tuple[list[int], list[int]]]:
    """Token ids of (prompt, continuation), as lm-evaluation-harness makes them.

    Both the prompt and the whole text are encoded; the continuation is what the whole has more. Spaces that end a
    prompt move to the continuation. An empty prompt is the eos token, so that the first word has something before it.
    """
    moved = [(p.rstrip(), p[len(p.rstrip()) :] + c) for p, c in pairs]
    prompts = dict.fromkeys(prompt for prompt, _ in moved)
    texts = [*prompts, *(prompt + continuation for prompt, continuation in moved)]
    _, suffix = special_counts(tokenizer)
    encoded = tokenizer(texts, add_special_tokens=True, verbose=False).input_ids
    bare = [ids[: len(ids) - suffix] for ids in encoded]
    prompt_of = dict(zip(prompts, bare, strict=False))
    start = tokenizer.eos_token_id if tokenizer.bos_token_id is None else tokenizer.bos_token_id
    result = []
    for (prompt, _), whole in zip(moved, bare[len(prompts) :], strict=True):
        ids = prompt_of[prompt]
        first = ids or ([] if start is None else [start])
        result.append((first, whole[len(ids) :]))
    return result


def special_counts(tokenizer: PreTrainedTokenizerBase) -> tuple[int, int]:
    """How many special tokens the tokenizer itself puts before and after a text."""
    plain = tokenizer("a", add_special_tokens=False).input_ids
    full = tokenizer("a", add_special_tokens=True).input_ids
    extra = len(full) - len(plain)
    before = next((i for i in range(extra + 1) if full[i : i + len(plain)] == plain), extra)
    return before, extra - before


def prompt_ids(tokenizer: PreTrainedTokenizerBase, prompt: str) -> list[int]:
    """The prompt's ids with the bos token the tokenizer itself adds, if it adds one, and never an eos."""
    return encode_pairs(tokenizer, [(prompt, " a")])[0][0]


def answer_ids(tokenizer: PreTrainedTokenizerBase, answer: str) -> list[int]:
    """The ids of " " + answer as they follow a prompt: no special tokens."""
    return encode_pairs(tokenizer, [("Answer:", f" {answer}")])[0][1]
