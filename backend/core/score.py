"""Score: how likely a model finds every option of a question, and what that says about its accuracy.

Knows a model that turns ids into logits, a tokenizer, and questions; follows lm-evaluation-harness (method.md, 5).
Does not know where models and questions come from, nor training. Costs one forward pass a question: the prompt is read
once and the options branch off it. Other families than PACKED_FAMILIES read the prompt again for every option.
"""

import inspect
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from backend.core.backbones import context_length, encode_pairs
from backend.core.errors import UserError
from backend.core.scored import Scored
from backend.core.tasks import Question, TaskSpec, continuations, find_task, to_example
from backend.core.text_data import load_shots

# Families whose answers were compared with one option at a time, packed (test_score.py). A tree needs free positions
# and a free mask, which ALiBi, sliding windows and recurrent models do not have.
PACKED_FAMILIES = ("opt", "llama", "gpt2", "qwen2", "gemma")

Slot = tuple[int, int]  # (question, option), by position


@dataclass(frozen=True)
class Answer:
    """The tokens of one option, and the places in its row whose logits predict them."""

    slot: Slot
    tokens: tuple[int, ...]
    places: tuple[int, ...]


@dataclass(frozen=True)
class Row:
    """A prompt with options branching off its end: a tree, written as one row of a batch.

    `branches` tells whose token each is (0 the prompt, else the option), `depths` its distance from the beginning.
    The last token of an option is predicted but never read, so options of one token take no room at all.
    """

    ids: tuple[int, ...]
    branches: tuple[int, ...]
    depths: tuple[int, ...]
    answers: tuple[Answer, ...]
    truncated: bool


