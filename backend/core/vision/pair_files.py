"""A user's own pictures with captions: a folder of pictures beside texts of the same name, or a table that names them.

Nothing outside the folder is read, links do not lead out of it, and what cannot be used is counted and named. Knows
files and tables; neither models nor what becomes of the pairs.
"""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Int, UInt8

from backend.core.text.places import Place, printable
from backend.core.text.table_formats import READERS
from backend.core.text.tables import read_table
from backend.core.vision.captions import WORD
from backend.core.vision.images import read_image
from backend.errors import UserError

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")
ARCHIVES = (".tar", ".tgz", ".gz", ".zip")
TABLES = ("captions", "metadata", "pairs")  # what a table in the folder may be called
IMAGE = ("image", "file", "path", "filename", "file_name", "image_path", "filepath", "picture")
CAPTION = ("caption", "captions", "text", "description", "sentence", "title")
LABEL = ("label", "class", "category")
MOST_WORDS = 75  # of a caption; with two marks they are CLIP's own context
MOST_BYTES = 64 * 2**10  # of a text file
MOST_FILES = 400_000
MOST_DEEP = 8
FEW = 3  # names that a sentence gives
LAYOUTS = (
    "pictures with a .txt of the same name beside each, or a table captions.csv (.tsv, .jsonl, .json, .parquet) with "
    "the columns image and caption"
)
HOW = "Put captions.csv into the folder, with the header image,caption and a picture's file name in each row."


@dataclass(frozen=True)
class FilePair:
    """A picture's file and what is said of it, at least one caption. `label` is its class where a table tells one."""

    path: Path
    captions: tuple[str, ...]
    label: str = ""


@dataclass
class LeftOut:
    """What was not used, by the reason: names in their order."""

    names: dict[str, list[str]] = field(default_factory=dict)

    def add(self, why: str, name: str) -> None:
        """One more."""
        self.names.setdefault(why, []).append(printable(name, 60))

    def sentences(self) -> tuple[str, ...]:
        """For people: how many were left out for each reason, and the first of them by name."""
        found = []
        for why, names in self.names.items():
            more = f" and {len(names) - FEW:,} more" if len(names) > FEW else ""
            found.append(f"Left out, {why}: {len(names):,} ({', '.join(names[:FEW])}{more}).")
        return tuple(found)


@dataclass(frozen=True)
class PairFiles:
    """All pairs that were found, in the order of their paths or rows, and sentences about what was used and what not.

    A picture that stands in several rows is one pair with several captions. No picture was opened yet.
    """

    folder: Path
    pairs: tuple[FilePair, ...]
    remarks: tuple[str, ...]


def read_pairs(source: str | Path) -> PairFiles:
    """The pairs of a folder, or of a table whose pictures lie in its folder or below.

    Raises UserError where there is no such place, where it holds no pairs, where a row leads out of the folder, and
    where there are too many files.
    """
    path = Path(source).expanduser()
    if not str(source).strip() or not path.exists():
        raise UserError(f"There is no {printable(str(source), 200) or 'folder'}.", LAYOUTS, "Check the path.", "data")
    if path.is_file() and path.suffix.lower() in ARCHIVES:
        found = f"{printable(path.name, 80)} is an archive."
        raise UserError(found, LAYOUTS, "Unpack it, and name its folder.", "data")
    left = LeftOut()
    if path.is_dir():
        table = _table_in(path)
        found = _of_table(table, left) if table else _of_texts(path, left)
        folder = path
    else:
        found, folder = _of_table(path, left), path.parent
    if not found:
        told = " ".join(left.sentences()) or "It has no pictures."
        raise UserError(f"{printable(path.name, 80)} has no pairs. {told}", LAYOUTS, HOW, "data")
    count = sum(len(pair.captions) for pair in found)
    return PairFiles(folder, found, (f"Used: {len(found):,} pictures with {count:,} captions.", *left.sentences()))


def read_pixels(
    pairs: Sequence[FilePair], side: int
) -> tuple[UInt8[np.ndarray, "n side side 3"], Int[np.ndarray, " n"]]:
    """The pictures that can be read, and their numbers among the pairs; whoever is not there could not be."""
    pixels, kept = np.empty((len(pairs), side, side, 3), dtype=np.uint8), []
    for number, pair in enumerate(pairs):
        try:
            pixels[len(kept)] = read_image(pair.path, side)
        except UserError:
            continue
        kept.append(number)
    return pixels[: len(kept)], np.array(kept, dtype=np.int64)


def usable(caption: str) -> str:
    """Why a caption cannot be used; "" where it can."""
    if any("\ud800" <= letter <= "\udfff" for letter in caption):  # no tokenizer can encode it
        return "captions with half of a Unicode surrogate pair"
    words = len(re.findall(WORD, caption))
    if not words:
        return "captions without a word"
    return f"captions of more than {MOST_WORDS} words" if words > MOST_WORDS else ""


def _table_in(folder: Path) -> Path | None:
    there = [folder / f"{name}{ending}" for name in TABLES for ending in READERS]
    found = [path for path in there if path.is_file()]
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise UserError(f"The folder has several tables: {names}.", "one", "Name the one to read.", "data")
    return found[0] if found else None


