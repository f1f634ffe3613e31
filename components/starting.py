"""Starting a run that was made a moment ago: where it is refused, nothing of it stays.

A folder that stayed would wait its turn after all: whoever looks at it next puts it into the queue. Knows no widget.
"""

import shutil

from backend.core.errors import UserError
from backend.jobs import Runner
from backend.runs import RunDir


def start_new(runner: Runner, run: RunDir, stages: str | None) -> None:
    """Have the runner compute a new run. Raises its UserError, with the run's folder gone, where it refuses."""
    try:
        runner.start(run, stages)
    except UserError:
        shutil.rmtree(run.path, ignore_errors=True)
        raise
