"""Models and students that compute in double precision from end to end, so that an identity of gradients is held to
ten digits on every processor. In float32 the same identity is as good as the processor's order of summation.

Whatever their weights are, transformers' models round norms, attention weights and rotary angles to float32. While
`in_double` lasts, whatever asks for float32 gets float64, in this thread. Knows torch; no model family and no test.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from backend.core.models import readers
from backend.core.models.backbones import Backbone, load_backbone
from backend.core.scoring import score

EXACT = 1e-10  # relative: double rounds at 1e-16, which leaves six digits to the sums, products and roots between


class _Widened(TorchFunctionMode):
    """Calls that name float32 name float64."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func is Tensor.float:
            return args[0].double()
        if any(one is torch.float32 for one in args):
            args = [torch.float64 if one is torch.float32 else one for one in args]
        if kwargs and kwargs.get("dtype") is torch.float32:
            kwargs = kwargs | {"dtype": torch.float64}
        return func(*args, **(kwargs or {}))


@contextmanager
def in_double() -> Iterator[None]:
    """New tensors and readers' models are float64 too, so that nothing needs a cast. Scoring keeps to this thread."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with (
            _Widened(),
            mock.patch.object(score, "scoring_threads", lambda: 1),
            mock.patch.object(readers, "load_backbone", double_backbone),
        ):
            yield
    finally:
        torch.set_default_dtype(before)


def double_backbone(spec: object) -> Backbone:
    """The model of a name or folder with weights in float64; a student made of it, and its table, are so too."""
    backbone = load_backbone(str(spec))
    backbone.model.double()
    return backbone


def relative(found: Tensor, wanted: Tensor) -> float:
    """The distance between two tensors as a share of the second."""
    return ((found - wanted).norm() / wanted.norm().clamp(min=1e-300)).item()
