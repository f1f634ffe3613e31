"""A pipeline in Stable Diffusion's layout, with an autoencoder and words that nobody judges: all classes are the real
ones, the weights random and tiny."""

import base64
import io
import json
import shutil

import pytest
from diffusers import AutoencoderKL
from PIL import Image

from backend.core.diffusion.assembly import assembled
from backend.core.diffusion.light_files import save_light
from backend.core.diffusion.pipeline import load_pipeline
from backend.core.vision.captions import word_tokenizer
from backend.pocket.drawing.text import CONTEXT
from backend.runs.carry_out import run_to_the_end
from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.a_sdm import conclude
from tests.tiny_drawing import tiny_config, tiny_pipeline

WORDS = ("a", "cat", "dog", "beside", "house")


@pytest.fixture
def folder(tmp_path):
    """A model with an autoencoder that halves pictures once; its UNet has 4 channels, as latents do."""
    place = tiny_pipeline(tmp_path / "stable", channels=4)
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        block_out_channels=(8, 8),
        norm_num_groups=4,
        latent_channels=4,
        sample_size=16,
    )
    vae.save_pretrained(place / "vae")
    (place / "latents.json").unlink()
    shutil.rmtree(place / "judge")
    word_tokenizer(WORDS, CONTEXT).save_pretrained(place / "tokenizer")
    return place


def test_it_is_measured_without_a_judge_and_with_a_light_net_that_exists(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("DISTILLOSCOPE_WORKERS", "1")
    monkeypatch.setattr(conclude, "CHECKED", 4)
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("a cat beside a house\na dog\n")
    light = tmp_path / "light"
    save_light(assembled(load_pipeline(str(folder)).unet, "base"), light)
    config = tiny_config(
        folder,
        arms=(),
        ready=(str(light),),
        prompt_file=str(prompts),
        plans=("deep1@every2", "deepcache0@every3"),
        switches=("light>full@2",),
        mixed=("light+deep1@every2",),
    )
    run = RunDir.create(tmp_path / "run", "a_sdm", None, as_json(config))
    run.claim()
    assert run_to_the_end(config, run) == "finished"
    rows = run.rows("settings")
    assert {row["family"] for row in rows} == {"full", "fewer_steps", "inherit", "light", "switch", "combined"}
    assert all(row["right"] is None and row["frechet"] is None for row in rows)
    assert all(row["psnr"] > 0 for row in rows[1:])
    summary = run.summary()
    assert summary["judge"] is None and summary["words"] == [] and "judge" in {w["kind"] for w in summary["warnings"]}
    with Image.open(io.BytesIO(base64.b64decode(run.rows("looks")[0]["png"]))) as image:
        assert max(image.size) <= 160
    assert json.dumps(summary)
