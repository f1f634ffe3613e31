"""The distilled text as a data set: the jsonl alone, or a folder that `datasets.load_dataset` reads, with its card.

Knows a copy of a run; what the card says is card.py's.
"""

from backend.errors import UserError
from backend.export import travel
from backend.export.contract import check_rows
from backend.export.copy import RunCopy
from backend.studies.text_distillation.card import card

TEXT, TRAIN = "distilled.jsonl", "data/train.jsonl"


def text_of(copy: RunCopy) -> dict[str, bytes]:
    """distilled.jsonl. UserError before the decode stage, and where the rows are not what they should be."""
    data = copy.files.get(TEXT, b"")
    if not data:
        step = "Let the run reach decode, then take its data set."
        raise UserError("This run has no distilled text yet.", "a run that was decoded", step)
    check_rows(TEXT, data, travel.entry_of(copy.study, TEXT).shape)
    return {TEXT: data}


def dataset_of(copy: RunCopy) -> dict[str, bytes]:
    """README.md and data/train.jsonl."""
    return {TRAIN: text_of(copy)[TEXT], "README.md": card(copy).encode()}
