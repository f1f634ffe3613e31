"""Emoji packages that somebody fetched with npm: which drawings there are of which emoji, by whom, under what licence.

Knows the layout of the packages @iconify-json/* and emojibase-data. Does not render and does not write. Drawings of
one emoji are joined by code point where a package has them (chars.json), and by name otherwise.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from backend.errors import UserError

VENDORS = ("noto", "noto-v1", "twemoji", "fluent-emoji-flat", "emojione", "fxemoji")
LEAST_VENDORS = 4  # drawings by fewer vendors teach one vendor's manner
LEFT_OUT = (2, 9)  # emojibase's groups of components and flags
GROUPS = ("smileys", "people", "components", "animals", "food", "travel", "activities", "objects", "symbols", "flags")
FETCH = " ".join(["npm install emojibase-data", *(f"@iconify-json/{vendor}" for vendor in VENDORS)])


@dataclass(frozen=True)
class Concept:
    """One emoji: its name, other words for it, and the kind of thing it is."""

    label: str
    tags: tuple[str, ...]
    group: str


@dataclass(frozen=True)
class Source:
    """One vendor's package: an SVG text for each of its drawings, by the name they have there."""

    vendor: str
    drawings: dict[str, str]
    by_code: dict[str, str]
    by_name: dict[str, str]
    licence: str
    author: str

    def name_of(self, code: str, names: set[str]) -> str | None:
        """The drawing of the emoji with this code point, or with one of these names (in `plain` letters)."""
        if self.by_code.get(code) in self.drawings:
            return self.by_code[code]
        return next((self.by_name[name] for name in sorted(names) if name in self.by_name), None)


def read_sources(folder: Path) -> list[Source]:
    """The vendors' packages below a folder where npm installed them. Raises UserError naming what is missing."""
    root = _modules(folder)
    missing = [vendor for vendor in VENDORS if not (root / "@iconify-json" / vendor / "icons.json").is_file()]
    if missing:
        raise UserError(
            f"{folder} has no drawings by {', '.join(missing)}.",
            "the npm packages of all six vendors",
            f"Run there: {FETCH}",
        )
    return [_source(root / "@iconify-json" / vendor, vendor) for vendor in VENDORS]


def read_concepts(folder: Path) -> dict[str, Concept]:
    """Every emoji but flags and components by its code point, skin tones not counted. Raises UserError."""
    path = _modules(folder) / "emojibase-data" / "en" / "data.json"
    if not path.is_file():
        raise UserError(f"{folder} has no names of emoji.", "the npm package emojibase-data", f"Run there: {FETCH}")
    found = {}
    for row in _json(path):
        if row.get("group") is not None and row["group"] not in LEFT_OUT:
            tags = tuple(tag for tag in row.get("tags", ()) if tag.isascii())
            found[_code(row["hexcode"])] = Concept(row["label"].lower(), tags, GROUPS[row["group"]])
    return found


def joined(sources: list[Source], concepts: dict[str, Concept]) -> list[tuple[Concept, dict[str, str]]]:
    """Each emoji that enough vendors drew, with the SVG text of each, by vendor."""
    found = []
    for code, concept in sorted(concepts.items()):
        names = {plain(concept.label)} | {plain(source.by_code[code]) for source in sources if code in source.by_code}
        drawn = {source.vendor: source.name_of(code, names) for source in sources}
        there = {source.vendor: source.drawings[drawn[source.vendor]] for source in sources if drawn[source.vendor]}
        if len(there) >= LEAST_VENDORS:
            found.append((concept, there))
    return found


def plain(name: str) -> str:
    """A name in letters and digits alone, so that "Red Apple", "red-apple" and "redapple" are one."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _modules(folder: Path) -> Path:
    return folder / "node_modules" if (folder / "node_modules").is_dir() else folder


def _source(folder: Path, vendor: str) -> Source:
    icons, info = _json(folder / "icons.json"), _json(folder / "info.json")
    width, height = icons.get("width", 16), icons.get("height", 16)
    drawings = {}
    for name, icon in icons["icons"].items():
        box = f"{icon.get('left', 0)} {icon.get('top', 0)} {icon.get('width', width)} {icon.get('height', height)}"
        drawings[name] = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">{icon["body"]}</svg>'
    chars = _json(folder / "chars.json") if (folder / "chars.json").is_file() else {}
    by_code = {_code(code): name for code, name in chars.items()}
    by_name = {plain(name): name for name in drawings}
    return Source(vendor, drawings, by_code, by_name, info["license"]["spdx"], info["author"]["url"])


def _code(code: str) -> str:
    """A code point without the mark that says how to show it."""
    return "-".join(part for part in code.lower().split("-") if part != "fe0f")


def _json(path: Path) -> dict | list:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is broken: {error}.", "a file of JSON", "Fetch the package again.") from error
