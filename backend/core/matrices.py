"""Matrix products: which way this machine multiplies float32 fastest, found by trying and used as far as it is exact.

oneDNN has a switch called fp32_precision="bf16". On some processors it means real float32 at twice the speed, on others
(with AMX) products rounded to bf16 at three times the speed. The name does not say which; a probe of 0.1 s does.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import torch
from torch.nn.functional import linear

EXACT = 1e-5  # largest relative error that still counts as float32; MKL's own is near 1e-6
WORTH = 1.15  # a smaller gain is noise


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
    """Try both ways once in this process, one thread, at the size of a small model's layer."""
    rng = torch.Generator().manual_seed(0)
    x, w = torch.randn(512, 576, generator=rng), torch.randn(1536, 576, generator=rng)
    true = linear(x.double(), w.double())
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        plain = _seconds(x, w)
        with _switched("bf16"):
            error = ((linear(x, w) - true).abs().max() / true.abs().max()).item()
            gain = plain / _seconds(x, w)
    finally:
        torch.set_num_threads(threads)
    return Probe(error, gain)


def _seconds(x: torch.Tensor, w: torch.Tensor) -> float:
    """The best of a few: anything slower was somebody else's work."""
    times = []
    for _ in range(8):
        begin = time.perf_counter()
        linear(x, w)
        times.append(time.perf_counter() - begin)
    return min(times)


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
    """Whether rounding buys any speed here."""
    return device == "cuda" or probe().rounds


@contextmanager
def _switched(precision: str) -> Iterator[None]:
    switch = torch.backends.mkldnn.matmul
    before = switch.fp32_precision
    switch.fp32_precision = precision
    try:
        yield
    finally:
        switch.fp32_precision = before
