"""`python -m backend score`: one model, with or without an adapter, on one task.

Knows its flags and how the result is printed. Does not know how anything is loaded or scored: core does. Models are
imported only when the command runs, so that `--help` is quick.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from backend.commands.describe import add_answers_from
from backend.core.scoring.scored import FREE_METRICS, METRICS, Scored
from backend.core.text.tasks import TASKS
from backend.disk import write_atomically
from backend.errors import UserError
from backend.runs.results import Z

NAMES = {"bits": "bits per character", "rouge_l": "ROUGE-L", "exact": "exact match"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model", required=True, help="a bundled name, smollm2-135m, a hub id, a folder or a .gguf file"
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--task", help=f"one of {', '.join(TASKS)}")
    what.add_argument(
        "--file", help="a file of your own questions or free answers: jsonl, json, csv, tsv, parquet or xlsx"
    )
    add_answers_from(parser)
    parser.add_argument("--adapter", metavar="DIR", help="a LoRA adapter saved by peft, to put on the model")
    parser.add_argument("--split", default="test", help="which questions (default: test)")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N questions (of each subject in turn)")
    parser.add_argument("--data-dir", metavar="DIR", help="a folder of local data files, or the file of an own task")
    parser.add_argument(
        "--fast", action="store_true", help="round products where that is faster here, and repeat close calls exactly"
    )
    parser.add_argument(
        "--bos", default="auto", help="the token that begins a text: auto (as the tokenizer has it), on, off"
    )
    parser.add_argument("--scores", metavar="FILE", type=Path, help="write every question's log-likelihoods there")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a sentence")
    parser.set_defaults(command=run)


def run(args: argparse.Namespace) -> int:
    """Score and print; UserErrors are left to the caller, which knows how it shows them."""
    # Before torch: threads that wait by spinning took 238 s where sleeping ones took 12 s, on cores others wanted too.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from backend.core.models import adapter_files, backbones  # noqa: PLC0415 - torch takes seconds to import
    from backend.core.scoring import metrics, score  # noqa: PLC0415 - torch takes seconds to import
    from backend.core.text import prompts, token_ids  # noqa: PLC0415 - torch takes seconds to import

    if args.scores and not args.scores.resolve().parent.is_dir():
        found = f"There is no folder {args.scores.parent}."
        raise UserError(found, "a folder that exists, for --scores", "Make it first, or choose another.")
    spec, questions, shots = _test(args)
    backbone = _loaded(args.model)
    fingerprint = backbones.fingerprint(backbone)  # before the adapter, which peft puts into the very same module
    tokenizer = token_ids.with_bos(backbone.tokenizer, args.bos)
    model = adapter_files.with_adapter(backbone.model, args.adapter) if args.adapter else backbone.model
    begin = time.perf_counter()
    with _Bar() as bar:
        plan = score.plan(model, tokenizer, spec, shots)
        scored, arithmetic = _score(plan, questions, args.fast, bar)
        scored = _written(plan, questions, scored, bar) if spec.free else scored
    if args.scores:
        write_atomically(args.scores, "".join(json.dumps(item.as_row()) + "\n" for item in scored))
    result = {
        "model": args.model,
        "fingerprint": fingerprint,
        "adapter": args.adapter,
        "task": spec.name,
        "split": "file" if args.file else args.split,
        "limit": args.limit,
        "prompt_version": prompts.PROMPT_VERSION,
        "shots": spec.shots,
        "bos": args.bos,
        "begins_with": token_ids.begins_with(tokenizer),
        "arithmetic": arithmetic,
        "seconds": round(time.perf_counter() - begin, 2),
        **metrics.summarise(scored),
    }
    print(json.dumps(result, indent=2) if args.json else sentence(result))
    return 0


def _loaded(model: str):
    """The model, after what there is to say of its tokenizer."""
    from backend.core.models import backbones  # noqa: PLC0415 - torch takes seconds to import

    for said in backbones.tokenizer_warnings(model):
        print(f"warning: {said}", file=sys.stderr)
    return backbones.load_backbone(model)


def _test(args: argparse.Namespace):
    """The task, its questions and its solved examples, from a task's name or a file."""
    from backend.core.text import tasks, text_data  # noqa: PLC0415
    from backend.core.text.reading import read_file  # noqa: PLC0415

    if args.file:
        if args.limit is not None and args.limit < 1:
            found = f"The limit is {args.limit}."
            raise UserError(found, "a whole number from 1", "Leave the limit out to use every question.")
        reading = read_file(args.file, args.answers_from)
        for said in reading.warnings:
            print(f"warning: {said}", file=sys.stderr)
        spec = tasks.file_task(Path(args.file).stem, tasks.find_task(reading.task).layout)
        return spec, reading.questions[: args.limit], {}
    questions = text_data.load_questions(args.task, args.split, args.data_dir, args.limit, args.answers_from)
    return tasks.find_task(args.task), questions, text_data.load_shots(args.task, args.data_dir)


