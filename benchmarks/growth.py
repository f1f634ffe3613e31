"""Growth: what an update costs as prompts, inner steps, lengths and experts grow, and the exponent of each.

    python -m benchmarks.growth [--rounds 3] [--json] [--minutes 5] [--keep]

cost = a * size ** exponent, fitted in logarithms over the larger sizes; 1 is linear.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from backend.core.models.backbones import load_backbone
from backend.core.models.lora import LoraStudent
from backend.studies.text_distillation.unroll import matching_gradient
from benchmarks.case import expert, make_case, real_rows
from benchmarks.rows import Table, parser, row, seconds

MODEL = "opt-pocket"


def update(**sizes: int) -> Callable[[], object]:
    case = make_case(MODEL, **{"steps": 5} | sizes)
    return lambda: matching_gradient(case.written, *case.given())


def recording(count: int) -> Callable[[], object]:
    student = LoraStudent(load_backbone(MODEL), 8, 16)
    rows = real_rows(student, 256, 32)
    return lambda: [expert(student, rows, 4, seed) for seed in range(count)]


GROWING: dict[str, tuple[Callable[[int], Callable[[], object]], tuple[int, ...], str]] = {
    "inner steps K": (lambda size: update(steps=size), (5, 10, 20, 40), "1"),
    "prompts S": (lambda size: update(prompts=size), (4, 8, 16, 32, 64), "<= 1"),
    "tokens of a prompt": (
        lambda size: update(length=size, fill=True),
        (8, 16, 32, 64),
        "about 1",
    ),
    "experts recorded": (recording, (1, 2, 4), "1"),
}


def main(argv: Sequence[str] | None = None) -> None:
    args = parser(__doc__).parse_args(argv)
    with Table.of("growth", args) as table:
        table.within((name, partial(measured, name, args.rounds)) for name in GROWING)


def measured(name: str, rounds: int) -> list[dict]:
    """Rows of one size that grows, and the exponent."""
    make, sizes, bar = GROWING[name]
    took = seconds({str(size): make(size) for size in sizes}, rounds)
    rows = [row(f"{name} = {size}", took[str(size)], "CPU s") for size in sizes]
    slope = np.polyfit(np.log(sizes[-3:]), np.log([took[str(size)] for size in sizes[-3:]]), 1)[0]
    return [*rows, row(f"{name}: exponent", float(slope), "", bar)]


if __name__ == "__main__":
    main()
