"""Token ids: a prompt and its continuation as lm-evaluation-harness encodes them, and a text as it is taught.

Knows a tokenizer; no model, no task and no batch.
"""

import copy
from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase

from backend.errors import UserError

BOS = ("auto", "on", "off")  # the bos token before a text: as the tokenizer has it, always, never


def encode_pairs(
    tokenizer: PreTrainedTokenizerBase, pairs: Sequence[tuple[str, str]]
) -> list[tuple[list[int], list[int]]]:
    """Token ids of (prompt, continuation), as lm-evaluation-harness makes them.

    Both the prompt and the whole text are encoded; the continuation is what the whole has more. Spaces that end a
    prompt move to the continuation. An empty prompt is the bos or eos token: the first word has something before it.
    """
    moved = [(p.rstrip(), p[len(p.rstrip()) :] + c) for p, c in pairs]
    prompts = dict.fromkeys(prompt for prompt, _ in moved)
    encoded = text_ids(tokenizer, [*prompts, *(prompt + continuation for prompt, continuation in moved)])
    prompt_of = dict(zip(prompts, encoded, strict=False))
    result = []
    for (prompt, _), whole in zip(moved, encoded[len(prompts) :], strict=True):
        ids = prompt_of[prompt]
        result.append((ids or first_ids(tokenizer), whole[len(ids) :]))
    return result


def text_ids(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> list[list[int]]:
    """Token ids of texts with what the tokenizer puts before them, and nothing behind.

    A text that begins with its bos token itself gets no second one, as in the harness.
    """
    before, after = special_counts(tokenizer)
    found = []
    for ids in tokenizer(list(texts), add_special_tokens=True, verbose=False).input_ids:
        doubled = before > 0 and ids[before : 2 * before] == ids[:before]
        found.append(ids[before if doubled else 0 : len(ids) - after])
    return found


def taught_ids(tokenizer: PreTrainedTokenizerBase, prompt: str, text: str) -> tuple[list[int], list[int]]:
    """The ids of `text`, which begins with `prompt`, with one end of text: those before what is taught, and the taught.

    A token that spans the end of the prompt is taught whole: taught is what follows the longest common beginning of the
    prompt's own ids and the text's. A text whose first token is taught has the bos or eos token before it.
    """
    end = tokenizer.eos_token_id
    [whole] = text_ids(tokenizer, [text])
    return _parted(tokenizer, prompt, whole if end is None or whole[-1:] == [end] else [*whole, end])


def scored_ids(tokenizer: PreTrainedTokenizerBase, prompt: str, text: str) -> tuple[list[int], list[int]]:
    """The ids of `text` as `taught_ids` parts them, without an end that it does not bring: of a free answer, whose
    likelihood is that of the very tokens that are taught."""
    return _parted(tokenizer, prompt, text_ids(tokenizer, [text])[0])


def _parted(tokenizer: PreTrainedTokenizerBase, prompt: str, whole: list[int]) -> tuple[list[int], list[int]]:
    [alone] = text_ids(tokenizer, [prompt])
    same = next((i for i, (a, b) in enumerate(zip(alone, whole, strict=False)) if a != b), len(alone))
    same = min(same, len(whole) - 1)  # a text that adds nothing to its prompt still teaches its last token
    return (whole[:same] or first_ids(tokenizer)), whole[same:]


def asked_ids(tokenizer: PreTrainedTokenizerBase, prompt: str, between: str = " ") -> list[int]:
    """The ids to go on from when `prompt` is asked: those that stood before the answers as they were taught.

    Blanks at a prompt's end often belong to the answer's first token; whether they do, a letter in its place tells.
    """
    if prompt and not prompt[-1].isspace():
        return text_ids(tokenizer, [prompt])[0]
    return taught_ids(tokenizer, prompt, f"{prompt}{between}a")[0]


def first_ids(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """What stands before a text that nothing else stands before: the bos token, or else the eos token."""
    start = tokenizer.eos_token_id if tokenizer.bos_token_id is None else tokenizer.bos_token_id
    return [] if start is None else [start]


def with_bos(tokenizer: PreTrainedTokenizerBase, bos: str) -> PreTrainedTokenizerBase:
    """The tokenizer with its bos token before every text (on) or before none (off); as it is (auto).

    A copy where something changes. Raises UserError where the tokenizer has no bos token to put.
    """
    if bos not in BOS:
        raise UserError(f"There is no bos {bos!r}.", f"one of {', '.join(BOS)}", "Choose one of them.")
    if bos == "auto" or (bos == "on") == (tokenizer.bos_token_id in _before(tokenizer)):
        return tokenizer
    if tokenizer.bos_token_id is None:
        found = "bos is on, but the tokenizer of this model has no bos token."
        raise UserError(found, "a tokenizer with one", "Set bos to auto.")
    changed = copy.deepcopy(tokenizer)
    changed.add_bos_token = bos == "on"
    if (bos == "on") != (tokenizer.bos_token_id in _before(changed)):
        found = f"bos is {bos}, but the tokenizer of this model does not let that be changed."
        raise UserError(found, "bos as the tokenizer has it", "Set bos to auto.")
    return changed


def begins_with(tokenizer: PreTrainedTokenizerBase) -> str | None:
    """The special tokens that the tokenizer puts before every text, in words; None where it puts none."""
    return " ".join(tokenizer.convert_ids_to_tokens(_before(tokenizer))) or None


def _before(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    return tokenizer("a").input_ids[: special_counts(tokenizer)[0]]


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
