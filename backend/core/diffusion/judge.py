"""A judge of pictures: a small convolutional net that names what a picture shows, slot by slot, and gives features.

It has a head for every slot; what the slots are is told by their sizes. Its features, before the heads, serve distances
between pictures and between sets of pictures; a trained judge's are of such a size that unrelated pictures lie 1 apart.
Written in half precision with its sizes beside it, read in single precision. Does not know what is drawn, nor how it is
trained.
"""

import json
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from backend.disk import disk_error, part_of, write_atomically
from backend.errors import UserError

CONFIG, WEIGHTS = "config.json", "model.safetensors"
GROUPS = 8
AT_ONCE = 256  # pictures; 40 MB of activations at 32 x 32
HOW_TO = "Train one with `python -m backend.pocket.drawing judge`."


@dataclass(frozen=True)
class JudgeSizes:
    """`slots`: how many values each slot has, by name; `side` in pixels."""

    slots: dict[str, int]
    side: int = 32
    channels: tuple[int, ...] = (24, 48, 64, 72)
    features: int = 96


class Judge(nn.Module):
    """Names the slots of pictures of `sizes.side`; those of another side are resized first, without new detail."""

    def __init__(self, sizes: JudgeSizes):
        super().__init__()
        self.sizes = sizes
        wide = (3, *sizes.channels)
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1, bias=False) for a, b in pairwise(wide))
        self.norms = nn.ModuleList(nn.GroupNorm(GROUPS, many) for many in sizes.channels)
        place = sizes.side // 2 ** (len(sizes.channels) - 1)
        self.whole = nn.Linear(sizes.channels[-1] * place**2, sizes.features)
        self.heads = nn.ModuleList(nn.Linear(sizes.features, many) for many in sizes.slots.values())

    def features(self, pixels: Float[Tensor, "n 3 side side"]) -> Float[Tensor, "n features"]:
        """What the heads read, of pixels from 0 to 1."""
        if pixels.shape[-1] != self.sizes.side:
            pixels = F.interpolate(pixels, (self.sizes.side, self.sizes.side), mode="bilinear", align_corners=False)
        x = pixels * 2 - 1
        for number, (conv, norm) in enumerate(zip(self.convs, self.norms, strict=True)):
            x = F.relu(norm(conv(F.max_pool2d(x, 2) if number else x)))
        return self.whole(x.flatten(1))

    def forward(self, pixels: Float[Tensor, "n 3 side side"]) -> list[Float[Tensor, "n _"]]:
        """The logits of each slot."""
        return self.named(self.features(pixels))

    def named(self, features: Float[Tensor, "n features"]) -> list[Float[Tensor, "n _"]]:
        """The logits of each slot, from features."""
        return [head(F.relu(features)) for head in self.heads]

    @torch.no_grad()
    def seen(
        self, pixels: Float[Tensor, "n 3 side side"]
    ) -> tuple[Int[Tensor, "n slots"], Float[Tensor, "n features"]]:
        """The likeliest value of each slot, and the features, `AT_ONCE` pictures at a time."""
        found = torch.cat([self.features(part) for part in pixels.split(AT_ONCE)])
        return torch.stack([logits.argmax(1) for logits in self.named(found)], 1), found

    def read(self, pixels: Float[Tensor, "n 3 side side"]) -> Int[Tensor, "n slots"]:
        """The likeliest value of each slot."""
        return self.seen(pixels)[0]


def save_judge(judge: Judge, folder: Path) -> None:
    """Write the judge, 2 bytes a parameter. Raises UserError where the disk refuses."""
    part = part_of(folder / WEIGHTS)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        save_file({name: p.detach().half().contiguous() for name, p in judge.state_dict().items()}, part)
        part.replace(folder / WEIGHTS)
    except OSError as error:
        raise disk_error(error, folder) from error
    write_atomically(folder / CONFIG, json.dumps(asdict(judge.sizes), indent=1) + "\n")


def load_judge(folder: Path) -> Judge:
    """The judge of a folder, frozen, in single precision. Raises UserError where there is none, or a damaged one."""
    try:
        told = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        judge = Judge(JudgeSizes(**told | {"channels": tuple(told["channels"])}))
        judge.load_state_dict({name: p.float() for name, p in load_file(folder / WEIGHTS).items()})
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise UserError(
            f"{folder} holds no judge that can be read ({type(error).__name__}).",
            f"{CONFIG} and {WEIGHTS} that fit each other",
            HOW_TO,
        ) from error
    return judge.eval().requires_grad_(False)
