"""Scores: perfect pictures get all of them, the wrong ones their slots, and the command writes what it found."""

import json

import pytest
import torch

from backend.core.diffusion import frechet
from backend.core.diffusion.judge import Judge, save_judge
from backend.core.diffusion.pipeline import Pipeline, save_pipeline
from backend.core.diffusion.sampling import predictor, sample
from backend.pocket.drawing import scores
from backend.pocket.drawing.__main__ import main
from backend.pocket.drawing.judge_training import untaught_judge
from backend.pocket.drawing.lesson import PATCH, Lesson, noising, untaught_unet
from backend.pocket.drawing.prompts_fixed import fixed
from backend.pocket.drawing.scores import distance, drawn, in_a_line, placed_features, real_features, right, scored
from backend.pocket.drawing.text import text_tokenizer, untaught_text


class Knowing(Judge):
    """A judge that is told what each picture shows by its first pixels, for tests of counting."""

    def seen(self, pixels):
        return (pixels[:, 0, 0, :8] * 100).round().long(), pixels.flatten(1)[:, :8]

    def read(self, pixels):
        return self.seen(pixels)[0]


KNOWING = Knowing(untaught_judge(0).sizes)


def told(asked) -> torch.Tensor:
    pixels = torch.zeros(len(asked), 3, 16, 16)
    pixels[:, 0, 0, :8] = torch.tensor([one.scene.slots() for one in asked]) / 100
    return pixels


@pytest.fixture(scope="module")
def pipeline():
    lesson = Lesson(side=16, channels=(8, 16))
    noise = dict(noising(lesson).config) | {"_class_name": "DDIMScheduler"}
    return Pipeline(untaught_unet(lesson).eval(), untaught_text().eval(), text_tokenizer(), noise, None, PATCH, 16, "")


def test_slots_are_right_or_wrong_one_by_one():
    asked = fixed("test", 12)
    pixels = told(asked)
    pixels[2, 0, 0, 0] = (pixels[2, 0, 0, 0] + 0.01) % 0.03  # another count
    hits = right(KNOWING, pixels, asked)
    assert hits.sum() == 12 * 8 - 1 and not hits[2, 0]
    found = scored(KNOWING, pixels, asked)
    assert found["all"]["share"] == pytest.approx(11 / 12) and found["slots"]["count"]["share"] == pytest.approx(
        11 / 12
    )
    assert found["slots"]["ground"] == {"share": 1.0, "low": pytest.approx(0.757, abs=0.001), "high": 1.0, "n": 12}
    assert found["frechet"] is None and "too few" in in_a_line(found)


def test_real_pictures_of_the_prompts_lie_at_the_floor_and_spoilt_ones_far_from_it(monkeypatch):
    monkeypatch.setattr(scores, "FLOORS", 1)
    monkeypatch.setattr(frechet, "PER_FEATURE", 2)
    judge, asked = untaught_judge(0).eval(), fixed("test", 192)
    clean = placed_features(judge, 16, asked, 7)
    found = distance(judge, clean, 16, asked)
    assert found["distance"] < 1.5 * found["floor"]
    assert distance(judge, clean * 1.5, 16, asked)["distance"] > 3 * found["floor"]
    assert distance(judge, clean[:191], 16, asked[:191]) is None


def test_sets_of_real_pictures_differ_by_their_number_alone():
    judge, asked = untaught_judge(0).eval(), fixed("test", 6)
    assert torch.equal(placed_features(judge, 16, asked, 1), placed_features(judge, 16, asked, 1))
    assert not torch.equal(placed_features(judge, 16, asked, 1), placed_features(judge, 16, asked, 2))
    assert torch.equal(real_features(judge, 16, 9)[:6], real_features(judge, 16, 6))


def test_drawn_pictures_are_those_of_the_plain_sampler_whatever_the_batch(pipeline, monkeypatch):
    asked = fixed("test", 5)
    monkeypatch.setattr(scores, "AT_ONCE", 2)
    done: list[int] = []
    found = drawn(pipeline, asked, 2, told=done.append)
    states, noise = pipeline.encode([one.prompt for one in asked]), pipeline.noise([one.noise for one in asked])
    nothing = pipeline.encode([""])
    plain = pipeline.decode(sample(predictor(pipeline.unet, states, 2.0, nothing), pipeline.sampler(), noise, 2))
    assert torch.allclose(found, plain, atol=1e-4) and done == [2, 4, 5]


def test_the_command_writes_the_scores_beside_the_model(pipeline, tmp_path, capsys):
    save_pipeline(pipeline, tmp_path / "model")
    for name in ("judge", "judge_second"):
        save_judge(untaught_judge(1), tmp_path / name)
    main(
        [
            "score",
            "--model",
            str(tmp_path / "model"),
            "--judges",
            str(tmp_path),
            "--count",
            "4",
            "--steps",
            "2",
            "--guidance",
            "1",
        ]
    )
    assert "judge_second: all slots" in capsys.readouterr().out
    found = json.loads((tmp_path / "model" / "scores.json").read_text())
    assert (found["n"], found["steps"], found["split"]) == (4, 2, "test") and set(found["judges"]) == {
        "judge",
        "judge_second",
    }


def test_a_folder_without_judges_is_refused_before_anything_is_drawn(pipeline, tmp_path, capsys):
    save_pipeline(pipeline, tmp_path / "model")
    with pytest.raises(SystemExit):
        main(["score", "--model", str(tmp_path / "model"), "--judges", str(tmp_path), "--count", "400"])
    assert "no judge that can be read" in capsys.readouterr().err
