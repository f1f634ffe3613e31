"""LESS's features: per-example gradients in batches and a sparse projection, against its own way one by one.

    python -m benchmarks.less_features [--models opt-pocket,llama-pocket] [--questions 96] [--rounds 3] [--json]
        [--minutes 5] [--keep]

The peer is LESS's released way as its description has it: a backward pass for each example, gradients stacked by 16,
and a dense projection by random signs that are drawn anew for every 128 of the 8,192 dimensions and every stack.
"""

import time
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import torch
from jaxtyping import Float

from backend.core.models.readers import Reader
from backend.core.params import Params, as_leaves, gradients
from backend.core.text.tasks import find_task, to_example
from backend.core.text.text_data import load_questions
from backend.selection.gradients import example_gradients, flat
from backend.selection.projection import DIMENSIONS, Projection
from benchmarks.rows import Table, parser, row, seconds

STACK, BLOCK, BAR = 16, 128, 10


def main(argv: Sequence[str] | None = None) -> None:
    found = parser(__doc__)
    found.add_argument("--models", default="opt-pocket,llama-pocket", help="comma separated")
    found.add_argument("--questions", type=int, default=96)
    args = found.parse_args(argv)
    with Table.of("less-features", args) as table:
        table.within((m, partial(measured, m, args.questions, args.rounds)) for m in args.models.split(","))


def measured(model: str, count: int, rounds: int) -> Iterator[dict]:
    """Rows of one model and so many questions."""
    spec, questions = find_task("pocket_science"), load_questions("pocket_science", "train")[:count]
    reader = Reader(model, 8, 16, [to_example(question, spec) for question in questions])
    params = reader.student.initial(0)
    features = sum(p.numel() for p in params.values())
    begin = time.process_time()
    project = Projection(features)
    drawn = time.process_time() - begin
    yield row(f"{model}: the sparse map of {features:,} parameters, drawn once", drawn, "CPU s")
    ways = {"ours": lambda: batched(reader, params, project), "one by one": lambda: one_by_one(reader, params)}
    took = seconds(ways, rounds)
    for name, value in took.items():
        yield row(f"{model}: {name}, examples a second", len(questions) / value, "1/CPU s")
    yield row(f"{model}: times faster", took["one by one"] / took["ours"], "x", f">= {BAR}")


def batched(reader: Reader, params: Params, project: Projection) -> Float[np.ndarray, "rows dimensions"]:
    found = np.zeros((len(reader.train), project.dimensions), np.float32)
    for chosen, part in example_gradients(reader.student, params, reader.train):
        found[chosen] = project(part.numpy())
    return found


def one_by_one(reader: Reader, params: Params) -> Float[np.ndarray, "rows dimensions"]:
    names, found, stack = list(params), [], []
    for number in range(len(reader.train)):
        leaves = as_leaves(params)
        stack.append(flat(gradients(reader.student.loss(leaves, reader.train.batch([number])), leaves), names))
        if len(stack) == STACK or number == len(reader.train) - 1:
            found.append(dense(torch.stack(stack)))
            stack = []
    return np.concatenate(found)


def dense(rows: Float[torch.Tensor, "stack features"]) -> Float[np.ndarray, "stack dimensions"]:
    rng, parts = torch.Generator().manual_seed(0), []
    for _ in range(DIMENSIONS // BLOCK):
        signs = torch.randint(0, 2, (rows.shape[1], BLOCK), generator=rng, dtype=torch.int8).float() * 2 - 1
        parts.append(rows @ signs / DIMENSIONS**0.5)
    return torch.cat(parts, 1).numpy()


if __name__ == "__main__":
    main()
