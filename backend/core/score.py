"""Score: how likely a model finds every option of a question, and what that says about its accuracy.

Knows a model that turns ids into logits, a tokenizer, and questions; follows lm-evaluation-harness (method.md, 5).
Does not know where models and questions come from, nor training. Costs one forward pass for each option, or for each
question where the options are single tokens; logits exist only at the answers, so a large vocabulary is cheap.
"""

import inspect
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from backend.core.backbones import context_length, encode_pairs
from backend.core.errors import UserError
from backend.core.tasks import Question, TaskSpec, continuations, find_task, to_example
from backend.core.text_data import load_shots

Slot = tuple[int, int]  # (question, option), by position


@dataclass(frozen=True)
class Scored:
    """One question as the model saw it. `lengths` are the characters of each option, as the harness counts them."""

    id: str
    subject: str | None
    answer: int
    log_likelihoods: tuple[float, ...]
    lengths: tuple[int, ...]
    truncated: bool = False

    @property
    def choice(self) -> int:
        return _argmax(self.log_likelihoods)

    @property
    def choice_norm(self) -> int:
        return _argmax([ll / max(length, 1) for ll, length in zip(self.log_likelihoods, self.lengths, strict=True)])

    @property
    def correct(self) -> bool:
        return self.choice == self.answer

    @property
    def correct_norm(self) -> bool:
        return self.choice_norm == self.answer


@dataclass(frozen=True)
class Row:
    """One row of a batch: `ids` are read, and from place `start` on they should predict the tokens of each slot."""

    ids: tuple[int, ...]
    start: int
    answers: tuple[tuple[Slot, tuple[int, ...]], ...]
    truncated: bool


def score_questions(
    model: torch.nn.Module,
    tokenizer: PreTrainedTokenizerBase,
    questions: Sequence[Question],
    task: str | TaskSpec,
    *,
    shots: Mapping[str, Sequence[Question]] | None = None,
    token_budget: int = 4096,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Scored]:
    """The log-likelihood of every option, in the order of `questions`.

    `shots` are the solved examples by subject; None loads the task's own. `token_budget` bounds the tokens of one
    batch, not the answers. `on_progress` hears (options done, options in all) after every batch.
    """
    spec = find_task(task) if isinstance(task, str) else task
    if not questions:
        raise UserError("There are no questions to score.", "at least one", "Check the file, the split and the limit.")
    if shots is None:
        shots = load_shots(spec.name) if spec.shots else {}
    rows = make_rows(tokenizer, questions, spec, shots, context_length(model))
    total = sum(len(question.options) for question in questions)
    found: dict[Slot, float] = {}
    with _evaluating(model):
        for batch in batches(rows, token_budget):
            found |= score_batch(model, batch, tokenizer.pad_token_id or 0)
            if on_progress is not None:
                on_progress(len(found), total)
    cut = {slot[0] for row in rows if row.truncated for slot, _ in row.answers}
    return [_scored(q, i, spec, found, i in cut) for i, q in enumerate(questions)]


def make_rows(
    tokenizer: PreTrainedTokenizerBase,
    questions: Sequence[Question],
    spec: TaskSpec,
    shots: Mapping[str, Sequence[Question]],
    context: int,
) -> list[Row]:
    """The rows to run. Options that are one token each and share their prompt are answered by a single row."""
    slots, pairs = [], []
    for position, question in enumerate(questions):
        prompt = to_example(question, spec, _shots_of(question, spec, shots)).prompt
        for option, text in enumerate(continuations(question, spec)):
            slots.append((position, option))
            pairs.append((prompt, f" {text}"))
    single: dict[tuple[int, tuple[int, ...]], list[tuple[Slot, tuple[int, ...]]]] = {}
    rows = []
    for slot, (prompt_tokens, answer) in zip(slots, encode_pairs(tokenizer, pairs), strict=True):
        if len(answer) == 1:
            single.setdefault((slot[0], tuple(prompt_tokens)), []).append((slot, tuple(answer)))
        else:
            rows.append(_row(tuple(prompt_tokens), [(slot, tuple(answer))], questions[slot[0]], context))
    rows += [_row(prompt, answers, questions[position], context) for (position, prompt), answers in single.items()]
    return rows


def _row(prompt: tuple[int, ...], answers: list, question: Question, context: int) -> Row:
    """The last answer token is predicted, never read. What does not fit is cut from the left, as in the harness."""
    tokens = answers[0][1]
    if not 0 < len(tokens) <= context:
        found = f"An option of question {question.id!r} has {len(tokens)} tokens."
        raise UserError(found, f"1 to {context}, what the model can read at once", "Remove this question.")
    whole = prompt + tokens
    ids = whole[-(context + 1) :][:-1]
    return Row(ids, len(ids) - len(tokens), tuple(answers), len(whole) > context + 1)


def batches(rows: Sequence[Row], token_budget: int) -> Iterator[list[Row]]:
    """Longest first, so that too large a budget fails at once; like lengths together, so that few pads are read."""
    batch: list[Row] = []
    for row in sorted(rows, key=lambda row: (-len(row.ids), row.ids)):
        if batch and len(batch[0].ids) * (len(batch) + 1) > token_budget:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


