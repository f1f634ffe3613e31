"""The source of drawn pictures: what training gets, what models are scored on, and what is known to be true."""

import errno
from dataclasses import replace

import numpy as np
import pytest
import torch

from backend.core.vision.splits import Scorer
from backend.errors import UserError
from backend.pocket.picture_scores import parts, retrieval, zero_shot
from backend.pocket.picture_sources import SourceConfig, open_source
from backend.pocket.picture_teacher import teacher_tokenizer, untaught
from backend.pocket.pictures.caption import fits, where
from backend.pocket.pictures.drawing import draw, truth
from backend.pocket.pictures.pairs import fixed_part


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return open_source(SourceConfig(pairs=60, wrong=0.5, captions=3, seed=4), tmp_path_factory.mktemp("kept"))


def test_half_of_the_pictures_show_one_thing_and_captions_are_true_unless_handed_on(source):
    assert sum(len(one.scene.things) == 1 for one in source.pairs) >= 30
    pool = source.pool()
    own = [[source.fits(pool.texts[text], row) for text in pool.said[row]] for row in range(60)]
    assert 0.4 < np.mean(own) < 0.9
    right = open_source(SourceConfig(pairs=60, captions=3, seed=4), source.folder).pool()
    assert all(source.fits(right.texts[text], row) for row in range(60) for text in right.said[row])


def test_which_captions_of_a_batch_are_true_is_what_the_scenes_say(source):
    pool = source.pool()
    batch = pool.batch(0, 0, 12)
    true = source.true([pool.texts[c] for c in batch.captions], batch.rows.tolist())
    for i, row in enumerate(batch.rows.tolist()):
        for j, text in enumerate(batch.captions.tolist()):
            assert true[i, j] == fits(source._meaning[pool.texts[text]], source.pairs[row].scene)


def test_pictures_that_are_kept_are_those_that_are_drawn(source):
    again = open_source(source.config, source.folder)
    assert (again.told().pixels == source.told().pixels).all()
    assert (again.told().pixels[7] == draw(source.pairs[7].scene)).all()
    assert again.told().captions == source.told().captions


def test_the_tokenizer_has_the_bundled_models_numbers(source):
    ours, theirs = source.tokenizer(), teacher_tokenizer()
    assert ours.get_vocab() == theirs.get_vocab()


def test_scores_of_a_split_are_those_of_the_test_set_s_own_room(source):
    """Both count the same things; here in the hand and of the things that training never sees."""
    model, tokenizer = untaught(), teacher_tokenizer()
    for whole in parts(("hand", "things")):
        part, split = replace(whole, pairs=whole.pairs[:40]), source.split(whole.name, 40)
        found = Scorer(split, tokenizer, source.templates, source.context).scores(model)
        assert torch.equal(found.zero_shot.rank, zero_shot(model, tokenizer, part).rank)
        for name, ranks in retrieval(model, tokenizer, part).items():
            assert torch.equal(getattr(found, name).rank, ranks.rank)


def test_validation_is_neither_training_nor_test(source):
    held = source.split("validation")
    assert len(held) == 300 and held.right.sum(1).eq(1).all()
    assert source.split("validation_scenes").right.sum(1).max() > 1
    known = {one.tobytes() for one in source.told().pixels} | {one.tobytes() for one in source.split("hand").pixels}
    assert not known & {one.tobytes() for one in held.pixels}


def test_the_first_pictures_of_a_split_are_drawn_without_the_others(source):
    few, whole = source.split("validation", 5), source.split("validation")
    assert len(few) == 5 and (few.pixels == whole.pixels[:5]).all() and few.texts == whole.texts[:5]
    assert torch.equal(few.right, whole.right[:5]) and few.classes == whole.classes


def test_words_lie_where_the_scene_has_them(source):
    found = source.word_places("things_scenes", 4)
    pairs = fixed_part("things_scenes")
    assert len(found.rows) > 300
    for row, place, right in list(zip(found.rows.tolist(), found.places.tolist(), found.right, strict=True))[:20]:
        one = pairs[row]
        assert place in one.caption.naming
        mask, _ = where(one.caption, place, truth(one.scene))
        cover = [mask[y : y + 8, x : x + 8].mean() for y in range(0, 32, 8) for x in range(0, 32, 8)]
        assert right.tolist() == [c >= 0.25 or (c == max(cover) and c > 0) for c in cover]
        told = source.word_patches("things_scenes", row, 4)
        assert told[place] == right.nonzero().flatten().tolist() and len(told) == len(one.caption.words)
        assert all(
            (patches is None) == (not word.members) for patches, word in zip(told, one.caption.words, strict=True)
        )


def test_a_word_of_a_caption_is_one_number_behind_the_first_mark(source):
    tokenizer = source.tokenizer()
    text = source.split("validation_scenes").texts[0]
    assert len(tokenizer(text).input_ids) == len(text.split()) + 2


def test_labels_of_training_pictures_name_what_they_show(source):
    classes = source.split("singles").classes
    found = source.shown(classes)
    assert found.shape == (60, len(classes))
    for row, one in enumerate(source.pairs):
        assert found[row].sum() == len({thing.thing for thing in one.scene.things})


@pytest.mark.parametrize("wrong", [{"world": "moon"}, {"loose": 1.5}, {"pairs": 1}, {"side": 4}, {"views": 0}])
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(UserError):
        SourceConfig(**wrong)


def test_a_full_disk_is_a_sentence(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(UserError, match="The disk is full"):
        open_source(SourceConfig(pairs=2), tmp_path).told()
