"""Scripts of the widgets as gr.HTML wants them: one text, with what they share before it. Knows no widget."""

from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parents[1]
SHARED = "frame/shared.js"


def script(*files: Path, after: Sequence[str] = ()) -> str:
    """Each file in a scope of its own, behind shared.js and the files named by `after`."""
    before = [(HERE / name).read_text(encoding="utf-8") for name in (SHARED, *after)]
    texts = [file.read_text(encoding="utf-8") for file in files]
    return "\n".join([*before, *(f"(() => {{\n{text}\n}})();" for text in texts)])
