"""Which files of a run folder travel, and what a download is called.

Names only. What is not listed here never leaves the machine: logs, stop flags, half-written parts.
"""

import re
import time

DOCUMENTS = ("config.json", "status.json", "summary.json", "vocabulary.json")
ROWS = ("metrics", "prompts", "paths", "neighbours", "distilled", "facts", "results")
CHECKPOINT = "artifacts/checkpoint.safetensors"
SEARCH = "artifacts/search.json"
SCORES = re.compile(r"artifacts/scores/\w[\w .+@()=,-]{0,180}\.jsonl")
SNAPSHOT = re.compile(r"artifacts/snapshots/\d{1,7}\.safetensors")
NEEDED = ("config.json", "status.json")
FIXED = (*DOCUMENTS, *(f"{name}.jsonl" for name in ROWS), CHECKPOINT, SEARCH)


def travels(name: str) -> bool:
    """Whether a file of this name, relative to the run folder, is part of an export."""
    return name in FIXED or any(kind.fullmatch(name) for kind in (SCORES, SNAPSHOT))


def stem(found: dict, status: dict) -> str:
    """What the downloads of a run begin with: its preset and when it began, as in `quick-2026-11-21-1445`."""
    began = time.strftime("%Y-%m-%d-%H%M", time.gmtime(status.get("started_at") or 0))
    preset = re.sub(r"[^a-z0-9]+", "-", str(found.get("preset") or "custom").lower()).strip("-")[:40]
    return f"{preset or 'custom'}-{began}"
