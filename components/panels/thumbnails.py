"""Thumbnails: the small pictures that a run keeps in its rows, checked, as a browser can show them.

A row has `id`, `text`, `names` and `png`, a PNG in base64. A run that was brought here may hold anything: what is no
PNG is left out. Knows rows; no run, no study and no widget.
"""

import re
from collections.abc import Iterable, Mapping

MOST_LETTERS = 60_000  # of one picture in base64
PNG = re.compile(r"iVBORw0KGgo[A-Za-z0-9+/]+={0,2}")  # the signature of the format, then anything


def address(png: object) -> str:
    """What an `src` may be; empty for what is no PNG."""
    fits = isinstance(png, str) and len(png) <= MOST_LETTERS and PNG.fullmatch(png)
    return f"data:image/png;base64,{png}" if fits else ""


def thumbnails(rows: Iterable[Mapping], most: int | None = None) -> list[dict]:
    """`{id, text, names, src}` of the first `most` rows that can be shown; each id once."""
    found: dict[int, dict] = {}
    for row in rows:
        if most is not None and len(found) >= most:
            break
        number, src = row.get("id"), address(row.get("png"))
        if type(number) is int and src and isinstance(row.get("text"), str) and number not in found:
            named = row.get("names")
            names = [name for name in named if isinstance(name, str)] if isinstance(named, list) else []
            found[number] = {"id": number, "text": row["text"], "names": names, "src": src}
    return list(found.values())
