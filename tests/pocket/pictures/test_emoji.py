"""The atlas of emoji: joined over vendors by code point or name, written and read back, with thanks to who drew."""

import io
import json
import random
import re
import sys
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from backend.errors import UserError
from backend.pocket.pictures import __main__ as command
from backend.pocket.pictures import emoji
from backend.pocket.pictures.emoji_sources import VENDORS, joined, read_concepts, read_sources

CAT = {"label": "Cat Face", "hexcode": "1F431", "tags": ["animal", "pet", "größe"], "group": 3}
HAND = {"label": "writing hand", "hexcode": "270D-FE0F", "tags": [], "group": 1}
RARE = {"label": "rare", "hexcode": "1F999", "tags": [], "group": 7}
FLAG = {"label": "flag", "hexcode": "1F3F4", "tags": [], "group": 9}


@pytest.fixture
def fetched(tmp_path):
    """Packages as npm lays them out: two vendors tell code points, four names alone; one emoji has too few drawings."""
    names = tmp_path / "node_modules" / "emojibase-data" / "en"
    names.mkdir(parents=True)
    (names / "data.json").write_text(json.dumps([CAT, HAND, RARE, FLAG, {"label": "a part", "hexcode": "1"}]))
    for number, vendor in enumerate(VENDORS):
        folder = tmp_path / "node_modules" / "@iconify-json" / vendor
        folder.mkdir(parents=True)
        cat = "cat-face" if vendor != "fxemoji" else "catface"
        shown = {cat: (200, 10 * number, 0), "writing-hand": (0, 10 * number, 200), "flag": (1, 1, 1)}
        if number < 2:
            shown["rare"] = (9, 9, 9)
        icons = {name: {"body": f'<rect fill="rgb{colour}"/>'} for name, colour in shown.items()}
        (folder / "icons.json").write_text(json.dumps({"icons": icons, "width": 64, "height": 64}))
        info = {"license": {"spdx": f"licence-{number}"}, "author": {"url": f"author-{number}"}}
        (folder / "info.json").write_text(json.dumps(info))
        if number < 2:
            (folder / "chars.json").write_text(json.dumps({"1f431": cat, "270d": "writing-hand"}))
    return tmp_path


@pytest.fixture
def renderer(monkeypatch):
    """A renderer that paints the whole square in the drawing's colour."""
    module = ModuleType("resvg_py")

    def svg_to_bytes(svg_string: str, width: int, height: int, skip_system_fonts: bool) -> bytes:
        colour = tuple(map(int, re.search(r"rgb\((\d+), (\d+), (\d+)\)", svg_string).groups()))
        file = io.BytesIO()
        Image.new("RGBA", (width, height), (*colour, 255)).save(file, "PNG")
        return file.getvalue()

    module.svg_to_bytes = svg_to_bytes
    monkeypatch.setitem(sys.modules, "resvg_py", module)


def test_drawings_of_one_emoji_are_joined_by_code_point_or_name(fetched):
    found = joined(read_sources(fetched), read_concepts(fetched))
    assert [concept.label for concept, _ in found] == ["cat face", "writing hand"]
    assert all(set(there) == set(VENDORS) for _, there in found)
    assert found[0][0].tags == ("animal", "pet") and found[0][0].group == "animals"


def test_the_atlas_reads_back_as_it_was_built(fetched, renderer, tmp_path, capsys):
    command.main(["emoji", "--from", str(fetched), "--to", str(tmp_path / "atlas")])
    assert "12 drawings of 2 emoji" in capsys.readouterr().out
    atlas = emoji.read_atlas(tmp_path / "atlas")
    assert atlas.pixels.shape == (12, 32, 32, 3)
    number = next(n for n, one in enumerate(atlas.drawings) if one == emoji.Drawing(0, "twemoji"))
    assert (atlas.pixels[number] == (200, 10 * VENDORS.index("twemoji"), 0)).all()
    again = emoji.build(fetched / "node_modules", tmp_path / "other")
    assert np.array_equal(again.pixels, atlas.pixels) and again.concepts == atlas.concepts


def test_everybody_who_drew_is_named_with_the_licence(fetched, renderer, tmp_path):
    emoji.build(fetched, tmp_path / "atlas")
    told = (tmp_path / "atlas" / "ATTRIBUTION.md").read_text()
    assert all(f"{vendor}: 2 drawings, licence-{n}, author-{n}" in told for n, vendor in enumerate(VENDORS))


def test_captions_are_the_name_or_other_words_and_splits_hold_out_a_vendor(fetched, renderer, tmp_path):
    atlas = emoji.build(fetched, tmp_path / "atlas")
    assert atlas.caption(0, random.Random(0), 0.0) == "cat face"
    told = {atlas.caption(0, random.Random(seed), 1.0) for seed in range(30)}
    assert told == {"animal", "pet", "animal pet", "pet animal"}
    last = len(atlas.drawings) - 1
    assert atlas.caption(last, random.Random(0), 1.0) == "writing hand"  # it has no other words
    for number, drawing in enumerate(atlas.drawings):
        assert (atlas.split(number) == "train") <= (drawing.vendor != emoji.HELD_OUT_VENDOR)


def test_what_is_missing_is_named(fetched, tmp_path, monkeypatch):
    with pytest.raises(UserError, match="no drawings by noto, noto-v1"):
        read_sources(tmp_path / "nowhere")
    with pytest.raises(UserError, match="no names of emoji"):
        read_concepts(tmp_path / "nowhere")
    (fetched / "node_modules" / "@iconify-json" / "noto" / "icons.json").write_text("{")
    with pytest.raises(UserError, match="broken"):
        read_sources(fetched)
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(UserError, match="resvg-py"):
        emoji.build(fetched, tmp_path / "atlas")


@pytest.mark.parametrize("picture, told", [(b"no picture", "{}"), (None, "[]"), (None, "{")])
def test_an_atlas_that_is_broken_says_how_to_build_one(tmp_path, picture, told):
    if picture is None:
        Image.new("RGB", (64 * 32, 32)).save(tmp_path / "atlas.png")
    else:
        (tmp_path / "atlas.png").write_bytes(picture)
    (tmp_path / "atlas.json").write_text(told)
    with pytest.raises(UserError, match="Build it"):
        emoji.read_atlas(tmp_path)
