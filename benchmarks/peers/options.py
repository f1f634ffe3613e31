"""The loop one would write first: every option of every question read alone, whole prompt and all."""

from collections.abc import Sequence

import torch

from backend.core.models.backbones import Backbone
from backend.core.text.tasks import Question, TaskSpec, continuations, to_example


@torch.no_grad()
def choices(backbone: Backbone, spec: TaskSpec, questions: Sequence[Question], shots: dict) -> list[int]:
    """The likeliest option of each question."""
    return [
        max(range(len(question.options)), key=likelihoods(backbone, spec, question, shots).__getitem__)
        for question in questions
    ]


def likelihoods(backbone: Backbone, spec: TaskSpec, question: Question, shots: dict) -> list[float]:
    """How likely each option is after the prompt, in nats."""
    prompt = to_example(question, spec, shots.get(str(question.subject), [])[: spec.shots]).prompt
    begin, found = len(backbone.tokenizer(prompt).input_ids), []
    for text in continuations(question, spec):
        ids = torch.tensor(backbone.tokenizer(f"{prompt} {text}").input_ids)
        logits = backbone.model(ids[None, :-1], use_cache=False).logits[0].log_softmax(-1)
        found.append(float(logits[range(begin - 1, len(ids) - 1), ids[begin:]].sum()))
    return found
