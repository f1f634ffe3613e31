"""What the bundled diffusion model is taught with: its sizes, its noise, its step sizes.

Knows numbers. Does not step (teaching.py does).
"""

from dataclasses import asdict, dataclass

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel

from backend.pocket.drawing.text import WIDTH
from backend.pocket.lessons import share_at

PATCH = 2  # pixels along a side of one place of the latents
SECOND = 0.5  # of the step sizes: where the second leg begins
PREDICTIONS = ("v_prediction", "epsilon", "sample")


@dataclass(frozen=True)
class Lesson:
    """`lr` is Muon's step size for the matrices and kernels of all blocks, `others` AdamW's for all else; both rise for
    `warm` steps and then fall to nothing over `steps`. `again` more steps do the same from half of both: a second leg,
    which goes on from a lesson that was over. A share `dropped` of the prompts is empty, so that guidance is possible.
    A new picture is drawn for every step, `grown` at once, up to `pictures`; `first` are there at the start.
    """

    side: int = 32
    channels: tuple[int, ...] = (32, 48, 64)
    prediction: str = "v_prediction"
    steps: int = 5000
    again: int = 0
    lr: float = 0.02
    others: float = 2e-3
    warm: int = 50
    clip: float = 1.0
    batch: int = 64
    dropped: float = 0.1
    averaged: float = 0.998
    first: int = 30_000
    grown: int = 8
    pictures: int = 60_000
    seed: int = 0

    def as_dict(self) -> dict:
        """What JSON can hold of it."""
        return asdict(self) | {"channels": list(self.channels)}

    def share_at(self, step: int) -> float:
        """What part of the step sizes this step has, counted from 0."""
        if step < self.steps:
            return share_at(step, self.steps, self.warm)
        return SECOND * share_at(step - self.steps, self.again, self.warm)

    @property
    def length(self) -> int:
        """The steps of both legs."""
        return self.steps + self.again


def untaught_unet(lesson: Lesson) -> UNet2DConditionModel:
    """The UNet before its first step: 2.1 million parameters at the usual size.

    Attention is on the two inner levels only. `attention_head_dim` is the number of heads, whatever its name says.
    """
    deeper = len(lesson.channels) - 1
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(lesson.seed)
        return UNet2DConditionModel(
            sample_size=lesson.side // PATCH,
            in_channels=3 * PATCH**2,
            out_channels=3 * PATCH**2,
            block_out_channels=lesson.channels,
            layers_per_block=2,
            down_block_types=("DownBlock2D",) + ("CrossAttnDownBlock2D",) * deeper,
            up_block_types=("CrossAttnUpBlock2D",) * deeper + ("UpBlock2D",),
            cross_attention_dim=WIDTH,
            attention_head_dim=2,
            norm_num_groups=8,
        )


def noising(lesson: Lesson) -> DDIMScheduler:
    """The schedule of noise over 1,000 moments, with sampling at the last moment of each step.

    A cosine; for noise as the answer that of Stable Diffusion 1, since a cosine ends where nothing of the picture is
    left, and there noise tells nothing of it.
    """
    if lesson.prediction == "epsilon":
        curve = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}
        return DDIMScheduler(**curve, timestep_spacing="trailing", clip_sample=False)
    return DDIMScheduler(
        beta_schedule="squaredcos_cap_v2",
        prediction_type=lesson.prediction,
        timestep_spacing="trailing",
        clip_sample=False,
    )
