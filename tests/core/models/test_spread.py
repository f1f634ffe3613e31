"""A model whose parts lie in several places computes, is scored, tuned and told apart as one that lies in one.

Here the places are the CPU and files, between which accelerate moves layers as it does between GPUs.
"""

import pytest
import torch

from backend.core import devices
from backend.core.models.adapters import make_student
from backend.core.models.backbones import Backbone, fingerprint, load_backbone
from backend.core.models.continuing import continued
from backend.core.models.lora import LoraStudent
from backend.core.models.perplexity import perplexity
from backend.core.scoring.score import score_questions
from backend.core.text.examples import Rows, encode
from backend.core.text.prompts import Example
from backend.core.text.tasks import Question
from backend.core.training.finetune import Plan, finetuned
from backend.errors import UserError

FAMILIES = ("opt", "llama")
TOLD = [Example("Question: What is ice made of?\nAnswer:", " water"), Example("Question: Why?\nAnswer:", " so")]
ASKED = [Question(str(i), "What is hot?", ("ice", "the sun", "frost"), 1) for i in range(2)]


@pytest.fixture(params=FAMILIES)
def pair(request, tiny_models, tmp_path) -> tuple[Backbone, Backbone]:
    """A model in one place, and again with its second half in files."""
    whole, apart = (load_backbone(str(tiny_models[request.param])) for _ in range(2))
    devices.spread(apart.model, halves(apart.model), str(tmp_path))
    return whole, apart


def halves(model: torch.nn.Module) -> dict[str, str]:
    """The first layer in memory, the rest in files; what is tied to the token table stays with it."""
    layers = next(name for name, part in model.named_modules() if isinstance(part, torch.nn.ModuleList))
    above = layers.split(".")
    found = {"lm_head": "cpu"}
    part, name = model, ""
    for step in above:
        for child, _ in part.named_children():
            if child != step:
                found[f"{name}{child}"] = "cpu"
        part, name = part.get_submodule(step), f"{name}{step}."
    return found | {f"{layers}.{i}": "disk" if i else "cpu" for i in range(len(model.get_submodule(layers)))}


def rows(student: LoraStudent) -> Rows:
    return Rows([encode(student.backbone.tokenizer, example) for example in TOLD], student.table)


def test_a_part_waits_elsewhere_and_its_weights_are_told_all_the_same(pair):
    whole, apart = pair
    assert any(p.is_meta for p in apart.model.parameters())
    assert devices.of(apart.model).type == "cpu" and devices.of(whole.model).type == "cpu"
    told = {name: weight.clone() for name, weight in devices.weights(apart.model)}
    assert all(torch.equal(told[name], p) for name, p in whole.model.named_parameters())
    assert fingerprint(apart) == fingerprint(whole)


def test_scores_texts_and_perplexity_are_those_of_a_model_in_one_place(pair):
    found = []
    for backbone in pair:
        model, tokenizer = backbone.model, backbone.tokenizer
        prompt = tokenizer("Question: What is hot?").input_ids
        found.append(
            (
                [item.as_row() for item in score_questions(model, tokenizer, ASKED, "pocket_science")],
                continued(model, [prompt], 5, None, 0),
                perplexity(backbone, ["ice is cold"]),
            )
        )
    assert found[0] == found[1]


def test_a_student_of_spread_layers_learns_what_one_in_one_place_learns(pair):
    ends = []
    for backbone in pair:
        student = make_student(backbone, "lora", 2, 4)
        assert not any(p.is_meta for p in student.live().values())
        ends.append(finetuned(student, rows(student), student.initial(0), [[0, 1]] * 4, Plan(4, 0.02)))
    assert all(torch.allclose(ends[0][name], p, atol=1e-6) for name, p in ends[1].items())


def test_all_of_a_model_that_the_gpus_do_not_hold_is_not_trained(pair):
    with pytest.raises(UserError, match="do not hold"):
        make_student(pair[1], "full", 2, 4)
