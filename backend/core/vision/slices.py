"""Manual inheritance: a smaller CLIPModel made of leading slices of a larger one's weights, and of some of its layers.

As in TinyCLIP's weight_inherit.py: the first channels, the first heads with their width, the first neurons, and layers
by a rule; the joint space, the words and the pictures' size stay. The student fits a CLIPConfig. Nothing is trained.
"""

import copy
import re

from transformers import CLIPConfig, CLIPModel

from backend.core.vision.models import TowerSize, seeded
from backend.core.vision.parts import TOWERS, Kept, Shape, axes_of, positions, shapes_of, taken, tensors_of
from backend.core.vision.ragged import put
from backend.errors import UserError

INTERVAL, UNIFORM = "interval_front", "uniform"
RULES = (INTERVAL, UNIFORM)
_LAYER = re.compile(r"(?<=encoder\.layers\.)\d+")


def layers_taken(depth: int, kept: int, rule: str) -> list[int]:
    """Which of `depth` layers, counted from 0, become the `kept` layers of a student.

    `interval_front` is the official code's: steps of depth // kept, so that 9 of 12 are simply the first 9. `uniform`
    spaces them evenly, rounded down: 0, 1, 2, 4, 5, 6, 8, 9, 10. Where `kept` divides `depth` the two agree.
    """
    if not 1 <= kept <= depth:
        found, step = f"A student of {kept} layers is asked of a tower of {depth}.", "Change the number of layers."
        raise UserError(found, f"1 to {depth} layers", step)
    if rule == INTERVAL:
        return [number * (depth // kept) for number in range(kept)]
    if rule == UNIFORM:
        return [number * depth // kept for number in range(kept)]
    raise UserError(f"There is no rule {rule!r} to choose layers.", " or ".join(RULES), "Choose one of them.")


def inherit(teacher: CLIPModel, image: TowerSize, text: TowerSize, rule: str = INTERVAL) -> CLIPModel:
    """A student of these sizes whose weights are slices of the teacher's, in evaluation mode; it shares no memory.

    Raises UserError where a size is larger than the teacher's, or a head's width is another.
    """
    kept = sliced(teacher, image, text, rule)
    where = positions(kept, shapes_of(teacher))
    layers = {name: _layers_of(kept, name) for name in TOWERS}
    with seeded("inherit"):
        student = CLIPModel(student_config(teacher.config, image, text)).eval()
    theirs = tensors_of(teacher)
    tensors = {}
    for name in tensors_of(student):
        source = _source(name, layers)
        tensors[name] = taken(theirs[source], axes_of(source), where)
    return put(student, tensors).to(teacher.device)


def sliced(teacher: CLIPModel, image: TowerSize, text: TowerSize, rule: str = INTERVAL) -> Kept:
    """Which of the teacher's units such a student inherits; of a layer that is left out none.

    Raises UserError where the sizes do not fit into the teacher.
    """
    kept: Kept = {}
    for name, size in zip(TOWERS, (image, text), strict=True):
        shape = shapes_of(teacher)[name]
        _check(name, shape, size)
        layers = layers_taken(shape.depth, size.depth, rule)
        kept[f"{name}.hidden"] = list(range(size.width))
        for layer in range(shape.depth):
            here = layer in layers
            kept[f"{name}.{layer}.heads"] = list(range(size.heads if here else 0))
            kept[f"{name}.{layer}.neurons"] = list(range(size.neurons if here else 0))
    return kept


def student_config(config: CLIPConfig, image: TowerSize, text: TowerSize) -> CLIPConfig:
    """The teacher's config with other tower sizes: activation, words, context, pictures and joint space stay."""
    student = copy.deepcopy(config)
    for tower, size in ((student.vision_config, image), (student.text_config, text)):
        tower.hidden_size, tower.num_hidden_layers = size.width, size.depth
        tower.num_attention_heads, tower.intermediate_size = size.heads, size.neurons
    return student


def _layers_of(kept: Kept, name: str) -> list[int]:
    """The layers of a tower of which heads are kept."""
    there = (unit.split(".") for unit, numbers in kept.items() if unit.endswith(".heads") and numbers)
    return [int(layer) for tower, layer, _ in there if tower == name]


def _source(name: str, layers: dict[str, list[int]]) -> str:
    """The teacher's tensor that a student's tensor is a slice of."""
    one = "text" if name.startswith("text") else "image"
    return _LAYER.sub(lambda found: str(layers[one][int(found.group())]), name)


def _check(name: str, shape: Shape, size: TowerSize) -> None:
    found = None
    if min(size.width, size.depth, size.heads, size.neurons) < 1:
        found = f"The student's {name} tower has a size of 0."
    elif size.width != size.heads * shape.head_width:
        found = f"The student's {name} tower has {size.heads} heads in a width of {size.width}."
    elif size.width > shape.hidden or size.heads > min(shape.heads) or size.neurons > min(shape.neurons):
        found = f"The student's {name} tower is wider than its teacher's."
    if found:
        expected = f"at most {min(shape.heads)} heads of width {shape.head_width}, {min(shape.neurons)} neurons"
        raise UserError(found, f"{expected} and {shape.depth} layers", "Change the student's sizes.")
