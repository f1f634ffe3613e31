"""Students are remembered by recipe: another comparison with the same data repeats none and has the same scores."""

import json
import math
from dataclasses import replace

import pytest
import torch

from backend import settings
from backend.comparison.remembered import recipe_of, remembered
from backend.comparison.students import Trainee
from backend.core.models.backbones import load_backbone
from backend.core.models.perplexity import perplexity
from backend.core.text.token_ids import prompt_ids
from backend.errors import UserError
from tests import tiny_comparison
from tests.tiny_comparison import start

one_process = tiny_comparison.one_process
config = tiny_comparison.config
whole = tiny_comparison.whole
materials = tiny_comparison.materials


def test_a_comparison_of_known_arms_trains_no_student_and_has_the_same_scores(whole, config, tmp_path, monkeypatch):
    def refuse(*_):
        raise AssertionError("a student was trained again")

    monkeypatch.setattr(Trainee, "train", refuse)
    few = replace(config, arms=("random", "less", "full"))
    run, state = start(few, tmp_path / "run")
    assert state == "finished"

    def told(rows):
        return {(r["arm"], r["student"], r["seed"], r["metric"]): (r["value"], r["lr"]) for r in rows}

    assert told(run.rows("results")).items() <= told(whole.rows("results")).items()
    for row in run.rows("results"):
        assert (run.path / row["scores"]).read_bytes() == (whole.path / row["scores"]).read_bytes()


@pytest.mark.parametrize(
    "change",
    [{"steps": 4}, {"batch": 3}, {"lora_alpha": 8}, {"seed": 1}, {"adapted_layers": 1}, {"adapted_modules": "mlp"}],
)
def test_another_plan_is_another_student(config, materials, change):
    reader, rows = materials.own, materials.own.rows(materials.examples[:2])
    here = recipe_of(config, reader, rows, materials.test, lr=0.1)
    assert recipe_of(replace(config, **change), reader, rows, materials.test, lr=0.1) != here


def test_other_data_order_questions_or_step_size_are_another_student(config, materials):
    reader, examples = materials.own, materials.examples
    recipes = [
        recipe_of(config, reader, reader.rows(examples[:2]), materials.test, lr=0.1),
        recipe_of(config, reader, reader.rows(examples[1::-1]), materials.test, lr=0.1),
        recipe_of(config, reader, reader.rows(examples[:2]), materials.test[1:], lr=0.1),
        recipe_of(config, reader, reader.rows(examples[:2]), materials.test, lr=0.2),
    ]
    assert len({str(recipe) for recipe in recipes}) == 4


def test_a_result_is_made_once_and_survives_as_it_was(tmp_path, monkeypatch):
    monkeypatch.setenv("DISTILLOSCOPE_HOME", str(tmp_path))
    made = []

    def make():
        made.append(1)
        return [0.1 + 0.2, -1e-300]

    assert remembered({"a": 1}, make) == remembered({"a": 1}, make) == [0.1 + 0.2, -1e-300]
    assert remembered({"a": 2}, make) and len(made) == 2


def test_an_outsider_that_takes_part_is_refused(config):
    with pytest.raises(UserError, match="takes part"):
        replace(config, outsider=config.students[1])


def test_readability_is_told_for_every_text_under_the_outsider(config, tmp_path, tiny_models):
    config = replace(config, arms=("init", "text"), outsider=str(tiny_models["gpt2"]), seeds=1)
    run, state = start(config, tmp_path / "run")
    assert state == "finished"
    facts = json.loads((run.path / "summary.json").read_text())["texts"]
    assert set(facts) == {"init", "text"} and all(told["perplexity"] > 1 for told in facts.values())
    assert settings.as_json(config)["outsider"] == str(tiny_models["gpt2"])


def test_perplexity_is_that_of_each_token_given_those_before(tiny_models):
    backbone, texts = load_backbone(str(tiny_models["opt"])), ["What is a metal?", "ice and snow"]
    losses = []
    for text in texts:
        ids = prompt_ids(backbone.tokenizer, text)
        for place in range(1, len(ids)):
            with torch.no_grad():
                logits = backbone.model(input_ids=torch.tensor([ids[:place]])).logits[0, -1]
            losses.append(-torch.log_softmax(logits, -1)[ids[place]].item())
    assert perplexity(backbone, texts) == pytest.approx(math.exp(sum(losses) / len(losses)), rel=1e-4)
    with pytest.raises(ValueError, match="two tokens"):
        perplexity(backbone, [])