def _score(plan, questions: list, fast: bool, bar: "_Bar") -> tuple[list, str]:
    """Every question in its order, and how it was computed."""
    from backend.core import matrices  # noqa: PLC0415
    from backend.core.scoring import fast_score  # noqa: PLC0415

    for said in matrices.not_used(plan.device, fast=fast):
        print(f"--{said}", file=sys.stderr)
    stream, doubt = fast_score.stream_of(plan, questions, fast)
    found: dict[int, object] = {}
    for news in stream:
        found.update(news)
        _check_finite(item for _, item in news)
        bar.show(len(found), len(questions))
    said = fast_score.arithmetic(doubt and doubt.gauged, "float32")
    return [found[i] for i in range(len(questions))], said


def _written(plan, questions: list, scored: list[Scored], bar: "_Bar") -> list[Scored]:
    """The scores of free answers with what the model itself writes to each question."""
    from backend.core.scoring import generated  # noqa: PLC0415

    bar.begin("answers")
    return generated.with_generated(
        plan.model, plan.tokenizer, plan.spec, questions, scored, lambda done: bar.show(done, len(questions))
    )


def _check_finite(news: Iterable[Scored]) -> None:
    for item in news:
        if not item.finite:
            found = f"The log-likelihoods of question {item.id!r} are no finite numbers."
            step = "Choose another model or adapter, or train this one with a smaller step size."
            raise UserError(found, "a student that computes", step)


def sentence(result: dict) -> str:
    """The result as a person wants to read it; `±` is half of the 95 % interval, as on every screen."""
    adapter = f" + {Path(result['adapter']).name}" if result["adapter"] else ""
    names = METRICS if METRICS[0] in result else FREE_METRICS
    parts = [f"{NAMES.get(name, name)} {_with_error(result, name)}" for name in names]
    if "macro" in result:  # for letters both accuracies are the same number; the mean over subjects is not
        parts = [parts[0], f"mean over {len(result['subjects'])} subjects {result['macro']['acc']:.3f}"]
    if result["truncated"]:
        parts.append(f"{result['truncated']} prompts cut to fit")
    where = f"{result['model']}{adapter} on {result['task']} {result['split']}"
    return f"{where}: {', '.join(parts)} (n={result['n']}, {result['seconds']:.1f} s)"


def _with_error(result: dict, name: str) -> str:
    error = result[f"{name}_stderr"]
    return f"{result[name]:.3f}" + (f" ± {Z * error:.3f} (95 %)" if error is not None else "")


class _Bar:
    """A progress bar on stderr that appears only on a terminal, so that logs and pipes stay clean."""

    def __enter__(self) -> "_Bar":
        from tqdm import tqdm  # noqa: PLC0415 - only here

        self.bar = tqdm(desc="questions", unit="question", file=sys.stderr, disable=None, leave=False)
        return self

    def begin(self, what: str) -> None:
        """Count something else from 0 on."""
        self.bar.reset()
        self.bar.set_description(what)

    def show(self, done: int, total: int) -> None:
        self.bar.total = total
        self.bar.update(done - self.bar.n)

    def __exit__(self, *_: object) -> None:
        self.bar.close()
