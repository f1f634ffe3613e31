"""Shown: training examples as the student's own tokens, each with whether it is taught.

Knows a tokenizer and token ids; not where the examples come from.
"""

from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase

from backend.core.text.batches import Encoded

MOST_SHOWN = 1000  # tokens of one example


def shown_examples(
    student: str, tokenizer: PreTrainedTokenizerBase, examples: Sequence[Encoded], number: int = 3
) -> dict:
    """What example.json holds: `{"student", "examples", "tokens_longest", "shown"}`; the first `number` are shown."""
    return {
        "student": student,
        "examples": len(examples),
        "tokens_longest": max((len(e.prompt) + len(e.answer) for e in examples), default=0),
        "shown": [shown_example(tokenizer, example) for example in examples[:number]],
    }


def shown_example(tokenizer: PreTrainedTokenizerBase, encoded: Encoded) -> dict:
    """`{"tokens": [{"text", "taught"}]}`: the prompt, which is masked, then the answer and the end, which are taught.

    The texts put together are the example; special tokens appear by name. Of a very long one the end is shown.
    """
    ids = [*encoded.prompt, *encoded.answer]
    taught = [False] * len(encoded.prompt) + [True] * len(encoded.answer)
    hidden = max(0, len(ids) - MOST_SHOWN)
    tokens = [{"text": f"… {hidden:,} tokens before …", "taught": False}] if hidden else []
    place = hidden
    for text, length in token_texts(tokenizer, ids[hidden:]):
        tokens.append({"text": text, "taught": any(taught[place : place + length])})
        place += length
    return {"tokens": tokens}


def token_texts(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int]) -> list[tuple[str, int]]:
    """(text, how many ids it is made of). Ids that are only together a character are one text."""
    special = set(tokenizer.all_special_ids)
    pieces, run, before, done = [], [], 0, 0  # run: the ids that are not special, of which `done` have their text
    for place, token in enumerate(ids):
        if token in special:
            pieces.append((tokenizer.convert_ids_to_tokens(token), 1))
            continue
        run.append(token)
        # what it adds to those before it: alone, many tokenizers would drop the blank it begins with
        known = decoded(tokenizer, run[before:done])
        new = decoded(tokenizer, run[before:])[len(known) :]
        last = place + 1 == len(ids) or ids[place + 1] in special
        if (new and not new.endswith("\ufffd")) or last:
            pieces.append((new, len(run) - done))
            before, done = done, len(run)
    return pieces


def decoded(tokenizer: PreTrainedTokenizerBase, ids: list[int], **options: bool) -> str:
    return tokenizer.decode(ids, clean_up_tokenization_spaces=False, **options)
