"""The data sets of a comparison for other programs: one for each arm. Knows a copy of a run; no layout and no zip."""

from pathlib import PurePosixPath

from backend.export.copy import RunCopy
from backend.export.samples import Sets, no_examples, read_samples


def examples_of(copy: RunCopy) -> Sets:
    """Arm -> its examples. UserError before the arms are made, and where a row is not what it should be."""
    files = [name for name in copy.files if PurePosixPath(name).match("arms/*.jsonl")]
    if not files:
        raise no_examples("data sets", "Let the comparison make its arms, then take them.")
    return {PurePosixPath(name).stem: read_samples(copy, name, copy.config["task"]) for name in files}
