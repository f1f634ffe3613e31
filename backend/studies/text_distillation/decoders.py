"""The decoders that a config may name: where each is, and what a run says of the text that it made. No torch.

Knows no setting; decoder.py has what all decoders promise, and makes the one that a config names.
"""

from dataclasses import dataclass

HERE = "backend.studies.text_distillation"
PAPER = "nearest"  # and that of every run made before there was a choice
SEARCH = "search"


@dataclass(frozen=True)
class Listed:
    """`ref`, `"module:Name"`, refers to a decoder.Decoder. `about` is a sentence; its `{objective}` is the search's."""

    ref: str
    about: str


DECODERS = {
    PAPER: Listed(f"{HERE}.nearest:Nearest", "Their text is the nearest token at each place."),
    "straight_through": Listed(
        f"{HERE}.straight_through:StraightThrough",
        "During training, the student reads only their nearest tokens, which become the text.",
    ),
    "guided": Listed(f"{HERE}.guided:Guided", "The language model chooses their text from nearby tokens."),
    SEARCH: Listed(  # leaves soft prompts to the paper's decoder: its texts come from elsewhere (text_search.py)
        f"{HERE}.nearest:Nearest",
        "Their text is not decoded from them: a search builds it from real questions, phrases and words, "
        "guided by {objective}.",
    ),
}
