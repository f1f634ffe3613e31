"""What was understood of a file of somebody's own, kept with the run: its layout, its columns, and what is not used.

Knows a setup and the run folder; reading is core/text's.
"""

import json

from backend.core.text.own_data import described_data
from backend.core.text.tasks import OWN_TASKS
from backend.disk import write_atomically
from backend.export.kinds import OWN_FILE
from backend.runs.folder import RunDir
from backend.studies.text_distillation.setup import Setup


def keep_description(setup: Setup, run_dir: RunDir) -> None:
    """Write own_file.json, for a run on data of somebody's own that has none yet."""
    c = setup.config
    if c.task in OWN_TASKS and not (run_dir.path / OWN_FILE).is_file():
        told = described_data(setup.spec, c.own_data or "", c.counted_from)
        write_atomically(run_dir.path / OWN_FILE, json.dumps(told, ensure_ascii=False, indent=1))