@torch.inference_mode()
def score_batch(model: torch.nn.Module, rows: Sequence[Row], pad_id: int) -> dict[Slot, float]:
    """The summed log-probability of every answer in these rows."""
    device = next(model.parameters()).device
    ids, mask = pad(rows, pad_id)
    spans = [range(row.start, row.start + len(row.answers[0][1])) for row in rows]
    kept = sorted({place for span in spans for place in span})
    logits = _logits(model, ids.to(device), mask.to(device), torch.tensor(kept, device=device))
    column = {place: number for number, place in enumerate(kept)}
    which = [(number, column[place]) for number, span in enumerate(spans) for place in span]
    row_of, column_of = (torch.tensor(part, device=device) for part in zip(*which, strict=True))
    log_probs = torch.log_softmax(logits[row_of, column_of].float(), dim=-1)
    asked, offset = [], 0
    for row, span in zip(rows, spans, strict=True):
        asked += [(offset + i, token) for _, answer in row.answers for i, token in enumerate(answer)]
        offset += len(span)
    place_of, token_of = (torch.tensor(part, device=device) for part in zip(*asked, strict=True))
    values = iter(log_probs[place_of, token_of].tolist())  # one transfer for the whole batch
    return {slot: math.fsum(next(values) for _ in answer) for row in rows for slot, answer in row.answers}


def pad(rows: Sequence[Row], pad_id: int) -> tuple[Int[Tensor, "batch seq"], Bool[Tensor, "batch seq"]]:
    """On the right: a causal model then reads every real token at the place it would have alone."""
    longest = max(len(row.ids) for row in rows)
    ids = torch.tensor([[*row.ids, *[pad_id] * (longest - len(row.ids))] for row in rows])
    lengths = torch.tensor([len(row.ids) for row in rows])
    return ids, torch.arange(longest)[None, :] < lengths[:, None]


def _logits(
    model: torch.nn.Module, ids: Int[Tensor, "batch seq"], mask: Bool[Tensor, "batch seq"], kept: Int[Tensor, " kept"]
) -> Float[Tensor, "batch kept vocab"]:
    """The logits at the kept places alone, without ever making the others where the model can be told so."""
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model  # peft's forward hides its arguments
    able = "logits_to_keep" in inspect.signature(inner.forward).parameters
    output = model(input_ids=ids, attention_mask=mask.long(), **({"logits_to_keep": kept} if able else {}))
    logits = getattr(output, "logits", output)
    return logits if able else logits[:, kept]


@contextmanager
def _evaluating(model: torch.nn.Module) -> Iterator[None]:
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)


def _shots_of(question: Question, spec: TaskSpec, shots: Mapping[str, Sequence[Question]]) -> Sequence[Question]:
    if not spec.shots:
        return ()
    solved = shots.get(str(question.subject), ())
    if not solved:
        found = f"There are no solved examples for the subject {question.subject!r}."
        raise UserError(found, f"{spec.shots} rows of it in the dev file", "Add them, or leave the subject out.")
    return solved[: spec.shots]


def _scored(question: Question, position: int, spec: TaskSpec, found: dict[Slot, float], truncated: bool) -> Scored:
    texts = continuations(question, spec)
    log_likelihoods = tuple(found[position, option] for option in range(len(texts)))
    lengths = tuple(len(text) for text in texts)
    return Scored(question.id, question.subject, question.answer, log_likelihoods, lengths, truncated)


def _argmax(values: Sequence[float]) -> int:
    """The first of the largest, as numpy and the harness have it."""
    return max(range(len(values)), key=values.__getitem__)


def summarise(scored: Sequence[Scored]) -> dict:
    """Accuracy with its standard error; with subjects also each of them, and their mean as `macro`.

    `acc` over all questions is the micro average. A standard error needs two questions, else it is None.
    """
    if not scored:
        raise UserError("There are no scores to summarise.", "at least one scored question", "Score a question first.")
    summary = _accuracy(scored) | {"truncated": sum(item.truncated for item in scored)}
    subjects = sorted({item.subject for item in scored if item.subject is not None})
    if not subjects:
        return summary
    each = {subject: _accuracy([item for item in scored if item.subject == subject]) for subject in subjects}
    means = {name: sum(part[name] for part in each.values()) / len(each) for name in ("acc", "acc_norm")}
    micro = {name: summary[name] for name in ("acc", "acc_norm")}
    return summary | {"micro": micro, "macro": means, "subjects": each}


def _accuracy(scored: Sequence[Scored]) -> dict:
    n = len(scored)
    result: dict = {"n": n}
    for name, field in (("acc", "correct"), ("acc_norm", "correct_norm")):
        share = sum(getattr(item, field) for item in scored) / n
        result[name] = share
        result[f"{name}_stderr"] = math.sqrt(share * (1 - share) / (n - 1)) if n > 1 else None
    return result
