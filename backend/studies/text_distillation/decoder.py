"""Decoder: how learned embeddings become tokens, while they are learned and after. What all decoders promise.

Knows the outer loop's state and the table of decoders; not texts, experts or files, and no decoder by name.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from backend.studies.text_distillation.buffer import TrajectoryBuffer
from backend.studies.text_distillation.decoders import DECODERS
from backend.studies.text_distillation.setup import Setup
from backend.studies.text_distillation.state import OuterState
from backend.study import resolve

Ids = list[tuple[int, ...]]  # the tokens of every slot, as many as its real question began with


@dataclass(frozen=True)
class Pull:
    """What a decoder adds to the matching gradient, and what the log says of it.

    `distance` is the prompts' mean distance to their nearest tokens, in units of the token table; `weight` is the
    pull's own.
    """

    gradient: Tensor  # (slots, length, hidden)
    distance: float
    weight: float


@runtime_checkable  # the tests check types as they run
class Decoder(Protocol):
    """Holds no state of its own: what it remembers is `state.memory`, which checkpoints save."""

    def memory(self) -> dict[str, Tensor]:
        """What it remembers before the first update."""

    def seen(self, state: OuterState) -> Float[Tensor, "slots length hidden"]:
        """The embeddings that the unroll reads, and that the matching gradient is taken at."""

    def pull(self, state: OuterState) -> Pull:
        """A gradient that pulls the prompts towards tokens; it is added to the matching gradient."""

    def after(self, state: OuterState, buffer: TrajectoryBuffer) -> None:
        """Called after every update, the skipped ones too, with `state.step` counted on."""

    def decode(self, state: OuterState) -> Ids:
        """The tokens of each prompt, were the run to end here."""


def make_decoder(setup: Setup) -> Decoder:
    """The decoder that the setup's config names."""
    return resolve(DECODERS[setup.config.decoder].ref)(setup)
