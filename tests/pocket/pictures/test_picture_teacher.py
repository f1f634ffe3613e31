"""The teacher of pictures: its size, its endless batches, its resumed training and its table of scores."""

import json
import random
from dataclasses import replace

import numpy as np
import pytest
import torch

from backend.core.vision.clip_files import load_clip, save_clip
from backend.core.vision.models import sizes_of
from backend.errors import UserError
from backend.pocket.picture_pool import NOTHING, Pool, covered, mirrored, places_of, targets
from backend.pocket.picture_scores import Baselines, chance, parts, zero_shot
from backend.pocket.picture_steps import Teaching
from backend.pocket.picture_teacher import CONTEXT, Lesson, Pupil, prompts_of, teacher_tokenizer, untaught
from backend.pocket.picture_teaching import print_scores, taught, validation
from backend.pocket.pictures.__main__ import MODEL
from backend.pocket.pictures.caption import fits
from backend.pocket.pictures.pairs import pair
from backend.pocket.pictures.telling import tell
from backend.pocket.pictures.things import KNOWN

LESSON = Lesson(steps=3, warm=1, seeing=1, batch=4, first=20, grown=10, pictures=40)


def silent(teaching):
    pass


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    return Pool(tmp_path_factory.mktemp("pool"), 4, first=20, grown=10, most=40, loose=0.3, seed=0)


def batch(pool, step):
    return pool.batch(step, 4, teacher_tokenizer(), CONTEXT)


def test_the_teacher_takes_less_than_three_megabytes_and_its_heads_divide_by_four():
    model = untaught()
    assert 2 * sum(p.numel() for p in model.parameters()) < 3e6
    assert sizes_of(model).image.heads % 4 == 0 and sizes_of(model).text.heads % 4 == 0


def test_before_the_first_step_patches_attend_to_their_neighbours():
    model = untaught()
    model.set_attn_implementation("eager")
    with torch.no_grad():
        seen = model.vision_model(pixel_values=torch.zeros(1, 3, 32, 32), output_attentions=True).attentions[0]
    attention = seen[0, :, 1:, 1:].mean(0)  # of 8 x 8 patches
    places = torch.cartesian_prod(torch.arange(8), torch.arange(8))
    near = (places[:, None] - places).abs().amax(2) <= 1
    assert attention[near].mean() > 1.2 * attention[~near].mean()


def test_a_batch_depends_on_its_step_alone(pool):
    batch(pool, 0)
    pairs, shown = batch(pool, 2)
    again, same = batch(Pool(pool.folder, 4, first=20, grown=10, most=40, loose=0.3, seed=0), 2)
    assert torch.equal(pairs.pixels, again.pixels) and torch.equal(pairs.ids, again.ids)
    assert torch.equal(shown.names, same.names) and torch.equal(shown.cover, same.cover)
    assert not torch.equal(pairs.pixels, batch(pool, 1)[0].pixels)


def test_the_names_asked_for_are_those_of_the_things_shown():
    scene = pair("train", 0, most=4).scene
    row = targets([scene])[0]
    assert {name for name, there in zip(KNOWN, row, strict=True) if there} == {t.thing for t in scene.things}


def test_every_patch_has_the_shares_of_its_pixels():
    places = places_of([pair("train", n) for n in range(3)])
    found = covered(places, 4)
    for n, row, column in np.ndindex(3, 8, 8):
        cell = places[n, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
        slow = [float((cell == number).mean()) for number in range(NOTHING + 1)]
        assert found[n, 8 * row + column].tolist() == pytest.approx(slow)


def test_what_is_told_of_a_mirrored_scene_is_true_of_it_and_twice_mirrored_it_is_the_scene(pool):
    for n in range(20):
        scene = pair("train", n).scene
        other = mirrored(scene)
        assert mirrored(other) == scene
        assert fits(tell(random.Random(n), other, 0.5), other)
        here, there = (places_of([replace(pair("train", n), scene=one)])[0] for one in (scene, other))
        assert (here[:, ::-1] == there).mean() > 0.9  # but for the rounding of corners


def test_before_the_text_tower_is_asked_it_gets_no_gradient(pool):
    pupil = Pupil(0)
    pairs, shown = batch(pool, 0)
    pupil.loss(pairs, shown, None).backward()
    assert all(p.grad is None for p in pupil.clip.text_model.parameters())
    pupil.loss(pairs, shown, prompts_of(teacher_tokenizer(), 0)).backward()
    assert all(p.grad is not None for p in pupil.clip.parameters())


def test_a_broken_off_teaching_ends_with_the_weights_of_an_unbroken_one(tmp_path, pool):
    states = []

    class Killed(Exception):
        pass

    def killed(teaching):
        states.append(teaching.step)
        if teaching.step == 2:
            raise Killed

    whole = taught(LESSON, pool.folder, silent, every=1)
    for path in pool.folder.glob("*.npz"):
        (tmp_path / path.name).hardlink_to(path)
    with pytest.raises(Killed):
        taught(LESSON, tmp_path, killed, every=1)
    resumed = taught(LESSON, tmp_path, lambda teaching: states.append(teaching.step), every=1)
    assert states == [1, 2, 3]
    for found in (resumed, taught(LESSON, tmp_path, silent)):  # the second has nothing left to do
        assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), found.parameters(), strict=True))
    with pytest.raises(UserError, match="other settings"):
        taught(replace(LESSON, batch=8), tmp_path, silent)


def test_a_state_of_another_model_is_refused(tmp_path, pool):
    teaching = Teaching(LESSON, pool.folder)
    next(teaching.run())
    del teaching.params["picture_names.bias"]
    teaching.optimizers[1].param_groups[0]["params"].pop()
    teaching.save(tmp_path / "state.safetensors")
    with pytest.raises(UserError, match="another model"):
        Teaching(LESSON, pool.folder).resume(tmp_path / "state.safetensors")


def test_validation_is_of_single_things_and_of_scenes():
    singles, scenes = validation()
    assert max(len(one.scene.things) for one in singles.pairs) == 1
    assert max(len(one.scene.things) for one in scenes.pairs) == 4


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


def test_the_bundled_model_is_the_one_of_its_scores_and_beats_pixels_on_every_part():
    clip, rows = load_clip(str(MODEL)), json.loads((MODEL / "scores.json").read_text())
    assert sizes_of(clip.model) == sizes_of(untaught())
    for row in rows:
        assert row["zero_shot@1"] > max(row["nearest@1"], row["ridge@1"]), row["part"]
    for part in parts(("hand", "things")):
        row = next(row for row in rows if row["part"] == part.name)
        assert zero_shot(clip.model, clip.tokenizer, part).share(1) == pytest.approx(row["zero_shot@1"], abs=0.01)
    assert next(row for row in rows if row["part"] == "singles")["zero_shot@1"] >= 0.85
