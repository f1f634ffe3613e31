"""Shares: which runs their owners let others look at, each behind a token that cannot be guessed.

A file for each token holds owner and run; beside it the way back, so that an owner finds the token again. Paths are
only made of ids that match a strict pattern. Knows no widget and opens no run.
"""

import json
import re
import secrets
import threading
from pathlib import Path

from backend.disk import write_atomically

TOKEN = re.compile(r"[0-9a-f]{32}")
LOCK = threading.Lock()  # of all shelves: two tokens for one run, and only one of them could be taken back
OWNER = re.compile(r"[0-9a-f]{32}")
RUN_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")


class Shares:
    """The folder of tokens. Nobody can list it through the page."""

    def __init__(self, folder: Path):
        self.folder = Path(folder)

    def find(self, token: object) -> tuple[str, str] | None:
        """Owner and run behind a token; None where it was never given, or was taken back."""
        if not (isinstance(token, str) and TOKEN.fullmatch(token)):
            return None
        try:
            found = json.loads((self.folder / token).read_text(encoding="utf-8"))
            owner, run = found["owner"], found["run"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return (owner, run) if _named(owner, run) else None

    def token(self, owner: str, run: str) -> str | None:
        """The token of a run that is shared now."""
        if not _named(owner, run):
            return None
        try:
            token = self._back(owner, run).read_text(encoding="utf-8")
        except OSError:
            return None
        return token if self.find(token) == (owner, run) else None

    def share(self, owner: str, run: str) -> str:
        """The token of a run, the same until sharing stops. Raises ValueError for names no shelf would make."""
        if not _named(owner, run):
            raise ValueError("not an owner and a run")
        with LOCK:
            token = self.token(owner, run) or secrets.token_hex(16)
            self._back(owner, run).parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self.folder / token, json.dumps({"owner": owner, "run": run}))
            write_atomically(self._back(owner, run), token)
        return token

    def stop(self, owner: str, run: str) -> None:
        """Take the token back; its link leads nowhere from now on."""
        with LOCK:
            token = self.token(owner, run)
            if token is not None:
                (self.folder / token).unlink(missing_ok=True)
                self._back(owner, run).unlink(missing_ok=True)

    def _back(self, owner: str, run: str) -> Path:
        return self.folder / "of" / owner / run


def _named(owner: object, run: object) -> bool:
    both = isinstance(owner, str) and isinstance(run, str)
    return both and bool(OWNER.fullmatch(owner)) and bool(RUN_ID.fullmatch(run))
