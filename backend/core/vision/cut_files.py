"""Students as folders: those that a CLIPConfig describes as transformers keeps them, the others in a format of our own.

Our own are two files: `cut_clip.json` has the config of the model that was cut, and `cut_clip.safetensors` the weights,
whose shapes say how many heads and neurons each layer has. Knows files and shapes; not how a student came about.
"""

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPConfig, CLIPModel

from backend.core.params import Params
from backend.core.vision.models import TowerSize, seeded
from backend.core.vision.parts import axes_of, shapes_of, tensors_of
from backend.core.vision.ragged import put
from backend.core.vision.slices import student_config
from backend.disk import disk_error, part_of, write_atomically
from backend.errors import UserError

TOLD, WEIGHTS = "cut_clip.json", "cut_clip.safetensors"
VERSION = 1


def fits_config(model: CLIPModel) -> bool:
    """Whether a CLIPConfig describes the model, so that `CLIPModel.from_pretrained` can load it."""
    return all(shape.uniform for shape in shapes_of(model).values())


def save_student(model: CLIPModel, folder: Path, dtype: torch.dtype = torch.float16) -> None:
    """Write the model's weights and what is needed to load them. Raises UserError where the disk refuses.

    A model that fits its config can be loaded by `CLIPModel.from_pretrained(folder)`, any by `load_student`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not fits_config(model):
        _save_cut(model, folder, dtype)
        return
    config = student_config(model.config, *(_size(shape) for shape in shapes_of(model).values()))
    with seeded("save"):
        whole = CLIPModel(config)
    whole = put(whole, {name: p.detach().to("cpu", dtype) for name, p in tensors_of(model).items()})
    try:
        whole.to(dtype).save_pretrained(folder)
    except OSError as error:
        raise disk_error(error, folder) from error


def load_student(folder: Path) -> CLIPModel:
    """The model of a folder that `save_student` wrote, in evaluation mode and 32 bits.

    Raises UserError where a file is missing or damaged, or where the weights fit no model.
    """
    if not (folder / TOLD).exists():
        return _load_whole(folder)
    config = _config(folder / TOLD)
    tensors = _weights(folder / WEIGHTS)
    with seeded("load"):
        model = CLIPModel(config).eval()
    _check(model, tensors)
    return put(model, {name: tensor.float() for name, tensor in tensors.items()})


def _size(shape) -> TowerSize:
    return TowerSize(shape.hidden, shape.depth, shape.heads[0], shape.neurons[0])


def _save_cut(model: CLIPModel, folder: Path, dtype: torch.dtype) -> None:
    unnamed = model.config.to_dict() | {"_name_or_path": ""}  # a path of the machine that cut it is nobody's business
    told = {"version": VERSION, "cut_from": unnamed}
    tensors = {name: p.detach().to("cpu", dtype).contiguous() for name, p in tensors_of(model).items()}
    part = part_of(folder / WEIGHTS)
    try:
        save_file(tensors, part)
        part.replace(folder / WEIGHTS)
    except OSError as error:
        raise disk_error(error, folder / WEIGHTS) from error
    write_atomically(folder / TOLD, json.dumps(told, indent=1, default=str))


def _load_whole(folder: Path) -> CLIPModel:
    try:
        return CLIPModel.from_pretrained(folder, dtype=torch.float32, local_files_only=True).eval()
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise _unreadable(folder.name, error) from error


def _config(path: Path) -> CLIPConfig:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if told["version"] != VERSION:
            found = f"{path.name} has the version {told['version']}."
            raise UserError(found, f"version {VERSION}", "Export the student again.")
        return CLIPConfig.from_dict(told["cut_from"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable(path.name, error) from error


def _weights(path: Path) -> Params:
    try:
        with safe_open(path, "pt") as file:
            return {name: torch.clone(file.get_tensor(name)) for name in file.keys()}
    except (OSError, SafetensorError) as error:
        raise _unreadable(path.name, error) from error


def _unreadable(name: str, error: Exception) -> UserError:
    found = f"The student in {name} cannot be read ({type(error).__name__})."
    return UserError(found, "the whole files of an exported student", "Export it again.", kind="model")


def _check(model: CLIPModel, tensors: Params) -> None:
    """Every tensor is there, with as many axes as it has in the model and units that agree with each other."""
    theirs = tensors_of(model)
    if missing := sorted(theirs.keys() ^ tensors.keys()):
        raise _misfit(f"{missing[0]} is missing or too much")
    lengths: dict[str, int] = {}
    for name, tensor in tensors.items():
        for axis, length in _lengths(name, tensor, theirs[name]):
            if lengths.setdefault(axis, length) != length:
                raise _misfit(f"{name} has {length} of {axis} where others have {lengths[axis]}")
    for unit, length in lengths.items():
        _check_unit(model, unit, length)


def _lengths(name: str, tensor: Tensor, whole: Tensor) -> list[tuple[str, int]]:
    """The length of each axis that may be cut; the others must be what the config says."""
    found = []
    if tensor.ndim != whole.ndim:
        raise _misfit(f"{name} has {tensor.ndim} axes instead of {whole.ndim}")
    for unit, length, before in zip(axes_of(name), tensor.shape, whole.shape, strict=True):
        if length > before or (length != before and not unit):
            raise _misfit(f"{name} has the shape {tuple(tensor.shape)} where {tuple(whole.shape)} was cut")
        if unit:
            found.append((unit, length))
    return found


def _check_unit(model: CLIPModel, unit: str, length: int) -> None:
    width = shapes_of(model)[unit.split(".")[0]].head_width
    if unit.endswith(".heads") and length % width:
        raise _misfit(f"{unit} fill {length} rows, which heads of width {width} do not")
    if unit.endswith(".hidden") and not length:
        raise _misfit(f"nothing is left of {unit}")


def _misfit(found: str) -> UserError:
    expected = "weights whose shapes fit together"
    return UserError(f"The weights fit no model: {found}.", expected, "Export the student again.", kind="model")
