"""Training a judge of simple pictures on the sum of its heads' cross-entropies, with states on the disk.

Muon steps the kernels and the matrix below the features, AdamW all else (Jordan et al., 2024). Knows the lesson.
Does not know the command's words, nor how good the judge is in the end.
"""

from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from backend.core.diffusion.judge import Judge, JudgeSizes
from backend.core.training.finetune_state import MOMENTS, FinetuneState, below, read_tensors, write_tensors
from backend.pocket.drawing.judge_lesson import JudgeLesson, batch_of, renders
from backend.pocket.pictures.simple import SLOTS

UNRELATED = 512  # pictures whose features tell how far apart two lie


def untaught_judge(seed: int) -> Judge:
    """The judge before its first step."""
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        return Judge(JudgeSizes(dict(SLOTS)))


class JudgeTraining:
    """A judge in place, between two steps."""

    def __init__(self, lesson: JudgeLesson):
        self.lesson, self.step, self.loss = lesson, 0, float("nan")
        self.judge = untaught_judge(lesson.seed)
        self.params = dict(self.judge.named_parameters())
        # views of the same memory as matrices: torch's Muon takes nothing else
        self.matrices = {name: nn.Parameter(p.data.flatten(1)) for name, p in self.params.items() if _is_matrix(name)}
        rest = [p for name, p in self.params.items() if name not in self.matrices]
        self.muon = torch.optim.Muon(self.matrices.values(), lr=lesson.lr, weight_decay=lesson.decay)
        self.adam = torch.optim.AdamW(rest, lr=lesson.others, weight_decay=lesson.decay)

    def run(self) -> Iterator[int]:
        """Step up to the lesson's end, yielding the number of steps after each."""
        while self.step < self.lesson.steps:
            loss = sum(
                F.cross_entropy(logits, slots[:, slot])
                for pixels, slots in batch_of(self.lesson, self.step)
                for slot, logits in enumerate(self.judge(pixels))
            )
            self.judge.zero_grad()
            loss.backward()
            self._update()
            self.step, self.loss = self.step + 1, loss.item()
            yield self.step

    def _update(self) -> None:
        nn.utils.clip_grad_norm_(self.params.values(), 1.0)
        for name, matrix in self.matrices.items():
            matrix.grad = self.params[name].grad.flatten(1)
        for optimizer, size in ((self.muon, self.lesson.lr), (self.adam, self.lesson.others)):
            optimizer.param_groups[0]["lr"] = size * self.lesson.share_at(self.step)
            optimizer.step()

    def judged(self) -> Judge:
        """A judge that reads as this one does, with features of such a size that unrelated pictures lie 1 apart."""
        judge = untaught_judge(self.lesson.seed).eval()
        judge.load_state_dict(self.judge.state_dict())
        apart = apart_of(judge, renders(self.lesson.seed, range(-UNRELATED, 0), judge.sizes.side))
        with torch.no_grad():
            for p in judge.whole.parameters():
                p /= apart
            for head in judge.heads:
                head.weight *= apart
        return judge

    def save(self, path: Path) -> None:
        """Write all that the next step depends on, about 9 bytes a parameter. Raises UserError where it cannot."""
        tensors = {f"params/{name}": p for name, p in self.params.items()}
        tensors |= {f"momentum/{name}": self.muon.state[p]["momentum_buffer"] for name, p in self.matrices.items()}
        for name, p in self._adams():
            tensors |= {f"{key}/{name}": self.adam.state[p][key] for key in MOMENTS}
        write_tensors(path, tensors, {"step": self.step})

    def resume(self, path: Path) -> None:
        """Go on from a state that was written. Raises UserError where it is damaged, or another judge's."""
        tensors, told = read_tensors(path)
        FinetuneState(told["step"], below(tensors, "params")).check_fits(self.params)
        self.step = told["step"]
        with torch.no_grad():
            for name, p in self.params.items():
                p.copy_(tensors[f"params/{name}"])
        for name, p in self.matrices.items():
            self.muon.state[p] = {"momentum_buffer": tensors[f"momentum/{name}"]}
        for name, p in self._adams():
            kept = {key: tensors[f"{key}/{name}"] for key in MOMENTS}
            self.adam.state[p] = kept | {"step": torch.tensor(float(self.step))}

    def _adams(self) -> Iterator[tuple[str, nn.Parameter]]:
        return ((name, p) for name, p in self.params.items() if name not in self.matrices)


def apart_of(judge: Judge, pixels: Float[Tensor, "n 3 side side"]) -> float:
    """How far apart the features of unrelated pictures lie on average."""
    features = judge.seen(pixels)[1]
    return (features - features.roll(1, 0)).norm(dim=1).mean().item()


def _is_matrix(name: str) -> bool:
    return name == "whole.weight" or (name.startswith("convs.") and name != "convs.0.weight")
