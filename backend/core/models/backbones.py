"""Backbones: a frozen causal language model with its tokenizer, ready for double backward.

The only file that loads transformers' models. Knows names, folders, GGUF files and what a model family calls its parts.
Does not know tasks, training or scoring. Costs what the model costs: 4 bytes a parameter in float32, 2 in bfloat16.
"""

import hashlib
import importlib.util
import json
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import torch
import transformers
from transformers import PretrainedConfig, PreTrainedTokenizerBase
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES as CAUSAL_FAMILIES
from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES as MASKED_FAMILIES

from backend.core import devices
from backend.core.models.gguf_copy import converted, forget_quantisation
from backend.core.models.gguf_tokenizers import cut_as_stated, tokenizer_warning
from backend.core.models.hub import friendly, refusal
from backend.core.models.registry import BUNDLED, SMOLLM, SMOLLM_HUB, SMOLLM_PACKAGE
from backend.errors import UserError

ALL_TRAINED = 4.0  # times the weights: beside them their gradient and Adam's two moments
MODELS = Path(__file__).parents[3] / "assets" / "models"
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
LORA_LEAVES = (
    ("q_proj", "v_proj"),
    ("query", "value"),
    ("c_attn",),
    ("query_key_value",),
    ("qkv_proj",),
    ("Wqkv",),
    ("qkv",),
    ("q", "v"),
)
HOW_TO_NAME = (
    f"Give {', '.join(BUNDLED)} or {SMOLLM}, a hub id such as facebook/opt-125m, a model folder or a .gguf file."
)


@dataclass
class Backbone:
    """`family` is the config's model_type, such as opt or llama. `name` is what the user asked for."""

    model: torch.nn.Module
    tokenizer: PreTrainedTokenizerBase
    name: str
    family: str


@dataclass(frozen=True)
class Source:
    """Where to load from: a folder or a hub id, and the GGUF file in it, if it is one."""

    place: str
    gguf_file: str | None = None

    @property
    def options(self) -> dict:
        return {"trust_remote_code": False} | ({"gguf_file": self.gguf_file} if self.gguf_file else {})


def load_backbone(spec: str, dtype: str = "float32", device: str | None = None, trained: bool = False) -> Backbone:
    """The model called `spec`: frozen, in evaluation mode, without dropout or cache. UserError where that fails.

    `dtype` of the weights is float32 or bfloat16, 4 or 2 bytes a parameter; where no `device` is named,
    this process's own, or several where one has no room (devices.py). `trained`: all of it will be, so it needs more.
    """
    if dtype not in DTYPES:
        raise UserError(f"There is no precision {dtype!r}.", f"one of {', '.join(DTYPES)}", "Choose one of them.")
    source = find_source(spec)
    with quiet(), friendly(spec, HOW_TO_NAME):
        model, tokenizer = (_load_gguf if source.gguf_file else _load)(source, spec, DTYPES[dtype])
    give_pad_token(tokenizer, spec)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    model = model.to(device) if device else devices.placed(model, ALL_TRAINED if trained else 1.0)
    model.name_or_path = model.config.name_or_path = spec  # what adapters and cards saved from it will name
    return Backbone(model.eval().requires_grad_(False), tokenizer, spec, model.config.model_type)


def _load(source: Source, spec: str, dtype: torch.dtype) -> tuple[torch.nn.Module, PreTrainedTokenizerBase]:
    config = transformers.AutoConfig.from_pretrained(source.place, **source.options)
    _check_causal(config, spec)
    _remove_dropout(config)
    config.use_cache = False
    tokenizer = _tokenizer(source)
    model, told = transformers.AutoModelForCausalLM.from_pretrained(
        source.place,
        config=config,
        attn_implementation="eager",  # sdpa has no double backward (pytorch issue 116350)
        dtype=dtype,
        output_loading_info=True,
        # a pickle can run code; a GGUF file is neither
        **({} if source.gguf_file else {"use_safetensors": True}),
        **source.options,
    )
    _check_complete(model, tokenizer, told["missing_keys"], spec)
    if source.gguf_file:
        forget_quantisation(model)
    return model, tokenizer


