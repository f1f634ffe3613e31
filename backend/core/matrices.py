"""Matrix products: which way this machine multiplies fastest, found by trying and used as far as it is exact.

oneDNN has a switch called fp32_precision="bf16". On some processors it means real float32 at twice the speed, on others
(with AMX) products rounded to bf16 at three times the speed. Products of bfloat16 itself, which autocast makes, are
faster with AMX and many times slower on a processor without AMX or AVX-512. The names do not say which; probes of a
third of a second each do, once on a machine (once.py). A GPU is tried in the same way: its switch is called TF32.
Whoever may round asks here. Knows no model.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from functools import cache

import torch
from torch.nn.functional import linear

from backend.core import devices
from backend.core.once import once

EXACT = 1e-5  # largest relative error that still counts as float32; MKL's own is near 1e-6
WORTH = 1.5  # a smaller gain may be noise: where both ways are one, a busy machine showed up to 1.4
TRIES = 6
ROWS, ROWS_ON_GPU = 512, 16384  # tokens of a micro-batch: a GPU waits for orders where there are few
PRODUCTS = "DISTILLOSCOPE_PRODUCTS"  # `plain`: no switch where float32 is wanted, for processes that are to agree
HOPELESS = 2.0  # a way that takes this many times longer at its first try gets no further one


@dataclass(frozen=True)
class Probe:
    """The switch against the default: `error` relative to float64, `gain` in speed."""

    error: float
    gain: float

    @property
    def exact(self) -> bool:
        return self.error < EXACT and self.gain > WORTH

    @property
    def rounds(self) -> bool:
        """Faster, but not float32 any more."""
        return self.error >= EXACT and self.gain > WORTH


@cache
def probe(device: str) -> Probe:
    """The switch of this kind of device, tried once on this kind of machine."""
    return Probe(**once(f"products on {device}", lambda: asdict(_tried(device))))


def _tried(device: str) -> Probe:
    with devices.threads(1):
        x, w = _layer(device)
        true = linear(x.cpu().double(), w.cpu().double())
        with _rounding(device):
            error = ((linear(x, w).cpu() - true).abs().max() / true.abs().max()).item()
        return Probe(error, _gain(_product(device), lambda: _rounding(device)))


@cache
def autocast_gain(device: str) -> float:
    """How many times faster this kind of device is in bfloat16 than in float32; tried once on this kind of machine."""

    def attempt() -> dict[str, float]:
        with devices.threads(1):
            return {"gain": _gain(_product(device), lambda: torch.autocast(device, torch.bfloat16))}

    return once(f"bfloat16 on {device}", attempt)["gain"]


def _layer(device: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows and weights of the size of a small model's layer, at as many rows as a micro-batch has."""
    rng, rows = torch.Generator().manual_seed(0), ROWS if device == "cpu" else ROWS_ON_GPU
    return tuple(torch.randn(n, 576, generator=rng).to(device) for n in (rows, 1536))


def _product(device: str) -> Callable[[], object]:
    x, w = _layer(device)

    def product() -> None:
        linear(x, w)
        devices.wait(device)

    return product


def _gain(product: Callable[[], object], way: Callable[[], AbstractContextManager]) -> float:
    """The best time without `way` over the best with it: in turn, for anything slower was somebody else's work."""
    plain, tried = [_seconds(product)], []
    with way():
        product()  # what is built at a first use counts for neither
    for _ in range(TRIES):
        plain.append(_seconds(product))
        with way():
            tried.append(_seconds(product))
        if min(tried) > HOPELESS * max(plain):
            break
    return min(plain) / min(tried)


def _seconds(product: Callable[[], object]) -> float:
    begin = time.perf_counter()
    product()
    return time.perf_counter() - begin


@contextmanager
def products(device: str, rounded: bool) -> Iterator[None]:
    """Multiply in the fastest way that is float32; with `rounded`, in the fastest way there is.

    What is fastest was tried by the clock, so machines may differ in it, and in a last digit, unless
    $DISTILLOSCOPE_PRODUCTS is `plain`.
    """
    switched = device == "cpu" and os.environ.get(PRODUCTS) != "plain" and probe(device).exact
    with _rounding(device) if switched or (rounded and probe(device).rounds) else _exact(device):
        yield


def can_round(device: str) -> bool:
    """Whether rounding float32 products buys any speed here."""
    return probe(device).rounds


def can_mix(device: str) -> bool:
    """Whether multiplying in bfloat16 buys any speed here."""
    return devices.has_bfloat16(device) and autocast_gain(device) > WORTH


def mixed(device: str, wanted: bool) -> AbstractContextManager:
    """Multiply in bfloat16 while this lasts, where it is wanted and faster here; else in float32."""
    return torch.autocast(device, torch.bfloat16, enabled=wanted and can_mix(device))


def not_used(device: str, mixed_precision: bool = False, fast: bool = False) -> list[str]:
    """A sentence for each of these settings that was asked for and is left aside here because it gains no time."""
    found = []
    if mixed_precision and not can_mix(device):
        found.append("mixed_precision is not used: this machine is no faster in bfloat16 than in float32.")
    if fast and not can_round(device):
        found.append("fast is not used: this machine is no faster with rounded products than with exact ones.")
    return found


def _rounding(device: str) -> AbstractContextManager:
    """float32 products in the device's own faster way while this lasts; MPS has none."""
    if device == "cuda":
        return _switched(torch.backends.cuda.matmul, "tf32")
    return _switched(torch.backends.mkldnn.matmul, "bf16") if device == "cpu" else nullcontext()


def _exact(device: str) -> AbstractContextManager:
    """float32 products in full while this lasts: on a GPU, whatever is set elsewhere."""
    return _switched(torch.backends.cuda.matmul, "ieee") if device == "cuda" else nullcontext()


@contextmanager
def _switched(switch: object, precision: str) -> Iterator[None]:
    before = switch.fp32_precision
    switch.fp32_precision = precision
    try:
        yield
    finally:
        switch.fp32_precision = before
