"""A small run of LightCLIP, and what one says: for tests of the engine and of the page."""

import json
from pathlib import Path

from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.light_clip.config import LightClipConfig
from backend.studies.light_clip.study import STUDY

CONFIG = LightClipConfig(
    pairs=24, told=2, image_width=16, image_layers=1, text_width=16, lrs=(0.002, 0.02), steps=12, batch=6, seeds=2,
    arms=("base", "softened", "tokens", "all"), validation_limit=12, test_limit=14, depths=(1, 2), looses=(0.0, 0.4),
)  # fmt: skip


def start(config: LightClipConfig, folder: Path) -> RunDir:
    """A run that has not begun, claimed by this process."""
    run = RunDir.create(folder, STUDY.name, None, as_json(config))
    run.claim()
    return run


def told(run: RunDir) -> dict:
    """Everything a run says, without times and memory, in an order that does not depend on who was first."""
    measured = ("seconds", "peak_memory_mb", "training_seconds")
    found: dict = {"summary": {name: value for name, value in run.summary().items() if name not in measured}}
    for file in STUDY.files:
        if file.name.endswith(".jsonl"):
            found[file.name] = sorted(map(json.dumps, run.rows(file.name.removesuffix(".jsonl"))))
    return found
