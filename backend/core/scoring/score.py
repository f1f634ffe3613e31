"""Score: how likely a model finds every option of a question.

Knows a model that turns ids into logits, a tokenizer, and questions; follows lm-evaluation-harness.
Does not know where models and questions come from, nor training, nor statistics. Costs one forward pass a question: the
prompt is read once and the options branch off it, and what the prompts of a subject share is read once for all of them.
Other families than PACKED_FAMILIES read the prompt again for every option.
"""

import math
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import islice

import torch
from transformers import PreTrainedTokenizerBase

from backend.core import devices
from backend.core.matrices import products
from backend.core.models.backbones import context_length
from backend.core.pool import scoring_threads
from backend.core.scoring.logits import inner, plain_logits, tree_logits
from backend.core.scoring.scored import Scored
from backend.core.scoring.tree_attention import Prefix, branching
from backend.core.scoring.trees import (
    Below,
    Slot,
    Tree,
    batches,
    common_beginning,
    make_trees,
    plain_inputs,
    tree_inputs,
    tree_mask,
    without_beginning,
)
from backend.core.seeding import generator
from backend.core.text.tasks import Question, TaskSpec, continuations, find_task
from backend.core.text.text_data import load_shots
from backend.errors import UserError

# Families whose answers were compared with one option at a time, packed (test_score*.py). A tree needs free positions
# and plain softmax, which ALiBi, sliding windows, caps and recurrent models do not have.
PACKED_FAMILIES = ("opt", "llama", "gpt2", "gpt_neox", "qwen2", "gemma")
BLOCK = 256  # questions that are tokenized, sorted and run together: enough for rows of like length
LEAST_SHARED = 8  # a shorter common beginning is not worth a pass of its own


@dataclass(frozen=True)
class Plan:
    """All that scoring a question needs, besides the question. `token_budget` bounds one batch, not the answers."""

    model: torch.nn.Module
    tokenizer: PreTrainedTokenizerBase
    spec: TaskSpec
    shots: Mapping[str, Sequence[Question]]
    token_budget: int
    threads: int
    packed: bool
    device: str
    below: Below | None = None


def plan(
    model: torch.nn.Module,
    tokenizer: PreTrainedTokenizerBase,
    task: str | TaskSpec,
    shots: Mapping[str, Sequence[Question]] | None = None,
    token_budget: int | None = None,
    threads: int | None = None,
    below: Below | None = None,
) -> Plan:
    """`shots` are the solved examples by subject; None loads the task's own. `threads` share one set of weights.
    `below` is what lies under a model that reads hidden states; it must be one that can be packed."""
    spec = find_task(task) if isinstance(task, str) else task
    if shots is None:
        shots = load_shots(spec.name) if spec.shots else {}
    device = devices.of(model).type
    if token_budget is None:  # a CPU is fastest while a batch stays in its caches: 100 questions took 9.5 s, not 11.1
        token_budget = 512 if device == "cpu" else 16384
    threads = (scoring_threads() if device == "cpu" else 1) if threads is None else threads
    return Plan(model, tokenizer, spec, shots, token_budget, threads, can_pack(model), device, below)


def score_stream(
    p: Plan, questions: Sequence[Question], seed: int = 0, done: Set[int] = frozenset()
) -> Iterator[list[tuple[int, Scored]]]:
    """Questions as they are done, each with its position. Their order is drawn, so that what is done is a fair sample.

    With subjects, whole subjects are drawn: their questions share a beginning. Closing the stream stops the work; until
    it ends, the model is the stream's alone. Positions in `done` were scored before; the others stay in their batches,
    and so get the very numbers of an unbroken stream.
    """
    yield from score_blocks(p, questions, blocks(questions, seed), rounded=False, done=done)


