"""A user's own pictures with captions: folders and tables, what is left out and named, and what is refused."""

import json
import os
import zlib

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from backend.core.vision import pair_files
from backend.core.vision.pair_files import read_pairs, read_pixels
from backend.errors import UserError


def picture(path, value=0, ending="PNG"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((20, 30, 3), value, dtype=np.uint8)).save(path, ending)
    return path


@pytest.fixture
def folder(tmp_path):
    """Three pictures, one of them further down."""
    picture(tmp_path / "a.png", 10)
    picture(tmp_path / "b.JPG", 20, "JPEG")
    picture(tmp_path / "deep" / "c.webp", 30, "WEBP")
    return tmp_path


def told(found):
    return {pair.path.name: (list(pair.captions), pair.label) for pair in found.pairs}


def test_texts_beside_pictures_of_the_same_name_are_captions_line_after_line(folder):
    (folder / "a.txt").write_text("a cat\n\n  the   same cat \na cat\n")
    (folder / "b.txt").write_text("\ufeffa dog")
    (folder / "deep" / "c.txt").write_text("a cow")
    found = read_pairs(folder)
    assert told(found) == {
        "a.png": (["a cat", "the same cat"], ""),
        "b.JPG": (["a dog"], ""),
        "c.webp": (["a cow"], ""),
    }
    assert found.remarks == ("Used: 3 pictures with 4 captions.",)


def test_whatever_is_not_used_is_counted_and_named(folder):
    (folder / "a.txt").write_text("a cat")
    (folder / "b.txt").write_text(" \n")
    (folder / "lonely.txt").write_text("nothing")
    picture(folder / "long.png")
    (folder / "long.txt").write_text("word " * 76)
    picture(folder / "wrong.png")
    (folder / "wrong.txt").write_bytes(b"\xff\xfe\xff")
    (folder / "link.png").symlink_to("/etc/passwd")
    (folder / ".hidden.png").write_bytes(b"")
    os.mkfifo(folder / "pipe.png")
    found = read_pairs(folder)
    assert list(told(found)) == ["a.png"]
    text = " ".join(found.remarks)
    for part in (
        "pictures without a caption: 1 (deep/c.webp)",
        "captions without a word: 1 (b.JPG)",
        "captions of more than 75 words: 1 (long.png)",
        "texts that are not UTF-8, larger than 64 KiB or not readable: 1 (wrong.txt)",
        "texts without a picture: 1 (lonely.txt)",
        "links, which are not followed: 1 (link.png)",
        "neither files nor folders: 1 (pipe.png)",
    ):
        assert part in text


ROWS = [
    {"File Name": "a.png", "text": "a cat", "class": "cat"},
    {"File Name": "deep\\c.webp", "text": "a cow", "class": "cow"},
    {"File Name": "a.png", "text": "the cat again", "class": "cat"},
    {"File Name": "gone.png", "text": "nobody", "class": ""},
    {"File Name": "b.JPG", "text": "", "class": ""},
]


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "json", "parquet"])
def test_tables_name_pictures_by_columns_that_are_found_by_name(folder, ending):
    path, frame = folder / f"captions.{ending}", pd.DataFrame(ROWS)
    if ending in ("csv", "tsv"):
        frame.to_csv(path, index=False, sep="\t" if ending == "tsv" else ",")
    elif ending == "parquet":
        frame.to_parquet(path)
    else:
        path.write_text("\n".join(map(json.dumps, ROWS)) if ending == "jsonl" else json.dumps(ROWS))
    for source in (folder, path):
        found = read_pairs(source)
        assert told(found) == {"a.png": (["a cat", "the cat again"], "cat"), "c.webp": (["a cow"], "cow")}
        assert "pictures that are not there: 1 (gone.png)" in " ".join(found.remarks)
        assert "captions without a word: 1 (b.JPG)" in " ".join(found.remarks)


def test_a_row_may_have_a_list_of_captions(folder):
    (folder / "metadata.jsonl").write_text(json.dumps({"image": "a.png", "captions": ["a cat", "a beast"]}))
    assert told(read_pairs(folder)) == {"a.png": (["a cat", "a beast"], "")}


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "deep/../../secret.png", "out.png"])
def test_a_row_that_leads_out_of_the_folder_is_refused_with_its_place(folder, name, tmp_path_factory):
    outside = picture(tmp_path_factory.mktemp("outside") / "secret.png")
    (folder / "out.png").symlink_to(outside)
    (folder / "captions.csv").write_text(f"image,caption\na.png,a cat\n{name},a secret\n")
    with pytest.raises(UserError, match=r"row 3, column `image`: .*leads out of the folder"):
        read_pairs(folder)


