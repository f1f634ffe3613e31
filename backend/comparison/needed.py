"""Which data sets a comparison has to make, in the order they need each other. Torch-free; a config in, names out."""

from collections.abc import Iterator

from backend.comparison.config import ComparisonConfig
from backend.comparison.names import CONTROLS, DECODERS, SELECTED
from backend.studies.text_distillation.config import OWN_MODEL_ONLY
from backend.studies.text_distillation.decoders import PAPER

OF_SEARCH = ("text", "evolve", *CONTROLS)  # what it made, what trains as often as it did, and its controls
BEGUN = ("init", *OF_SEARCH, *DECODERS)  # what the questions of `start` are the beginning of
ORDER = (*SELECTED, *BEGUN)  # as they need each other


def parts(config: ComparisonConfig) -> Iterator[tuple[str, int]]:
    """(arm, seed) of every data set, in the order they need each other. Only random is drawn anew for each seed."""
    needed = set(config.arms)
    if needed & set(OWN_MODEL_ONLY) or "matched" in config.regimes:  # for its prompts, or for its experts
        needed |= {PAPER}
    if needed & set(BEGUN):
        needed |= {"init"}
    if needed & set(OF_SEARCH):
        needed |= {"text"}
    for arm in ORDER:
        if arm in needed:
            yield from ((arm, seed) for seed in range(config.seeds if arm == "random" else 1))