def score_blocks(
    p: Plan, questions: Sequence[Question], chosen: Iterable[Sequence[int]], rounded: bool, done: Set[int] = frozenset()
) -> Iterator[list[tuple[int, Scored]]]:
    """The questions at these positions, as they are done. `rounded` may cost digits, never time."""
    waiting = {i: len(question.options) for i, question in enumerate(questions)}
    found: dict[Slot, float] = {}
    cut: set[int] = set()
    with (
        _evaluating(p.model),
        products(p.device, rounded),
        branching(inner(p.model)) if p.packed else nullcontext(),
    ):
        every = (job for block in chosen if not done.issuperset(block) for job in jobs(p, questions, block))
        left = (job for job in every if any(a.slot[0] not in done for tree in job[0] for a in tree.answers))
        for trees, values in read(p, left):
            found |= values
            cut |= {answer.slot[0] for tree in trees if tree.truncated for answer in tree.answers}
            for i, _ in values:
                waiting[i] -= 1
            whole = [i for i in dict.fromkeys(i for i, _ in values) if not waiting[i] and i not in done]
            if whole:
                yield [(i, _scored(questions[i], i, p.spec, found, i in cut)) for i in whole]


def score_questions(
    model: torch.nn.Module,
    tokenizer: PreTrainedTokenizerBase,
    questions: Sequence[Question],
    task: str | TaskSpec,
    *,
    shots: Mapping[str, Sequence[Question]] | None = None,
    token_budget: int | None = None,
    threads: int | None = None,
    below: Below | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Scored]:
    """All of them, in the order of `questions`. `on_progress` hears (questions done, questions in all)."""
    if not questions:
        raise UserError("There are no questions to score.", "at least one", "Check the file, the split and the limit.")
    found: dict[int, Scored] = {}
    for news in score_stream(plan(model, tokenizer, task, shots, token_budget, threads, below), questions):
        found.update(news)
        if on_progress is not None:
            on_progress(len(found), len(questions))
    return [found[i] for i in range(len(questions))]


def can_pack(model: torch.nn.Module) -> bool:
    """Whether the options of a question may share one row."""
    config = getattr(model, "config", None)
    free_mask = getattr(config, "_attn_implementation", None) in ("eager", "sdpa")
    window = getattr(config, "use_sliding_window", False)  # some Qwen2
    upcast = getattr(config, "reorder_and_upcast_attn", False)  # some GPT-2: an attention of its own
    known = getattr(config, "model_type", None) in PACKED_FAMILIES
    return free_mask and known and not (window or upcast) and hasattr(inner(model), "get_output_embeddings")


def blocks(questions: Sequence[Question], seed: int) -> Iterator[list[int]]:
    """Positions in blocks of one subject each, everything in drawn order."""
    order = torch.randperm(len(questions), generator=generator("scoring order", seed)).tolist()
    subjects: dict[str | None, list[int]] = {}
    for i in order:
        subjects.setdefault(questions[i].subject, []).append(i)
    for members in subjects.values():
        for begin in range(0, len(members), BLOCK):
            yield members[begin : begin + BLOCK]


class Shared:
    """A beginning that several batches have in common. Read when the first of them needs it, by whichever thread."""

    def __init__(self, p: Plan, ids: tuple[int, ...]):
        self._plan, self._ids, self._prefix, self._lock = p, ids, None, threading.Lock()

    def get(self) -> Prefix:
        with self._lock:
            if self._prefix is None:
                self._prefix = _read_prefix(self._plan, self._ids)
            return self._prefix


Job = tuple[list[Tree], Shared | None]


def jobs(p: Plan, questions: Sequence[Question], block: Sequence[int]) -> Iterator[Job]:
    """The batches of a block, each with the beginning its rows lack."""
    numbered = [(i, questions[i]) for i in block]
    trees = make_trees(p.tokenizer, numbered, p.spec, p.shots, context_length(p.model), p.packed)
    whole = [tree for tree in trees if not tree.truncated]
    alone = p.below is not None or not p.packed or len(whole) < 2  # hidden states are kept of whole trees
    shared = 0 if alone else common_beginning(whole)
    if shared >= LEAST_SHARED and (len(whole) - 1) * shared > 2 * max(shared, 64):  # 64: a short pass is a slow one
        beginning = Shared(p, whole[0].ids[:shared])
        yield from ((batch, beginning) for batch in _drawn([without_beginning(tree, shared) for tree in whole], p))
        trees = [tree for tree in trees if tree.truncated]
    yield from ((batch, None) for batch in _drawn(trees, p))