def score_questions(
    model: torch.nn.Module,
    tokenizer: PreTrainedTokenizerBase,
    questions: Sequence[Question],
    task: str | TaskSpec,
    *,
    shots: Mapping[str, Sequence[Question]] | None = None,
    token_budget: int | None = None,
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
    packed = can_pack(model)
    rows = make_rows(tokenizer, questions, spec, shots, context_length(model), packed)
    total = sum(len(question.options) for question in questions)
    found: dict[Slot, float] = {}
    if token_budget is None:  # a CPU is fastest while a batch stays in its caches: 100 questions took 9.5 s, not 11.1
        token_budget = 512 if next(model.parameters()).device.type == "cpu" else 16384
    with _evaluating(model):
        for batch in batches(rows, token_budget):
            found |= score_batch(model, batch, packed)
            if on_progress is not None:
                on_progress(len(found), total)
    cut = {answer.slot[0] for row in rows if row.truncated for answer in row.answers}
    return [_scored(q, i, spec, found, i in cut) for i, q in enumerate(questions)]


def can_pack(model: torch.nn.Module) -> bool:
    """Whether the options of a question may share one row."""
    config = getattr(model, "config", None)
    free_mask = getattr(config, "_attn_implementation", None) in ("eager", "sdpa")
    window = getattr(config, "use_sliding_window", False)  # some Qwen2
    known = getattr(config, "model_type", None) in PACKED_FAMILIES
    return free_mask and known and not window and hasattr(_inner(model), "get_output_embeddings")


def make_rows(
    tokenizer: PreTrainedTokenizerBase,
    questions: Sequence[Question],
    spec: TaskSpec,
    shots: Mapping[str, Sequence[Question]],
    context: int,
    packed: bool,
) -> list[Row]:
    """The rows to run. What does not fit is cut from the left, for each option by itself, as in the harness."""
    slots, pairs = [], []
    for position, question in enumerate(questions):
        prompt = to_example(question, spec, _shots_of(question, spec, shots)).prompt
        for option, text in enumerate(continuations(question, spec)):
            slots.append((position, option))
            pairs.append((prompt, f" {text}"))
    grown: dict[tuple, list[tuple[Slot, tuple[int, ...]]]] = {}
    for slot, (prompt_tokens, tokens) in zip(slots, encode_pairs(tokenizer, pairs), strict=True):
        if not 0 < len(tokens) <= context:
            found = f"An option of question {questions[slot[0]].id!r} has {len(tokens)} tokens."
            raise UserError(found, f"1 to {context}, what the model can read at once", "Remove this question.")
        cut = max(0, len(prompt_tokens) + len(tokens) - (context + 1))
        shares = packed or len(tokens) == 1
        key = (slot[0], cut, None if shares else slot[1], tuple(prompt_tokens[cut:]))
        grown.setdefault(key, []).append((slot, tuple(tokens)))
    return [make_row(key[-1], options, key[1] > 0) for key, options in grown.items()]


def make_row(prompt: tuple[int, ...], options: Sequence[tuple[Slot, tuple[int, ...]]], truncated: bool) -> Row:
    ids, branches, depths, answers = [*prompt], [0] * len(prompt), [*range(len(prompt))], []
    for number, (slot, tokens) in enumerate(options, start=1):
        read = len(tokens) - 1
        answers.append(Answer(slot, tokens, (len(prompt) - 1, *range(len(ids), len(ids) + read))))
        ids += tokens[:-1]
        branches += [number] * read
        depths += range(len(prompt), len(prompt) + read)
    return Row(tuple(ids), tuple(branches), tuple(depths), tuple(answers), truncated)


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
def score_batch(model: torch.nn.Module, rows: Sequence[Row], packed: bool) -> dict[Slot, float]:
    """The summed log-probability of every answer in these rows."""
    first = next(model.parameters())
    asked = [
        ((number, place), token)
        for number, row in enumerate(rows)
        for answer in row.answers
        for place, token in zip(answer.places, answer.tokens, strict=True)
    ]
    spots = {spot: number for number, spot in enumerate(dict.fromkeys(spot for spot, _ in asked))}  # options share some
    where = torch.tensor(list(spots), device=first.device).T
    inputs = tree_inputs(rows, first.dtype) if packed else plain_inputs(rows)
    inputs = {name: value.to(first.device) for name, value in inputs.items()}
    logits = _branch_logits(model, inputs, *where) if packed else _logits(model, inputs, *where)
    picked = torch.tensor([(spots[spot], token) for spot, token in asked], device=first.device).T
    values = iter(torch.log_softmax(logits.float(), dim=-1)[*picked].tolist())  # one transfer for the whole batch
    return {answer.slot: math.fsum(next(values) for _ in answer.tokens) for row in rows for answer in row.answers}


def plain_inputs(rows: Sequence[Row]) -> dict[str, Tensor]:
    """Padded on the right: a causal model then reads every real token at the place it would have alone."""
    ids = _table([row.ids for row in rows])
    lengths = torch.tensor([[len(row.ids)] for row in rows])
    return {"input_ids": ids, "attention_mask": (torch.arange(ids.shape[1]) < lengths).long()}


def tree_inputs(rows: Sequence[Row], dtype: torch.dtype) -> dict[str, Tensor]:
    """The same, where every option continues the prompt and is blind to the other options."""
    return {
        "input_ids": _table([row.ids for row in rows]),
        "attention_mask": tree_mask(_table([row.branches for row in rows]), dtype),
        "position_ids": _table([row.depths for row in rows]),
    }


def tree_mask(branches: Int[Tensor, "batch seq"], dtype: torch.dtype) -> Float[Tensor, "batch 1 seq seq"]:
    """0 where a token may look: back, at the prompt and at its own option. Pads come last, so nothing sees them."""
    back = torch.ones(branches.shape[1], branches.shape[1], dtype=torch.bool).tril()
    looked = branches[:, None, :]
    seen = back & ((looked == 0) | (looked == branches[:, :, None]))
    return torch.zeros(seen.shape, dtype=dtype).masked_fill(~seen, torch.finfo(dtype).min)[:, None]


def _table(lists: Sequence[tuple[int, ...]]) -> Int[Tensor, "batch seq"]:
    return torch.tensor(list(zip_longest(*lists, fillvalue=0))).T


def _branch_logits(
    model: torch.nn.Module, inputs: dict[str, Tensor], rows: Int[Tensor, " n"], places: Int[Tensor, " n"]
) -> Float[Tensor, "n vocab"]:
    """The head is applied to the wanted places alone: in these families it is one linear map and nothing else."""
    inner = _inner(model)
    hidden = inner.base_model(**inputs).last_hidden_state
    return inner.get_output_embeddings()(hidden[rows, places])


def _logits(
    model: torch.nn.Module, inputs: dict[str, Tensor], rows: Int[Tensor, " n"], places: Int[Tensor, " n"]
) -> Float[Tensor, "n vocab"]:
    """From any model at all; columns that no row wants are left out where it can be told so."""
    kept, column = places.unique(return_inverse=True)
    able = "logits_to_keep" in inspect.signature(_inner(model).forward).parameters
    output = model(**inputs, **({"logits_to_keep": kept} if able else {}))
    logits = getattr(output, "logits", output)
    return logits[rows, column if able else places]


def _inner(model: torch.nn.Module) -> torch.nn.Module:
    """The model inside a peft wrapper, with its LoRA layers; the wrapper hides the arguments."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


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
    if not (solved := shots.get(str(question.subject), ())):
        found = f"There are no solved examples for the subject {question.subject!r}."
        raise UserError(found, f"{spec.shots} rows of it in the dev file", "Add them, or leave the subject out.")
    return solved[: spec.shots]


def _scored(question: Question, position: int, spec: TaskSpec, found: dict[Slot, float], truncated: bool) -> Scored:
    lengths = tuple(map(len, continuations(question, spec)))
    log_likelihoods = tuple(found[position, option] for option in range(len(lengths)))
    return Scored(question.id, question.subject, question.answer, log_likelihoods, lengths, truncated)


def summarise(scored: Sequence[Scored]) -> dict:
    """Accuracy over all questions with its standard error; with subjects also each of them, and `macro`, their mean."""
    if not scored:
        raise UserError("There are no scores to summarise.", "at least one scored question", "Score a question first.")
    summary = _accuracy(scored) | {"truncated": sum(item.truncated for item in scored)}
    if not (subjects := sorted({item.subject for item in scored if item.subject is not None})):
        return summary
    each = {subject: _accuracy([item for item in scored if item.subject == subject]) for subject in subjects}
    means = {name: sum(part[name] for part in each.values()) / len(each) for name in ("acc", "acc_norm")}
    return summary | {"micro": {name: summary[name] for name in means}, "macro": means, "subjects": each}


def _accuracy(scored: Sequence[Scored]) -> dict:
    n = len(scored)
    result: dict = {"n": n}
    for name, field in (("acc", "correct"), ("acc_norm", "correct_norm")):
        share = sum(getattr(item, field) for item in scored) / n
        result[name] = share
        result[f"{name}_stderr"] = math.sqrt(share * (1 - share) / (n - 1)) if n > 1 else None  # one has no spread
    return result
