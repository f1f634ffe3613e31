"""Drawing: a scene becomes a picture of whole numbers, and masks and boxes that say where each thing is seen.

Knows hands and grounds. Does not know captions. A picture costs about 1 ms at 32 x 32.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int, UInt8
from PIL import Image

from backend.pocket.pictures.grounds import ground
from backend.pocket.pictures.hands import FINE, paint
from backend.pocket.pictures.scene import CANVAS, Placed, Scene
from backend.pocket.pictures.things import THINGS

SIDE = 32  # pixels along a picture
SHADOW = (20, 20, 34)
SHADOW_SHARE = 35  # per cent
SEEN = 64  # of 255: a pixel belongs to a thing from a quarter of its area on


@dataclass(frozen=True)
class Truth:
    """Where each thing of a scene is seen, not covered by a later one.

    A mask holds the pixels that the thing covers by a quarter or more. A box is (left, top, right, bottom) in pixels,
    right and bottom not included, around every pixel that the thing touches; all zeros where it is not seen.
    """

    masks: Bool[np.ndarray, "things side side"]
    boxes: Int[np.ndarray, "things 4"]


def draw(scene: Scene, side: int = SIDE) -> UInt8[np.ndarray, "side side 3"]:
    """The picture, red, green and blue from 0 to 255."""
    canvas = ground(scene.ground, scene.variant, side * FINE).copy()
    for placed in scene.things:
        tile, left, top = _tile(placed, scene.hand, side)
        alpha = tile.getchannel("A")
        if scene.hand == "shaded":
            canvas.paste(SHADOW, (left + FINE, top + FINE), alpha.point(_faint))
        canvas.paste(tile, (left, top), alpha)
    return np.asarray(canvas.reduce(FINE))


def truth(scene: Scene, side: int = SIDE) -> Truth:
    """The masks and boxes of all things of the scene, in its order."""
    layers = []
    for placed in scene.things:
        tile, left, top = _tile(placed, scene.hand, side)
        alpha = tile.getchannel("A")
        layers = [_without(layer, alpha, left, top) for layer in layers]
        layer = Image.new("L", (side * FINE, side * FINE))
        layer.paste(alpha, (left, top))
        layers.append(layer)
    covered = np.stack([np.asarray(layer.reduce(FINE)) for layer in layers])
    return Truth(covered >= SEEN, np.stack([_around(layer) for layer in layers]))


def _without(layer: Image.Image, alpha: Image.Image, left: int, top: int) -> Image.Image:
    layer.paste(0, (left, top), alpha)
    return layer


def _tile(placed: Placed, hand: str, side: int) -> tuple[Image.Image, int, int]:
    scale = side * FINE
    left, top, size = (edge * scale // CANVAS // FINE * FINE for edge in (placed.left, placed.top, placed.side))
    parts = THINGS[placed.thing].parts
    return paint(parts, placed.colour, hand, size, placed.flip, placed.turn), left, top


def _around(layer: Image.Image) -> Int[np.ndarray, "4"]:
    box = layer.getbbox()
    if box is None:
        return np.zeros(4, dtype=np.int64)
    left, top, right, bottom = box
    return np.array([left // FINE, top // FINE, -(-right // FINE), -(-bottom // FINE)])


def _faint(value: int) -> int:
    return value * SHADOW_SHARE // 100
