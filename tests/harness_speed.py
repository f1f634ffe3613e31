"""Questions a second, ours against lm-evaluation-harness: the same model, questions and memory, interleaved.

    python -m tests.harness_speed --model smollm2-135m --data-dir FOLDER [--arc TASK] [--mmlu TASK] [--rounds N]

The harness runs as it comes, with all cores in one product and 8 rows in a batch; we run as we come. Both start from
texts, so tokenizing counts. Prints the minimum of the rounds' times, as questions a second, and their ratio.
"""

import argparse
import dataclasses
import logging
import os
import random
import time
from collections.abc import Callable, Sequence

import torch

from backend.core.backbones import Backbone, context_length, load_backbone
from backend.core.fast_score import Doubt, fast_stream
from backend.core.matrices import probe
from backend.core.score import plan, score_questions
from backend.core.tasks import Question, TaskSpec, continuations, find_task, to_example
from backend.core.text_data import load_questions, load_shots

SUBJECTS = 3


def sample(task: str, data_dir: str, number: int) -> list[Question]:
    """Drawn questions; of tasks with subjects, those of a few whole ones."""
    questions = load_questions(task, "test", data_dir)
    random.Random(0).shuffle(questions)
    if questions[0].subject is not None:
        chosen = sorted({question.subject for question in questions})[:SUBJECTS]
        questions = [question for question in questions if question.subject in chosen]
    return questions[:number]


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


def seconds(work: Callable[[], object], threads: int) -> float:
    torch.set_num_threads(threads)
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description="Questions a second, ours over the harness.")
    parser.add_argument("--model", required=True)
    parser.add_argument("--data-dir", default="")
    parser.add_argument("--arc", default="arc_easy")
    parser.add_argument("--mmlu", default="mmlu")
    parser.add_argument("--questions", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    logging.disable(logging.WARNING)
    backbone, cores = load_backbone(args.model), len(os.sched_getaffinity(0))
    print(f"{args.model}, {cores} cores, {probe()}")
    shots = load_shots(args.mmlu, args.data_dir or None)
    arc, mmlu = find_task(args.arc), find_task(args.mmlu)
    for name, spec, solved in (
        ("ARC, 0-shot", arc, {}),
        ("MMLU, 0-shot", dataclasses.replace(mmlu, shots=0), {}),
        ("MMLU, 5-shot", mmlu, shots),
    ):
        questions = sample(spec.name, args.data_dir, args.questions)
        ways = {
            "harness": (lambda: harness(backbone, spec, questions, solved), cores),  # noqa: B023 - called in this turn
            "ours": (
                lambda: score_questions(backbone.model, backbone.tokenizer, questions, spec, shots=solved),  # noqa: B023
                1,
            ),
            "fast": (lambda: fast(backbone, spec, questions, solved), 1),  # noqa: B023
        }
        times: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(args.rounds):
            for way, (work, threads) in ways.items():
                times[way].append(seconds(work, threads))
        best = {way: min(found) for way, found in times.items()}
        said = ", ".join(f"{way} {len(questions) / best[way]:.2f} q/s" for way in ways)
        ratios = ", ".join(f"{way} x{best['harness'] / best[way]:.2f}" for way in ("ours", "fast"))
        print(f"{name}, {len(questions)} questions: {said}; {ratios}", flush=True)


if __name__ == "__main__":
    main()
