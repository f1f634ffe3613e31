"""Tiny students to ask, tuned and not, and what they are asked.

Knows how an adapter's folder is made and which models a shelf loads; nothing of the answers.
"""

import peft
import pytest

from backend.core.models.backbones import Backbone, load_backbone
from backend.desk import ask as asking
from backend.desk.ask import Asked

ASKED = Asked("Which animal gives milk?", ("a cow", "a stone", "rain"))


@pytest.fixture(scope="module")
def folder(tiny_models) -> str:
    return str(tiny_models["opt"])


@pytest.fixture
def opt(folder) -> Backbone:
    return load_backbone(folder)


@pytest.fixture
def loads(monkeypatch) -> list[str]:
    """Every model that the shelf loads, as it is loaded."""
    made = []
    monkeypatch.setattr(asking, "load_backbone", lambda spec: made.append(spec) or load_backbone(spec))
    return made


def adapter(model_folder: str, path, init=True, **options):
    """A real peft folder; with init=True as untuned as LoRA begins, so that B is zero."""
    config = peft.LoraConfig(r=2, target_modules=["q_proj", "v_proj"], init_lora_weights=init, **options)
    made = peft.get_peft_model(load_backbone(model_folder).model, config)
    made.save_pretrained(path, save_embedding_layers=False)
    return str(path)


def told(answer: dict) -> dict:
    return {name: value for name, value in answer.items() if name != "seconds"}
