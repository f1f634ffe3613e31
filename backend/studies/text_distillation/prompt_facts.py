"""Facts of each finished prompt: what it adds to the matching, how it reads, what it copies, and which real questions
are nearest to it.

A prompt's contribution is the matching loss of a student without it, minus that of a student with all of them: above 0
it helps. Prompts lean on each other, so contributions do not add up. Knows a setup and examples; no file.
"""

import random
import statistics
from collections.abc import Callable, Iterable, Sequence

from backend.core.models.perplexity import perplexity
from backend.core.models.readers import Reader
from backend.core.text.leaks import find_leaks, words
from backend.core.text.tasks import Question
from backend.core.text.text_data import load_questions
from backend.errors import UserError
from backend.selection.bm25 import word_scores
from backend.studies.text_distillation.buffer import TrajectoryBuffer
from backend.studies.text_distillation.evaluate import Learned, distilled_examples
from backend.studies.text_distillation.heldout import segments, text_losses
from backend.studies.text_distillation.revert import judged_by
from backend.studies.text_distillation.setup import Setup

NEAREST = 3
COPIES = 3  # of each split, at most
ORDINARY = 100  # real questions that a prompt's surprise is set beside

LossWithout = Callable[[int | None], float]  # the matching loss without a slot, or with all of them for None
Spread = Callable[[Sequence[int | None]], Iterable[tuple[int | None, float]]]  # each with its loss, in any order


def prompt_facts(setup: Setup, buffer: TrajectoryBuffer, found: Learned, spread: Spread | None = None) -> list[dict]:
    """One row for each slot. `contribution` is null where there is nothing to leave out: one prompt, or one a step.

    Costs an unroll without second derivatives for each prompt and segment of a held-out expert; `spread` may let other
    processes do these.
    """
    examples = distilled_examples(setup, found)
    prompts = [example.prompt for example in examples]
    added = contributions(setup, buffer, found, spread)
    splits = (("train", setup.train), ("test", tested(setup)))
    copies = [copied(prompts, split, asked) for split, asked in splits]
    near = nearest(prompts, setup.train)
    ordinary = real_prompts(setup)
    surprising = {reader.name: surprise(reader, prompts, ordinary) for reader in setup.readers()}
    rows = []
    for slot in range(len(prompts)):
        row = {"slot": slot, "contribution": added[slot], "judged_by": judged_by(buffer)}
        row |= {"segments": len(segments(setup, buffer, buffer.heldout or buffer.followed)), "ordinary": len(ordinary)}
        row["surprise"] = {name: of_prompt[slot] for name, of_prompt in surprising.items()}
        row["copies"] = [copy for split in copies for copy in split[slot]]
        rows.append({**row, "nearest": near[slot]})
    return rows


def tested(setup: Setup) -> list[Question]:
    """All test questions, only to look for copies; none where the data has no such split."""
    c = setup.config
    try:
        return load_questions(c.task, "test", c.own_data, answers_from=c.counted_from)
    except UserError:
        return []


def contributions(
    setup: Setup, buffer: TrajectoryBuffer, found: Learned, spread: Spread | None = None
) -> list[float | None]:
    """For each slot: the mean matching loss without it, minus with it, on held-out experts (else the followed)."""
    slots = len(distilled_examples(setup, found))
    if slots == 1 or setup.config.inner_batch == 1:
        return [None] * slots
    loss, every = loss_without(setup, buffer, found), (None, *range(slots))
    losses = dict(spread(every) if spread else ((slot, loss(slot)) for slot in every))
    return [_rounded(losses[slot] - losses[None]) for slot in range(slots)]


def loss_without(setup: Setup, buffer: TrajectoryBuffer, found: Learned) -> LossWithout:
    """What a student without a slot comes to: the mean matching loss on held-out experts (else the followed)."""
    rows, followed = setup.own.rows(distilled_examples(setup, found)), judged_by(buffer) == "followed"

    def loss(slot: int | None) -> float:
        losses = text_losses(setup, buffer, rows, found.log_lrs, followed, slot)
        return statistics.fmean(row["matching_loss"] for row in losses)

    return loss


def real_prompts(setup: Setup) -> list[str]:
    """Some real questions as prompts, drawn from the seed: what a model makes of ordinary text of this kind."""
    rng = random.Random(f"{setup.config.seed} ordinary")
    return [one.prompt for one in rng.sample(setup.train_examples, min(ORDINARY, len(setup.train_examples)))]


def surprise(reader: Reader, prompts: Sequence[str], ordinary: Sequence[str]) -> list[dict]:
    """For each prompt its `perplexity` under the frozen model, and `above`: the share of the ordinary ones below it.

    The share is what to look at: a model that never read questions finds every one of them surprising.
    """
    reader.student.put(reader.student.initial("frozen"))  # LoRA starts as the model it is put on
    usual = [perplexity(reader.student.backbone, [text]) for text in ordinary]
    found = []
    for text in prompts:
        ours = perplexity(reader.student.backbone, [text])
        found.append({"perplexity": _rounded(ours), "above": statistics.fmean(one < ours for one in usual)})
    return found


def copied(prompts: Sequence[str], split: str, questions: Sequence[Question]) -> list[list[dict]]:
    """For each prompt the questions of a split that it holds word for word or nearly, the surest first."""
    asked = {question.id: question for question in questions}
    found: list[list[dict]] = [[] for _ in prompts]
    for leak in sorted(find_leaks(prompts, questions), key=lambda leak: -leak.share):
        if len(found[leak.prompt]) < COPIES:
            row = {"split": split, "question": asked[leak.question].question}
            found[leak.prompt].append({**row, "how": leak.how, "share": _rounded(leak.share)})
    return found


def nearest(prompts: Sequence[str], train: Sequence[Question]) -> list[list[dict]]:
    """For each prompt the real questions that share most of its rare words (BM25), with their answers."""
    scores = word_scores([question.question for question in train], [" ".join(words(prompt)) for prompt in prompts])
    found = []
    for of_prompt in scores.T:
        order = [int(i) for i in (-of_prompt).argsort(kind="stable")[:NEAREST] if of_prompt[i] > 0]
        real = [(train[i].question, train[i].options[train[i].answer], float(of_prompt[i])) for i in order]
        found.append([{"question": asked, "answer": told, "score": _rounded(score)} for asked, told, score in real])
    return found


def _rounded(value: float) -> float | None:
    """Four digits; null where there is no number."""
    return round(value, 4) if abs(value) < float("inf") else None
