"""ME-CondConv: a convolution whose kernel is mixed anew for every picture, from the kept kernel and pruned neighbours'.

After CondConv (Yang et al., 2019) and A-SDM's cross-layer form of it: y = (sum over k of a_k W_k) * x, with gates
a = sigmoid(R mean(x) + E time + r). One convolution is carried out, whatever the number of experts. Knows kernels and
gates. Does not know which kernels become experts (experts.py does).
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

GATES = (0.95, 0.2)  # how much the kept kernel and each pruned one count before tuning


class Router(nn.Module):
    """How much each expert counts for a picture: from the mean of each channel and from the time embedding.

    Before tuning neither says anything, and the gates are `GATES` whatever the picture.
    """

    def __init__(self, channels: int, time: int, experts: int):
        super().__init__()
        self.seen, self.time = nn.Linear(channels, experts), nn.Linear(time, experts, bias=False)
        with torch.no_grad():
            self.seen.weight.zero_()
            self.time.weight.zero_()
            self.seen.bias.copy_(torch.logit(torch.tensor([GATES[0], *[GATES[1]] * (experts - 1)])))

    def forward(self, x: Float[Tensor, "n channels h w"], time: Float[Tensor, "n time"]) -> Float[Tensor, "n experts"]:
        """The gates, each from 0 to 1; they need not sum to 1."""
        return torch.sigmoid(self.seen(x.mean((2, 3))) + self.time(F.silu(time)))


class CondConv2d(nn.Module):
    """A convolution with a kernel for each picture. `hear` is told the time embedding before every call."""

    def __init__(self, kernels: list[nn.Conv2d], time: int):
        super().__init__()
        self.weight = nn.Parameter(torch.stack([kernel.weight.detach() for kernel in kernels]))
        self.bias = nn.Parameter(torch.stack([kernel.bias.detach() for kernel in kernels]))
        self.padding = kernels[0].padding
        self.router = Router(self.weight.shape[2], time, len(kernels))
        self._heard: Tensor | None = None

    def hear(self, time: Float[Tensor, "n time"]) -> None:
        """Take the time embedding of the pictures that come next."""
        self._heard = time

    def forward(self, x: Float[Tensor, "n channels h w"]) -> Float[Tensor, "n out h w"]:
        """Each picture with its own kernel: merged where there is one picture, else as a grouped convolution, a group a
        picture. Raises RuntimeError where nobody told the time."""
        time, self._heard = self._heard, None
        if time is None:
            raise RuntimeError("A mixture of kernels was called without its time embedding.")
        gates = self.router(x, time.expand(len(x), -1))
        kernels = (gates @ self.weight.flatten(1)).view(-1, *self.weight.shape[2:])
        grouped = x.reshape(1, -1, *x.shape[2:])
        biases = (gates @ self.bias).flatten()
        found = F.conv2d(grouped, kernels, biases, padding=self.padding, groups=len(x))
        return found.view(len(x), -1, *found.shape[2:])

    def kept(self) -> nn.Conv2d:
        """The kept kernel alone, as a plain convolution that shares no memory."""
        out, channels, *size = self.weight.shape[1:]
        plain = nn.Conv2d(channels, out, tuple(size), padding=self.padding)
        with torch.no_grad():
            plain.weight.copy_(self.weight[0])
            plain.bias.copy_(self.bias[0])
        return plain.requires_grad_(False)