@pytest.mark.parametrize("name", ["x" * 5000 + ".png", "a.png/b.png", "deep", ""])
def test_names_that_can_be_no_file_are_counted(folder, name):
    (folder / "captions.jsonl").write_text(
        "\n".join(json.dumps({"image": n, "caption": "a cat"}) for n in ("a.png", name))
    )
    assert "pictures that are not there: 1" in read_pairs(folder).remarks[1]


@pytest.mark.parametrize(
    "rows, message",
    [
        ("picture_url,words\na.png,a cat\n", "the columns are picture_url, words"),
        ("image,caption\n", "no rows"),
        ("image,caption\ngone.png,a cat\n", r"no pairs. Left out, pictures that are not there: 1 \(gone.png\)"),
    ],
)
def test_tables_without_pairs_say_what_is_missing(folder, rows, message):
    (folder / "captions.csv").write_text(rows)
    with pytest.raises(UserError, match=message):
        read_pairs(folder)


def test_a_cell_that_is_no_text_is_refused(folder):
    (folder / "captions.jsonl").write_text(json.dumps({"image": {"bytes": "AA"}, "caption": "a cat"}))
    with pytest.raises(UserError, match="column `image`: a dict"):
        read_pairs(folder)
    (folder / "captions.jsonl").write_text(json.dumps(["a.png", "a cat"]))
    with pytest.raises(UserError, match="no named columns"):
        read_pairs(folder)


def test_places_without_pairs_are_refused_with_advice(tmp_path, folder):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(UserError, match=r"no pairs. It has no pictures.*captions.csv"):
        read_pairs(empty)
    with pytest.raises(UserError, match="There is no"):
        read_pairs(tmp_path / "nowhere")
    (tmp_path / "shard-0001.tar").write_bytes(b"")
    with pytest.raises(UserError, match=r"shard-0001.tar is an archive.*Unpack it"):
        read_pairs(tmp_path / "shard-0001.tar")
    with pytest.raises(UserError, match="There is no folder"):
        read_pairs("")
    (folder / "captions.csv").write_text("image,caption\n")
    (folder / "pairs.json").write_text("[]")
    with pytest.raises(UserError, match=r"several tables: captions.csv, pairs.json"):
        read_pairs(folder)


def test_a_folder_of_too_many_files_is_refused_before_they_are_kept(folder, monkeypatch):
    monkeypatch.setattr(pair_files, "MOST_FILES", 2)
    with pytest.raises(UserError, match="more than 2 files"):
        read_pairs(folder)


def test_folders_too_deep_are_left_out_and_named(folder, monkeypatch):
    monkeypatch.setattr(pair_files, "MOST_DEEP", 0)
    (folder / "a.txt").write_text("a cat")
    assert "folders more than 0 deep: 1 (deep)" in " ".join(read_pairs(folder).remarks)


def test_half_a_letter_is_no_caption_and_a_name_of_odd_bytes_a_name(folder):
    (folder / "captions.jsonl").write_text(
        '{"image": "a.png", "caption": "a \\ud800 cat"}\n{"image": "b.JPG", "caption": "x"}'
    )
    found = read_pairs(folder)
    assert list(told(found)) == ["b.JPG"] and "half of a Unicode surrogate pair: 1 (a.png)" in found.remarks[1]
    (folder / "captions.jsonl").unlink()
    odd = os.fsdecode(b"odd\xff")
    picture(folder / f"{odd}.png")
    (folder / f"{odd}.txt").write_text("something")
    assert [pair.captions for pair in read_pairs(folder).pairs] == [("something",)]


def test_a_picture_that_claims_billions_of_pixels_is_not_unpacked(folder):
    """Its header says 60,000 by 60,000; the file has a few hundred bytes."""
    body = b"IHDR" + (60_000).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    header = b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    (folder / "bomb.png").write_bytes(header + bytes(200))
    for name in ("a", "bomb"):
        (folder / f"{name}.txt").write_text("something")
    _, kept = read_pixels(read_pairs(folder).pairs, 8)
    assert kept.tolist() == [0]


def test_pictures_that_cannot_be_read_are_missing_among_the_numbers(folder):
    (folder / "b.JPG").write_bytes(b"no picture")
    for name in ("a", "b", "deep/c"):
        (folder / f"{name}.txt").write_text("something")
    pixels, kept = read_pixels(read_pairs(folder).pairs, 8)
    assert pixels.shape == (2, 8, 8, 3) and kept.tolist() == [0, 2]
    assert (pixels[0] == 10).all()
    nothing, none = read_pixels([], 8)
    assert nothing.shape == (0, 8, 8, 3) and not len(none)
