"""Decoding: faiss's flat index against a matrix product, for vocabularies of 2k to 256k, and its share of an update.

    python -m benchmarks.decode [--rounds 3] [--json] [--minutes 5] [--keep]

Tables are random, of SmolLM2's width; the prompts are those of a usual run, 8 of 32 tokens. The share is of an exact
update of SmolLM2 with four inner steps, measured here.
"""

from collections.abc import Sequence
from functools import partial

import torch

from backend.core.models.nearest_tokens import NearestTokens
from backend.studies.text_distillation.unroll import matching_gradient
from benchmarks.case import make_case
from benchmarks.rows import Table, parser, row, seconds

VOCABULARIES, WIDTH, POINTS = (2_048, 16_384, 49_152, 131_072, 262_144), 576, 8 * 32
MODEL, STEPS, BAR = "smollm2-135m", 4, 0.05


def main(argv: Sequence[str] | None = None) -> None:
    args = parser(__doc__).parse_args(argv)
    torch.manual_seed(0)
    with Table.of("decode", args) as table:
        case = make_case(MODEL, STEPS)
        update = seconds({"update": lambda: matching_gradient(case.written, *case.given())}, 1)["update"]
        table.add(row(f"an update of {MODEL}, {STEPS} inner steps", update, "CPU s"))
        table.within((f"{size:,} tokens", partial(measured, size, update, args.rounds)) for size in VOCABULARIES)


def measured(size: int, update: float, rounds: int) -> list[dict]:
    """Rows of one vocabulary; `update` is what an update takes."""
    table, points = torch.randn(size, WIDTH), torch.randn(POINTS, WIDTH)
    nearest = NearestTokens(table, list(range(size)))
    squares = table.square().sum(1)
    took = seconds(
        {
            "faiss": lambda nearest=nearest, points=points: nearest.search(points),
            "matmul": lambda t=table, s=squares, p=points: (s - 2 * p @ t.T).argmin(1),
        },
        rounds,
    )
    assert (nearest.search(points)[0][:, 0] == (squares - 2 * points @ table.T).argmin(1).numpy()).mean() > 0.999
    rows = [row(f"{size:,} tokens, {name}", value, "CPU s") for name, value in took.items()]
    bar = f"<= {BAR}" if size == 49_152 else ""
    return [*rows, row(f"{size:,} tokens, faiss: share of an update", took["faiss"] / update, "", bar)]


if __name__ == "__main__":
    main()
