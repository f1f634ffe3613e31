"""Where the teacher's heads look, as the browser gets it. Knows attention.jsonl and pictures.jsonl; no widget.

A run that was brought here may hold anything: what is no square of bytes for a picture, and no triangle for a caption,
is left out.
"""

import re
from collections.abc import Iterable, Mapping
from math import isqrt

from backend.runs.folder import RunDir
from components.panels.thumbnails import thumbnails
from components.studies.tiny_clip import reading

MOST_PICTURES, MOST_LAYERS, MOST_HEADS, MOST_PATCHES, MOST_WORDS, LONGEST = 12, 48, 64, 1024, 77, 60
BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
Heads = dict[tuple[int, int], list]  # by picture and layer


def looks_of(run: RunDir) -> dict | None:
    """`pictures`: `{text, src}`; `words`: of each picture the tokens of its caption; `image` and `text`: of each layer,
    of each picture, of each head what `image_looks` and `text_looks` say. None where the run has none.
    """
    rows = [row for row in run.rows("attention") if is_placed(row)]
    words = words_of(rows)
    image, text = image_looks(rows), text_looks(rows, words)
    shown = {one["id"]: one for one in thumbnails(run.rows("pictures"))}
    there = [one for one in dict.fromkeys(picture for picture, _ in image | text) if one in shown][:MOST_PICTURES]
    if not there:
        return None
    pictures = [{"text": shown[picture]["text"], "src": shown[picture]["src"]} for picture in there]
    told = {"pictures": pictures, "words": [words.get(picture, []) for picture in there]}
    return told | {"image": layered(image, there), "text": layered(text, there)}


def layered(found: Heads, pictures: Iterable[int]) -> list[list[list]]:
    """Of each layer, of each picture, its heads."""
    depth = 1 + max((layer for _, layer in found), default=-1)
    return [[found.get((picture, layer), []) for picture in pictures] for layer in range(depth)]


def is_placed(row: Mapping) -> bool:
    """Whether a row is of a picture and a layer."""
    numbers = [row.get(name) for name in ("picture", "layer")]
    return all(type(number) is int and number >= 0 for number in numbers) and numbers[1] < MOST_LAYERS


def image_looks(rows: Iterable[Mapping]) -> Heads:
    """Of each head of the image tower `[seen, most, own]`: a byte a patch in base64, with its share in 255ths of the
    largest; that largest share; what stays with the class token."""
    found = {}
    for row in rows:
        told = [row.get(name) for name in ("seen", "most", "own")]
        if not all(map(is_list_of_heads, told)) or len(set(map(len, told))) > 1:
            continue
        if all(map(is_square, told[0])) and all(map(is_share, told[1] + told[2])):
            found[row["picture"], row["layer"]] = [list(head) for head in zip(*told, strict=True)]
    return found


def words_of(rows: Iterable[Mapping]) -> dict[int, list[str]]:
    """The tokens of each picture's caption: those of its first row that has some."""
    found: dict[int, list[str]] = {}
    for row in rows:
        words = row.get("words")
        if isinstance(words, list) and 1 < len(words) <= MOST_WORDS and all(isinstance(one, str) for one in words):
            found.setdefault(row["picture"], [word[:LONGEST] for word in words])
    return found


def text_looks(rows: Iterable[Mapping], words: Mapping[int, list[str]]) -> Heads:
    """Of each head of the text tower a text in base64: token after token a byte for each one up to itself, with what it
    gives to that one in 255ths."""
    found = {}
    for row in rows:
        heads, many = row.get("read"), len(words.get(row["picture"], []))
        if many and is_list_of_heads(heads) and all(bytes_in(head) == many * (many + 1) // 2 for head in heads):
            found[row["picture"], row["layer"]] = heads
    return found


def is_list_of_heads(value: object) -> bool:
    return isinstance(value, list) and 0 < len(value) <= MOST_HEADS


def bytes_in(text: object) -> int:
    """How many bytes this is the base64 of; 0 for what is none, or too long."""
    if not isinstance(text, str) or len(text) % 4 or len(text) > 6000 or not BASE64.fullmatch(text):
        return 0
    return 3 * len(text) // 4 - text.count("=")


def is_square(seen: object) -> bool:
    """Whether this is base64 of as many bytes as a square has patches."""
    count = bytes_in(seen)
    return count > 0 and isqrt(count) ** 2 == count <= MOST_PATCHES


def is_share(value: object) -> bool:
    return reading.is_number(value) and 0 <= value <= 1
