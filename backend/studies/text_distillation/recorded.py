"""Which experts earlier runs left behind, told by settings: the estimate has no torch to ask for a recipe's digest.

Beside a recipe's experts lies settings.json, the settings that they were recorded with. Torch-free.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from backend.disk import write_atomically

FILE = "settings.json"


def write_settings(folder: Path, settings: Mapping) -> None:
    """Say what the experts of this folder were recorded with; the first run that did is as good as any."""
    if not (folder / FILE).is_file():
        write_atomically(folder / FILE, json.dumps(dict(settings), indent=1))


def experts_like(settings: Mapping, root: Path) -> set[int]:
    """Numbers of the experts recorded with these very settings."""
    found = set()
    for file in root.glob(f"*/{FILE}"):
        try:
            same = json.loads(file.read_text(encoding="utf-8")) == dict(settings)
        except (OSError, ValueError):
            continue
        if same:
            numbers = (path.stem.rpartition("-")[2] for path in file.parent.glob("expert-*.safetensors"))
            found |= {int(number) for number in numbers if number.isdecimal()}
    return found
