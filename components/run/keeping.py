"""A data set of a run as a file of the visitor's own, so that the forms of other pages offer it to learn from.

The file puts prompt and answer together exactly as they were taught. Knows the store of uploads and what a study says
are its data sets; no study by name.
"""

import json
import tempfile
from pathlib import Path

from backend.errors import UserError
from backend.export.copy import RunCopy
from backend.export.layouts import LAYOUTS
from backend.export.samples import Sample, sets_of
from backend.runs.folder import RunDir
from components.run.shelf import is_owner
from components.run.upload_store import OWN, TRAIN, UploadStore

LAYOUT = "prompt_completion"
USES = (TRAIN, OWN)  # one page scores students of a file, another distils it


def keep_set(store: UploadStore, owner: str, run: RunDir, wanted: object) -> dict:
    """Keep the data set called `wanted`, or the only one: its `name` and `count`. With several and none called so, the
    `sets` there are, name -> count. UserError where the run has none, or there is no room.
    """
    if not is_owner(owner):
        raise UserError("Nobody owns this page yet.", "a page that is open", "Reload the page.")
    copy = RunCopy.of(run)
    if copy.study is None or not copy.study.examples:
        raise UserError("This run has no data set.", "a run of this page", "Choose one above.")
    sets = sets_of(copy)
    name = next(iter(sets)) if len(sets) == 1 else wanted
    if not isinstance(name, str) or name not in sets:
        return {"sets": {name: len(samples) for name, samples in sets.items()}}
    return {"name": name, "count": keep_samples(store, owner, f"{copy.stem}-{name}", sets[name])}


def keep_samples(store: UploadStore, owner: str, name: str, samples: list[Sample]) -> int:
    """Keep the samples under this name for all uses; how many there are."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "set.jsonl"
        rows = LAYOUTS[LAYOUT].rows(samples)
        file.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), encoding="utf-8")
        for use in USES:
            store.keep(owner, use, file, f"{name}.jsonl")
    return len(samples)
