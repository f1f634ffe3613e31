"""The probe of answers: how sure a model is, whether it is right as often, and how far it went from its base.

Knows a model that turns ids into logits, and questions. Does not know what was planted. Entropy and divergence are of
the distribution over the whole vocabulary at the first answer place, in nats.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import kl_div, log_softmax
from transformers import PreTrainedTokenizerBase

from backend.core.models.backbones import context_length
from backend.core.scoring.metrics import calibration, option_loss, option_probabilities
from backend.core.scoring.score import plan
from backend.core.scoring.scored import Scored
from backend.core.scoring.trees import make_trees
from backend.core.text.tasks import Question, TaskSpec
from backend.studies.ba_lora.probe_rows import ProbeResult

TOKENS = 1024  # in one batch of prompts


@torch.inference_mode()
def first_logits(
    model: torch.nn.Module, tokenizer: PreTrainedTokenizerBase, questions: Sequence[Question], spec: TaskSpec
) -> Float[Tensor, "n vocab"]:
    """The logits from which the first token of each answer is drawn, in float32 on the CPU."""
    p = plan(model, tokenizer, spec)
    trees = make_trees(tokenizer, list(enumerate(questions)), spec, p.shots, context_length(model), packed=True)
    prompts = {tree.answers[0].slot[0]: tree.ids[: tree.answers[0].places[0] + 1] for tree in trees}
    order = sorted(prompts, key=lambda i: len(prompts[i]))
    found: dict[int, Tensor] = {}
    while order:
        size = max(1, TOKENS // len(prompts[order[0]]))
        members, order = order[:size], order[size:]
        found |= dict(zip(members, _last_logits(model, tokenizer, [prompts[i] for i in members]), strict=True))
    return torch.stack([found[i] for i in range(len(questions))])


def answers(
    questions: Sequence[Question],
    scored: Sequence[Scored],
    logits: Float[Tensor, "n vocab"],
    base_logits: Float[Tensor, "n vocab"] | None,
) -> ProbeResult:
    """`ece` and `nll` over the options (mean −log probability of the right one), `entropy` and, where the base's logits
    are given, `kl`: KL(base‖student)."""
    own = log_softmax(logits.float(), dim=-1)
    entropy = -(own.exp() * own).sum(-1)
    kl = None if base_logits is None else divergence(base_logits, logits)
    metrics = {"ece": calibration(scored)["ece"], "nll": option_loss(scored), "entropy": entropy.mean().item()}
    if kl is not None:
        metrics["kl"] = kl.mean().item()
    items = [
        {
            "id": question.id,
            "text": question.question,
            "nll": option_loss([score]),
            "entropy": entropy[i].item(),
            "kl": None if kl is None else kl[i].item(),
            "confidence": max(option_probabilities(score)),
            "correct": score.correct,
        }
        for i, (question, score) in enumerate(zip(questions, scored, strict=True))
    ]
    return ProbeResult("answers", metrics, len(items), items)


def divergence(base: Float[Tensor, "n vocab"], own: Float[Tensor, "n vocab"]) -> Float[Tensor, " n"]:
    """KL(base‖own) of each row, in nats."""
    first, second = log_softmax(base.float(), dim=-1), log_softmax(own.float(), dim=-1)
    return kl_div(second, first, reduction="none", log_target=True).sum(-1)


def _last_logits(
    model: torch.nn.Module, tokenizer: PreTrainedTokenizerBase, prompts: Sequence[tuple[int, ...]]
) -> Float[Tensor, "n vocab"]:
    """The logits behind the last token of every prompt; they are padded on the right, which nothing before it sees."""
    device, longest = next(model.parameters()).device, max(map(len, prompts))
    ids = torch.full((len(prompts), longest), tokenizer.pad_token_id, device=device)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, : len(prompt)] = torch.tensor(prompt, device=device)
        mask[row, : len(prompt)] = 1
    output = model(input_ids=ids, attention_mask=mask)
    return output.logits[torch.arange(len(prompts)), mask.sum(-1) - 1].float().cpu()
