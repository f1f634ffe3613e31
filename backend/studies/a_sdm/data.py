"""What a run draws and with what: the full model, its prompts with their noise, and who judges the pictures.

Knows the config, the bundled world and the run folder; not how a setting is carried out.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from backend.core.diffusion.judge import CONFIG, Judge, load_judge
from backend.core.diffusion.latents import from_bytes
from backend.core.diffusion.pipeline import Pipeline, load_pipeline
from backend.errors import UserError
from backend.pocket.drawing import prompts_fixed
from backend.pocket.drawing.pool import picture
from backend.pocket.pictures.prompts import WORDS
from backend.pocket.pictures.simple import draw_simple
from backend.runs.folder import RunDir
from backend.studies.a_sdm.config import ASdmConfig

BUNDLED = Path(__file__).resolve().parents[3] / "assets" / "models" / "sdm-pocket"
TAUGHT = "teacher"  # below artifacts: the full model of a run that teaches its own
POSTERS = 8  # prompts that screens show
VALIDATED = 24  # validation prompts, for step sizes
FRESH = 5_000_000  # the seed of renders that no net and no judge has seen
EXAMPLES = (  # prompts for a model of photographs
    "a red bicycle leaning against a white wall, morning light",
    "a bowl of lemons on a wooden table, photograph",
    "a lighthouse above a stormy sea, oil painting",
    "two cats asleep on a blue sofa",
    "a mountain lake in autumn, wide view",
    "a small green car in a narrow street",
    "a cup of coffee beside an open book",
    "an old wooden boat on a beach at sunset",
)


@dataclass(frozen=True)
class Asked:
    """Prompts, the seeds of their noise, and what a picture of each has to show, slot by slot, where that is known."""

    texts: tuple[str, ...]
    seeds: tuple[int, ...]
    slots: Int[Tensor, "n slots"] | None

    def __len__(self) -> int:
        return len(self.texts)

    def part(self, first: int, last: int) -> "Asked":
        """Those from `first` up to `last`."""
        slots = None if self.slots is None else self.slots[first:last]
        return Asked(self.texts[first:last], self.seeds[first:last], slots)

    def parts(self, size: int) -> list["Asked"]:
        """In order, so many at a time."""
        return [self.part(first, first + size) for first in range(0, len(self), size)]


class World:
    """What a run has, loaded when it is first needed."""

    def __init__(self, config: ASdmConfig, run_dir: RunDir):
        self.config, self.run_dir = config, run_dir

    @cached_property
    def pipeline(self) -> Pipeline:
        """The full model. Raises UserError where there is none."""
        if self.config.size == "16":
            return load_pipeline(str(self.run_dir.artifacts / TAUGHT))
        return load_pipeline(self.config.teacher or str(BUNDLED))

    @property
    def side(self) -> int:
        """Pixels along a side."""
        return self.pipeline.side

    @cached_property
    def pocket(self) -> bool:
        """Whether the model reads the words of Pocket Pictures, so that prompts can be drawn and pictures judged."""
        return set(WORDS) <= self.pipeline.tokenizer.get_vocab().keys()

    @cached_property
    def judges(self) -> tuple[Judge, ...]:
        """Who reads the pictures: the first judge, and a second one as a check; none of a stranger's words."""
        if not self.pocket:
            return ()
        own = Path(self.config.teacher or BUNDLED)
        places = [folder / name for name in ("judge", "judge_second") for folder in (own, BUNDLED)]
        there = {place.name: place for place in reversed(places) if (place / CONFIG).is_file()}
        return tuple(load_judge(there[name]) for name in ("judge", "judge_second") if name in there)

    @cached_property
    def test(self) -> Asked:
        """The prompts of all settings."""
        c = self.config
        if c.prompt_file or not self.pocket:
            lines = read_prompts(c.prompt_file) if c.prompt_file else EXAMPLES
            texts = tuple(lines[number % len(lines)] for number in range(c.prompts))
            return Asked(texts, tuple(range(c.prompts)), None)
        return asked_of(prompts_fixed.fixed("test", c.prompts))

    @cached_property
    def validation(self) -> Asked:
        """Prompts that step sizes are chosen by; never those of the settings."""
        return asked_of(prompts_fixed.fixed("validation", VALIDATED))

    @cached_property
    def posters(self) -> Asked:
        """The few prompts that screens show."""
        if self.config.prompt_file or not self.pocket:
            return self.test.part(0, POSTERS)
        return asked_of(prompts_fixed.posters())

    @cached_property
    def nothing(self) -> Float[Tensor, "1 words width"] | None:
        """The states of an empty prompt, where guidance needs them."""
        return self.pipeline.encode([""]) if self.config.guidance != 1.0 else None

    @property
    def at_once(self) -> int:
        """Pictures of a batch: 64 of the bundled model's, 4 of Stable Diffusion's."""
        _, height, width = self.pipeline.latent_shape
        return max(1, min(64, 16384 // (height * width)))

    def fresh(self, count: int, first: int = 0) -> tuple[Float[Tensor, "n 3 side side"], Int[Tensor, "n slots"]]:
        """Renders that nobody has seen, and what they show."""
        numbers = range(first, first + count)
        pixels = np.stack([picture(FRESH, number, self.side) for number in numbers])
        return from_bytes(torch.from_numpy(pixels)), torch.tensor(
            [draw_simple(FRESH, number).slots() for number in numbers]
        )


def asked_of(fixed: tuple[prompts_fixed.Asked, ...]) -> Asked:
    """Fixed prompts as tensors."""
    slots = torch.tensor([one.scene.slots() for one in fixed])
    return Asked(tuple(one.prompt for one in fixed), tuple(one.noise for one in fixed), slots)


def read_prompts(place: str) -> list[str]:
    """The prompts of a file, a line each. Raises UserError where there is none."""
    try:
        lines = Path(place).expanduser().read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        found = f"The prompts of {place} cannot be read ({type(error).__name__})."
        raise UserError(found, "a text file with a prompt a line", "Correct prompt_file.", kind="setting") from error
    prompts = [line.strip() for line in lines if line.strip()]
    if not prompts:
        raise UserError(f"{place} has no prompts.", "a prompt a line", "Write one, or leave prompt_file empty.")
    return prompts
