"""Teaching a small model on any source: to the same numbers after a break, with pictures changed a little."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from backend.core.seeding import generator
from backend.core.vision.clip_files import load_clip
from backend.core.vision.training import Plan
from backend.errors import UserError
from backend.pocket import source_teacher
from backend.pocket.picture_sources import SourceConfig, open_source
from backend.pocket.pictures import __main__ as command
from backend.pocket.source_teacher import SourceLesson, changed, taught_on

LESSON = SourceLesson(Plan(steps=4, lr=1e-3), batch=6)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Fourteen plain squares with captions."""
    place = tmp_path_factory.mktemp("own")
    for number in range(14):
        colour = np.full((16, 16, 3), (number * 18, 255 - number * 18, 60), dtype=np.uint8)
        Image.fromarray(colour).save(place / f"{number}.png")
        (place / f"{number}.txt").write_text(f"a square of shade {number % 3}")
    return place


@pytest.fixture(scope="module")
def source(folder):
    return open_source(SourceConfig(world="own", data_dir=str(folder), side=16, views=2))


def params(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def test_a_teaching_that_was_broken_off_ends_with_the_numbers_of_an_unbroken_one(source, tmp_path, monkeypatch):
    monkeypatch.setattr(source_teacher, "EVERY", 2)
    [*_, (_, whole)] = taught_on(source, LESSON, tmp_path / "whole")
    broken = taught_on(source, LESSON, tmp_path / "broken")
    assert next(broken)[0].step == 2
    broken.close()
    [(step, model)] = taught_on(source, LESSON, tmp_path / "broken")
    assert step.step == 4 and torch.equal(params(model), params(whole))
    with pytest.raises(UserError, match="other settings"):
        next(taught_on(source, replace(LESSON, batch=5), tmp_path / "broken"))


def test_pictures_are_changed_each_in_its_own_way_and_again_alike_by_the_same_seed():
    pixels = torch.rand(2, 3, 16, 16, generator=generator("pixels")).repeat(2, 1, 1, 1)
    one, other = changed(pixels, generator("a")), changed(pixels, generator("a"))
    assert torch.equal(one, other) and not torch.allclose(one[0], one[2], atol=0.05)
    assert not torch.allclose(one[0], pixels[0], atol=0.05)


def test_a_change_of_nothing_is_the_picture_itself(monkeypatch):
    for name in ("TURN", "GROW", "MOVE", "TINT"):
        monkeypatch.setattr(source_teacher, name, 0.0)
    pixels = torch.rand(2, 3, 16, 16, generator=generator("pixels"))
    assert torch.allclose(changed(pixels, generator("a")), pixels, atol=1e-5)


def test_the_command_writes_a_model_with_its_own_words_and_tells_its_scores(folder, tmp_path, capsys):
    asked = ["teach", "--world", "own", "--data", str(folder), "--steps", "1", "--work", str(tmp_path / "work")]
    command.main([*asked, "--to", str(tmp_path / "clip")])
    told = capsys.readouterr().out
    assert "Used: 14 pictures" in told and "step 1/1" in told and "test  n 2  classes" in told and "nearest1" in told
    clip = load_clip(str(tmp_path / "clip"))
    assert clip.tokenizer("square").input_ids[1] != clip.tokenizer.unk_token_id and clip.side == 32


def test_what_is_missing_is_said(folder, capsys):
    with pytest.raises(SystemExit):
        command.main(["teach", "--world", "own", "--data", str(folder)])
    assert "--to FOLDER" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        command.main(["teach", "--world", "emoji", "--data", str(folder)])
    assert "pictures emoji --from" in capsys.readouterr().err
