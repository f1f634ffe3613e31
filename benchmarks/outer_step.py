"""An outer step beside its peers: time over the first-order floor, peak memory, and how far off the gradient is.

    python -m benchmarks.outer_step [--models opt-pocket,llama-pocket] [--steps 20] [--ways floor,naive,exact] [--full]
        [--rounds 3] [--json] [--minutes 5] [--keep]

Without --full: twenty steps, and no way that takes a minute to compile; with it every length and way, the memory too,
and no end of minutes. Memory is the peak of a process of its own over what it held before the unroll. Errors are
against the exact way in 64 bits where that fits (not SmolLM2: against `recompute`, the model's own double backward).
"""

import ctypes
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import psutil
import torch
from torch import Tensor

from backend.core.devices import set_threads
from backend.studies.text_distillation.engines import compared
from backend.studies.text_distillation.unroll import LossAt, Mixed, exact, matching_gradient, one_sided
from benchmarks.case import Case, make_case
from benchmarks.peers import outer
from benchmarks.rows import Table, parser, row, seconds

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


SHORT = ("floor", "naive", "detached", "recompute", "exact")


def main(argv: Sequence[str] | None = None) -> None:
    found = parser(__doc__)
    found.add_argument("--models", default="opt-pocket,llama-pocket", help="comma separated")
    found.add_argument("--steps", default="", help="inner steps, comma separated")
    found.add_argument("--ways", default="", help="comma separated; the floor among them")
    found.add_argument("--full", action="store_true", help="every length and way, and the memory of each")
    found.add_argument("--memory-of", help="print one way's memory alone")
    args = found.parse_args(argv)
    set_threads(1)
    if args.memory_of:
        return print(own_memory(args.models, int(args.steps), args.memory_of))
    args.minutes = 0.0 if args.full else args.minutes
    steps = args.steps or ("5,10,20,40" if args.full else "20")
    ways = (args.ways or ",".join(WAYS if args.full else SHORT)).split(",")
    cases = [(model, int(count)) for model in args.models.split(",") for count in steps.split(",")]
    with Table.of("outer-step", args) as table:
        table.within((f"{m}, K = {k}", partial(measured, m, k, ways, args.rounds, args.full)) for m, k in cases)
    return None


def measured(model: str, steps: int, ways: list[str], rounds: int, remembers: bool) -> Iterator[dict]:
    """All rows of one model and one length; `remembers`: those of the memory too."""
    case = make_case(model, steps)
    ready = {way: WAYS[way](case) for way in ways}
    gradients = {way: run() for way, run in ready.items()}
    took = seconds(ready, rounds)
    wanted = in_64_bits(model, steps) if model.endswith("-pocket") else gradients["recompute"]
    for way in ways:
        name = f"{model}, K = {steps}, {way}"
        yield row(f"{name}: seconds", took[way], "CPU s")
        bar = BARS.get(way, "") if steps == 20 else ""
        yield row(f"{name}: over the floor", took[way] / took["floor"], "x", bar)
        if remembers:
            yield row(f"{name}: memory", memory(model, steps, way), "MB")
        if gradients[way] is not None:
            off = compared((gradients[way],), (wanted,))
            yield row(f"{name}: error", off["error"], "")
            yield row(f"{name}: 1 - cosine", 1 - off["cosine"], "")


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
