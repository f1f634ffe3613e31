"""LoRA students one by one and in one batch: times, how far apart they end, and what a batch keeps in memory.

    python -m benchmarks.stacked [--models opt-pocket,llama-pocket] [--students 16] [--rows 4,12,32]
        [--rounds 3] [--json] [--minutes 5] [--keep]

Every student has other questions, another start, another order and another step size. The memory is of what a step
keeps for its way back, without the model's weights. In float32 Adam makes a step of what rounding leaves of a gradient
that is nearly nothing; so beside how far both ways end apart stands how far one by one ends from itself with other
micro-batches (in 64 bits both ways are the same: tests/core/training/test_stacked.py). On a GPU the seconds are of the
clock.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import torch

from backend.core import devices
from backend.core.models.lora import LoraStudent
from backend.core.models.readers import Reader
from backend.core.params import Params, squared_distance
from backend.core.seeding import generator, shuffled_batches
from backend.core.text.prompts import Example
from backend.core.text.tasks import find_task, to_example
from backend.core.text.text_data import load_questions
from backend.core.training.finetune import Plan, finetune, finetuned
from backend.core.training.finetune_state import FinetuneState
from backend.core.training.stacked import PASS, Pupil, finetuned_stacked
from benchmarks.rows import Table, parser, row, seconds

STEPS, LR, ALL = 6, 3e-3, 10**9  # tokens of a pass that has room for everybody


def main(argv: Sequence[str] | None = None) -> None:
    found = parser(__doc__)
    found.add_argument("--models", default="opt-pocket,llama-pocket", help="comma separated")
    found.add_argument("--students", type=int, default=16)
    found.add_argument("--rows", default="4,12,32", help="of a student's set, all of them in every step")
    args = found.parse_args(argv)
    cases = [(model, int(rows)) for model in args.models.split(",") for rows in args.rows.split(",")]
    with Table.of("stacked", args) as table:
        table.within((f"{m}, {n} rows", partial(measured, m, n, args.students, args.rounds)) for m, n in cases)


def measured(model: str, rows: int, students: int, rounds: int) -> Iterator[dict]:
    """Rows of one model and one size of the students' sets."""
    reader, name = Reader(model, 8, 16, [Example("", "x")]), f"{model}, {students} students, {rows} rows"
    pupils, student = pupils_of(reader, rows, students), reader.student
    alike = [replace(one, lr=None) for one in pupils]
    ways = {
        "one by one": lambda: one_by_one(student, pupils),
        "in one batch": lambda: finetuned_stacked(student, pupils, Plan(STEPS, LR), ALL),
        "in one batch, one step size": lambda: finetuned_stacked(student, alike, Plan(STEPS, LR), ALL),
        "in passes as on a CPU": lambda: finetuned_stacked(student, pupils, Plan(STEPS, LR), PASS),
    }
    alone = ways["one by one"]()
    yield row(f"{name}: in one batch, apart", apart(pupils, alone, ways["in one batch"]()), "of the way")
    yield row(
        f"{name}: one by one, other micro-batches, apart",
        apart(pupils, alone, in_pieces(student, pupils)),
        "of the way",
    )
    took = seconds(ways, rounds) if student.device.type == "cpu" else on_clock(ways, rounds)
    for way, value in took.items():
        yield row(f"{name}: {way}", value, "s")
    for way in list(ways)[1:]:
        yield row(f"{name}: {way}, times faster", took["one by one"] / took[way], "x")
    for count in (students // 4, students // 2, students):
        yield row(f"{model}, {count} students, {rows} rows: kept of a step", kept_mb(reader, pupils[:count]), "MB")


def pupils_of(reader: Reader, rows: int, students: int) -> list[Pupil]:
    """Students of questions, starts, orders and step sizes of their own."""
    spec = find_task("pocket_science")
    examples = [to_example(one, spec) for one in load_questions("pocket_science", "train")[: rows + 7 * students]]
    found = []
    for i in range(students):
        own = reader.rows(examples[7 * i : 7 * i + rows])
        order = shuffled_batches(rows, rows, STEPS, generator("stacked order", i))
        found.append(Pupil(own, reader.student.initial(("stacked", i)), order, LR * (1 + i % 4) / 2))
    return found


def one_by_one(student: LoraStudent, pupils: list[Pupil]) -> list[Params]:
    return [finetuned(student, one.rows, one.start, one.order, Plan(STEPS, one.lr)) for one in pupils]


def in_pieces(student: LoraStudent, pupils: list[Pupil]) -> list[Params]:
    """One by one with every row a micro-batch: what rounding alone does."""
    ends = []
    for one in pupils:
        rows, start = one.rows, FinetuneState.fresh(one.start)
        steps = finetune(student, start, lambda k, o=one, r=rows: r.micro_batches(o.order[k], 1), Plan(STEPS, one.lr))
        ends += [step.params() for step in steps if step.step == STEPS]
    return ends


def apart(pupils: list[Pupil], ends: list[Params], others: list[Params]) -> float:
    """The farthest that a student's two ends lie apart, as a share of its way from the start."""
    pairs = zip(pupils, ends, others, strict=True)
    return max((squared_distance(a, b) / squared_distance(a, one.start)).sqrt().item() for one, a, b in pairs)


def kept_mb(reader: Reader, pupils: list[Pupil]) -> float:
    """MB that the way back of one step needs, each tensor's memory once."""
    weights = {p.untyped_storage().data_ptr() for p in reader.student.model.parameters()}
    kept: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        finetuned_stacked(reader.student, pupils, Plan(1, LR), tokens=ALL)
    return sum(kept.values()) / 2**20


def on_clock(ways: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Seconds of the clock of each way, the best of interleaved rounds, the device's work done."""
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for name, way in ways.items():
            begin = time.perf_counter()
            way()
            devices.wait(devices.own())
            best[name] = min(best[name], time.perf_counter() - begin)
    return best


if __name__ == "__main__":
    main()
