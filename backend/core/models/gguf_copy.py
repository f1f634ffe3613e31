"""Converted copies of GGUF files: float32 weights and tokenizer as a plain model folder below home()/models.

transformers takes a quarter of a minute and a gigabyte to read a small GGUF file; its copy loads in a second, mapped
from the disk and shared by every process that reads it. Costs 4 bytes a parameter of disk. Safetensors and JSON only.
Knows files and folders; what is in them is loaded by the caller.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
import transformers
from transformers import PreTrainedTokenizerBase

from backend.disk import home

VERSION = 2  # raise when what is made of a file changes, so that older copies are made anew
HEADER = 2**20  # bytes at the file's start that its key depends on: the settings and the first of the vocabulary


def copy_folder(file: Path) -> Path:
    """Where the copy of `file` is or will be. Changes with its size, time and first bytes, transformers and VERSION."""
    told, path = file.stat(), hashlib.sha256(str(file.resolve()).encode()).hexdigest()[:8]
    digest = hashlib.sha256(f"{VERSION} {told.st_size} {told.st_mtime_ns} {transformers.__version__}".encode())
    with file.open("rb") as opened:
        digest.update(opened.read(HEADER))
    return home() / "models" / f"{file.stem}-{path}-{digest.hexdigest()[:16]}"


def converted(file: Path, load: Callable[[], tuple[torch.nn.Module, PreTrainedTokenizerBase]]) -> Path | None:
    """The folder with the copy of `file`, made with `load` where there is none yet. None where it cannot be kept."""
    folder = copy_folder(file)
    if (folder / "config.json").is_file():
        return folder
    model, tokenizer = load()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".part-"))
    except OSError:
        return None
    try:
        tokenizer.save_pretrained(part)
        model.save_pretrained(part)
        part.replace(folder)  # whole or not at all; fails where another process was quicker
    except OSError:
        shutil.rmtree(part, ignore_errors=True)
        return folder if folder.is_dir() else None
    _remove_older(folder)
    return folder


def forget_quantisation(model: torch.nn.Module) -> None:
    """Weights read from a GGUF file are plain numbers; transformers refuses to save a model that still says GGUF."""
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.config.architectures = [type(model).__name__]  # as saving sets it: the copy is the same model
    model.hf_quantizer, model.is_quantized = None, False


def _remove_older(folder: Path) -> None:
    """Copies of what the same file held before."""
    same_file = folder.name.rpartition("-")[0]
    for other in folder.parent.glob(f"{same_file}-*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
