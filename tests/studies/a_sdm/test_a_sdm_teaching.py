"""A run that teaches its own full model: stopped and taken up, it goes on to the same weights."""

import pytest
import torch

from backend.core.diffusion.pipeline import load_pipeline
from backend.pocket.drawing import commands, lesson, pool, teaching
from backend.runs.folder import RunDir
from backend.runs.progress import Stopped
from backend.settings import as_json
from backend.studies.a_sdm import teaching as study_teaching
from backend.studies.a_sdm.config import ASdmConfig
from tests.tiny_drawing import tiny_unet


@pytest.fixture(autouse=True)
def little_of_everything(monkeypatch):
    monkeypatch.setattr(pool, "CHUNK", 8)
    for name, value in {"EVERY": 1, "FIRST": 64, "GROWN": 0, "MOST": 64}.items():
        monkeypatch.setattr(study_teaching, name, value)
    untaught = lambda told: tiny_unet(told.seed)  # noqa: E731 - the bundled size would take seconds
    for module in (lesson, teaching):
        monkeypatch.setattr(module, "untaught_unet", untaught)
    monkeypatch.setattr(commands, "taught_text", lambda seed: (commands.untaught_text(seed), 0.0))


def start(folder) -> tuple[ASdmConfig, RunDir]:
    config = ASdmConfig(size="16", lesson=3, arms=())
    return config, RunDir.create(folder, "a_sdm", None, as_json(config))


def test_a_stopped_teaching_goes_on_to_the_same_weights(tmp_path):
    config, whole = start(tmp_path / "whole")
    study_teaching.teach(config, whole)
    config, run = start(tmp_path / "broken")
    run.stop_flag.touch()
    with pytest.raises(Stopped):
        study_teaching.teach(config, run)
    assert not (run.artifacts / "teacher").exists()
    run.stop_flag.unlink()
    study_teaching.teach(config, run)
    ours, theirs = (load_pipeline(str(one.artifacts / "teacher")) for one in (whole, run))
    assert ours.side == 16
    assert all(torch.equal(a, b) for a, b in zip(ours.unet.parameters(), theirs.unet.parameters(), strict=True))
    study_teaching.teach(config, run)  # is there: nothing is taught again
    assert not (run.artifacts / "teacher_lesson").exists()


@pytest.mark.parametrize("prediction", ["v_prediction", "epsilon", "sample"])
def test_the_full_model_answers_what_the_run_asks_for(tmp_path, prediction):
    config = ASdmConfig(size="16", lesson=2, arms=(), prediction=prediction)
    run = RunDir.create(tmp_path / "run", "a_sdm", None, as_json(config))
    study_teaching.teach(config, run)
    assert load_pipeline(str(run.artifacts / "teacher")).scheduler["prediction_type"] == prediction
