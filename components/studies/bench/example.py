"""What a bench's student reads: the examples that the form would teach, and those that a run taught.

Knows the bench's settings and its example.json; the markup and the asking are the form's.
"""

import json

from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.studies.bench.config import BenchConfig
from components.form.config_form import Unready
from components.form.reading_panel import example_markup

ASKED = ("student", "data", "train_task", "data_dir", "data_path", "examples", "seed", "bos", "answers_from")


def request(config: BenchConfig | UserError) -> dict | str:
    """The fields of the desk's question; in words, why there is nothing to show."""
    if isinstance(config, UserError):
        return config.next_step if isinstance(config, Unready) else "Check the settings above first."
    if config.data == "none":
        return "Nothing is learned: the student is scored as it is."
    return {name: getattr(config, name) for name in ASKED}


def run_example(run: RunDir) -> str:
    """The examples that a run really taught, folded away; nothing before the run wrote them."""
    try:
        found = json.loads((run.path / "example.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return (
        f'<details class="ds-table ds-taught"><summary>What the student read</summary>{example_markup(found)}</details>'
    )
