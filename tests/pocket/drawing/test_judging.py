"""Training a judge: pictures that the step alone decides, states that go on to the same numbers, its own check."""

from dataclasses import replace

import pytest
import torch

from backend.core.diffusion.judge import load_judge
from backend.core.seeding import generator
from backend.errors import UserError
from backend.pocket.drawing import judging
from backend.pocket.drawing.__main__ import main
from backend.pocket.drawing.judge_lesson import (
    REACH,
    SEEDS,
    JudgeLesson,
    batch_of,
    blurred,
    noisy,
    renders,
    slots_of,
    worsened,
)
from backend.pocket.drawing.judge_training import JudgeTraining, apart_of
from backend.pocket.drawing.judging import checked, trained
from backend.pocket.pictures.simple import SLOTS

TINY = JudgeLesson(seed=17, steps=4, batch=4, warm=1)


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    return trained(TINY, tmp_path_factory.mktemp("judge"), every=2)


def test_the_batch_of_a_step_has_both_sizes_and_depends_on_the_step_alone():
    (large, of_large), (small, of_small) = batch_of(TINY, 3)
    assert large.shape == (2, 3, 32, 32) and small.shape == (2, 3, 16, 16)
    assert of_large.shape == of_small.shape == (2, len(SLOTS))
    again = batch_of(TINY, 3)
    assert torch.equal(large, again[0][0]) and torch.equal(of_small, again[1][1])
    assert not torch.equal(of_large, batch_of(TINY, 4)[0][1])


def test_half_is_blurred_and_half_is_noisy():
    clean = renders(0, range(40), 16)
    found = worsened(clean, generator("worse"))
    untouched = sum(torch.allclose(a, b, atol=1e-6) for a, b in zip(found, clean, strict=True))
    assert 2 <= untouched <= 20 and found.min() >= 0 and found.max() <= 1
    assert torch.allclose(noisy(clean, torch.zeros(40), generator(0)), clean)


def test_a_blur_is_the_mean_of_the_neighbours_with_a_normal_weight():
    spot = torch.zeros(2, 3, 15, 15)
    spot[:, :, 7, 7] = 1
    found = blurred(spot, torch.tensor([0.0, 0.8]))
    assert torch.allclose(found[0], spot[0])
    away = torch.arange(-REACH, REACH + 1.0)
    naive = torch.exp(-(away[:, None] ** 2 + away[None] ** 2) / (2 * 0.8**2))
    near = slice(7 - REACH, 8 + REACH)
    assert torch.allclose(found[1, 0, near, near], naive / naive.sum(), atol=1e-6)
    assert torch.allclose(blurred(torch.full((1, 3, 9, 9), 0.4), torch.tensor([1.0])), torch.tensor(0.4))


def test_a_training_that_was_broken_off_goes_on_to_the_same_numbers(taught, tmp_path):
    half = JudgeTraining(TINY)
    for step in half.run():
        if step == 2:
            break
    half.save(tmp_path / "state.safetensors")
    found = trained(TINY, tmp_path, every=2)
    for ours, theirs in zip(found.parameters(), taught.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_another_training_is_not_gone_on_with(tmp_path):
    trained(replace(TINY, steps=1), tmp_path)
    with pytest.raises(UserError, match="other settings"):
        trained(TINY, tmp_path)


def test_unrelated_pictures_lie_1_apart_and_are_read_as_before(taught):
    training = JudgeTraining(TINY)
    list(training.run())
    pixels = renders(TINY.seed, range(-512, 0), 32)
    assert apart_of(taught, pixels) == pytest.approx(1, abs=1e-4)
    for ours, theirs in zip(taught(pixels[:5]), training.judge(pixels[:5]), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-4)


def test_the_check_tells_every_slot_of_every_sort(taught):
    rows = checked(taught, 6, sides=(16,))
    assert [(row["side"], row["sort"]) for row in rows] == [(16, "clean"), (16, "noise 0.05"), (16, "blur 0.7")]
    assert all(row["n"] == 6 and set(row["slots"]) == set(SLOTS) and row["low"] <= row["all"] for row in rows)


def test_the_command_writes_the_judge_and_what_it_can(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(judging, "checked", lambda judge: checked(judge, 4, sides=(16,)))
    main(["judge", "--which", "judge_second", "--steps", "1", "--to", str(tmp_path / "j"), "--work", str(tmp_path)])
    assert "step 1/1" in (said := capsys.readouterr().out) and "all slots" in said
    assert load_judge(tmp_path / "j").sizes.slots == SLOTS and (tmp_path / "j" / "scores.json").exists()


def test_the_two_judges_learn_from_other_pictures():
    first, second = (slots_of(seed, range(50)) for seed in SEEDS.values())
    assert len(SEEDS) == 2 and not torch.equal(first, second)


@pytest.mark.parametrize("name", SEEDS)
def test_the_bundled_judges_are_small_and_read_pictures_of_both_sizes(name):
    folder = judging.MODEL / name
    assert sum(file.stat().st_size for file in folder.iterdir()) < 500_000
    rows = checked(load_judge(folder), 200)
    assert all(row["all"] >= 0.96 for row in rows) and {row["side"] for row in rows} == {16, 32}
