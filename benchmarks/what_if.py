"""What if?: from an edit to its answer by the desk, on the bundled models.

    python -m benchmarks.what_if [--texts 12] [--edits 5]

A run of so many random training questions is made, its unedited texts' students are trained as they are while somebody
types, and then one text after another is replaced by a real question. The wall clock tells little on a machine that
others use too, so the desk's own processor time stands beside it: on two free cores the least that an edit can take is
half of that. Knows the desk; no page.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from statistics import median

import psutil

from backend import settings
from backend.core.text.tasks import find_task, to_example
from backend.core.text.text_data import load_questions
from backend.desk.desk import Desk
from backend.runs.folder import RunDir
from backend.studies.text_distillation.config import DistillConfig
from benchmarks.rows import machine, machine_line

TASK = "pocket_science"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=int, default=12)
    parser.add_argument("--edits", type=int, default=5)
    args = parser.parse_args(argv)
    print(machine_line(machine()))
    with tempfile.TemporaryDirectory() as folder, closing(Desk()) as desk:
        run = make_run(Path(folder) / "run", args.texts)
        begin = time.perf_counter()
        worker = psutil.Process(desk.request("ping")["pid"])
        print(f"the desk has started: {time.perf_counter() - begin:.1f} s")
        tell("unedited texts", *timed(desk, worker, run, []))
        found = []
        for number in range(args.edits):
            edits = [{"slot": slot, "real": 0} for slot in range(number + 1)]
            found.append(timed(desk, worker, run, edits))
            tell(f"edit {number + 1}", *found[-1])
        tell("median", *(median(one[i] for one in found) for i in range(3)))
        tell("the last one again", *timed(desk, worker, run, edits))


def make_run(folder: Path, texts: int) -> RunDir:
    """A finished run whose texts are the first training questions."""
    config = DistillConfig(task=TASK, prompts=texts)
    run = RunDir.create(folder, "text_distillation", None, settings.as_json(config))
    examples = (to_example(question, find_task(TASK)) for question in load_questions(TASK, "train", limit=texts))
    lines = (json.dumps({"prompt": one.prompt, "answer": one.answer}) for one in examples)
    (run.path / "distilled.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return run


def timed(desk: Desk, worker: psutil.Process, run: RunDir, edits: list) -> tuple[float, float, float]:
    """Seconds of the clock until the answer, of the desk's processors, and of the clock until the first news."""
    heard, used, begin = [], sum(worker.cpu_times()[:2]), time.perf_counter()
    told = desk.request(
        "what_if", 600.0, told=lambda _: heard.append(time.perf_counter()), run=str(run.path), edits=edits
    )
    end = time.perf_counter()
    assert len(told["readers"]) == 2
    return end - begin, sum(worker.cpu_times()[:2]) - used, (heard[0] if heard else end) - begin


def tell(what: str, wall: float, processor: float, first: float) -> None:
    load = os.getloadavg()[0]
    print(
        f"{what}: {wall:.1f} s, {processor:.1f} s of processors, first news {first:.2f} s; load {load:.1f}", flush=True
    )


if __name__ == "__main__":
    main()
