"""Teaching the model that draws: what it learns from, and that a broken lesson goes on to the same numbers."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from backend.core.diffusion.pipeline import load_pipeline
from backend.core.diffusion.sampling import scheduler_of
from backend.errors import UserError
from backend.pocket.drawing.__main__ import parser
from backend.pocket.drawing.commands import taught, teach
from backend.pocket.drawing.lesson import Lesson, noising, untaught_unet
from backend.pocket.drawing.pool import SEEDS, Pool, picture
from backend.pocket.drawing.teaching import Teaching, noised
from backend.pocket.drawing.text import CONTEXT, END, numbers_of, said, taught_text, text_tokenizer, untaught_text
from backend.pocket.pictures.prompts import WORDS, read_prompt
from backend.pocket.pictures.simple import draw_simple

TINY = Lesson(side=16, channels=(8, 16), steps=4, batch=4, first=100, pictures=200, warm=1)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A folder with the pool's pictures and a text encoder, so that they are made once."""
    folder = tmp_path_factory.mktemp("work")
    Pool(folder, 16, first=100, grown=0, most=200).batch(0, 4)
    return folder


def test_the_batch_of_a_step_depends_on_the_step_alone(pictures):
    ahead, anew = (Pool(pictures, 16, first=100, grown=8, most=200) for _ in range(2))
    ahead.batch(0, 4)
    left, right = ahead.batch(7, 4), anew.batch(7, 4)
    assert left.prompts == right.prompts and torch.equal(left.pixels, right.pixels)


def test_prompts_mean_what_the_pictures_show(pictures):
    batch = Pool(pictures, 16, first=100, grown=8, most=200).batch(3, 16)
    for prompt, scene in zip(batch.prompts, batch.scenes, strict=True):
        assert read_prompt(prompt) == scene
        assert len(prompt.split()) + 2 <= CONTEXT


def test_a_share_of_the_prompts_is_dropped(pictures):
    pool = Pool(pictures, 16, first=100, grown=8, most=200)
    found = [prompt for step in range(20) for prompt in pool.batch(step, 16, dropped=0.25).prompts]
    assert 0.15 < found.count("") / len(found) < 0.35


def test_other_words_of_a_relation_mean_the_same():
    import random  # noqa: PLC0415 - for this test alone

    rng, seen = random.Random(0), set()
    for number in range(200):
        scene = draw_simple(0, number)
        prompt = said(scene, rng)
        seen |= set(prompt.replace(",", "").split())
        assert read_prompt(prompt) == scene
    assert {"over", "under", "to", "the", "on"} <= seen <= set(WORDS)


def test_the_splits_show_other_pictures():
    pictures = {name: picture(seed, 5, 16).tobytes() for name, seed in SEEDS.items()}
    assert len(set(pictures.values())) == len(SEEDS)


def test_prompts_are_read_to_their_end_and_padded():
    ids = numbers_of(text_tokenizer(), ["a red circle, sand", ""])
    assert ids.shape == (2, CONTEXT) and (ids == END).sum() == 2


def test_the_text_encoder_learns_to_name_the_slots():
    _, untaught = taught_text(steps=0)
    _, right = taught_text(steps=40)
    assert untaught < 0.01  # of all slots at once
    assert right > 0.02


@pytest.mark.parametrize("prediction", ["v_prediction", "epsilon", "sample"])
def test_what_has_to_be_answered_leads_back_to_the_latents(prediction):
    scheduler = noising(replace(TINY, prediction=prediction))
    latents = torch.randn(8, 12, 8, 8)
    noisy, at, wanted = noised(scheduler, latents, 0, 3)
    kept = scheduler.alphas_cumprod[at][:, None, None, None]
    clean = {
        "v_prediction": kept.sqrt() * noisy - (1 - kept).sqrt() * wanted,
        "epsilon": (noisy - (1 - kept).sqrt() * wanted) / kept.sqrt(),
        "sample": wanted,
    }[prediction]
    torch.testing.assert_close(clean, latents, atol=2e-3, rtol=1e-3)
    assert (at.sort().values == at).all() and at.min() < 125 <= at[1] < 250  # one moment out of each eighth