def _load_gguf(source: Source, spec: str, dtype: torch.dtype) -> tuple[torch.nn.Module, PreTrainedTokenizerBase]:
    """Load a GGUF file's converted copy; the file itself where no copy can be kept or the copy is damaged."""
    copy = converted(Path(source.place, source.gguf_file), lambda: _load(source, spec, torch.float32))
    if copy is not None:
        try:
            return _load(Source(str(copy)), spec, dtype)
        except Exception:  # whatever a damaged file raises
            shutil.rmtree(copy, ignore_errors=True)
    return _load(source, spec, dtype)


def find_source(spec: str) -> Source:
    """A model's name, folder, file or hub id as a place to load from. Reads no weights."""
    path = Path(spec).expanduser()
    if spec in BUNDLED:
        return _folder_source(MODELS / spec, spec)
    if spec == SMOLLM:
        return _smollm_source()
    if spec.endswith(".gguf"):
        if not path.is_file():
            raise refusal(spec, f"There is no file {spec}.", "a .gguf file", "Check the path.")
        return _gguf_source(path, spec)
    if spec.strip() and path.is_dir():
        return _folder_source(path, spec)
    if re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", spec, flags=re.ASCII):
        return Source(spec)
    found = f"There is no model called {spec!r}."
    raise refusal(spec, found, "a known name, a hub id, a folder or a file", HOW_TO_NAME)


def _folder_source(folder: Path, spec: str) -> Source:
    if not (folder / "config.json").is_file():
        expected = "a folder saved by transformers, with config.json, *.safetensors and a tokenizer"
        raise refusal(spec, f"{folder.name} has no config.json.", expected, HOW_TO_NAME)
    return Source(str(folder))


def _gguf_source(file: Path, spec: str) -> Source:
    if importlib.util.find_spec("gguf") is None:
        found = f"{file.name} needs the package gguf, which is not installed."
        raise refusal(spec, found, "a way to read GGUF files", "Run: pip install gguf")
    return Source(str(file.parent), file.name)


def _smollm_source() -> Source:
    package = importlib.util.find_spec(SMOLLM_PACKAGE)  # found, never imported: only its data file is read
    folders = package.submodule_search_locations if package else None
    files = sorted(file for folder in folders or () for file in Path(folder).glob("*.gguf"))
    return _gguf_source(files[0], SMOLLM) if files else Source(SMOLLM_HUB)


@contextmanager
def quiet() -> Iterator[None]:
    """transformers without progress bars and advice; both are as before afterwards."""
    log = transformers.utils.logging
    level, bars = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity_error()
    log.disable_progress_bar()
    try:
        with redirect_stderr(StringIO()):  # the GGUF reader draws a bar of its own that has no switch
            yield
    finally:
        log.set_verbosity(level)
        if bars:
            log.enable_progress_bar()


def _check_causal(config: PretrainedConfig, spec: str) -> None:
    family = config.model_type
    encoder = family in MASKED_FAMILIES and not getattr(config, "is_decoder", False)
    if family in CAUSAL_FAMILIES and not encoder and not getattr(config, "is_encoder_decoder", False):
        return
    found = f"The model {spec} is of the family {family}, which does not continue a text."
    raise refusal(spec, found, "a causal language model, such as OPT, GPT-2, Llama, Qwen or Gemma", HOW_TO_NAME)


def _check_complete(model: torch.nn.Module, tokenizer: PreTrainedTokenizerBase, missing: Iterable, spec: str) -> None:
    """transformers draws weights that a file lacks at random, and makes up an empty tokenizer: refuse both."""
    expected, advice = "a complete causal language model with its tokenizer", "Copy the model again, with every file."
    lacking = ", ".join(sorted(map(str, missing))[:3])
    if lacking:
        raise refusal(spec, f"The model {spec} lacks the weights {lacking}.", expected, advice)
    broken = [name for name, weight in model.named_parameters() if not all(map(torch.isfinite, weight.aminmax()))]
    if broken:
        named = ", ".join(broken[:3])
        found = f"{len(broken)} of the weights of the model {spec} hold NaN or infinity: {named}."
        raise refusal(spec, found, expected, "Copy or train the model again: these weights are lost.")
    known = set(tokenizer("Answer: a", add_special_tokens=False).input_ids) - {tokenizer.unk_token_id}
    if not known:
        raise refusal(spec, f"The tokenizer of {spec} is missing or knows no words.", expected, advice)
    rows = model.get_input_embeddings().weight.shape[0]
    if tokenizer.vocab_size > rows:
        found = f"The tokenizer of {spec} has {tokenizer.vocab_size} tokens, but the model only {rows}."
        raise refusal(spec, found, expected, advice)


