"""The model that a leg of a student's training begins with: fresh, sliced, cut by masks, or the whole teacher.

Knows models and sizes; no data, no training and no file.
"""

import copy
from dataclasses import dataclass

from transformers import CLIPModel

from backend.core.params import Params
from backend.core.vision.choice import kept_of, leading, masks_of, to_size
from backend.core.vision.cut import cut, cut_to
from backend.core.vision.models import seeded
from backend.core.vision.parts import TOWERS, Kept, blocks_of, shapes_of
from backend.core.vision.slices import INTERVAL, UNIFORM, inherit, layers_taken, student_config
from backend.core.vision.student_sizes import shape_of_size
from backend.studies.tiny_clip.arms import RANDOM, Arm
from backend.studies.tiny_clip.legs import Leg, sizes_of

Layers = dict[str, list[int]]  # tower -> which of the first teacher's layers its layers came from


@dataclass(frozen=True)
class Begun:
    """A model, and which of the first teacher's units it is made of (None of a fresh one)."""

    model: CLIPModel
    kept: Kept | None
    layers: Layers | None = None


def first_start(arm: Arm, leg: Leg, teacher: CLIPModel, seed: tuple) -> Begun:
    """How a student begins. Only a fresh one depends on the seed."""
    if leg.masks:
        return Begun(trainable(copy.deepcopy(teacher)), kept_of(masks_of({}, shapes_of(teacher))))
    if arm.start == RANDOM:
        with seeded("student", *seed):
            return Begun(CLIPModel(student_config(teacher.config, *leg.sizes)).eval(), None)
    every = {name: list(range(shape.depth)) for name, shape in shapes_of(teacher).items()}
    return sliced_start(arm, leg, teacher, Begun(teacher, None, every))


def sliced_start(arm: Arm, leg: Leg, teacher: CLIPModel, before: Begun) -> Begun:
    """Leading slices of the model before, told as units of the first teacher."""
    rule = UNIFORM if arm.uniform else INTERVAL
    model = inherit(before.model, *leg.sizes, rule)
    shapes, layers, kept = shapes_of(teacher), {}, {}
    for name, size in zip(TOWERS, leg.sizes, strict=True):
        own = before.layers[name]
        layers[name] = [own[number] for number in layers_taken(len(own), size.depth, rule)]
        kept[f"{name}.hidden"] = list(range(size.width))
        for layer in range(shapes[name].depth):
            there = layer in layers[name]
            kept[f"{name}.{layer}.heads"] = list(range(size.heads if there else 0))
            kept[f"{name}.{layer}.neurons"] = list(range(size.neurons if there else 0))
    return Begun(trainable(model), kept, layers)


def cut_start(model: CLIPModel, loga: Params, blocks: int) -> Begun:
    """What the masks leave of the model where at most `blocks` weights remain."""
    masks = to_size(loga, shapes_of(model), blocks)
    return Begun(trainable(cut(model, masks)), kept_of(masks))


def sliced_alike(model: CLIPModel, kept: Kept) -> CLIPModel:
    """The model with as many of each unit as were kept, but the first ones."""
    return cut_to(model, leading(kept))


def blocks_asked(teacher: CLIPModel, share: float) -> int:
    """The blocks of a sliced student of this share: masks have to meet the same size."""
    return sum(shape_of_size(size).blocks for size in sizes_of(shapes_of(teacher), share))


def sizes_told(model: CLIPModel) -> dict[str, int]:
    """How large a model is: `blocks`, `all` its parameters, `image` and `text` its towers' blocks."""
    shapes = shapes_of(model)
    parameters = sum(p.numel() for p in model.parameters())
    towers = {name: shape.blocks for name, shape in shapes.items()}
    return {"blocks": blocks_of(shapes), "all": parameters} | towers


def trainable(model: CLIPModel) -> CLIPModel:
    return model.requires_grad_(True)
