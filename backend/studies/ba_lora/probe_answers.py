"""The probe of answers: how sure a model is, whether it is right as often, and how far it went from its base.

Knows a model that turns ids into logits, and questions. Does not know what was planted. Entropy and divergence are of
the distribution over the whole vocabulary at the first answer place, in nats.
"""

import inspect
from collections.abc import Iterator, Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import kl_div, log_softmax
from transformers import PreTrainedTokenizerBase

from backend.core import devices
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
    by_length: dict[
        int, list[int]
    ] = {}  # rows of one length need no padding, and the head reads their last place alone
    for i, prompt in prompts.items():
        by_length.setdefault(len(prompt), []).append(i)
    found: dict[int, Tensor] = {}
    for length, members in by_length.items():
        for chunk in _chunks(members, max(1, TOKENS // length)):
            found |= dict(zip(chunk, _last_logits(model, [prompts[i] for i in chunk]), strict=True))
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


def _last_logits(model: torch.nn.Module, prompts: Sequence[tuple[int, ...]]) -> Float[Tensor, "n vocab"]:
    """The logits behind prompts of one length."""
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model  # peft hides the arguments
    last = {"logits_to_keep": 1} if "logits_to_keep" in inspect.signature(inner.forward).parameters else {}
    ids = torch.tensor(prompts, device=devices.of(model))
    return model(input_ids=ids, **last).logits[:, -1].float().cpu()


def _chunks(members: list[int], size: int) -> Iterator[list[int]]:
    for begin in range(0, len(members), size):
        yield members[begin : begin + size]
