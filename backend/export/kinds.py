"""What of a run can be taken along, by name: each kind with its ending and how it is made of a copy.

The report is not among them: it is drawn, so the screen makes it. Knows the kinds; no visitor and no folder for them.
"""

from collections.abc import Callable

from backend.export.archive import zipped
from backend.export.copy import RunCopy
from backend.export.run_file import SUFFIX, pack
from backend.runs.folder import RunDir
from backend.studies.text_distillation.dataset import dataset_of, text_of
from backend.studies.text_distillation.tables import tables_of

KINDS: dict[str, tuple[str, Callable[[RunCopy], bytes]]] = {
    "run": (SUFFIX, pack),
    "jsonl": ("-distilled.jsonl", text_of),
    "dataset": ("-dataset.zip", lambda copy: zipped(dataset_of(copy))),
    "csv": ("-tables.zip", lambda copy: zipped(tables_of(copy))),
}


def made(run: RunDir, kind: str) -> tuple[str, bytes]:
    """The file's name and its bytes. UserError where the run has nothing of this kind."""
    copy = RunCopy.of(run)
    ending, make = KINDS[kind]
    return copy.stem + ending, make(copy)
