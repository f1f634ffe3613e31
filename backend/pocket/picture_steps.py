"""Stepping the bundled model of pictures: Muon for the matrices of its layers, AdamW for all else, states on the disk.

Muon steps along the nearest orthogonal matrix (Jordan et al., 2024), as torch has it. Products of matrices are taken in
bfloat16, which halves the time where the processor has instructions for it. Knows the lesson. Does not know the words
of the command, nor scores.
"""

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from backend.core.seeding import generator
from backend.core.training.finetune import Diverged
from backend.core.training.finetune_state import below, read_tensors, write_tensors
from backend.core.vision.training import MOST_SCALE
from backend.errors import UserError
from backend.pocket.picture_pool import Pool
from backend.pocket.picture_teacher import (
    CONTEXT,
    Lesson,
    Pupil,
    jittered,
    prompts_of,
    teacher_sizes,
    teacher_tokenizer,
)

MOMENTS = {torch.optim.Muon: ("momentum_buffer",), torch.optim.AdamW: ("exp_avg", "exp_avg_sq")}


class Teaching:
    """A pupil in place, between two steps."""

    def __init__(self, lesson: Lesson, folder: Path):
        self.lesson, self.step, self.loss = lesson, 0, float("nan")
        self.pupil, self.tokenizer = Pupil(lesson.seed), teacher_tokenizer()
        self.pupil.clip.set_attn_implementation("eager")  # the other ways are five times slower backwards in bfloat16
        sizes = {"first": lesson.first, "grown": lesson.grown, "most": lesson.pictures}
        self.pool = Pool(folder, teacher_sizes().patch, **sizes, loose=lesson.loose, seed=lesson.seed)
        self.params = dict(self.pupil.named_parameters())
        layers = {name: p for name, p in self.params.items() if ".layers." in name and p.ndim == 2}
        rest = [p for name, p in self.params.items() if name not in layers]
        self.optimizers = [
            torch.optim.Muon(layers.values(), lr=lesson.lr, weight_decay=0.0),
            torch.optim.AdamW(rest, lr=lesson.others, betas=(0.9, 0.98), weight_decay=0.0),
        ]
        self.sizes = [lesson.lr, lesson.others]

    def run(self) -> Iterator[int]:
        """Step up to the lesson's end, yielding the number of steps after each. Raises Diverged."""
        while self.step < self.lesson.steps:
            self._update()
            yield self.step

    def _update(self) -> None:
        lesson, step = self.lesson, self.step
        pairs, shown = self.pool.batch(step, lesson.batch, self.tokenizer, CONTEXT)
        pairs = jittered(pairs, lesson.jitter, generator("jitter", lesson.seed, step))
        prompts = None if step < lesson.seeing else prompts_of(self.tokenizer, step)
        with torch.autocast("cpu", torch.bfloat16):
            loss = self.pupil.loss(pairs, shown, prompts)
        if not torch.isfinite(loss):
            raise Diverged(f"The loss is {loss.item()} at step {step}.", "a finite loss", "Lower the step sizes.")
        self.pupil.zero_grad()
        loss.backward()
        for p in self.params.values():  # an optimizer would skip what is not asked yet, and count its steps apart
            p.grad = torch.zeros_like(p) if p.grad is None else p.grad
        nn.utils.clip_grad_norm_(self.params.values(), lesson.clip)
        for optimizer, size in zip(self.optimizers, self.sizes, strict=True):
            optimizer.param_groups[0]["lr"] = size * lesson.share_at(step)
            optimizer.step()
        with torch.no_grad():
            self.pupil.clip.logit_scale.clamp_(0, MOST_SCALE)
        self.step, self.loss = step + 1, loss.item()

    def save(self, path: Path) -> None:
        """Write all that the next step depends on, 8 to 12 bytes a parameter. Raises UserError where it cannot."""
        tensors = {f"params/{name}": p for name, p in self.params.items()}
        for name, p, optimizer in self._stepped():
            tensors |= {f"{key}/{name}": optimizer.state[p][key] for key in MOMENTS[type(optimizer)]}
        write_tensors(path, tensors, {"step": self.step})

    def resume(self, path: Path) -> None:
        """Go on from a state that was written. Raises UserError where it is damaged, or another pupil's."""
        tensors, told = read_tensors(path)
        held = below(tensors, "params")
        if {name: p.shape for name, p in held.items()} != {name: p.shape for name, p in self.params.items()}:
            raise UserError(f"{path} holds another model.", "a state of this one", "Give another --work.")
        self.step = told["step"]
        with torch.no_grad():
            for name, p, optimizer in self._stepped():
                p.copy_(held[name])
                kept: dict[str, Tensor] = {key: tensors[f"{key}/{name}"] for key in MOMENTS[type(optimizer)]}
                counted = {} if isinstance(optimizer, torch.optim.Muon) else {"step": torch.tensor(float(self.step))}
                optimizer.state[p] = kept | counted

    def _stepped(self) -> Iterator[tuple[str, nn.Parameter, torch.optim.Optimizer]]:
        names = {p: name for name, p in self.params.items()}
        for optimizer in self.optimizers:
            for p in optimizer.param_groups[0]["params"]:
                yield names[p], p, optimizer
