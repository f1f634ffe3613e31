"""Logits of the places that are asked for, of rows that branch and of rows that do not.

Knows a model and its inputs; no text and no questions.
"""

import inspect

import torch
from jaxtyping import Float, Int
from torch import Tensor

from backend.core.scoring.tree_attention import Prefix


def tree_logits(
    model: torch.nn.Module,
    inputs: dict[str, Tensor],
    prefix: Prefix | None,
    rows: Int[Tensor, " n"],
    places: Int[Tensor, " n"],
) -> Float[Tensor, "n vocab"]:
    """The head is applied to the wanted places alone: in these families it is one linear map and nothing else."""
    whole = inner(model)
    hidden = whole.base_model(**inputs, prefix=prefix).last_hidden_state
    return whole.get_output_embeddings()(hidden[rows, places])


def plain_logits(
    model: torch.nn.Module, inputs: dict[str, Tensor], rows: Int[Tensor, " n"], places: Int[Tensor, " n"]
) -> Float[Tensor, "n vocab"]:
    """Logits of the wanted places, of any model at all; it leaves out columns no row wants if it can be told so."""
    kept, column = places.unique(return_inverse=True)
    able = "logits_to_keep" in inspect.signature(inner(model).forward).parameters
    output = model(**inputs, **({"logits_to_keep": kept} if able else {}))
    logits = getattr(output, "logits", output)
    return logits[rows, column if able else places]


def inner(model: torch.nn.Module) -> torch.nn.Module:
    """The model inside a peft wrapper, with its LoRA layers; the wrapper hides the arguments."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model
