"""The decode stage: the distilled data set as text, and how well prompts follow experts they never saw.

Knows the run folder; how prompts become tokens is the decoder's, which texts stay is in revert.py.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from backend.core.pool import Workers, kept
from backend.core.text.batches import Encoded
from backend.core.text.prompts import Example
from backend.disk import write_atomically
from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.runs.progress import Progress
from backend.search.state import STATE, searched
from backend.studies.text_distillation.buffer import TrajectoryBuffer
from backend.studies.text_distillation.checkpoint import save_checkpoint
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.decoder import make_decoder
from backend.studies.text_distillation.evaluate import Learned, distilled_examples, own_words
from backend.studies.text_distillation.heldout import heldout_losses, text_losses
from backend.studies.text_distillation.learning import checkpoint_path, restore
from backend.studies.text_distillation.prompt_facts import LossWithout, loss_without, prompt_facts
from backend.studies.text_distillation.recording import load_experts
from backend.studies.text_distillation.revert import judge, judged_by, reverted_slots, tokens_changed
from backend.studies.text_distillation.setup import Setup
from backend.studies.text_distillation.state import OuterState
from backend.studies.text_distillation.text_search import search_texts


def learned(setup: Setup, state: OuterState, run_dir: RunDir) -> Learned:
    """What fresh students are trained on. Raises UserError where the decode stage has still to say which texts stay."""
    c, ids = setup.config, make_decoder(setup).decode(state)
    found = searched(run_dir.artifacts / STATE) if c.decoder == "search" else None
    none = (False,) * len(ids)
    if found is not None:
        return Learned(state.prompts.detach(), state.log_lrs.detach(), ids, none, found.best)
    if reverts(c) and state.reverted is not None:
        return Learned(state.prompts.detach(), state.log_lrs.detach(), ids, tuple(state.reverted.tolist()))
    if not c.revert and c.decoder != "search":
        return Learned(state.prompts.detach(), state.log_lrs.detach(), ids, none)
    raise UserError(
        "The prompts have not been decoded yet, so it is not known which texts are kept.",
        "the stage decode before evaluate",
        "Add decode to --stages" + (", or set revert=false." if reverts(c) else "."),
    )


def write_distilled(
    setup: Setup, buffer: TrajectoryBuffer, state: OuterState, run_dir: RunDir, workers: Workers
) -> None:
    """distilled.jsonl and summary.json; the revert rule's choice joins the checkpoint, for the students to come."""
    sources = ("soft", "projected", "text", "init")
    if setup.config.decoder == "search":
        search_texts(setup, run_dir, workers)
    start, new = beginnings_and_texts(setup, state) if reverts(setup.config) else ([], [])
    differing = sum(a != b for a, b in zip(start, new, strict=True))  # the others are decided in no time
    steps, work = len(sources) + len(start) + 1, float(len(sources) + differing + 1)
    with Progress(run_dir, "decode", steps, work=work) as progress:
        if reverts(setup.config):
            apply_rule(start, new, judge(setup, buffer, state.log_lrs), state, progress)
            save_checkpoint(checkpoint_path(run_dir), state)
        found = learned(setup, state, run_dir)
        write_atomically(run_dir.path / "distilled.jsonl", "\n".join(distilled_lines(setup, state, found)) + "\n")
        heldout = {}
        for name in sources:
            heldout[name] = source_losses(setup, buffer, found, name)
            progress.advance(f"Testing {name} on held-out experts")
        losses = partial(loss_worker, setup.config, run_dir.path)
        apart = partial(workers.each, losses, while_waiting=progress.check_stop) if workers.count > 1 else None
        facts = prompt_facts(setup, buffer, found, apart)
        write_atomically(
            run_dir.path / "facts.jsonl", "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in facts)
        )
        progress.advance("Facts of each prompt")
    write_atomically(run_dir.path / "summary.json", json.dumps(summary(setup, buffer, state, found, heldout), indent=1))


