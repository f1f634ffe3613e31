"""Trees: a prompt whose options branch off its end, as tokens and as the tensors a model reads.

Knows questions and token ids. Knows no model. A question is one row, so that its prompt is read once for all options;
where a model cannot read trees, every option is a row of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from backend.core.text.chat import reading
from backend.core.text.tasks import FREE, Question, TaskSpec, continuations, to_example
from backend.core.text.token_ids import encode_pairs, scored_ids
from backend.errors import UserError

Slot = tuple[int, int]  # (question, option), by position


@dataclass(frozen=True)
class Answer:
    """The tokens of one option, and the places in its tree whose logits predict them."""

    slot: Slot
    tokens: tuple[int, ...]
    places: tuple[int, ...]


@dataclass(frozen=True)
class Tree:
    """A prompt with options branching off its end, written as one row of a batch.

    `branches` tells whose token each is (0 the prompt, else the option), `depths` its distance from the beginning.
    The last token of an option is predicted but never read, so options of one token take no room at all.
    """

    ids: tuple[int, ...]
    branches: tuple[int, ...]
    depths: tuple[int, ...]
    answers: tuple[Answer, ...]
    truncated: bool


@runtime_checkable  # the tests check types as they run
class Below(Protocol):
    """The lower layers of a model that has only upper ones: what these say of trees, padded into one batch."""

    def padded(self, trees: Sequence[Tree]) -> Float[Tensor, "batch seq hidden"]: ...


def make_trees(
    tokenizer: PreTrainedTokenizerBase,
    numbered: Sequence[tuple[int, Question]],
    spec: TaskSpec,
    shots: Mapping[str, Sequence[Question]],
    context: int,
    packed: bool,
) -> list[Tree]:
    """The rows for (position, question)s. What does not fit is cut from the left, for each option, like the harness."""
    slots, pairs = [], []
    for position, question in numbered:
        read = reading(tokenizer, to_example(question, spec, _shots_of(question, spec, shots)))
        for option, text in enumerate(continuations(question, spec)):
            slots.append((position, option))
            pairs.append((read.prompt, f"{read.between}{text}"))
    grown: dict[tuple, list[tuple[Slot, tuple[int, ...]]]] = {}
    for slot, (prompt_tokens, tokens) in zip(slots, _encoded(tokenizer, pairs, spec), strict=True):
        if not 0 < len(tokens) <= context:
            found = f"An option of question {dict(numbered)[slot[0]].id!r} has {len(tokens)} tokens."
            raise UserError(found, f"1 to {context}, what the model can read at once", "Remove this question.")
        cut = max(0, len(prompt_tokens) + len(tokens) - (context + 1))
        shares = packed or len(tokens) == 1
        key = (slot[0], cut, None if shares else slot[1], tuple(prompt_tokens[cut:]))
        grown.setdefault(key, []).append((slot, tuple(tokens)))
    return [make_tree(key[-1], options, key[1] > 0) for key, options in grown.items()]


def _encoded(
    tokenizer: PreTrainedTokenizerBase, pairs: Sequence[tuple[str, str]], spec: TaskSpec
) -> list[tuple[list[int], list[int]]]:
    """Options as the harness encodes them; free answers as they are taught, which at a blank is not the same."""
    if spec.layout in FREE:
        return [scored_ids(tokenizer, prompt, prompt + answer) for prompt, answer in pairs]
    return encode_pairs(tokenizer, pairs)


def _shots_of(question: Question, spec: TaskSpec, shots: Mapping[str, Sequence[Question]]) -> Sequence[Question]:
    if not spec.shots:
        return ()
    if not (solved := shots.get(str(question.subject), ())):
        found = f"There are no solved examples for the subject {question.subject!r}."
        raise UserError(found, f"{spec.shots} rows of it in the dev file", "Add them, or leave the subject out.")
    return solved[: spec.shots]


def make_tree(prompt: tuple[int, ...], options: Sequence[tuple[Slot, tuple[int, ...]]], truncated: bool) -> Tree:
    ids, branches, depths, answers = [*prompt], [0] * len(prompt), [*range(len(prompt))], []
    for number, (slot, tokens) in enumerate(options, start=1):
        read = len(tokens) - 1
        answers.append(Answer(slot, tokens, (len(prompt) - 1, *range(len(ids), len(ids) + read))))
        ids += tokens[:-1]
        branches += [number] * read
        depths += range(len(prompt), len(prompt) + read)
    return Tree(tuple(ids), tuple(branches), tuple(depths), tuple(answers), truncated)


def common_beginning(trees: Sequence[Tree]) -> int:
    """How many tokens all these prompts begin with, never counting a last one: its logits are needed."""
    longest = min(min(answer.places[0] for answer in tree.answers) for tree in trees)
    first, last = min(tree.ids for tree in trees), max(tree.ids for tree in trees)  # all others lie between the two
    same = 0
    while same < longest and first[same] == last[same]:
        same += 1
    return same


def without_beginning(tree: Tree, length: int) -> Tree:
    """The tree after its first `length` prompt tokens; depths still count from the true beginning."""
    answers = tuple(replace(a, places=tuple(place - length for place in a.places)) for a in tree.answers)
    return Tree(tree.ids[length:], tree.branches[length:], tree.depths[length:], answers, tree.truncated)


def batches(trees: Sequence[Tree], token_budget: int) -> Iterator[list[Tree]]:
    """Rows of like length together, so that few pads are read; the longest first."""
    batch: list[Tree] = []
    for tree in sorted(trees, key=lambda tree: (-len(tree.ids), tree.ids)):
        if batch and len(batch[0].ids) * (len(batch) + 1) > token_budget:
            yield batch
            batch = []
        batch.append(tree)
    if batch:
        yield batch


def plain_inputs(trees: Sequence[Tree]) -> dict[str, Tensor]:
    """Inputs of trees without branches, padded on the right: a causal model reads each token at its place alone."""
    ids = _table([tree.ids for tree in trees])
    lengths = torch.tensor([[len(tree.ids)] for tree in trees])
    return {"input_ids": ids, "attention_mask": (torch.arange(ids.shape[1]) < lengths).long()}


def tree_inputs(trees: Sequence[Tree], dtype: torch.dtype) -> dict[str, Tensor]:
    """Inputs of trees with branches, padded as `plain_inputs` pads: an option continues the prompt at the prompt's end
    and is blind to the other options."""
    return {
        "input_ids": _table([tree.ids for tree in trees]),
        "attention_mask": tree_mask(_table([tree.branches for tree in trees]), dtype),
        "position_ids": _table([tree.depths for tree in trees]),
    }


def tree_mask(branches: Int[Tensor, "batch seq"], dtype: torch.dtype) -> Float[Tensor, "batch 1 seq seq"]:
    """0 where a token may look: back, at the prompt and at its own option. Pads come last, so nothing sees them."""
    back = torch.ones(branches.shape[1], branches.shape[1], dtype=torch.bool).tril()
    looked = branches[:, None, :]
    seen = back & ((looked == 0) | (looked == branches[:, :, None]))
    return torch.zeros(seen.shape, dtype=dtype).masked_fill(~seen, torch.finfo(dtype).min)[:, None]


def _table(lists: Sequence[tuple[int, ...]]) -> Int[Tensor, "batch seq"]:
    return torch.tensor(list(zip_longest(*lists, fillvalue=0))).T