def _of_texts(folder: Path, left: LeftOut) -> tuple[FilePair, ...]:
    """Pictures with a .txt of the same name; each of its lines is a caption."""
    files = sorted(_files(folder, left))
    texts = {path.with_suffix(""): path for path in files if path.suffix.lower() == ".txt"}
    pictures = [path for path in files if path.suffix.lower() in ENDINGS]
    found = []
    for picture in pictures:
        name = str(picture.relative_to(folder))
        text = texts.get(picture.with_suffix(""))
        lines = _lines(text, left) if text else []
        if text is None:
            left.add("pictures without a caption", name)
        captions = _captions(lines, name, left)
        if captions:
            found.append(FilePair(picture, captions))
    for stem in texts.keys() - {picture.with_suffix("") for picture in pictures}:
        left.add("texts without a picture", str(texts[stem].relative_to(folder)))
    return tuple(found)


def _lines(path: Path, left: LeftOut) -> list[str]:
    try:
        with path.open("rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
        text = raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raw = None
    if raw is None or len(raw) > MOST_BYTES:
        left.add("texts that are not UTF-8, larger than 64 KiB or not readable", path.name)
        return []
    return [line for line in text.splitlines() if line.strip()] or [""]


def _captions(texts: Sequence[str], name: str, left: LeftOut) -> tuple[str, ...]:
    found = []
    for text in texts:
        why = usable(text)
        if why:
            left.add(why, name)
        else:
            found.append(" ".join(text.split()))
    return tuple(dict.fromkeys(found))


def _files(folder: Path, left: LeftOut) -> Iterator[Path]:
    """Every file below the folder but hidden ones; links are counted, and not followed."""
    waiting, seen = [(folder, 0)], 0
    while waiting:
        here, deep = waiting.pop()
        for entry in _entries(here, left):
            seen += 1
            if seen > MOST_FILES:
                found = f"{printable(folder.name, 80)} has more than {MOST_FILES:,} files."
                raise UserError(found, "a folder of pairs alone", "Name a folder that holds fewer.", "data")
            if entry.name.startswith("."):
                continue
            if entry.is_symlink():
                left.add("links, which are not followed", entry.name)
            elif entry.is_file():
                yield Path(entry.path)
            elif not entry.is_dir():
                left.add("neither files nor folders", entry.name)
            elif deep == MOST_DEEP:
                left.add(f"folders more than {MOST_DEEP} deep", entry.name)
            else:
                waiting.append((Path(entry.path), deep + 1))


def _entries(folder: Path, left: LeftOut) -> Iterator[os.DirEntry]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except OSError:
        left.add("folders that cannot be read", folder.name)


def _of_table(path: Path, left: LeftOut) -> tuple[FilePair, ...]:
    """The pairs of a table's rows, in the order in which their pictures come first."""
    rows = read_table(path).rows
    place, first = rows[0]
    if not isinstance(first, dict):
        raise place.error("", "the row has no named columns", "the columns image and caption", HOW)
    names = {_plain(name): name for _, row in rows if isinstance(row, dict) for name in row}
    columns = [next((names[name] for name in wanted if name in names), None) for wanted in (IMAGE, CAPTION, LABEL)]
    if None in columns[:2]:
        told = ", ".join(printable(str(name)) for name in list(names.values())[:8])
        expected = f"a column {' or '.join(IMAGE[:4])} and a column {' or '.join(CAPTION[:3])}"
        raise place.of_header().error("", f"the columns are {told}", expected, "Rename the columns.")
    found: dict[Path, tuple[list[str], str]] = {}
    for place, row in rows:
        picture, texts, label = _row(row, columns, place)
        file = _inside(path.parent, picture, str(columns[0]), place)
        if file is None or file.suffix.lower() not in ENDINGS:
            left.add("pictures that are not there" if file is None else "files that are no pictures", picture or "''")
            continue
        told, _ = found.setdefault(file, ([], label))
        told += _captions(texts, picture, left)
    return tuple(FilePair(file, tuple(dict.fromkeys(told)), label) for file, (told, label) in found.items() if told)


def _row(row: object, columns: Sequence[str | None], place: Place) -> tuple[str, list[str], str]:
    """The picture, the captions and the label of one row."""
    if not isinstance(row, dict):
        raise place.error("", "the row has no named columns", "the columns image and caption", HOW)
    picture, told, label = (row.get(column) if column else None for column in columns)
    texts = told if isinstance(told, list) else [told]
    for value, column in ((picture, columns[0]), *((text, columns[1]) for text in texts)):
        if not isinstance(value, str | int | None):
            advice = "Save the pictures as files beside the table, name these in it, and write captions as texts."
            raise place.error(str(column), f"a {type(value).__name__}", "a file's name or a text", advice)
    return ("" if picture is None else str(picture)), ["" if t is None else str(t) for t in texts], str(label or "")


def _inside(folder: Path, name: str, column: str, place: Place) -> Path | None:
    """The file of this name, None where there is none. Raises UserError where the name leads out of the folder."""
    root = folder.resolve()
    try:
        path = (root / name.replace("\\", "/")).resolve()
        there = bool(name) and path.is_file()
    except (OSError, ValueError, RuntimeError):  # too long, a NUL, links in a circle
        return None
    if name and not path.is_relative_to(root):
        expected = "a file of the table's folder, or below it"
        advice = "Copy the pictures into the folder, and write their paths from there."
        raise place.error(column, f"`{printable(name, 80)}` leads out of the folder", expected, advice)
    return path if there else None


def _plain(name: object) -> str:
    return str(name).strip().lower().replace(" ", "_").replace("-", "_")
