"""Sizes of a manual student that keeps an asked part of its teacher's blocks.

As in TinyCLIP's configs the image tower loses width and the text tower depth; below what that allows the text tower
gets narrower too. Which sizes are tried and how they are ranked is our own. Knows numbers; no weights.
"""

from collections.abc import Iterator
from itertools import product

from backend.core.vision.models import TowerSize
from backend.core.vision.parts import Shape, Shapes, blocks_of
from backend.errors import UserError

LEAST_NEURONS = 0.25  # of the teacher's neurons a channel; an MLP with fewer is hardly one
THINNER, NARROWER = 1.0, 0.3  # what a thinner MLP and a narrower text tower cost against towers that shrink unequally
Sizes = tuple[TowerSize, TowerSize]


def sizes_for(teacher: Shapes, blocks: int) -> Sizes:
    """Image and text tower of a student with at most `blocks` weights in attention and MLPs, whose towers keep similar
    shares of the teacher's and whose MLPs keep similar proportions.

    It is smaller than asked by less than the weights of one neuron in every layer of both towers. Raises UserError
    where not even one head and layer a tower fit, where more is asked than the teacher has, or where its layers differ.
    """
    if not all(shape.uniform for shape in teacher.values()):
        raise UserError("The teacher's layers differ.", "a model that fits a CLIPConfig", "Slice the first teacher.")
    fitting = [sizes for sizes in _tried(teacher) if LEAST_NEURONS <= _fill(sizes, blocks) <= 1]
    if not fitting:
        found, step = f"No student of this teacher has {blocks} weights in blocks.", "Ask for a larger student."
        raise UserError(found, f"between the smallest and {blocks_of(teacher)}", step)
    best = min(fitting, key=lambda sizes: _unlikeness(sizes, teacher, _fill(sizes, blocks)))
    return _narrowed(best, _fill(best, blocks))


def shape_of_size(size: TowerSize) -> Shape:
    """The shape of a tower of this size."""
    return Shape(size.width, size.width // size.heads, (size.heads,) * size.depth, (size.neurons,) * size.depth)


def _tried(teacher: Shapes) -> Iterator[Sizes]:
    """Sizes with MLPs in the teacher's proportions."""
    image, text = teacher["image"], teacher["text"]
    heads, depths, text_heads = (range(1, n + 1) for n in (image.heads[0], text.depth, text.heads[0]))
    for h, d, t in product(heads, depths, text_heads):
        yield _tower(image, image.depth, h), _tower(text, d, t)


def _tower(teacher: Shape, depth: int, heads: int) -> TowerSize:
    neurons = max(1, teacher.neurons[0] * heads // teacher.heads[0])
    return TowerSize(heads * teacher.head_width, depth, heads, neurons)


def _fill(sizes: Sizes, blocks: int) -> float:
    """How many of these neurons fill the asked size, as a share; above 1 where they do not, below 0 where heads do."""
    shapes = [shape_of_size(size) for size in sizes]
    attention = sum(4 * shape.hidden * shape.head_width * sum(shape.heads) for shape in shapes)
    whole = sum(shape.blocks for shape in shapes) - attention
    return (blocks - attention) / whole


def _unlikeness(sizes: Sizes, teacher: Shapes, fill: float) -> float:
    """How far apart the towers' shares are, how much thinner the MLPs, how much narrower the text tower."""
    image, text = (
        shape_of_size(size).blocks / whole.blocks
        for size, whole in zip(_narrowed(sizes, fill), teacher.values(), strict=True)
    )
    width = sizes[1].width / teacher["text"].hidden
    return abs(image - text) / (image + text) + THINNER * (1 - fill) + NARROWER * (1 - width)


def _narrowed(sizes: Sizes, fill: float) -> Sizes:
    image, text = (TowerSize(s.width, s.depth, s.heads, max(1, int(s.neurons * fill))) for s in sizes)
    return image, text
