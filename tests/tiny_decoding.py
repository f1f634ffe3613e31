"""A small distillation run for tests of its decoders, and its state before the first update.

Knows how to make one and push its prompts off their tokens; nothing of what a decoder does with them.
"""

import json
from dataclasses import replace

import pytest
import torch

from backend import settings
from backend.runs.folder import RunDir
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.decoder import make_decoder
from backend.studies.text_distillation.learning import restore
from backend.studies.text_distillation.recording import followed, held_out, record_experts
from backend.studies.text_distillation.setup import Setup
from tests.studies.text_distillation.test_run import tiny_config

FREE = 1.0  # a prompt_lr at which tiny prompts change their tokens within a few updates


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    monkeypatch.setenv("DISTILLOSCOPE_WORKERS", "1")


@pytest.fixture(scope="module")
def config(tiny_models, tiny_tasks) -> DistillConfig:
    small = tiny_config(tiny_models, tiny_tasks, "opt")
    return replace(small, prompt_lr=FREE, admm_every=2, admm_neighbours=5, arms=("text",), regimes=("ordinary",))


@pytest.fixture
def ready(config, tmp_path):
    """For a decoder's name: setup, decoder, state before the first update, and the recorded experts."""

    def make(decoder: str, **changes):
        setup = Setup(replace(config, decoder=decoder, **changes))
        run = RunDir.create(tmp_path / "ready", "text_distillation", None, settings.as_json(setup.config))
        buffer = record_experts(setup, run, followed(setup.config), "experts")
        buffer = (
            record_experts(setup, run, held_out(setup.config), "decode") if setup.config.heldout_experts else buffer
        )
        return setup, make_decoder(setup), restore(setup, buffer, run), buffer

    return make


def summary(run: RunDir) -> dict:
    return json.loads((run.path / "summary.json").read_text(encoding="utf-8"))


def moved(setup: Setup, state, far: float = 1.5) -> None:
    """Prompts that have left their tokens, in the middle between cells."""
    with torch.no_grad():
        noise = torch.randn(state.prompts.shape, generator=torch.Generator().manual_seed(3))
        state.prompts += far * setup.synthetic.table.std() * noise * setup.synthetic.used[..., None]
