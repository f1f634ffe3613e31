"""The server's log: a JSON line for each event, in a file that turns over, with nobody's secrets in it.

Owner ids and share tokens are as good as passwords, so every run of 32 hexadecimal digits is cut to its first six.
Standard library only.
"""

import json
import logging
import re
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path

from backend.disk import home
from backend.runners.processes import SECRET

FILE = "server.jsonl"
LONGEST, KEPT = 2 * 2**20, 3
IDS = re.compile(r"\b([0-9a-f]{6})[0-9a-f]{26}\b")
TOKENS = re.compile(r"\b(hf_|sk-|ghp_)\w{8,}")
PLAIN = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class AsJson(logging.Formatter):
    """One line: when, how bad, who, what, then whatever `extra` held; a trace where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        facts = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "from": record.name,
            "event": record.getMessage(),
        }
        facts |= {name: value for name, value in record.__dict__.items() if name not in PLAIN}
        facts = {name: "…" if SECRET.search(name) else value for name, value in facts.items()}
        if record.exc_info:
            facts["trace"] = self.formatException(record.exc_info)
        return without_secrets(json.dumps(facts, ensure_ascii=False, default=str))


def without_secrets(text: str) -> str:
    """The text with owner ids, share tokens and access tokens cut short."""
    return TOKENS.sub(r"\1…", IDS.sub(r"\1…", text))


def open_journal(folder: Path | None = None) -> Path:
    """Write all logging of this process to `server.jsonl` below `folder` too. Returns the file."""
    path = (folder or home()) / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(path, maxBytes=LONGEST, backupCount=KEPT, encoding="utf-8", delay=True)
    handler.setFormatter(AsJson())
    handler.setLevel(logging.INFO)
    root = logging.getLogger()
    root.addHandler(handler)
    logging.getLogger("backend").setLevel(logging.INFO)
    return path
