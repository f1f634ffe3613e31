"""The teacher of pictures: its size, its endless batches, its resumed training and its table of scores."""

import json

import pytest
import torch

from backend.core.vision.clip_files import save_clip
from backend.core.vision.training import Plan
from backend.errors import UserError
from backend.pocket.picture_scores import Baselines, chance, parts
from backend.pocket.picture_teacher import Lesson, Pool, targets, teacher_tokenizer, untaught
from backend.pocket.picture_teaching import print_scores, taught
from backend.pocket.pictures.pairs import pair
from backend.pocket.pictures.things import KNOWN

LESSON = Lesson(Plan(steps=3, lr=1e-3, warm=1), batch=4, first=20, grown=10, pictures=40)


def silent(step, model):
    pass


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    return Pool(tmp_path_factory.mktemp("pool"), LESSON)


def test_the_teacher_takes_less_than_three_megabytes():
    assert 2 * sum(p.numel() for p in untaught().parameters()) < 3e6


def test_a_batch_depends_on_its_step_alone(pool):
    tokenizer = teacher_tokenizer()
    pool.batch(0, tokenizer)
    pairs, shown = pool.batch(2, tokenizer)
    again, same = Pool(pool.folder, LESSON).batch(2, tokenizer)
    assert torch.equal(pairs.pixels, again.pixels) and torch.equal(pairs.ids, again.ids) and shown == same
    assert not torch.equal(pairs.pixels, pool.batch(1, tokenizer)[0].pixels)


def test_the_names_asked_for_are_those_of_the_things_shown():
    one = pair("train", 0, most=4)
    row = targets([one], KNOWN)[0]
    assert {name for name, there in zip(KNOWN, row, strict=True) if there} == {t.thing for t in one.scene.things}


def test_a_broken_off_teaching_ends_with_the_weights_of_an_unbroken_one(tmp_path, pool):
    states = []

    class Killed(Exception):
        pass

    def killed(step, model):
        states.append(step.step)
        if step.step == 2:
            raise Killed

    whole = taught(LESSON, pool.folder, silent, every=1)
    for path in pool.folder.glob("*.npy"):
        (tmp_path / path.name).hardlink_to(path)
    with pytest.raises(Killed):
        taught(LESSON, tmp_path, killed, every=1)
    resumed = taught(LESSON, tmp_path, lambda step, model: states.append(step.step), every=1)
    assert states == [1, 2, 3]
    for found in (resumed, taught(LESSON, tmp_path, silent)):  # the second has nothing left to do
        assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), found.parameters(), strict=True))
    with pytest.raises(UserError, match="other settings"):
        taught(Lesson(LESSON.plan, batch=8), tmp_path, silent)


def test_every_part_has_right_classes_and_the_baselines_beat_chance():
    rival = Baselines(count=300)
    for part in parts(("singles", "things")):
        assert part.right.sum(1).min() >= 1
        found = rival.scores(part)
        assert found["nearest"].share(1) > 1.5 * chance(part) and found["ridge"].share(1) > 1.5 * chance(part)


def test_scores_are_printed_and_kept_beside_the_model(tmp_path, capsys):
    save_clip(untaught(), teacher_tokenizer(), tmp_path)
    print_scores(tmp_path, ("things",), baselines=False)
    row = json.loads((tmp_path / "scores.json").read_text())[0]
    assert row["part"] == "things" and row["n"] == 320 and 0 <= row["zero_shot@1"] <= row["zero_shot@5"] <= 1
    assert f"zero_shot@1 {row['zero_shot@1']:.3f}" in capsys.readouterr().out
