"""CLIP models in folders and on the hub, with their tokenizer and their way of normalising pictures.

Written in half precision as safetensors, so that `CLIPModel.from_pretrained` reads them; read in single precision, and
never from a pickle. Knows files; neither training nor where the bundled models lie.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoTokenizer, CLIPModel, PreTrainedTokenizerBase
from transformers.utils import cached_file

from backend.core.models.backbones import quiet
from backend.core.models.hub import friendly, refusal
from backend.core.vision.images import OPENAI, Normal
from backend.disk import disk_error, part_of, write_atomically
from backend.errors import UserError

PIXELS = "preprocessor_config.json"
WEIGHTS = "model.safetensors"
WANTED = "a CLIP model as transformers saves it"
HOW_TO_NAME = "Give a hub id such as openai/clip-vit-base-patch32, or a folder with config.json and model.safetensors."


@dataclass(frozen=True)
class Clip:
    """A model with all it takes to use it. `name` is what it was asked for by."""

    model: CLIPModel
    tokenizer: PreTrainedTokenizerBase
    normal: Normal
    name: str

    @property
    def side(self) -> int:
        """Pixels along one side of the pictures that it reads."""
        return self.model.config.vision_config.image_size

    @property
    def context(self) -> int:
        """The most numbers that a caption may have."""
        return self.model.config.text_config.max_position_embeddings


def save_clip(model: CLIPModel, tokenizer: PreTrainedTokenizerBase, folder: Path, normal: Normal = OPENAI) -> None:
    """Write the model in half precision, 2 bytes a parameter, its tokenizer and its normalisation.

    Raises UserError where the disk refuses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = model.config.to_dict() | {"architectures": ["CLIPModel"], "dtype": "float16"}
    for key in ("_name_or_path", "transformers_version"):
        config.pop(key, None)
    write_atomically(folder / "config.json", json.dumps(config, indent=2, default=str) + "\n")
    write_atomically(folder / PIXELS, json.dumps(_pixels(model, normal), indent=2) + "\n")
    part = part_of(folder / WEIGHTS)
    try:
        held = {name: value.detach().cpu().half().contiguous() for name, value in model.state_dict().items()}
        save_file(held, part, {"format": "pt"})
        part.replace(folder / WEIGHTS)
        tokenizer.save_pretrained(folder)
    except OSError as error:
        raise disk_error(error, folder) from error


def load_clip(spec: str) -> Clip:
    """The model of a folder or a hub id, frozen, in evaluation mode and single precision: 4 bytes a parameter.

    Raises UserError where there is none, where it is no CLIP model, or where its weights do not fit its configuration.
    """
    if not (spec.strip() and Path(spec).expanduser().is_dir()) and not re.fullmatch(r"[\w.-]+/[\w.-]+", spec):
        raise refusal(spec, f"There is no model called {spec!r}.", WANTED, HOW_TO_NAME)
    place = str(Path(spec).expanduser()) if Path(spec).expanduser().is_dir() else spec
    with quiet(), friendly(spec, HOW_TO_NAME, WANTED):
        config = AutoConfig.from_pretrained(place, trust_remote_code=False)
        if config.model_type != "clip":
            raise refusal(spec, f"{spec} is a {config.model_type}, which is no CLIP model.", WANTED, HOW_TO_NAME)
        model, told = CLIPModel.from_pretrained(
            place, dtype=torch.float32, use_safetensors=True, output_loading_info=True
        )
        _check_whole(told, spec)
        tokenizer = AutoTokenizer.from_pretrained(place, trust_remote_code=False)
        return Clip(model.eval().requires_grad_(False), tokenizer, _normal(place), spec)


def _check_whole(told: dict, spec: str) -> None:
    missing = [*told["missing_keys"], *(key for key, *_ in told.get("mismatched_keys", ()))]
    if missing:
        raise refusal(
            spec,
            f"The weights of {spec} do not fit its configuration: {missing[0]} and {len(missing) - 1} more.",
            "weights of the shapes that config.json tells",
            "Save the model anew with save_pretrained; automatic students have a format of their own.",
        )


def _pixels(model: CLIPModel, normal: Normal) -> dict:
    side = model.config.vision_config.image_size
    return {
        "image_processor_type": "CLIPImageProcessor",
        "image_mean": list(normal.mean),
        "image_std": list(normal.std),
        "size": {"shortest_edge": side},
        "crop_size": {"height": side, "width": side},
        "resample": 3,
        "rescale_factor": 1 / 255,
        "do_resize": True,
        "do_center_crop": True,
        "do_rescale": True,
        "do_normalize": True,
        "do_convert_rgb": True,
    }


def _normal(place: str) -> Normal:
    """What the folder or hub id tells of normalising; OpenAI's numbers where it tells nothing."""
    path = cached_file(place, PIXELS, _raise_exceptions_for_missing_entries=False)
    if path is None:
        return OPENAI
    told = json.loads(Path(path).read_text(encoding="utf-8"))
    mean, std = told.get("image_mean", OPENAI.mean), told.get("image_std", OPENAI.std)
    if len(mean) != 3 or len(std) != 3 or min(std) <= 0:
        raise UserError(f"{PIXELS} tells no three means and deviations.", "three numbers each", "Correct the file.")
    return Normal(tuple(mean), tuple(std))
