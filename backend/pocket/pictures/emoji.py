"""Emoji drawings become an atlas: 32 x 32 pictures, captions and who drew them, in a folder of the user's own.

Nothing of it ships with the project. Renders SVG by the optional package resvg-py, about 3 ms a drawing, and writes
`atlas.png`, `atlas.json` and `ATTRIBUTION.md`. Knows no network: somebody fetched the packages before.
"""

import importlib
import io
import json
import random
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from backend.disk import home, write_atomically
from backend.errors import UserError
from backend.pocket.pictures.drawing import SIDE
from backend.pocket.pictures.emoji_sources import Concept, Source, joined, read_concepts, read_sources

ACROSS = 64  # drawings along a row of the atlas
FINE = 2  # rendered pixels along a pixel
HELD_OUT_VENDOR = "fluent-emoji-flat"
HELD_OUT_SHARE = 12  # one emoji in so many is held out with all its drawings
TAGS = 3  # words at most in a caption of tags


@dataclass(frozen=True)
class Drawing:
    """One picture of the atlas: which emoji, by whom."""

    concept: int
    vendor: str


@dataclass(frozen=True)
class Atlas:
    """All drawings, as `pixels[number]` and `drawings[number]`."""

    pixels: UInt8[np.ndarray, "drawings 32 32 3"]
    drawings: tuple[Drawing, ...]
    concepts: tuple[Concept, ...]

    def split(self, number: int) -> str:
        """The split of a drawing: `things` for held-out emoji, `hand` for the held-out vendor, else `train`."""
        drawing = self.drawings[number]
        if random.Random(f"emoji {self.concepts[drawing.concept].label}").randrange(HELD_OUT_SHARE) == 0:
            return "things"
        return "hand" if drawing.vendor == HELD_OUT_VENDOR else "train"

    def caption(self, number: int, rng: random.Random, loose: float) -> str:
        """The emoji's name, or, with the probability `loose`, up to three of its other words in any order."""
        concept = self.concepts[self.drawings[number].concept]
        if concept.tags and rng.random() < loose:
            return " ".join(rng.sample(concept.tags, rng.randint(1, min(TAGS, len(concept.tags)))))
        return concept.label


def default_folder() -> Path:
    """Where the atlas goes, if nothing else is asked for."""
    return home() / "emoji"


def build(source: Path, target: Path) -> Atlas:
    """Render the packages below `source` and write the atlas into `target`. Raises UserError."""
    renderer = _renderer()
    sources = read_sources(source)
    found = joined(sources, read_concepts(source))
    drawings, pixels = [], []
    for number, (_, there) in enumerate(found):
        for vendor, svg in there.items():
            drawings.append(Drawing(number, vendor))
            pixels.append(_rendered(renderer, svg))
    atlas = Atlas(np.stack(pixels), tuple(drawings), tuple(concept for concept, _ in found))
    _write(atlas, sources, target)
    return atlas


def read_atlas(folder: Path) -> Atlas:
    """The atlas that `build` wrote. Raises UserError where there is none."""
    try:
        told = json.loads((folder / "atlas.json").read_text(encoding="utf-8"))
        with Image.open(folder / "atlas.png") as image:
            sheet = np.asarray(image.convert("RGB"))
        drawings = tuple(Drawing(**row) for row in told["drawings"])
        concepts = tuple(Concept(row["label"], tuple(row["tags"]), row["group"]) for row in told["concepts"])
        tiles = sheet.reshape(sheet.shape[0] // SIDE, SIDE, ACROSS, SIDE, 3).swapaxes(1, 2).reshape(-1, SIDE, SIDE, 3)
    except (OSError, ValueError, KeyError, TypeError, Image.DecompressionBombError) as error:
        raise UserError(
            f"{folder} holds no atlas of emoji that can be read ({error}).",
            "atlas.png and atlas.json",
            "Build it: python -m backend.pocket.pictures emoji --from FOLDER",
        ) from error
    return Atlas(tiles[: len(drawings)], drawings, concepts)


def _renderer() -> ModuleType:
    try:
        return importlib.import_module("resvg_py")
    except ImportError as error:
        raise UserError(
            "Nothing here renders SVG.", "the package resvg-py", "Run: pip install resvg-py==0.5.0"
        ) from error


def _rendered(renderer: ModuleType, svg: str) -> UInt8[np.ndarray, "32 32 3"]:
    """One drawing on white. Its own fonts and files are never looked for."""
    data = renderer.svg_to_bytes(svg_string=svg, width=SIDE * FINE, height=SIDE * FINE, skip_system_fonts=True)
    with Image.open(io.BytesIO(bytes(data))) as image:
        drawn = image.convert("RGBA")
    paper = Image.new("RGBA", (SIDE * FINE, SIDE * FINE), (255, 255, 255, 255))
    paper.paste(drawn, ((paper.width - drawn.width) // 2, (paper.height - drawn.height) // 2), drawn)
    return np.asarray(paper.convert("RGB").reduce(FINE))


def _write(atlas: Atlas, sources: list[Source], target: Path) -> None:
    rows = -(-len(atlas.drawings) // ACROSS)
    sheet = np.full((rows * ACROSS, SIDE, SIDE, 3), 255, dtype=np.uint8)
    sheet[: len(atlas.pixels)] = atlas.pixels
    sheet = sheet.reshape(rows, ACROSS, SIDE, SIDE, 3).swapaxes(1, 2).reshape(rows * SIDE, ACROSS * SIDE, 3)
    png = io.BytesIO()
    Image.fromarray(sheet).save(png, "PNG", optimize=True)
    told = {"drawings": list(map(asdict, atlas.drawings)), "concepts": list(map(asdict, atlas.concepts))}
    target.mkdir(parents=True, exist_ok=True)
    write_atomically(target / "atlas.png", png.getvalue())
    write_atomically(target / "atlas.json", json.dumps(told))
    write_atomically(target / "ATTRIBUTION.md", _attribution(atlas, sources))


def _attribution(atlas: Atlas, sources: list[Source]) -> str:
    lines = [
        "# Where these drawings come from",
        "",
        "Each was rendered at 32 x 32 pixels.",
        "",
    ]
    for source in sources:
        count = sum(drawing.vendor == source.vendor for drawing in atlas.drawings)
        lines.append(f"- {source.vendor}: {count} drawings, {source.licence}, {source.author}")
    return "\n".join([*lines, "- names and other words: emojibase-data (MIT), from Unicode CLDR", ""])
