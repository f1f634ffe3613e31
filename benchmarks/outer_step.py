"""An outer step beside its peers: time over the first-order floor, peak memory, and how far off the gradient is.

    python -m benchmarks.outer_step [--models opt-pocket,llama-pocket] [--steps 5,10,20,40] [--rounds 3] [--json]

Memory is the peak of a process of its own over what it held before the unroll. Errors are against the
exact way in 64 bits where that fits (not SmolLM2: against `recompute`, the model's own double backward).
"""

import ctypes
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
import torch
from torch import Tensor

from backend.studies.text_distillation.engines import compared
from backend.studies.text_distillation.unroll import LossAt, Mixed, exact, matching_gradient, one_sided
from benchmarks.case import Case, make_case
from benchmarks.peers import outer
from benchmarks.rows import parser, row, seconds, show

EXACT, FAST, ROUNDED = "<= 3.0", "<= 2.0", "<= 1.7"  # over the floor, at K = 20
BARS = {
    "exact": EXACT,
    "one-sided": FAST,
    "one-sided compiled": FAST,
    "compiled": EXACT,
    "bf16": ROUNDED,
    "bf16 compiled": ROUNDED,
}


Run = Callable[[], Tensor | None]


def ours(case: Case, loss_at: LossAt, mixed: Mixed = exact) -> Run:
    return lambda: matching_gradient(loss_at, *case.given(), mixed).prompts


def in_bf16(run: Run) -> Run:
    def cast() -> Tensor | None:
        with torch.autocast("cpu", torch.bfloat16):
            return run()

    return cast


# each is made ready for a case and returns what is timed; `recompute` is the plain start: the model's own second order
WAYS: dict[str, Callable[[Case], Run]] = {
    "floor": lambda case: lambda: outer.floor(case.plain, *case.given()),
    "naive": lambda case: lambda: outer.naive(case.plain, *case.given()),
    "detached": lambda case: lambda: outer.detached(case.plain, *case.given()),
    "recompute": lambda case: ours(case, case.plain),
    "exact": lambda case: ours(case, case.written),
    "compiled": lambda case: ours(case, case.compiled()),
    "one-sided": lambda case: ours(case, case.written, one_sided),
    "one-sided compiled": lambda case: ours(case, case.compiled(), one_sided),
    "bf16": lambda case: in_bf16(ours(case, case.written)),
    "bf16 compiled": lambda case: in_bf16(ours(case, case.compiled())),
}


def main(argv: Sequence[str] | None = None) -> None:
    found = parser(__doc__)
    found.add_argument("--models", default="opt-pocket,llama-pocket", help="comma separated")
    found.add_argument("--steps", default="5,10,20,40", help="inner steps, comma separated")
    found.add_argument("--ways", default=",".join(WAYS), help="comma separated; the floor among them")
    found.add_argument("--memory-of", help="print one way's memory alone")
    args = found.parse_args(argv)
    torch.set_num_threads(1)
    if args.memory_of:
        return print(own_memory(args.models, int(args.steps), args.memory_of))
    rows = []
    for model in args.models.split(","):
        for steps in map(int, args.steps.split(",")):
            rows += measured(model, steps, args.ways.split(","), args.rounds)
    return show(rows, args.json)


def measured(model: str, steps: int, ways: list[str], rounds: int) -> list[dict]:
    """All rows of one model and one length."""
    case, rows = make_case(model, steps), []
    ready = {way: WAYS[way](case) for way in ways}
    gradients = {way: run() for way, run in ready.items()}
    took = seconds(ready, rounds)
    wanted = in_64_bits(model, steps) if model.endswith("-pocket") else gradients["recompute"]
    for way in ways:
        name = f"{model}, K = {steps}, {way}"
        rows.append(row(f"{name}: seconds", took[way], "CPU s"))
        bar = BARS.get(way, "") if steps == 20 else ""
        rows.append(row(f"{name}: over the floor", took[way] / took["floor"], "x", bar))
        rows.append(row(f"{name}: memory", memory(model, steps, way), "MB"))
        if gradients[way] is not None:
            off = compared((gradients[way],), (wanted,))
            rows += [row(f"{name}: error", off["error"], ""), row(f"{name}: 1 - cosine", 1 - off["cosine"], "")]
    return rows


def in_64_bits(model: str, steps: int) -> Tensor:
    """The exact gradient of the same case in double precision, by the written-out student."""
    return make_case(model, steps).doubled_gradient()


def memory(model: str, steps: int, way: str) -> float:
    """Of a process that does nothing else."""
    words = ["-m", "benchmarks.outer_step", "--models", model, "--steps", str(steps), "--memory-of", way]
    done = subprocess.run([sys.executable, "-W", "ignore", *words], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def own_memory(model: str, steps: int, way: str) -> float:
    """MB at the peak of an unroll over what is held before it. Compiling counts."""
    WAYS["floor"](make_case(model, 1))()
    run = WAYS[way](make_case(model, steps))
    ctypes.CDLL("libc.so.6").malloc_trim(0)  # or what is free already would be filled first
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak so far is forgotten (Linux)
    before = psutil.Process().memory_info().rss
    run()
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 2**10 - before / 2**20


if __name__ == "__main__":
    main()
