"""The distilled text as a data set: its examples, or a folder that `datasets.load_dataset` reads, with its card.

The folder holds parquet: `datasets` takes a column of json for dates where every text in it looks like one. Knows a
copy of a run; what the card says is card.py's, what other programs read is the export's.
"""

import json

from backend.export.copy import RunCopy
from backend.export.formats import as_parquet
from backend.export.layouts import LAYOUTS, for_llama_factory, whole
from backend.export.samples import Sets, no_examples, read_samples
from backend.studies.text_distillation.card import INFO, TRAIN, card, listed_as

TEXT = "distilled.jsonl"


def examples_of(copy: RunCopy) -> Sets:
    """The distilled examples. UserError before the decode stage, and where the rows are not what they should be."""
    if not copy.files.get(TEXT):
        raise no_examples("distilled text", "Let the run reach decode, then take its data set.")
    return {"distilled": read_samples(copy, TEXT, copy.config["task"])}


def dataset_of(copy: RunCopy) -> dict[str, bytes]:
    """README.md, data/train.parquet, and dataset_info.json by which LLaMA-Factory finds it."""
    (samples,) = examples_of(copy).values()
    layout = LAYOUTS["messages" if any(sample.earlier for sample in samples) else "question_answer"]
    info = {listed_as(copy): for_llama_factory(samples, layout, TRAIN)}
    files = {TRAIN: as_parquet(whole(samples)), INFO: (json.dumps(info, indent=1) + "\n").encode()}
    return files | {"README.md": card(copy).encode()}
