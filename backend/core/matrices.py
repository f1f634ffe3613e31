"""Matrix products: which way this machine multiplies fastest, found by trying and used as far as it is exact.

oneDNN has a switch called fp32_precision="bf16". On some processors it means real float32 at twice the speed, on others
(with AMX) products rounded to bf16 at three times the speed. Products of bfloat16 itself, which autocast makes, are
faster with AMX and many times slower on a processor without AMX or AVX-512. The names do not say which; probes of a
third of a second each do, once in a process. Whoever may round asks here. Knows no model.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache

import torch
from torch.nn.functional import linear

EXACT = 1e-5  # largest relative error that still counts as float32; MKL's own is near 1e-6
WORTH = 1.5  # a smaller gain may be noise: where both ways are one, a busy machine showed up to 1.4
TRIES = 6
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
def probe() -> Probe:
    """Try the switch, once in this process."""
    with _one_thread():
        x, w = _layer()
        true = linear(x.double(), w.double())
        with _switched("bf16"):
            error = ((linear(x, w) - true).abs().max() / true.abs().max()).item()
        return Probe(error, _gain(lambda: linear(x, w), lambda: _switched("bf16")))


@cache
def autocast_gain() -> float:
    """How many times faster this processor is in bfloat16 than in float32; tried once in this process."""
    with _one_thread():
        x, w = _layer()
        return _gain(lambda: linear(x, w), lambda: torch.autocast("cpu", torch.bfloat16))


def _layer() -> tuple[torch.Tensor, torch.Tensor]:
    """Rows and weights of the size of a small model's layer."""
    rng = torch.Generator().manual_seed(0)
    return torch.randn(512, 576, generator=rng), torch.randn(1536, 576, generator=rng)


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


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
    """Multiply in the fastest way that is float32; with `rounded`, in the fastest way there is."""
    if device == "cuda":
        before = torch.backends.cuda.matmul.fp32_precision
        torch.backends.cuda.matmul.fp32_precision = "tf32" if rounded else "ieee"
        try:
            yield
        finally:
            torch.backends.cuda.matmul.fp32_precision = before
    elif probe().exact or (rounded and probe().rounds):
        with _switched("bf16"):
            yield
    else:
        yield


def can_round(device: str) -> bool:
    """Whether rounding float32 products buys any speed here."""
    return device == "cuda" or probe().rounds


def can_mix(device: str) -> bool:
    """Whether multiplying in bfloat16 buys any speed here."""
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return autocast_gain() > WORTH


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


@contextmanager
def _switched(precision: str) -> Iterator[None]:
    switch = torch.backends.mkldnn.matmul
    before = switch.fp32_precision
    switch.fp32_precision = precision
    try:
        yield
    finally:
        switch.fp32_precision = before
