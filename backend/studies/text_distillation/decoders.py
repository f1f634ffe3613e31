"""The decoders by the names that a config calls them."""

from backend.studies.text_distillation.decoder import Decoder
from backend.studies.text_distillation.guided import Guided
from backend.studies.text_distillation.nearest import Nearest
from backend.studies.text_distillation.setup import Setup
from backend.studies.text_distillation.straight_through import StraightThrough

# the search leaves soft prompts to the paper's decoder: its texts come from elsewhere (text_search.py)
BY_NAME = {"nearest": Nearest, "straight_through": StraightThrough, "guided": Guided, "search": Nearest}


def make_decoder(setup: Setup) -> Decoder:
    """The decoder that the setup's config names."""
    return BY_NAME[setup.config.decoder](setup)
