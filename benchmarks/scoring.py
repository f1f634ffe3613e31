"""Scoring: questions a second, ours beside lm-evaluation-harness and a plain loop over options, texts to choices.

    python -m benchmarks.scoring [--model opt-pocket] [--tasks pocket_science,pocket_mmlu] [--data-dir FOLDER]
        [--questions 96] [--rounds 3] [--json] [--minutes 5] [--keep]

The harness runs as it comes, with all cores in one product and 8 rows in a batch; so does the loop, one row at a time;
we run as we come. Tokenizing counts. A task with worked examples is asked without them too. Wall time, the best of
interleaved rounds, because who uses the cores well is the question.
"""

import argparse
import dataclasses
import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from backend.core.devices import set_threads
from backend.core.models.backbones import Backbone, context_length, load_backbone
from backend.core.processors import cores
from backend.core.scoring.fast_score import Doubt, fast_stream
from backend.core.scoring.score import plan, score_questions
from backend.core.text.tasks import Question, TaskSpec, continuations, find_task, to_example
from backend.core.text.text_data import load_questions, load_shots
from benchmarks.peers import options
from benchmarks.rows import Table, parser, row

SUBJECTS = 3
BARS = {
    "smollm2-135m, arc_easy, 0-shot": ">= 4",
    "smollm2-135m, mmlu, 0-shot": ">= 2",
    "smollm2-135m, mmlu, 5-shot": ">= 5",
}


def main(argv: Sequence[str] | None = None) -> None:
    found = parser(__doc__)
    found.add_argument("--model", default="opt-pocket")
    found.add_argument("--tasks", default="pocket_science,pocket_mmlu", help="comma separated")
    found.add_argument("--data-dir", default="", help="a folder of local data files")
    found.add_argument("--questions", type=int, default=96)
    args = found.parse_args(argv)
    logging.disable(logging.WARNING)
    backbone = load_backbone(args.model)
    asked = [one for task in args.tasks.split(",") for one in ways_to_ask(task, args.data_dir)]
    with Table.of("scoring", args) as table:
        table.within((name_of(args, spec), partial(measured, args, backbone, spec, shots)) for spec, shots in asked)


def name_of(args: argparse.Namespace, spec: TaskSpec) -> str:
    return f"{args.model}, {spec.name}, {spec.shots}-shot"


def measured(args: argparse.Namespace, backbone: Backbone, spec: TaskSpec, shots: dict) -> Iterator[dict]:
    """Rows of one way to ask."""
    questions, name = sample(spec.name, args.data_dir, args.questions), name_of(args, spec)
    yield row(f"{name}: the loop's choices that are ours", alike(backbone, spec, shots, questions), "", "1")
    best = timed(backbone, spec, shots, questions, args.rounds)
    for way, took in best.items():
        yield row(f"{name}: {way}, questions a second", len(questions) / took, "1/s")
    for way in ("ours", "ours, fast"):
        yield row(f"{name}: {way}, over the harness", best["harness"] / best[way], "x", BARS.get(name, ""))
        yield row(f"{name}: {way}, over the loop", best["loop"] / best[way], "x")


def ways_to_ask(task: str, data_dir: str) -> Iterator[tuple[TaskSpec, dict]]:
    """The task without worked examples, and with its own."""
    spec = find_task(task)
    yield dataclasses.replace(spec, shots=0), {}
    if spec.shots:
        yield spec, load_shots(task, data_dir or None)


def sample(task: str, data_dir: str, number: int) -> list[Question]:
    """Drawn questions; of tasks with subjects, those of a few whole ones."""
    questions = load_questions(task, "test", data_dir or None)
    random.Random(0).shuffle(questions)
    if questions[0].subject is not None:
        chosen = sorted({question.subject for question in questions})[:SUBJECTS]
        questions = [question for question in questions if question.subject in chosen]
    return questions[:number]


def alike(backbone: Backbone, spec: TaskSpec, shots: dict, questions: Sequence[Question]) -> float:
    """The share of questions that both answer alike; also what loads and warms everything."""
    ours = score_questions(backbone.model, backbone.tokenizer, questions, spec, shots=shots)
    theirs = options.choices(backbone, spec, questions, shots)
    return sum(one.choice == other for one, other in zip(ours, theirs, strict=True)) / len(questions)


def timed(
    backbone: Backbone, spec: TaskSpec, shots: dict, questions: Sequence[Question], rounds: int
) -> dict[str, float]:
    """Seconds of every way, the best of the rounds."""
    ways: dict[str, tuple[Callable[[], object], int]] = {
        "harness": (lambda: harness(backbone, spec, questions, shots), cores()),
        "loop": (lambda: options.choices(backbone, spec, questions, shots), cores()),
        "ours": (lambda: score_questions(backbone.model, backbone.tokenizer, questions, spec, shots=shots), 1),
        "ours, fast": (lambda: fast(backbone, spec, questions, shots), 1),
    }
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for name, (way, threads) in ways.items():
            set_threads(threads)
            begin = time.perf_counter()
            way()
            best[name] = min(best[name], time.perf_counter() - begin)
    return best


def harness(backbone: Backbone, spec: TaskSpec, questions: Sequence[Question], shots: dict) -> None:
    from lm_eval.api.instance import Instance  # noqa: PLC0415 - seconds
    from lm_eval.models.huggingface import HFLM  # noqa: PLC0415

    model = HFLM(
        pretrained=backbone.model,
        tokenizer=backbone.tokenizer,
        backend="causal",
        batch_size=8,
        max_length=context_length(backbone),
    )
    requests = []
    for i, question in enumerate(questions):
        prompt = to_example(question, spec, shots.get(str(question.subject), [])[: spec.shots]).prompt
        for j, text in enumerate(continuations(question, spec)):
            requests.append(Instance("loglikelihood", {}, (prompt, f" {text}"), j, ("local", i, 1)))
    model.loglikelihood(requests, disable_tqdm=True)


def fast(backbone: Backbone, spec: TaskSpec, questions: Sequence[Question], shots: dict) -> None:
    list(fast_stream(plan(backbone.model, backbone.tokenizer, spec, shots), questions, Doubt()))


if __name__ == "__main__":
    main()
