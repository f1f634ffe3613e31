"""The revert rule: a decoded text stays only where it follows the experts better than the real question it replaces.

Slot by slot, in order: with the choices made so far, is the matching loss strictly lower with the text than with the
question? Then the text stays, otherwise the question. So the result's loss is never above the questions' own.
Greedy: what a text would gain only together with a later one is lost.

Judged on held-out experts; on the followed ones where none is held out. Costs an unroll without second derivatives for
each slot and segment: on the preset quick 0.4 s a slot, 3.7 s in all, where an update takes 0.5 s (opt-pocket, one
core). Knows examples and losses; no files.
"""

import statistics
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher

from jaxtyping import Float
from torch import Tensor

from backend.core.text.batches import Encoded
from backend.core.text.examples import Rows
from backend.core.text.prompts import ANSWER_SUFFIX, QUESTION_PREFIX, Example
from backend.core.text.token_ids import prompt_ids
from backend.studies.text_distillation.buffer import TrajectoryBuffer
from backend.studies.text_distillation.heldout import text_losses
from backend.studies.text_distillation.setup import Setup


def reverted_slots(
    start: Sequence[Encoded], texts: Sequence[Encoded], loss_of: Callable[[list[Encoded]], float]
) -> Iterator[bool]:
    """For each slot in turn, whether the question stays. A text that reads as its question has nothing to revert.

    A loss that is not a number is no improvement.
    """
    chosen = list(start)
    best = loss_of(chosen)
    for slot, text in enumerate(texts):
        if text == start[slot]:
            yield False
            continue
        tried = [*chosen[:slot], text, *chosen[slot + 1 :]]
        loss = loss_of(tried)
        better = loss < best
        if better:
            chosen, best = tried, loss
        yield not better


def judged_by(buffer: TrajectoryBuffer) -> str:
    """Which experts the rule asks: heldout, or followed where there are no others."""
    return "heldout" if buffer.heldout else "followed"


def judge(setup: Setup, buffer: TrajectoryBuffer, log_lrs: Float[Tensor, " steps"]) -> Callable[[list[Encoded]], float]:
    """The mean matching loss of a student on the given examples, with the learned step sizes."""
    followed = judged_by(buffer) == "followed"

    def loss_of(examples: list[Encoded]) -> float:
        losses = text_losses(setup, buffer, Rows(examples, setup.own.student.table), log_lrs, followed)
        return statistics.fmean(row["matching_loss"] for row in losses)

    return loss_of


def tokens_changed(tokenizer, start: Sequence[Example], result: Sequence[Example]) -> float:
    """Share of question tokens that differ between two lists of examples, mean over slots.

    Tokens are aligned first, so that one that is put in moves no others; the share is of the longer of the two.
    """
    return statistics.fmean(
        _share(question_ids(tokenizer, old), question_ids(tokenizer, new))
        for old, new in zip(start, result, strict=True)
    )


def question_ids(tokenizer, example: Example) -> list[int]:
    """The tokens between the words around a question."""
    if not example.prompt.startswith(QUESTION_PREFIX):  # a user's own prompt, as it is
        return prompt_ids(tokenizer, example.prompt)
    question = example.prompt.removesuffix(ANSWER_SUFFIX)
    return prompt_ids(tokenizer, question)[len(prompt_ids(tokenizer, QUESTION_PREFIX.strip())) :]


def _share(old: list[int], new: list[int]) -> float:
    same = sum(block.size for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks())
    return 1 - same / max(len(old), len(new), 1)