def _drawn(trees: Sequence[Tree], p: Plan) -> list[list[Tree]]:
    """Batches of like length in drawn order: were the longest questions first, early accuracy would be theirs."""
    found = list(batches(trees, p.token_budget))
    return [found[i] for i in torch.randperm(len(found), generator=generator("batches", len(found))).tolist()]


def read(p: Plan, todo: Iterable[Job]) -> Iterator[tuple[list[Tree], dict[Slot, float]]]:
    """Run the jobs, `threads` at a time. Threads and not OpenMP: its threads wait for each other at every product."""
    todo = iter(todo)
    if p.threads == 1:
        yield from ((trees, score_batch(p, trees, beginning)) for trees, beginning in todo)
        return
    with devices.threads(1):
        pool = ThreadPoolExecutor(p.threads, "score", initializer=devices.set_threads, initargs=(1,))
        try:
            running = deque((job[0], pool.submit(score_batch, p, *job)) for job in islice(todo, p.threads + 1))
            while running:
                trees, future = running.popleft()
                values = future.result()
                running.extend((job[0], pool.submit(score_batch, p, *job)) for job in islice(todo, 1))
                yield trees, values
        finally:
            pool.shutdown(cancel_futures=True)


@torch.inference_mode()
def score_batch(p: Plan, trees: Sequence[Tree], beginning: Shared | None = None) -> dict[Slot, float]:
    """The summed log-probability of every answer in these rows."""
    device, dtype = devices.of(p.model), next(p.model.parameters()).dtype
    asked = [
        ((number, place), token)
        for number, tree in enumerate(trees)
        for answer in tree.answers
        for place, token in zip(answer.places, answer.tokens, strict=True)
    ]
    spots = {spot: number for number, spot in enumerate(dict.fromkeys(spot for spot, _ in asked))}  # options share some
    where = torch.tensor(list(spots), device=device).T
    inputs = tree_inputs(trees, dtype) if p.packed else plain_inputs(trees)
    inputs = {name: value.to(device) for name, value in inputs.items()}
    if p.below is not None:
        del inputs["input_ids"]
        inputs["inputs_embeds"] = p.below.padded(trees)
    if p.packed:
        logits = tree_logits(p.model, inputs, None if beginning is None else beginning.get(), *where)
    else:
        logits = plain_logits(p.model, inputs, *where)
    picked = torch.tensor([(spots[spot], token) for spot, token in asked], device=device).T
    values = iter(torch.log_softmax(logits.float(), dim=-1)[*picked].tolist())  # one transfer for the whole batch
    return {answer.slot: math.fsum(next(values) for _ in answer.tokens) for tree in trees for answer in tree.answers}


@torch.inference_mode()
def _read_prefix(p: Plan, ids: tuple[int, ...]) -> Prefix:
    device = devices.of(p.model)
    prefix = Prefix(len(ids))
    inner(p.model).base_model(
        input_ids=torch.tensor([ids], device=device),
        attention_mask=tree_mask(torch.zeros(1, len(ids), dtype=torch.long), next(p.model.parameters()).dtype).to(
            device
        ),
        position_ids=torch.arange(len(ids), device=device)[None],
        recording=prefix,
    )
    return prefix


@contextmanager
def _evaluating(model: torch.nn.Module) -> Iterator[None]:
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)


def _scored(question: Question, position: int, spec: TaskSpec, found: dict[Slot, float], truncated: bool) -> Scored:
    lengths = tuple(map(len, continuations(question, spec)))
    log_likelihoods = tuple(found.pop((position, option)) for option in range(len(lengths)))
    return Scored(question.id, question.subject, question.answer, log_likelihoods, lengths, truncated)
