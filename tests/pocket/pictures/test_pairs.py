"""Pairs of Pocket Pictures: by split, seed and number; what training never sees; the fixed test set and its hash."""

import numpy as np
import pytest

from backend.pocket.pictures import __main__ as command
from backend.pocket.pictures.hands import HANDS, HELD_OUT_HAND
from backend.pocket.pictures.pairs import CHOICES, TEST_HASH, TEST_PARTS, fixed_hash, fixed_part, pair, pictures
from backend.pocket.pictures.things import HELD_OUT, KNOWN, THINGS


def things_of(pairs) -> set[str]:
    return {placed.thing for one in pairs for placed in one.scene.things}


def test_a_number_is_one_and_the_same_pair_whatever_came_before():
    alone = pair("train", 7, seed=3)
    assert [pair("train", number, seed=3) for number in range(9)][7] == alone
    assert np.array_equal(pictures([alone]), pictures([pair("train", 7, seed=3)]))


def test_numbers_seeds_and_splits_have_pairs_of_their_own():
    found = {pair(split, number, seed=seed).scene for split in CHOICES for seed in (0, 1) for number in range(40)}
    assert len(found) == len(CHOICES) * 80


def test_training_sees_every_known_thing_and_hand_and_never_the_held_out_ones():
    for split in ("train", "validation"):
        pairs = [pair(split, number) for number in range(500)]
        assert things_of(pairs) == set(KNOWN)
        assert {one.scene.hand for one in pairs} == set(HANDS) - {HELD_OUT_HAND}


def test_the_held_out_splits_have_what_is_held_out_in_every_picture():
    hand, things = ([pair(split, number) for number in range(400)] for split in ("hand", "things"))
    assert {one.scene.hand for one in hand} == {HELD_OUT_HAND} and things_of(hand) <= set(KNOWN)
    assert all(things_of([one]) & set(HELD_OUT) for one in things) and set(HELD_OUT) <= things_of(things)
    assert HELD_OUT_HAND not in {one.scene.hand for one in things}


def test_every_kind_of_a_held_out_thing_is_learned_from_others():
    for name in HELD_OUT:
        for kind in THINGS[name].kinds:
            assert [other for other in KNOWN if kind in THINGS[other].kinds], (name, kind)


def test_scenes_have_no_more_things_than_asked_for():
    assert {len(pair("train", number, most=1).scene.things) for number in range(60)} == {1}
    assert {len(pair("train", number).scene.things) for number in range(200)} == {1, 2, 3, 4}


def test_the_parts_of_the_test_set_have_their_sizes_and_each_single_thing_equally_often():
    for part in ("singles", "hand", "things"):
        found = fixed_part(part)
        names = [one.scene.things[0].thing for one in found]
        assert len(found) == TEST_PARTS[part] and all(len(one.scene.things) == 1 for one in found)
        assert {names.count(name) for name in names} == {len(names) // len(set(names))}
        assert not any(one.caption.loose for one in found)
    assert {one.scene.hand for one in fixed_part("hand_scenes")} == {HELD_OUT_HAND}


def test_the_test_set_has_the_hash_on_record():
    assert fixed_hash() == TEST_HASH


def test_the_command_writes_a_sheet_and_refuses_other_files(tmp_path, capsys):
    command.main(["sheet", "--split", "hand", "--count", "6", "--zoom", "1", "--to", str(tmp_path / "in" / "a.png")])
    assert (tmp_path / "in" / "a.png").stat().st_size > 500
    assert "816 x 34 pixels" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        command.main(["sheet", "--to", str(tmp_path / "a.gif")])
    assert "ends in .png" in capsys.readouterr().err


def test_a_sheet_of_all_things_has_every_hand(tmp_path, monkeypatch):
    monkeypatch.setattr("backend.pocket.pictures.sheet.THINGS", {name: THINGS[name] for name in ("cat", "car")})
    pixels = command.things_sheet()
    assert pixels.shape == (34, 4 * len(HANDS) * 34, 3)
    drawn = (pixels < 255).any(axis=(0, 2))
    assert drawn[: 12 * 34].mean() > 0.9 and not drawn[12 * 34 :].any()


def test_a_test_set_that_changed_is_told(monkeypatch, capsys):
    monkeypatch.setattr(command, "fixed_hash", lambda: "0" * 64)
    with pytest.raises(SystemExit):
        command.main(["check"])
    assert "on record" in capsys.readouterr().err
