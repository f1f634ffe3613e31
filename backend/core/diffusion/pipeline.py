"""Text-to-picture models in folders and on the hub, in the layout of a diffusers pipeline: read, written, asked.

A folder has `unet`, `text_encoder`, `tokenizer`, `scheduler`, and either `vae` or `latents.json`, which says that
pictures become latents by a lossless unshuffle. Written in half precision as safetensors, read in single precision, and
never from a pickle. Knows files and words; neither sampling nor training.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import AutoencoderKL, SchedulerMixin, UNet2DConditionModel
from jaxtyping import Float
from torch import Tensor
from transformers import AutoTokenizer, CLIPTextModel, PreTrainedTokenizerBase
from transformers.utils import cached_file

from backend.core.diffusion.latents import to_latents, to_pixels
from backend.core.diffusion.sampling import scheduler_of
from backend.core.models.backbones import quiet
from backend.core.models.hub import friendly, refusal
from backend.core.seeding import generator
from backend.core.vision.captions import check_known
from backend.disk import write_atomically
from backend.errors import UserError

LATENTS, SCHEDULER = "latents.json", "scheduler/scheduler_config.json"
WANTED = "a Stable Diffusion pipeline (one UNet2DConditionModel, one CLIP text encoder) as diffusers saves it"
HOW_TO_NAME = (
    "Give a hub id such as stable-diffusion-v1-5/stable-diffusion-v1-5, or a folder with unet and text_encoder."
)
BLOCKS = {"DownBlock2D", "CrossAttnDownBlock2D", "UpBlock2D", "CrossAttnUpBlock2D", "UNetMidBlock2DCrossAttn", None}


@dataclass(frozen=True)
class Pipeline:
    """A model with all it takes to draw. `scheduler` is its noise as a scheduler's configuration; `patch` is the side
    of an unshuffled square in pixels, 0 where there is an autoencoder; `name` is what it was asked for by."""

    unet: UNet2DConditionModel
    text_encoder: CLIPTextModel
    tokenizer: PreTrainedTokenizerBase
    scheduler: dict
    vae: AutoencoderKL | None
    patch: int
    side: int
    name: str

    @property
    def latent_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of a picture's latents."""
        place = self.side // (self.patch or 2 ** (len(self.vae.config.block_out_channels) - 1))
        return self.unet.config.in_channels, place, place

    def sampler(self, name: str = "ddim") -> SchedulerMixin:
        """A scheduler of this sampler with the noise of the model. Raises UserError for one that is not known."""
        return scheduler_of(self.scheduler, name)

    def encode(self, prompts: list[str]) -> Float[Tensor, "n words width"]:
        """The states of the prompts' words, padded to the whole context as Stable Diffusion does.

        Raises UserError for words that nobody taught, and for prompts longer than the context.
        """
        check_known(self.tokenizer, prompts)
        context = self.text_encoder.config.max_position_embeddings
        found = self.tokenizer(prompts, padding="max_length", max_length=context, return_tensors="pt")
        if found.input_ids.shape[1] > context:
            raise UserError(
                f"A prompt has {int(found.attention_mask.sum(1).max())} tokens, its two marks among them.",
                f"at most {context}, which is what this model reads",
                "Shorten it: nothing is cut off in silence.",
            )
        with torch.no_grad():
            return self.text_encoder(input_ids=found.input_ids).last_hidden_state

    def noise(self, seeds: list[int]) -> Float[Tensor, "n channels height width"]:
        """Noise to begin with; each picture's depends on its own seed alone."""
        shape = self.latent_shape
        return torch.stack([torch.randn(shape, generator=generator("first noise", seed)) for seed in seeds])

    @torch.no_grad()
    def decode(self, latents: Float[Tensor, "n channels height width"]) -> Float[Tensor, "n 3 side side"]:
        """The pictures of latents, from 0 to 1."""
        if self.vae is None:
            return to_pixels(latents, self.patch)
        pixels = self.vae.decode(latents / self.vae.config.scaling_factor).sample
        return (pixels / 2 + 0.5).clamp(0, 1)

    @torch.no_grad()
    def latents(self, pixels: Float[Tensor, "n 3 side side"]) -> Float[Tensor, "n channels height width"]:
        """The latents of pictures from 0 to 1; of an autoencoder's the middle of what it gives."""
        if self.vae is None:
            return to_latents(pixels, self.patch)
        return self.vae.encode(pixels * 2 - 1).latent_dist.mode() * self.vae.config.scaling_factor


