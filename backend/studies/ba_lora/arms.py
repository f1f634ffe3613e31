"""The arms of the study: a way to fine-tune, with the terms it adds. A table; standard library only.

Knows names and numbers; no model and no config.
"""

from dataclasses import dataclass

BASE, CLEAN = "base", "clean"  # beside the arms: the model before training, and its twin without the defects
REFERENCE = "pissa"  # what every other arm is compared with
TERMS = ("consistency", "diversity", "spectrum")


@dataclass(frozen=True)
class Arm:
    """`method` is that of core/models/adapters.py. `terms` are those it adds, at `times` the weights that are set, or
    as they are set where `strong` is False. `smoothing` is label smoothing; `stops` keeps the best validation."""

    name: str
    method: str
    terms: tuple[str, ...] = ()
    strong: bool = False
    smoothing: float = 0.0
    stops: bool = False


def without(term: str) -> tuple[str, ...]:
    """The terms but one."""
    return tuple(name for name in TERMS if name != term)


ARMS: dict[str, Arm] = {
    arm.name: arm
    for arm in (
        Arm("lora", "lora"),
        Arm("rslora", "rslora"),
        Arm("dora", "dora"),
        Arm(REFERENCE, "pissa"),
        Arm("label_smoothing", "pissa", smoothing=0.1),
        Arm("early_stopping", "pissa", stops=True),
        Arm("ba_lora", "pissa", TERMS),
        Arm("ba_lora_strong", "pissa", TERMS, strong=True),
        Arm("no_consistency", "pissa", without("consistency"), strong=True),
        Arm("no_diversity", "pissa", without("diversity"), strong=True),
        Arm("no_spectrum", "pissa", without("spectrum"), strong=True),
        Arm("lora_terms", "lora", TERMS, strong=True),
    )
}
