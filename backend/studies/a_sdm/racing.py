"""One lane of a race: a picture as it comes out of its noise, step by step, with the time it took.

Knows a studio and a pipeline. Pictures of steps are made outside the time that is counted.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from jaxtyping import Float
from torch import Tensor

from backend.studies.a_sdm.data import Asked
from backend.studies.a_sdm.legs import Leg
from backend.studies.a_sdm.measuring import png_of
from backend.studies.a_sdm.prepare import Prepared


@dataclass
class Lane:
    """`seconds` of the processor from the start to the end of each step; `noisy` and `clean` are PNGs in base64: what
    the latents are after a step, and what the answer points to. `pixels` is the picture at the end."""

    seconds: list[float] = field(default_factory=list)
    noisy: list[str] = field(default_factory=list)
    clean: list[str] = field(default_factory=list)
    pixels: Float[Tensor, "1 3 side side"] | None = None


def race_lane(here: Prepared, legs: Sequence[Leg], asked: Asked, seed: int = 0) -> Lane:
    """The lane of a setting for one prompt."""
    lane, pipeline = Lane(), here.world.pipeline
    with here.studio.carrying(legs, asked, seed) as carrying:
        spent, mark = 0.0, time.process_time()

        def look(_step: int, latents: Tensor, clean: Tensor) -> None:
            nonlocal spent, mark
            spent += time.process_time() - mark
            lane.seconds.append(spent)
            lane.noisy.append(png_of(pipeline.decode(latents)[0]))
            lane.clean.append(png_of(pipeline.decode(clean)[0]))
            mark = time.process_time()

        lane.pixels = pipeline.decode(here.studio.sample(carrying, asked, look))
    return lane