def _remove_dropout(config: PretrainedConfig) -> None:
    """Every dropout rate to 0: with dropout, student and expert would not even agree on the same data."""
    for name, value in config.to_dict().items():
        if "drop" in name and isinstance(value, float):
            setattr(config, name, 0.0)


def give_pad_token(tokenizer: PreTrainedTokenizerBase, spec: str) -> None:
    """Pads are masked out, so any token does; one must exist."""
    tokenizer.padding_side = "right"
    if tokenizer.pad_token_id is None:
        stand_in = tokenizer.eos_token or tokenizer.bos_token or tokenizer.unk_token
        if stand_in is None:
            found = f"The tokenizer of {spec} has no pad, eos, bos or unk token."
            step = "Set pad_token in tokenizer_config.json."
            raise refusal(spec, found, "one of them, to fill short rows with", step)
        tokenizer.pad_token = stand_in


def context_length(model: Backbone | torch.nn.Module) -> int:
    """How many tokens the model can read at once; 2048 where its config is silent, as in the harness."""
    module = model.model if isinstance(model, Backbone) else model
    config = getattr(module, "config", None)
    for name in ("n_positions", "max_position_embeddings", "n_ctx", "max_sequence_length", "seq_length"):
        value = getattr(config, name, None)
        if isinstance(value, int) and value > 0:
            return value
    return 2048


def lora_targets(backbone: Backbone) -> list[str]:
    """The names of the layers that get LoRA matrices: peft's own choice for the family, else the usual names."""
    from peft.utils.constants import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING  # noqa: PLC0415 - slow import

    linear = (torch.nn.Linear, transformers.pytorch_utils.Conv1D)
    leaves = {name.rpartition(".")[2] for name, part in backbone.model.named_modules() if isinstance(part, linear)}
    usual = TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING.get(backbone.family, ())
    for names in (() if isinstance(usual, str) else usual, *LORA_LEAVES):
        if names and leaves.issuperset(names):
            return list(names)
    found = f"The model {backbone.name} has no LoRA targets: its layers are {', '.join(sorted(leaves)[:12])}."
    raise refusal(backbone.name, found, "layers such as q_proj and v_proj", "Choose another model.")


def fingerprint(backbone: Backbone) -> str:
    """Twelve hex digits that change when the config or any one weight changes. Costs one pass over the weights."""
    digest = hashlib.sha256()
    config = backbone.model.config.to_dict() if hasattr(backbone.model, "config") else {}
    told = {key: value for key, value in config.items() if key not in ("_name_or_path", "transformers_version")}
    digest.update(json.dumps(told, sort_keys=True, default=str).encode())
    for name, weight in devices.weights(backbone.model):
        # the bits as whole numbers: their sum is exact in any order, where a sum of floats depends on the threads
        bits = weight.detach().contiguous().float().view(torch.int32).flatten()
        sample = bits[:: max(1, bits.numel() // 1024)].cpu().numpy().tobytes()
        digest.update(f"{name} {tuple(weight.shape)} {bits.sum(dtype=torch.int64).item()}".encode() + sample)
    return digest.hexdigest()[:12]


def load_tokenizer(student: str) -> PreTrainedTokenizerBase:
    """The tokenizer of a student by its name, without its weights. Raises UserError where there is no such student."""
    source = find_source(student)
    with quiet(), friendly(student, HOW_TO_NAME):
        return _tokenizer(source)


def _tokenizer(source: Source) -> PreTrainedTokenizerBase:
    tokenizer = transformers.AutoTokenizer.from_pretrained(source.place, **source.options)
    if source.gguf_file:
        cut_as_stated(tokenizer, Path(source.place, source.gguf_file))
    return tokenizer


def tokenizer_warnings(student: str) -> list[str]:
    """What may be wrong with a student's tokenizer, in sentences. Raises UserError where there is no such student."""
    source = find_source(student)
    with quiet(), friendly(student, HOW_TO_NAME):
        said = tokenizer_warning(Path(source.place, source.gguf_file)) if source.gguf_file else ""
    return [said] if said else []
