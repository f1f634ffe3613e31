"""The arms of the study: which of LightCLIP's parts a student is trained with. A table; standard library only.

Knows names; no model and no config.
"""

from dataclasses import dataclass

REFERENCE = "base"  # CLIP's own loss: what every other arm is compared with
EVERYTHING = "all"
RULES = ("one_to_one", "relaxed", "row_max", "sinkhorn")  # of matching; those of core/vision/token_matching.py


@dataclass(frozen=True)
class Arm:
    """`soft` says by what softened labels are spread, "" for hard ones; `rule` how words find patches, "" for no token
    matching; `masked` whether hidden words are guessed."""

    name: str
    soft: str = ""
    rule: str = ""
    masked: bool = False


ARMS: dict[str, Arm] = {
    arm.name: arm
    for arm in (
        Arm(REFERENCE),
        Arm("softened", soft="similarity"),
        Arm("softened_uniform", soft="uniform"),
        Arm("tokens", rule="relaxed"),
        Arm("one_to_one", rule="one_to_one"),
        Arm("row_max", rule="row_max"),
        Arm("sinkhorn", rule="sinkhorn"),
        Arm("masked_words", masked=True),
        Arm(EVERYTHING, soft="similarity", rule="relaxed", masked=True),
    )
}
PARTS = (REFERENCE, "softened", "tokens", "masked_words", EVERYTHING)  # the ablation of three parts
COMPARED = (REFERENCE, "softened")  # whose false negatives are counted
