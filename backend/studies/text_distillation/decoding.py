"""The decode stage: the distilled data set as text, and how well prompts follow experts they never saw.

Knows the run folder; the projection itself is in decode.py.
"""

import json

from jaxtyping import Float
from torch import Tensor

from backend.core.progress import Progress
from backend.runs import RunDir, write_atomically
from backend.studies.text_distillation.buffer import TrajectoryBuffer
from backend.studies.text_distillation.decode import to_text
from backend.studies.text_distillation.distill import OuterState
from backend.studies.text_distillation.evaluate import Learned
from backend.studies.text_distillation.heldout import heldout_losses
from backend.studies.text_distillation.setup import Setup


def learned(setup: Setup, state: OuterState) -> Learned:
    ids = setup.nearest.project(state.prompts, setup.synthetic.lengths)
    return Learned(state.prompts.detach(), state.log_lrs.detach(), ids)


def write_distilled(setup: Setup, buffer: TrajectoryBuffer, state: OuterState, run_dir: RunDir) -> None:
    """distilled.jsonl and the held-out matching losses of prompts, projected tokens and untouched real questions."""
    c, found = setup.config, learned(setup, state)
    texts = [to_text(setup.own.tokenizer, ids) for ids in found.ids]
    lines = []
    for slot, (text, example) in enumerate(zip(texts, setup.text_examples(texts), strict=True)):
        origin = {"model": c.model, "task": c.task, "seed": c.seed, "step": state.step, "layout": c.layout}
        origin |= {"decoder": "nearest", "started_from": setup.train[setup.init_rows[slot]].id, "text": text}
        lines.append(
            json.dumps({"prompt": example.prompt, "answer": example.answer, "provenance": origin}, ensure_ascii=False)
        )
    write_atomically(run_dir.path / "distilled.jsonl", "\n".join(lines) + "\n")
    sources = {
        "soft": found.prompts,
        "projected": projected(setup, found),
        "init": setup.synthetic.initial,
    }
    with Progress(run_dir, "decode", len(sources)) as progress:
        heldout = {}
        for name, prompts in sources.items():
            heldout[name] = heldout_losses(setup, buffer, prompts, found.log_lrs)
            progress.advance(f"Held-out experts on {name}")
    summary = {
        "steps": state.step,
        "skipped": state.skipped,
        "inner_lrs": found.log_lrs.exp().tolist(),
        "heldout": heldout,
    }
    write_atomically(run_dir.path / "summary.json", json.dumps(summary, indent=1))


def projected(setup: Setup, found: Learned) -> Float[Tensor, "slots length hidden"]:
    """The decoded ids as embeddings, in the shape of the prompts."""
    out = found.prompts.clone()
    for row, ids in enumerate(found.ids):
        out[row, : len(ids)] = setup.own.student.table[list(ids)]
    return out
