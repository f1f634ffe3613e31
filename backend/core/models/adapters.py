"""The ways to fine-tune a student: LoRA and three relatives through peft, and all of the weights.

Every student starts as the untouched backbone, is trained through one interface, saves a folder that loads anywhere and
gives its backbone back to the bit. Knows models and parameters; nothing of data, tasks or training.
"""

import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from peft import PeftConfig

from backend.core.models.backbones import Backbone, lora_targets
from backend.core.models.lora import LoraStudent, Student
from backend.core.params import Params, snapshot
from backend.errors import UserError


class RsLoraStudent(LoraStudent):
    """Rank-stabilised LoRA: the update is scaled by alpha / sqrt(rank), not alpha / rank (Kalajdzievski 2023, 3.2)."""

    options = {"use_rslora": True}  # noqa: RUF012


class DoraStudent(LoraStudent):
    """Weight-decomposed LoRA: LoRA turns the weight's columns, trained magnitudes scale them (Liu et al. 2024, 4.1).

    Costs a norm of each adapted weight a step. Starts exact: the magnitudes are the frozen columns' norms.
    """

    options = {"use_dora": True}  # noqa: RUF012
    reads_weights = True


class PissaStudent(LoraStudent):
    """LoRA on the principal singular directions; the frozen weight keeps the rest (Meng et al. 2024, section 3).

    The start follows from the weights, so the seed does not matter, and equals the backbone within rounding. Costs an
    SVD of each adapted weight once (20 seconds for SmolLM2) and a copy of these weights. Saved as a plain LoRA of
    twice the rank.
    """

    options = {"init_lora_weights": "pissa"}  # noqa: RUF012
    reads_weights = True

    def __init__(self, backbone: Backbone, rank: int, alpha: int):
        super().__init__(backbone, rank, alpha)
        self._start = {name: p.detach().clone() for name, p in self.live().items()}

    def _make(self, backbone: Backbone) -> torch.nn.Module:
        targets = lora_targets(backbone)
        weights = {
            f"{name}.weight": part.weight
            for name, part in backbone.model.named_modules()
            if name.rpartition(".")[2] in targets
        }
        smallest = min(min(weight.shape) for weight in weights.values())
        if self.rank > smallest:
            found = (
                f"Rank {self.rank} was asked for, but the smallest adapted weight has {smallest} singular directions."
            )
            raise UserError(found, "at most that many for PiSSA", "Lower the rank, or choose another method.")
        # as bits: the residual and the factors would give the weight back but for rounding
        self._weights = snapshot(weights)
        return super()._make(backbone)

    def initial(self, seed: object) -> Params:
        """The factors of the principal directions, for every seed."""
        return {name: p.clone() for name, p in self._start.items()}

    def save(self, params: Params, folder: Path) -> None:
        """Write the change since the start as a plain LoRA, by peft's own conversion."""
        config = self.model.peft_config["default"]
        name, config.base_model_name_or_path = config.base_model_name_or_path, ""  # else peft looks it up on the hub
        with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
            # the conversion lays the start beside the adapter for a moment, and peft warns of such neighbours
            warnings.filterwarnings("ignore", "PiSSA changes the base weights")
            start = Path(scratch) / "start"
            super().save(self._start, start)
            self.put(params)
            self.model.save_pretrained(
                str(folder),
                safe_serialization=True,
                save_embedding_layers=False,
                path_initial_model_for_weight_conversion=str(start),
            )
        config.base_model_name_or_path = name
        saved = PeftConfig.from_pretrained(str(folder))
        saved.base_model_name_or_path = name
        saved.save_pretrained(str(folder))

    def remove(self) -> None:
        super().remove()
        with torch.no_grad():
            for name, weight in self._weights.items():
                self.backbone.model.get_parameter(name).copy_(weight)


class FullStudent(Student):
    """All of the weights are trained, the token table among them, so batches are token ids.

    Memory: 20 bytes a parameter, of which 16 on the device: the weight, its gradient and Adam's two moments, and on the
    CPU the start, from which every seed begins. A checkpoint or a snapshot is 12 or 4 bytes a parameter more.
    """

    def _make(self, backbone: Backbone) -> torch.nn.Module:
        if {p.dtype for p in backbone.model.parameters()} & {torch.bfloat16, torch.float16}:
            raise UserError(
                "Full fine-tuning was asked for on weights in 16 bits, which would round most steps away.",
                "weights in float32",
                "Set the precision to float32; mixed precision saves the time.",
            )
        self._start = snapshot(dict(backbone.model.named_parameters()))
        return backbone.model.requires_grad_(True)

    def initial(self, seed: object) -> Params:
        """The backbone's weights, for every seed. Shared between calls: never change them in place."""
        live = self.live()
        return {name: p.to(live[name].device) for name, p in self._start.items()}

    def save(self, params: Params, folder: Path) -> None:
        """Write a model folder with its tokenizer, as transformers has them."""
        self.put(params)
        self.model.save_pretrained(str(folder))
        self.backbone.tokenizer.save_pretrained(str(folder))

    def remove(self) -> None:
        self.put(self._start)
        self.model.requires_grad_(False)


_MAKERS: dict[str, Callable[[Backbone, int, int], Student]] = {
    "lora": LoraStudent,
    "rslora": RsLoraStudent,
    "dora": DoraStudent,
    "pissa": PissaStudent,
    "full": lambda backbone, rank, alpha: FullStudent(backbone),
}
METHODS = tuple(_MAKERS)


def make_student(backbone: Backbone, method: str, rank: int, alpha: int) -> Student:
    """The backbone as a student of `method`; `rank` and `alpha` are not used by full fine-tuning.

    Raises UserError for a method that does not exist, or that the backbone does not allow.
    """
    if method not in _MAKERS:
        raise UserError(f"There is no method {method!r}.", f"one of {', '.join(METHODS)}", "Choose one of them.")
    return _MAKERS[method](backbone, rank, alpha)
