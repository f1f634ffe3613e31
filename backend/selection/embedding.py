"""Embeddings: what a frozen model makes of a question, as one vector of length 1.

Knows a reader's frozen model and encoded rows; not what the vectors are compared for. LoRA has no part in them.
"""

import inspect
from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from backend.core.chunks import chunks
from backend.core.models.readers import Reader
from backend.core.params import Params
from backend.core.text.batches import Batch, Encoded, positions
from backend.core.text.examples import Rows

TOKENS, ROWS = 4096, 64  # a forward pass without gradients: all hidden states of SmolLM2 are then 0.3 GB


def embed(reader: Reader, rows: Rows) -> Float[np.ndarray, "n hidden"]:
    """The mean of the frozen model's last hidden states over each row's prompt, normalised.

    The student runs with the parameters training starts from, where it computes what the untouched backbone does,
    whatever it holds by now. The answer is left out: rows that share one would look alike. One forward pass a row.
    """
    prompts = [Encoded(example.prompt, ()) for example in rows.examples]
    return _pooled(reader, Rows(prompts, rows.table), lambda mask: mask)


def embed_weighted(reader: Reader, rows: Rows) -> Float[np.ndarray, "n hidden"]:
    """The mean over prompt and answer, the i-th token weighing i: a later token has read more of the text. Normalised.

    Source: Muennighoff 2022 (SGPT), as RDS+ has it (Ivison et al. 2025).
    """
    texts = [Encoded((*example.prompt, *example.answer), ()) for example in rows.examples]
    return _pooled(reader, Rows(texts, rows.table), lambda mask: mask.cumsum(1) * mask)


@torch.no_grad()
def _pooled(
    reader: Reader, texts: Rows, weighing: Callable[[Int[Tensor, "batch seq"]], Tensor]
) -> Float[np.ndarray, "n hidden"]:
    """The weighted mean of each text's last hidden states, normalised; `weighing` makes weights of a mask."""
    start, found = reader.student.initial(0), {}
    for chosen in chunks([len(example.prompt) for example in texts.examples], TOKENS, ROWS):
        batch = texts.batch(chosen)
        hidden = _last_hidden(reader, start, batch)
        weights = weighing(batch.mask).to(hidden.device, hidden.dtype)[..., None]
        means = (hidden * weights).sum(1) / weights.sum(1)
        found |= dict(zip(chosen, torch.nn.functional.normalize(means.float(), dim=-1).cpu().numpy(), strict=True))
    return np.stack([found[row] for row in range(len(texts))])


def _last_hidden(reader: Reader, params: Params, batch: Batch) -> Float[Tensor, "batch seq hidden"]:
    """The hidden states behind the last layer and its norm, in front of the head."""
    student = reader.student
    mask = batch.mask.to(student.device)
    inputs = {"inputs_embeds": batch.embeds, "attention_mask": mask, "use_cache": False, "output_hidden_states": True}
    accepted = inspect.signature(student.backbone.model.forward).parameters
    if "position_ids" in accepted:
        inputs["position_ids"] = positions(mask)
    if "logits_to_keep" in accepted:
        inputs["logits_to_keep"] = 1
    return torch.func.functional_call(student.model, params, kwargs=inputs).hidden_states[-1]
