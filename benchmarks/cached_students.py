"""A real student with its lower layers kept, beside the same student without: training, judging, a search's hours.

    python -m benchmarks.cached_students --data-dir FOLDER [--model smollm2-135m] [--tops 6,15] [--json]

One student of a search: ARC-Easy, 17 questions, 20 steps, judged by 160 validation questions; float32, one thread.
Timed are a few steps, each of which reads all 17, and a few questions; a student costs so many times more. The lower
layers have read all texts before, as after a search's first students; what the first one costs is a row too.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial

from backend.core.cached.top_student import TopStudent
from backend.core.models.adapted import Adapted
from backend.core.models.backbones import load_backbone
from backend.core.models.lora import LoraStudent, Student
from backend.core.scoring.score import score_questions
from backend.core.seeding import generator, shuffled_batches
from backend.core.text.examples import Rows, encode
from backend.core.text.tasks import find_task, to_example
from backend.core.text.text_data import load_questions
from backend.core.training.finetune import Plan, finetuned
from benchmarks.rows import Table, parser, row, seconds

TASK, TAUGHT, LR = "arc_easy", 17, 0.001
STEPS, ASKED, STUDENTS, CORES = 20, 160, 1000, 2  # of a search
TIMED_STEPS, TIMED_QUESTIONS = 2, 20
BAR = "<= 4"


def main(argv: Sequence[str] | None = None) -> None:
    found = parser(__doc__)
    found.add_argument("--data-dir", required=True, help="the folder with arc_easy/train.jsonl")
    found.add_argument("--model", default="smollm2-135m")
    found.add_argument("--tops", default="6,15", help="layers with adapters, comma separated")
    args = found.parse_args(argv)
    tops = map(int, args.tops.split(","))
    with Table.of("cached-students", args) as table:
        parts = ((f"top {top}", partial(measured, args.model, top, args.data_dir, args.rounds)) for top in tops)
        table.within(parts)


def measured(model: str, top: int, data_dir: str, rounds: int) -> list[dict]:
    """Seconds of a student whose adapters lie on the top layers, both ways, and of one with adapters on all."""
    adapted, asked = Adapted(top), load_questions(TASK, "validation", data_dir)[:TIMED_QUESTIONS]
    students = {
        "adapters on all layers": LoraStudent(load_backbone(model), 8, 16),
        f"on the top {top}, all layers run": LoraStudent(load_backbone(model), 8, 16, adapted),
        f"on the top {top}, the others kept": TopStudent(LoraStudent(load_backbone(model), 8, 16, adapted)),
    }
    ways: dict[str, Callable] = {}
    for name, student in students.items():
        ways[f"{name}: training"] = partial(train, student, data_dir)
        ways[f"{name}: judging"] = partial(judge, student, asked)
    kept = students[f"on the top {top}, the others kept"]
    begin = time.process_time()
    train(kept, data_dir)
    judge(kept, asked)
    first = time.process_time() - begin
    took = seconds(ways, rounds)
    took = {
        name: value * (STEPS / TIMED_STEPS if "training" in name else ASKED / TIMED_QUESTIONS)
        for name, value in took.items()
    }
    rows = [row(name, value, "CPU s") for name, value in took.items()]
    rows.append(row(f"top {top}: what was timed, with the lower layers", first, "CPU s"))
    rows.append(row(f"top {top}: kept", kept.below.bytes / 2**20, "MB"))
    for name in students:
        student = took[f"{name}: training"] + took[f"{name}: judging"]
        hours = student * STUDENTS / CORES / 3600
        rows.append(row(f"{name}: 1,000 students, two cores", hours, "h", BAR if "kept" in name else ""))
    return rows


def train(student: Student, data_dir: str) -> None:
    spec = find_task(TASK)
    examples = [to_example(question, spec) for question in load_questions(TASK, "train", data_dir)[:TAUGHT]]
    encoded = [encode(student.backbone.tokenizer, example) for example in examples]
    rows = student.rows(encoded) if isinstance(student, TopStudent) else Rows(encoded, student.table)
    order = shuffled_batches(len(rows), 32, TIMED_STEPS, generator("cached students"))
    student.put(finetuned(student, rows, student.initial(0), order, Plan(TIMED_STEPS, LR)))


def judge(student: Student, asked: list) -> None:
    below = student.below if isinstance(student, TopStudent) else None
    score_questions(student.model, student.backbone.tokenizer, asked, TASK, threads=1, below=below)


if __name__ == "__main__":
    main()
