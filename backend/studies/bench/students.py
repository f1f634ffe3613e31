"""The student to score: the base, or the base with what tuning saved, read back from the very files a user gets.

Knows models and adapter folders; no data and no training.
"""

from pathlib import Path

import torch
from transformers import PreTrainedTokenizerBase

from backend.core.models.adapter_files import with_adapter
from backend.core.models.backbones import Backbone, fingerprint, load_backbone
from backend.core.text.token_ids import with_bos
from backend.studies.bench.config import BenchConfig


class Student:
    """One model in memory that becomes base or tuned. `fingerprint` is the base's."""

    def __init__(self, config: BenchConfig):
        self._config = config
        self._base: Backbone | None = self._load(config.student)
        self.fingerprint = fingerprint(self._base)
        self.model: torch.nn.Module | None = self._base.model
        self.tokenizer: PreTrainedTokenizerBase = with_bos(self._base.tokenizer, config.bos)
        self._adapted = None

    def become(self, folder: Path | None) -> None:
        """The base (None), or what is in an adapter or model folder."""
        if self._adapted is not None:
            self._base.model, self._adapted = self._adapted.unload(), None
        if folder is not None and (folder / "config.json").is_file():  # full fine-tuning: a model of its own
            self._base = self.model = None  # first: one model at a time
            self.model = self._load(str(folder)).model
            return
        if self._base is None:
            self.model = None
            self._base = self._load(self._config.student)
        if folder is not None:
            self._adapted = with_adapter(self._base.model, folder)
        self.model = self._base.model if folder is None else self._adapted

    def _load(self, spec: str) -> Backbone:
        return load_backbone(spec, dtype=self._config.precision)
