"""Downloads: files made for one visitor, put where Gradio serves them, under a name nobody can guess, for a while.

A link is as secret as its 128 random bits; what is older than LIFE is swept away when the next one is made. Knows bytes
and names; no run and no visitor.
"""

import secrets
import shutil
import time
from pathlib import Path
from urllib.parse import quote

FOLDER = "takeaway"
LIFE = 1800.0  # seconds


class Downloads:
    """Files below `<served>/takeaway/<random>/`."""

    def __init__(self, served: str | Path):
        """`served`: Gradio's cache, the only folder it serves files from."""
        self.folder = Path(served).resolve() / FOLDER

    def put(self, name: str, content: bytes) -> dict:
        """Keep the file for a while. `url` (without the server's root), `name` and `bytes`."""
        self.sweep()
        place = self.folder / secrets.token_hex(16)
        place.mkdir(parents=True)
        (place / name).write_bytes(content)
        return {"url": f"/gradio_api/file={quote((place / name).as_posix())}", "name": name, "bytes": len(content)}

    def sweep(self) -> None:
        """Remove what is older than LIFE."""
        for place in self.folder.glob("*"):
            try:
                old = time.time() - place.stat().st_mtime > LIFE
            except OSError:  # another visitor's request swept it
                continue
            if old:
                shutil.rmtree(place, ignore_errors=True)
