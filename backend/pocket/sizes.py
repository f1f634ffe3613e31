"""The sizes of a bundled pair: the one that is shipped, and one of about ten million parameters.

The larger one stands between the bundled models and SmolLM2, to see what lives on between one million parameters and
135 million. It is built by command and not shipped. Knows two architectures; no training.
"""

from dataclasses import dataclass

from transformers import LlamaConfig, LlamaForCausalLM, OPTConfig, OPTForCausalLM, PreTrainedModel

CONTEXT = 1024


@dataclass(frozen=True)
class Size:
    """`width` of the hidden states, `inner` widths of OPT's and Llama's MLPs, and the peak of the step size."""

    width: int
    layers: int
    heads: int
    inner: tuple[int, int]
    peak_lr: float


SHIPPED = "1m"
SIZES = {SHIPPED: Size(128, 4, 4, (512, 352), 3e-3), "10m": Size(320, 7, 10, (1280, 880), 1.5e-3)}


def folder_name(model: str, size: str) -> str:
    """What the model's folder is called: another size never takes the place of the one that is shipped."""
    return model if size == SHIPPED else f"{model}-{size}"


def untrained(model: str, size: Size, marks: dict[str, int]) -> PreTrainedModel:
    """The model of this family; no dropout, because downstream loss is differentiated twice. `marks` are the
    vocabulary's size and special tokens."""
    shared = {
        "hidden_size": size.width,
        "num_hidden_layers": size.layers,
        "num_attention_heads": size.heads,
        "max_position_embeddings": CONTEXT,
        "attention_dropout": 0.0,
        **marks,
    }
    if model == "opt-pocket":
        own = {"ffn_dim": size.inner[0], "word_embed_proj_dim": size.width, "dropout": 0.0, "layerdrop": 0.0}
        return OPTForCausalLM(OPTConfig(**shared, **own))
    own = {"intermediate_size": size.inner[1], "num_key_value_heads": size.heads, "tie_word_embeddings": True}
    return LlamaForCausalLM(LlamaConfig(**shared, **own))