def save_pipeline(pipeline: Pipeline, folder: Path) -> None:
    """Write the model in half precision, 2 bytes a parameter. Only models without an autoencoder are written."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in (("unet", pipeline.unet), ("text_encoder", pipeline.text_encoder)):
        model.half().save_pretrained(folder / name)
        model.float()
    pipeline.tokenizer.save_pretrained(folder / "tokenizer")
    config = {
        key: value for key, value in pipeline.scheduler.items() if not key.startswith("_") or key == "_class_name"
    }
    (folder / "scheduler").mkdir(exist_ok=True)
    write_atomically(folder / SCHEDULER, json.dumps(config, indent=2, sort_keys=True) + "\n")
    write_atomically(folder / LATENTS, json.dumps({"patch": pipeline.patch, "side": pipeline.side}) + "\n")


def load_pipeline(spec: str) -> Pipeline:
    """The model of a folder or a hub id, frozen, in evaluation mode and single precision: 4 bytes a parameter.

    Raises UserError where there is none, where it is of another family, or where its parts do not fit.
    """
    folder = Path(spec).expanduser() if spec.strip() else None
    if not (folder and folder.is_dir()) and not re.fullmatch(r"[\w.-]+/[\w.-]+", spec):
        raise refusal(spec, f"There is no model called {spec!r}.", WANTED, HOW_TO_NAME)
    place = str(folder) if folder and folder.is_dir() else spec
    with quiet(), friendly(spec, HOW_TO_NAME, WANTED):
        _check_family(place, spec)
        unet = load_unet(place, "unet")
        encoder = CLIPTextModel.from_pretrained(
            place, subfolder="text_encoder", dtype=torch.float32, use_safetensors=True
        )
        tokenizer = AutoTokenizer.from_pretrained(place, subfolder="tokenizer", trust_remote_code=False)
        told, vae = _told(place, LATENTS), None
        if told is None:
            vae = AutoencoderKL.from_pretrained(place, subfolder="vae", torch_dtype=torch.float32, use_safetensors=True)
            vae.eval().requires_grad_(False)
        shrunk = 1 if vae is None else 2 ** (len(vae.config.block_out_channels) - 1)
        patch, side = (told["patch"], told["side"]) if told else (0, unet.config.sample_size * shrunk)
        encoder.eval().requires_grad_(False)
        found = Pipeline(unet, encoder, tokenizer, _told(place, SCHEDULER) or {}, vae, patch, side, spec)
    check_fits(found)
    return found


def load_unet(place: str, subfolder: str | None = None) -> UNet2DConditionModel:
    """A UNet of a folder or hub id, frozen and in single precision. Raises what diffusers raises."""
    unet = UNet2DConditionModel.from_pretrained(
        place, subfolder=subfolder, torch_dtype=torch.float32, use_safetensors=True, low_cpu_mem_usage=False
    )
    return unet.eval().requires_grad_(False)


def check_fits(pipeline: Pipeline) -> None:
    """Raise UserError where the UNet is of another family, does not read these words, or cannot halve the picture."""
    config, spec = pipeline.unet.config, pipeline.name
    blocks = {*config.down_block_types, *config.up_block_types, config.mid_block_type}
    if blocks - BLOCKS or config.addition_embed_type:
        odd = ", ".join(sorted(blocks - BLOCKS)) or f"embeddings of the kind {config.addition_embed_type}"
        raise refusal(spec, f"The UNet of {spec} has {odd}, which is another family.", WANTED, HOW_TO_NAME)
    wide, asked = pipeline.text_encoder.config.hidden_size, config.cross_attention_dim
    if wide != asked:
        found = f"The text encoder of {spec} says words in {wide} numbers, its UNet reads {asked}."
        raise refusal(spec, found, "parts of one model", "Take text_encoder and unet from the same pipeline.")
    place, halvings = pipeline.latent_shape[1], len(config.block_out_channels) - 1
    if place % 2**halvings:
        found = f"Latents of {place} × {place} places cannot be halved {halvings} times, as this UNet does."
        step = f"Choose pictures whose latents are a multiple of {2**halvings} places wide."
        raise refusal(spec, found, "a side that the UNet can halve", step)


def _check_family(place: str, spec: str) -> None:
    told = _told(place, "model_index.json") or {}
    family = told.get("_class_name", "StableDiffusionPipeline")
    if family != "StableDiffusionPipeline" or "text_encoder_2" in told or "transformer" in told:
        raise refusal(spec, f"{spec} is a {family}, which is another family.", WANTED, HOW_TO_NAME)


def _told(place: str, name: str) -> dict | None:
    """What a JSON file of the model says; None where there is none."""
    path = cached_file(place, name, _raise_exceptions_for_missing_entries=False)
    return None if path is None else json.loads(Path(path).read_text(encoding="utf-8"))
