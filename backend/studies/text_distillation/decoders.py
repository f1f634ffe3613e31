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
        "While they learn, the student reads only the tokens nearest to them, the later text.",
    ),
    "guided": Listed(f"{HERE}.guided:Guided", "Their text is chosen among near tokens by the model itself."),
    SEARCH: Listed(  # leaves soft prompts to the paper's decoder: its texts come from elsewhere (text_search.py)
        f"{HERE}.nearest:Nearest",
        "Their text is not theirs: it is searched for among real questions, phrases and words, by {objective}.",
    ),
}