def loss_worker(config: DistillConfig, folder: Path) -> LossWithout:
    """Load everything once, in a process of its own, and return what the matching loses without a slot."""
    setup, run_dir = kept(Setup, config), RunDir(folder)
    buffer = load_experts(setup)
    return loss_without(setup, buffer, learned(setup, restore(setup, buffer, run_dir), run_dir))


def reverts(config: DistillConfig) -> bool:
    """Whether the revert rule is asked. The search keeps nothing that does not validate better, so it needs no rule."""
    return config.revert and config.decoder != "search"


def beginnings_and_texts(setup: Setup, state: OuterState) -> tuple[list[Encoded], list[Encoded]]:
    """Every slot's real question and its decoded text, as the student reads them."""
    texts = setup.text_examples(own_words(setup, make_decoder(setup).decode(state)))
    return setup.own.rows(setup.init_examples).examples, setup.own.rows(texts).examples


def apply_rule(
    start: list[Encoded],
    new: list[Encoded],
    loss_of: Callable[[list[Encoded]], float],
    state: OuterState,
    progress: Progress,
) -> None:
    """Fill `state.reverted`, one slot after another."""
    stays = []
    for slot, reverted in enumerate(reverted_slots(start, new, loss_of)):
        stays.append(reverted)
        said = f"{sum(stays)} of {len(stays)} texts replaced by their real question"
        progress.advance(said, work=float(start[slot] != new[slot]))
    state.reverted = torch.tensor(stays)


def distilled_lines(setup: Setup, state: OuterState, found: Learned) -> list[str]:
    """distilled.jsonl's rows; `text` is what stands in the slot in the end."""
    c, lines = setup.config, []
    examples = distilled_examples(setup, found)
    texts = [draft.question for draft in found.searched] if found.searched else own_words(setup, found.ids)
    for slot, (text, example, reverted) in enumerate(zip(texts, examples, found.reverted, strict=True)):
        question = setup.train[setup.init_rows[slot]]
        origin = {"model": c.model, "task": c.task, "seed": c.seed, "step": state.step, "layout": c.layout}
        origin |= {"decoder": c.decoder, "reverted": reverted, "started_from": question.id}
        origin |= {"text": question.question if reverted else text}
        lines.append(json.dumps(example.row | {"provenance": origin}, ensure_ascii=False))
    return lines


def source_losses(setup: Setup, buffer: TrajectoryBuffer, found: Learned, name: str) -> list[dict]:
    """Held-out matching losses of the learned prompts, their tokens, the distilled text or the untouched questions."""
    if name == "text":
        return text_losses(setup, buffer, setup.own.rows(distilled_examples(setup, found)), found.log_lrs)
    prompts = {"soft": found.prompts, "projected": projected(setup, found), "init": setup.synthetic.initial}[name]
    return heldout_losses(setup, buffer, prompts, found.log_lrs)


def projected(setup: Setup, found: Learned) -> Float[Tensor, "slots length hidden"]:
    """The decoded ids as embeddings, in the shape of the prompts."""
    out = found.prompts.clone()
    for row, ids in enumerate(found.ids):
        out[row, : len(ids)] = setup.own.student.table[list(ids)]
    return out


def summary(
    setup: Setup, buffer: TrajectoryBuffer, state: OuterState, found: Learned, heldout: dict[str, list[dict]]
) -> dict:
    """The figures of the finished run."""
    examples: list[Example] = distilled_examples(setup, found)
    real = set(setup.train_examples)
    return {
        "steps": state.step,
        "skipped": state.skipped,
        "inner_lrs": found.log_lrs.exp().tolist(),
        "heldout": heldout,
        "tokens_changed": tokens_changed(setup.own.tokenizer, setup.init_examples, examples),
        "reverted": sum(found.reverted),
        "judged_by": judged_by(buffer) if reverts(setup.config) else None,
        "train_questions": len(setup.train),
        "verbatim": sum(example in real for example in examples),
    }