def test_a_lesson_that_was_broken_off_goes_on_to_the_same_numbers(pictures, tmp_path):
    text = untaught_text()
    whole, half = Teaching(TINY, text, pictures), Teaching(TINY, text, pictures)
    list(whole.run())
    for step in half.run():
        if step == 2:
            break
    half.save(tmp_path / "state.safetensors")
    resumed = Teaching(TINY, text, pictures)
    resumed.resume(tmp_path / "state.safetensors")
    list(resumed.run())
    for name, p in whole.params.items():
        assert torch.equal(p, resumed.params[name]) and torch.equal(whole.average[name], resumed.average[name])


def test_a_second_leg_rises_and_falls_again_from_half_of_the_step_sizes():
    lesson = Lesson(steps=100, again=200, warm=10)
    shares = [lesson.share_at(step) for step in range(lesson.length)]
    assert shares[:100] == [Lesson(steps=100, warm=10).share_at(step) for step in range(100)]
    assert max(shares[100:]) == shares[110] == 0.5 and shares[100] == 0.05
    assert all(a > b for a, b in pairwise(shares[110:])) and 0 < shares[-1] < 0.01


def test_the_bundled_model_is_taught_in_two_legs_unless_steps_are_asked_for(monkeypatch, tmp_path):
    lessons = []
    monkeypatch.setattr("backend.pocket.drawing.commands.taught", lambda lesson, *_: lessons.append(lesson))
    monkeypatch.setattr("backend.pocket.drawing.commands.save_pipeline", lambda *_: None)
    for more in ([], ["--steps", "20"], ["--steps", "20", "--again", "10"]):
        teach(parser().parse_args(["teach", "--work", str(tmp_path), *more]))
    assert [lesson.length for lesson in lessons] == [10_000, 20, 30]


def test_kernels_are_stepped_in_place_and_all_weights_move(pictures):
    teaching = Teaching(TINY, untaught_text(), pictures)
    before = {name: p.detach().clone() for name, p in teaching.params.items()}
    list(teaching.run())
    still = {name for name, p in teaching.params.items() if torch.equal(p, before[name])}
    assert not still
    assert "down_blocks.0.resnets.0.conv1.weight" in teaching.matrices and "conv_in.weight" not in teaching.matrices


def test_a_state_of_another_unet_is_refused(pictures, tmp_path):
    Teaching(TINY, untaught_text(), pictures)
    small = Teaching(TINY, untaught_text(), pictures)
    list(small.run())
    small.save(tmp_path / "state.safetensors")
    other = Teaching(replace(TINY, channels=(8, 24)), untaught_text(), pictures)
    with pytest.raises(UserError, match="another UNet"):
        other.resume(tmp_path / "state.safetensors")


def test_the_command_writes_a_model_that_loads_and_refuses_another_lessons_state(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("backend.pocket.drawing.commands.Lesson", lambda: TINY)
    monkeypatch.setattr("backend.pocket.drawing.commands.taught_text", lambda seed: (untaught_text(seed), 0.0))
    told = ["teach", "--to", str(tmp_path / "to"), "--work", str(tmp_path / "work"), "--steps", "2"]
    teach(parser().parse_args(told))
    assert "step 2/2, loss" in capsys.readouterr().out
    model = load_pipeline(str(tmp_path / "to"))
    assert (model.side, model.latent_shape) == (16, (12, 8, 8)) and model.encode(["a red circle"]).shape[1] == CONTEXT
    with pytest.raises(UserError, match="other settings"):
        taught(replace(TINY, lr=0.1), tmp_path / "work", lambda *_: None)


def test_the_usual_unet_has_the_size_that_is_told():
    assert sum(p.numel() for p in untaught_unet(Lesson()).parameters()) == pytest.approx(2.1e6, rel=0.02)
    noise = scheduler_of(dict(noising(Lesson()).config))
    assert noise.config.timestep_spacing == "trailing"
