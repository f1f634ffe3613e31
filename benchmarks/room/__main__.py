"""The table of room: all the data minus random sets, and how much sets differ, cell by cell, for a real model.

    python -m benchmarks.room --out FOLDER --data-dir FOLDER [--table] [--data arc_easy,pocket_science]
        [--budgets 0.01,0.05] [--steps 20,60,150] [--tops 6,15,30] [--modules attention,mlp] [--tested 800]
        [--validated 200] [--draws 3] [--seeds 2] [--rounded] [--minutes M]

Cheapest cells first. Each student is a row of FOLDER/rows.jsonl, appended as it comes: stop it when you like, the same
command goes on. `--table` prints what is there as Markdown and trains nothing.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from benchmarks.room.cells import BUDGETS, DATA, MODULES, STEPS, TOPS, Axes, Cell
from benchmarks.room.data import material
from benchmarks.room.kept import Kept, read
from benchmarks.room.measure import Measure
from benchmarks.room.student import Workshop
from benchmarks.room.table import table


def main(argv: Sequence[str] | None = None) -> None:
    args = parser().parse_args(argv)
    axes = Axes(args.data, args.budgets, args.steps, args.tops, args.modules)
    file = args.out / "rows.jsonl"
    if args.table:
        return print(table(read(file), axes))
    torch.set_num_threads(1)
    begin, workshop, kept, materials = time.monotonic(), Workshop(args.model, args.rounded), Kept(file), {}
    for cell in axes.cells():
        if cell.data not in materials:
            materials[cell.data] = material(cell.data, args.data_dir, args.validated, args.tested)
        measure = Measure(workshop, materials[cell.data], kept, args.draws, args.seeds)
        for said in measure.cell(cell):
            print(f"{time.monotonic() - begin:7.0f} s  {named(cell)}: {said}", flush=True)
            if args.minutes and time.monotonic() - begin > 60 * args.minutes:
                return print("The time is over; the same command goes on.")
    return print(table(kept.rows, axes))


def named(cell: Cell) -> str:
    return f"{cell.data} {cell.budget:g}, {cell.steps} steps, top {cell.top}, {cell.modules}"


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(prog="python -m benchmarks.room", description=(__doc__ or "").splitlines()[0])
    found.add_argument("--out", type=Path, required=True, help="where rows.jsonl is kept")
    found.add_argument("--table", action="store_true", help="print the rows that are there as a table")
    found.add_argument("--data-dir", default="", help="the folder with arc_easy and mmlu; the hub where empty")
    found.add_argument("--model", default="smollm2-135m")
    found.add_argument("--data", type=words, default=DATA, help="comma separated")
    found.add_argument("--budgets", type=numbers(float), default=BUDGETS, help="shares of the training questions")
    found.add_argument("--steps", type=numbers(int), default=STEPS)
    found.add_argument("--tops", type=numbers(int), default=TOPS, help="layers with adapters, from the top")
    found.add_argument("--modules", type=words, default=MODULES, help="attention, mlp or both")
    found.add_argument("--tested", type=int, default=800, help="test questions at most, the same in every cell")
    found.add_argument("--validated", type=int, default=200, help="validation questions that choose step sizes")
    found.add_argument("--draws", type=int, default=3, help="random sets")
    found.add_argument("--seeds", type=int, default=2, help="students of each set")
    found.add_argument("--rounded", action="store_true", help="train with bfloat16 products where they are faster")
    found.add_argument("--minutes", type=float, default=0.0, help="stop after so many; 0 for never")
    return found


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def numbers(kind: type):
    return lambda text: tuple(map(kind, text.split(",")))


if __name__ == "__main__":
    main()
