"""A user's own pictures as a source: parted by name, words that training lacks named, and classes from a table."""

import numpy as np
import pytest
from PIL import Image

from backend.core.vision.models import Sizes, clip_of
from backend.core.vision.splits import Scorer
from backend.errors import UserError
from backend.pocket.picture_sources import SourceConfig, open_source
from tests.tiny_clip_model import SIZES


def pictures(folder, count, *, table=True):
    """Squares of different colours, each named by its number; every other one is even."""
    rows = ["image,caption,label"]
    for number in range(count):
        pixels = np.full((20, 20, 3), (number, 255 - number, 99), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
        rows += [f"{number}.png,square n{number},{'even' if number % 2 == 0 else 'odd'}"]
    if table:
        (folder / "captions.csv").write_text("\n".join(rows))
    return folder


def own(folder, keep=None, **asked):
    return open_source(SourceConfig(world="own", data_dir=str(folder), side=16, **asked), keep)


def test_splits_are_apart_whatever_else_is_in_the_folder(tmp_path):
    source = own(pictures(tmp_path, 40))
    names = {name: {text for text in source.split(name).texts} for name in ("test", "validation")}
    train = {text for told in source.told().captions for text in told}
    assert [len(names["test"]), len(names["validation"]), len(train)] == [8, 4, 28]
    assert not train & names["test"] and not train & names["validation"] and not names["test"] & names["validation"]


def test_classes_are_the_tables_labels_or_the_captions(tmp_path):
    source = own(pictures(tmp_path, 20))
    split = source.split("test")
    assert set(split.classes) == {"even", "odd"} and split.right.sum(1).eq(1).all()
    assert source.shown(split.classes).sum(1).eq(1).all()
    for number in range(20):
        (tmp_path / f"{number}.txt").write_text(f"square n{number}\na square")
    (tmp_path / "captions.csv").unlink()
    split = own(tmp_path).split("test")
    assert split.classes == split.texts and len(own(tmp_path).pool().said[0]) == 4


def test_words_that_training_lacks_are_named(tmp_path):
    source = own(pictures(tmp_path, 20))
    held = {text.split()[1] for name in ("test", "validation") for text in source.split(name).texts}
    remark = next(remark for remark in source.remarks if "reads as unknown" in remark or "read as unknown" in remark)
    assert all(word in remark for word in held)
    assert set(source.words()) == {"square", "even", "odd", *(f"n{n}" for n in range(20))} - held


def test_a_model_is_scored_on_it_as_on_any_other_world(tmp_path):
    source = own(pictures(tmp_path, 20))
    sizes = Sizes(SIZES.image, SIZES.text, len(source.tokenizer()), source.context, 8, side=16)
    found = Scorer(source.split("test"), source.tokenizer(), source.templates, source.context).scores(clip_of(sizes))
    assert set(found.shares()) == {"top1", "top5", "i2t1", "i2t5", "t2i1", "t2i5"}
    pool = source.pool()
    batch = pool.batch(0, 0, 4)
    true = source.true([pool.texts[c] for c in batch.captions], batch.rows.tolist())
    assert true.tolist() == np.eye(4, dtype=bool).tolist()


def test_broken_pictures_and_copies_are_left_out_and_named(tmp_path):
    pictures(tmp_path, 30)
    before = own(tmp_path)
    held, train = before.split("test").texts[0], before.told().captions[0][0]
    image, copy = (tmp_path / f"{text.split('n')[-1]}.png" for text in (train, held))
    copy.write_bytes(image.read_bytes())
    broken = tmp_path / f"{before.told().captions[1][0].split('n')[-1]}.png"
    broken.write_bytes(b"broken")
    after = own(tmp_path)
    told = " ".join(after.remarks)
    assert f"broken or too large: 1 ({broken.name})" in told
    assert f"also in training: 1 ({copy.name})" in told
    assert held not in after.split("test").texts


def test_kept_pictures_are_read_anew_when_a_file_changes(tmp_path):
    folder, keep = pictures(tmp_path, 20), tmp_path / "keep"
    first = own(folder, keep)
    assert (own(folder, keep).told().pixels == first.told().pixels).all()
    name = first.told().captions[0][0].split("n")[-1]
    Image.fromarray(np.full((21, 21, 3), 200, dtype=np.uint8)).save(folder / f"{name}.png")
    assert (own(folder, keep).told().pixels[0] == 200).all()


def test_pictures_beyond_those_asked_for_are_counted(tmp_path):
    source = own(pictures(tmp_path, 30), pairs=10)
    assert len(source.told().pixels) == 10 and "beyond those that were asked for: 11" in " ".join(source.remarks)


def test_too_few_pictures_are_refused(tmp_path):
    with pytest.raises(UserError, match="5 pictures that can be used"):
        own(pictures(tmp_path, 5))
