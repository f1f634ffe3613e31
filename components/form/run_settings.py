"""The settings a run was started with, folded away, as a visitor may read them. Knows the run folder and settings."""

from html import escape

from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.settings import describe
from backend.study import find
from components.form import form_values


def shown_config(run: RunDir) -> dict:
    """Every setting; of a path that the page put there only the last name: the rest is this machine's own."""
    found = run.config()
    try:
        files = {item.name for item in describe(find(found["study"]).config) if item.kind == "file"}
    except UserError:  # a study that this copy does not know
        files = set(found["config"])
    config = found["config"]
    return {name: last(value) if name in files and isinstance(value, str) else value for name, value in config.items()}


def last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def settings_markup(run: RunDir, about: str = "") -> str:
    """The run in one sentence, and a table, under a fold."""
    return table_markup(shown_config(run), about)


def table_markup(config: dict, about: str = "") -> str:
    """The table of any settings, such as those of a copy of a run."""
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{form_values.shown(value)}</td></tr>"
        for name, value in config.items()
    )
    said = f"<p>{escape(about)}</p>" if about else ""
    return (
        '<details class="ds-table"><summary>Settings of this run</summary>'
        f"{said}<div><table><tbody>{rows}</tbody></table></div></details>"
    )
