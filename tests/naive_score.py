"""The naive twin of scoring: it reads one option at a time and pads nothing.

Knows prompts and one model's logits; nothing of packing, batches or threads.
"""

import pytest
import torch

from backend.core.models.backbones import Backbone
from backend.core.scoring.scored import Scored
from backend.core.scoring.trees import make_trees
from backend.core.text.tasks import continuations, to_example
from tests import tiny


@torch.inference_mode()
def naive_scores(backbone: Backbone, questions, spec, shots=None) -> list[list[float]]:
    """The oracle: every option alone, all its logits, no padding, no sharing."""
    result = []
    for question in questions:
        solved = (shots or {}).get(question.subject, [])[: spec.shots]
        prompt = to_example(question, spec, solved).prompt
        scores = []
        for text in continuations(question, spec):
            before = backbone.tokenizer(prompt).input_ids
            whole = backbone.tokenizer(f"{prompt} {text}").input_ids
            log_probs = torch.log_softmax(backbone.model(torch.tensor([whole])).logits[0], dim=-1)
            scores.append(sum(log_probs[i - 1, whole[i]].item() for i in range(len(before), len(whole))))
        result.append(scores)
    return result


def trees_of(backbone: Backbone, questions, spec, shots, packed: bool) -> list:
    return make_trees(backbone.tokenizer, list(enumerate(questions)), spec, shots, tiny.CONTEXT, packed)


def same(scored: list[Scored], expected: list[list[float]]) -> bool:
    """Up to what is rounded to float32 of a model in float64, attention's weights and the last logits: at 1e-7 each, a
    hundredth of what is allowed."""
    flat = [ll for item in scored for ll in item.log_likelihoods]
    return flat == pytest.approx([ll for scores in expected for ll in scores], abs=1e-5, rel=1e-5)
