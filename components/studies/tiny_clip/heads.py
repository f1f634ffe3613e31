"""Where the teacher's heads look, as the browser gets it. Knows attention.jsonl and pictures.jsonl; no widget.

A run that was brought here may hold anything: what is no square of bytes is left out.
"""

import re
from collections.abc import Iterable, Mapping
from math import isqrt

from backend.runs.folder import RunDir
from components.panels.thumbnails import thumbnails
from components.studies.tiny_clip import reading

MOST_PICTURES, MOST_LAYERS, MOST_HEADS, MOST_PATCHES = 12, 48, 64, 1024
BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


def looks_of(run: RunDir) -> dict | None:
    """`pictures`: `{text, src}`; `layers`: of each layer, of each picture, of each head `[base64, most, own]`.

    That is a byte a patch with its share in 255ths of the largest, that largest share, and what stays with the class
    token. None where the run has none.
    """
    found = looks(run.rows("attention"))
    shown = {one["id"]: one for one in thumbnails(run.rows("pictures"))}
    there = [picture for picture in dict.fromkeys(picture for picture, _ in found) if picture in shown][:MOST_PICTURES]
    depth = min(MOST_LAYERS, 1 + max((layer for _, layer in found), default=-1))
    if not there or not depth:
        return None
    pictures = [{"text": shown[picture]["text"], "src": shown[picture]["src"]} for picture in there]
    layers = [[found.get((picture, layer), []) for picture in there] for layer in range(depth)]
    return {"pictures": pictures, "layers": layers}


def looks(rows: Iterable[Mapping]) -> dict[tuple[int, int], list[list]]:
    """`(picture, layer)` -> its heads."""
    found = {}
    for row in rows:
        placed = all(type(row.get(name)) is int and row[name] >= 0 for name in ("picture", "layer"))
        told = [row.get(name) for name in ("seen", "most", "own")]
        if not placed or not all(isinstance(one, list) and 0 < len(one) <= MOST_HEADS for one in told):
            continue
        if len(set(map(len, told))) == 1 and all(map(is_square, told[0])) and all(map(is_share, told[1] + told[2])):
            found[row["picture"], row["layer"]] = [list(head) for head in zip(*told, strict=True)]
    return found


def is_square(seen: object) -> bool:
    """Whether this is base64 of as many bytes as a square has patches."""
    if not isinstance(seen, str) or len(seen) % 4 or len(seen) > 2 * MOST_PATCHES or not BASE64.fullmatch(seen):
        return False
    count = 3 * len(seen) // 4 - seen.count("=")
    return isqrt(count) ** 2 == count <= MOST_PATCHES


def is_share(value: object) -> bool:
    return reading.is_number(value) and 0 <= value <= 1
