"""Contact sheets: many small pictures side by side in one image file, to look at the world as a whole.

Knows things, hands and pairs. Writes one PNG file.
"""

from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from backend.pocket.pictures.drawing import SIDE, draw
from backend.pocket.pictures.hands import HANDS
from backend.pocket.pictures.pairs import pair, pictures
from backend.pocket.pictures.scene import CANVAS, Placed, Scene
from backend.pocket.pictures.things import THINGS

THINGS_A_ROW, SCENES_A_ROW = 4, 24
GAP = 1  # pixels around each picture, before it is made larger


def things_sheet() -> UInt8[np.ndarray, "height width 3"]:
    """Every thing in its first usual colour, by all hands side by side, four things a row."""
    shown = []
    for thing in THINGS.values():
        placed = Placed(thing.name, thing.colours[0], 0, CANVAS // 16, CANVAS // 16, CANVAS * 7 // 8)
        shown += [draw(Scene((placed,), hand, "paper")) for hand in HANDS]
    return _grid(np.stack(shown), THINGS_A_ROW * len(HANDS))


def scenes_sheet(split: str, count: int, seed: int = 0) -> UInt8[np.ndarray, "height width 3"]:
    """The first pictures of a split."""
    return _grid(pictures(pair(split, number, seed=seed) for number in range(count)), SCENES_A_ROW)


def write_sheet(pixels: UInt8[np.ndarray, "height width 3"], path: Path, zoom: int) -> None:
    """Write the sheet, each pixel as a square of `zoom`."""
    image = Image.fromarray(pixels)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.resize((image.width * zoom, image.height * zoom), Image.Resampling.NEAREST).save(path)


def _grid(shown: UInt8[np.ndarray, "pictures side side 3"], across: int) -> UInt8[np.ndarray, "height width 3"]:
    rows = -(-len(shown) // across)
    side = SIDE + 2 * GAP
    sheet = np.full((rows * across, side, side, 3), 255, dtype=np.uint8)
    sheet[: len(shown), GAP:-GAP, GAP:-GAP] = shown
    return sheet.reshape(rows, across, side, side, 3).swapaxes(1, 2).reshape(rows * side, across * side, 3)
