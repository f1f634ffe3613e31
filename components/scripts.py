"""Scripts of the widgets as gr.HTML wants them: one text, with what they share before it. Knows no widget."""

from pathlib import Path

SHARED = Path(__file__).with_name("shared.js")


def script(*files: Path) -> str:
    """Each file in a scope of its own, behind shared.js."""
    texts = [file.read_text(encoding="utf-8") for file in files]
    return "\n".join([SHARED.read_text(encoding="utf-8"), *(f"(() => {{\n{text}\n}})();" for text in texts)])
