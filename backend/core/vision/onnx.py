"""A CLIP model as ONNX: one graph a tower, from pictures or word numbers to features of length 1.

Models whose layers differ are written like any other, so that an automatic student runs where transformers does not.
Needs the packages of requirements-onnx.txt. Knows graphs and files; not what the features are used for.
"""

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import CLIPModel

from backend.disk import disk_error, part_of, write_atomically
from backend.errors import UserError

IMAGE, TEXT, TOLD = "image.onnx", "text.onnx", "onnx.json"
NEEDED = ("onnx", "onnxscript")


def save_onnx(model: CLIPModel, folder: Path) -> None:
    """Write `image.onnx`, `text.onnx` and `onnx.json` with what the graphs do not say.

    The image graph reads `pixels` [n, 3, side, side], normalised as for the model; the text graph `ids` [n, words], at
    most `context` words, padded at the right. Both give `features` [n, joint]; times each other and `scale` they are
    the model's similarities. Raises UserError where the packages are missing or the disk refuses.
    """
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        found, step = f"{' and '.join(missing)} cannot be found.", "pip install -r requirements-onnx.txt"
        raise UserError(found, "the packages for ONNX", f"Install them: {step}")
    folder.mkdir(parents=True, exist_ok=True)
    side, context = model.config.vision_config.image_size, model.config.text_config.max_position_embeddings
    ids = torch.full((2, context), model.config.text_config.eos_token_id)
    _save(_Image(model), torch.zeros(2, 3, side, side), {0: "n"}, folder / IMAGE)
    _save(_Text(model), ids, {0: "n", 1: "words"}, folder / TEXT)
    told = {"scale": model.logit_scale.exp().item(), "side": side, "context": context}
    write_atomically(folder / TOLD, json.dumps(told))


class _Image(nn.Module):
    def __init__(self, model: CLIPModel):
        super().__init__()
        self.tower, self.projection = model.vision_model, model.visual_projection

    def forward(self, pixels: Tensor) -> Tensor:
        return F.normalize(self.projection(self.tower(pixel_values=pixels).pooler_output), dim=-1)


class _Text(nn.Module):
    def __init__(self, model: CLIPModel):
        super().__init__()
        self.tower, self.projection = model.text_model, model.text_projection

    def forward(self, ids: Tensor) -> Tensor:
        return F.normalize(self.projection(self.tower(input_ids=ids).pooler_output), dim=-1)


def _save(graph: nn.Module, example: Tensor, free: dict[int, str], path: Path) -> None:
    """Trace the graph and put it in its place in one step; the axes `free` may have any length."""
    name, part = ("pixels" if path.name == IMAGE else "ids"), part_of(path)
    axes = {axis: torch.export.Dim(word, min=1) for axis, word in free.items()}
    try:
        with _quiet(), torch.no_grad():
            written = torch.onnx.export(
                graph.eval(),
                (example,),
                input_names=[name],
                output_names=["features"],
                dynamic_shapes=(axes,),
                external_data=False,
                verbose=False,
            )
            written.save(part)
        part.replace(path)
    except OSError as error:
        raise disk_error(error, path) from error
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without torch's remarks on its own old calls, and on torchvision's operators, which no CLIP model has."""
    log = logging.getLogger("torch.onnx._internal.exporter._registration")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        log.setLevel(level)
