"""What the page may ask a warm process about a run: own words, and retrieval both ways."""

import base64
import json
from pathlib import Path

import pytest
import torch

from backend.core.vision.cut_files import save_student
from backend.core.vision.images import normalised
from backend.core.vision.models import image_features
from backend.core.vision.parts import shapes_of
from backend.core.vision.splits import png_bytes
from backend.errors import UserError
from backend.pocket.picture_source import SourceConfig
from backend.pocket.picture_sources import open_source
from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.tiny_clip.arms import ARMS
from backend.studies.tiny_clip.data import load_teacher
from backend.studies.tiny_clip.legs import legs_of
from backend.studies.tiny_clip.questions import find, own_words
from backend.studies.tiny_clip.starts import first_start
from tests.pocket_clip import pocket_clip, quick_config

PICTURES = 14


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> RunDir:
    """A run that has pictures and one student."""
    folder = tmp_path_factory.mktemp("questions")
    config = quick_config(pocket_clip(folder / "teacher"))
    found = RunDir.create(folder / "run", "tiny_clip", None, as_json(config))
    split = open_source(SourceConfig(pairs=2)).split("validation_scenes")
    (found.path / "pictures.jsonl").write_text("".join(json.dumps(split.row(n)) + "\n" for n in range(PICTURES)))
    teacher = load_teacher(config).model
    leg = legs_of(config, "both", shapes_of(teacher))[0]
    save_student(first_start(ARMS["both"], leg, teacher, ()).model, found.artifacts / "students" / "both")
    return found


def upload(run: RunDir, number: int) -> str:
    """A stored picture as the page sends a file."""
    return run.rows("pictures")[number]["png"]


def test_shares_of_own_words_are_everybodys_and_add_up_to_one(run):
    found = own_words(None, str(run.path), ["cat", "red square", "zebra fish"], "a picture of a {}", picture=3)
    assert found["words"] == ["cat", "red square", "zebra fish"] and found["unknown"] == ["zebra"]
    assert found["shares"].keys() == {"teacher", "both"}
    for shares in found["shares"].values():
        assert len(shares) == 3 and sum(shares) == pytest.approx(1, abs=2e-4)
    assert own_words(None, str(run.path), ["cat", "red square", "zebra fish"], "a picture of a {}",
                     image=upload(run, 3)) == found  # fmt: skip


def test_a_sentence_finds_pictures_and_a_picture_finds_captions(run):
    found = find(None, str(run.path), text="a red cat above a zebra", k=5)
    assert found["unknown"] == ["zebra"] and found["found"].keys() == {"teacher", "both"}
    for rows in found["found"].values():
        cosines = [row["cosine"] for row in rows]
        assert len(rows) == 5 and cosines == sorted(cosines, reverse=True)
        assert {row["id"] for row in rows} <= set(range(PICTURES))
    captions = find(None, str(run.path), picture=0, k=50)["found"]["teacher"]
    assert sorted(row["id"] for row in captions) == list(range(PICTURES))


def test_a_stored_picture_is_read_as_it_was(run):
    split = open_source(SourceConfig(pairs=2)).split("validation_scenes").first(1)
    teacher = load_teacher(quick_config(Path(run.config()["config"]["teacher"])))
    whole = image_features(teacher.model, normalised(split.pixels, teacher.normal))
    best = find(None, str(run.path), image=base64.b64encode(png_bytes(split.pixels[0])).decode(), k=1)
    stored = find(None, str(run.path), picture=0, k=1)
    assert best == stored and torch.isfinite(whole).all()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"words": ["cat"], "picture": 0}, "1 words.*2 to 200"),
        ({"words": ["cat", "cat"], "picture": 0}, "different words"),
        ({"words": ["cat", "dog"], "picture": 99}, "no picture 99"),
        ({"words": ["cat", "dog"], "picture": 0, "template": "a picture"}, "no place for a name"),
        ({"words": ["cat", "dog " * 60], "picture": 0}, "tokens.*Shorten it"),
        ({"words": ["cat", "dog\ud800"], "picture": 0}, "surrogate"),
        ({"words": ["cat", "dog"], "image": "no base64"}, "did not arrive whole"),
        ({"words": ["cat", "dog"], "image": base64.b64encode(b"nothing").decode()}, "no picture that can be read"),
        ({"words": ["cat", "x" * 400], "picture": 0}, "The word is longer"),
    ],
)
def test_what_cannot_be_asked_is_said_with_advice(run, given, said):
    with pytest.raises(UserError, match=said):
        own_words(None, str(run.path), **given)


def test_an_empty_sentence_and_an_odd_number_are_refused(run):
    with pytest.raises(UserError, match="sentence is empty"):
        find(None, str(run.path), text="  ")
    with pytest.raises(UserError, match="k is 0"):
        find(None, str(run.path), text="a cat", k=0)
