"""A home where this machine's pace was measured before. An app that is started in another one measures it in a child
that loads torch: 6 s of a processor. test_app.py starts one that has to.
"""

import json
from dataclasses import asdict
from pathlib import Path

from backend.runs.pace import REFERENCE, key


def with_pace(home: Path) -> Path:
    """The folder, made where it is not there yet."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "paces.json").write_text(json.dumps({key(): asdict(REFERENCE)}))
    return home
