"""Per-example gradients: how each example alone would move a student, many at a time.

Knows a student, its parameters and encoded rows; nothing of optimizers, projection or scores. A gradient is one flat
row in the order of `student.shapes`.
"""

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from backend.core.chunks import chunks
from backend.core.matrices import mixed
from backend.core.models.lora import Student
from backend.core.params import Params
from backend.core.text.batches import Batch
from backend.core.text.examples import Rows

# Small models gain: 1,200 rows of opt-pocket took 2.6 s, one by one 8.9 s. SmolLM2 on one CPU core gains little, and
# takes 4.2 GB with 512 tokens, 7.2 GB with 1024, where one by one takes 1.2 GB.
TOKENS, ROWS = 512, 32
GPU_TOKENS, GPU_ROWS = 4096, 128  # a GPU is done with a small chunk before the next is ordered


def flat(params: Params, names: list[str]) -> Float[Tensor, " parameters"]:
    """One set of parameters as one row."""
    return torch.cat([params[name].flatten() for name in names])


def example_gradients(
    student: Student,
    params: Params,
    rows: Rows,
    tokens: int | None = None,
    most: int | None = None,
    mixed_precision: bool = False,
) -> Iterator[tuple[list[int], Float[Tensor, "chunk parameters"]]]:
    """The gradient of each row's mean answer loss, in chunks: row numbers, shortest rows first, and one line a row.

    `params` are at the student's device. Memory: one chunk, at most `most` rows and about `tokens` with their padding
    (None: as suits the device); use each chunk before asking for the next. A row's neighbours and their padding change
    nothing but the last digits. Mixed precision is used where it is faster: with AMX it takes half the time and turns
    SmolLM2's gradients by less than 4 degrees (cosine 0.998).
    """
    on_cpu = student.device.type == "cpu"
    tokens, most = tokens or (TOKENS if on_cpu else GPU_TOKENS), most or (ROWS if on_cpu else GPU_ROWS)
    names = list(student.shapes)
    params = {name: params[name].detach() for name in names}

    def loss(values: Params, embeds: Tensor, mask: Tensor, labels: Tensor) -> Tensor:
        return student.loss(values, Batch(embeds[None], mask[None], labels[None]))

    # one function for the whole chunk: the gradient of a mean over rows would mix them
    each = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0, 0))
    for chosen in chunks(rows.lengths(), tokens, most):
        batch = rows.batch(chosen)
        with mixed(student.device.type, mixed_precision):
            found = each(params, batch.embeds, batch.mask, batch.labels)
        yield chosen, torch.cat([found[name].flatten(1) for name in names], dim=1)
