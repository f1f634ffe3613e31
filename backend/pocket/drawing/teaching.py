"""Teaching the bundled diffusion model: Muon for matrices and kernels, AdamW for all else, states on the disk.

Muon steps along the nearest orthogonal matrix (Jordan et al., 2024), as torch has it; kernels count as matrices of
their outputs. What is kept is the running average of the weights. Knows the lesson. Does not know the command's words.
"""

from collections.abc import Iterator
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn
from transformers import CLIPTextModel

from backend.core.diffusion.latents import to_latents
from backend.core.diffusion.noising import noised
from backend.core.training.finetune import Diverged
from backend.core.training.finetune_state import below, read_tensors, write_tensors
from backend.errors import UserError
from backend.pocket.drawing.lesson import PATCH, Lesson, noising, untaught_unet
from backend.pocket.drawing.pool import Pool
from backend.pocket.drawing.text import numbers_of, text_tokenizer

EDGES = ("conv_in", "conv_out", "time_embedding")  # what Muon leaves to AdamW
BETAS = (0.9, 0.99)


class Teaching:
    """A UNet in place, between two steps. `text` is the frozen encoder."""

    def __init__(self, lesson: Lesson, text: CLIPTextModel, folder: Path):
        self.lesson, self.text, self.step, self.loss = lesson, text, 0, float("nan")
        self.unet, self.tokenizer = untaught_unet(lesson), text_tokenizer()
        self.scheduler = noising(lesson)
        sizes = {"first": lesson.first, "grown": lesson.grown, "most": lesson.pictures}
        self.pool = Pool(folder, lesson.side, **sizes, seed=lesson.seed)
        self.params = dict(self.unet.named_parameters())
        self.average = {name: p.detach().clone() for name, p in self.params.items()}
        # views of the same memory as matrices: torch's Muon takes nothing else
        self.matrices = {
            name: nn.Parameter(p.data.flatten(1)) for name, p in self.params.items() if _is_matrix(name, p)
        }
        rest = [p for name, p in self.params.items() if name not in self.matrices]
        self.muon = torch.optim.Muon(self.matrices.values(), lr=lesson.lr, weight_decay=0.0)
        self.adam = torch.optim.AdamW(rest, lr=lesson.others, betas=BETAS, weight_decay=0.0)

    def run(self) -> Iterator[int]:
        """Step up to the lesson's end, yielding the number of steps after each. Raises Diverged."""
        while self.step < self.lesson.length:
            self._update()
            yield self.step

    def averaged(self) -> UNet2DConditionModel:
        """A UNet with the running average of the weights, in evaluation mode."""
        unet = untaught_unet(self.lesson)
        unet.load_state_dict(self.average)
        return unet.eval()

    def _update(self) -> None:
        lesson, step = self.lesson, self.step
        batch = self.pool.batch(step, lesson.batch, lesson.dropped)
        with torch.no_grad():
            states = self.text(input_ids=numbers_of(self.tokenizer, list(batch.prompts))).last_hidden_state
        noisy, at, wanted = noised(self.scheduler, to_latents(batch.pixels, PATCH), lesson.seed, step)
        loss = (self.unet(noisy, at, states).sample - wanted).square().mean()
        if not torch.isfinite(loss):
            raise Diverged(f"The loss is {loss.item()} at step {step}.", "a finite loss", "Lower the step sizes.")
        loss.backward()
        nn.utils.clip_grad_norm_(self.params.values(), lesson.clip)
        for name, matrix in self.matrices.items():
            matrix.grad = self.params[name].grad.flatten(1)
        for optimizer, size in ((self.muon, lesson.lr), (self.adam, lesson.others)):
            optimizer.param_groups[0]["lr"] = size * lesson.share_at(step)
            optimizer.step()
        self.unet.zero_grad()
        kept = min(lesson.averaged, (1 + step) / (10 + step))
        for name, p in self.params.items():
            self.average[name].lerp_(p.detach(), 1 - kept)
        self.step, self.loss = step + 1, loss.item()

    def save(self, path: Path) -> None:
        """Write all that the next step depends on, about 16 bytes a parameter. Raises UserError where it cannot."""
        tensors = {f"params/{name}": p for name, p in self.params.items()}
        tensors |= {f"average/{name}": p for name, p in self.average.items()}
        tensors |= {f"momentum/{name}": self.muon.state[p]["momentum_buffer"] for name, p in self.matrices.items()}
        for name, p in self._adams():
            tensors |= {f"{key}/{name}": self.adam.state[p][key] for key in ("exp_avg", "exp_avg_sq")}
        write_tensors(path, tensors, {"step": self.step})

    def resume(self, path: Path) -> None:
        """Go on from a state that was written. Raises UserError where it is damaged, or another UNet's."""
        tensors, told = read_tensors(path)
        held = below(tensors, "params")
        if {name: p.shape for name, p in held.items()} != {name: p.shape for name, p in self.params.items()}:
            raise UserError(f"{path} holds another UNet.", "a state of this one", "Give another --work.")
        self.step, self.average = told["step"], below(tensors, "average")
        with torch.no_grad():
            for name, p in self.params.items():
                p.copy_(held[name])
        for name, p in self.matrices.items():
            self.muon.state[p] = {"momentum_buffer": tensors[f"momentum/{name}"]}
        for name, p in self._adams():
            kept = {key: tensors[f"{key}/{name}"] for key in ("exp_avg", "exp_avg_sq")}
            self.adam.state[p] = kept | {"step": torch.tensor(float(self.step))}

    def _adams(self) -> Iterator[tuple[str, nn.Parameter]]:
        return ((name, p) for name, p in self.params.items() if name not in self.matrices)


def _is_matrix(name: str, p: Tensor) -> bool:
    return p.ndim >= 2 and not name.startswith(EDGES)
