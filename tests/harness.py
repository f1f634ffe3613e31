"""lm-evaluation-harness on local questions: its own templates, its own model class, its own arithmetic. The oracle.

    python -m tests.harness --model smollm2-135m --task arc_easy --data-dir FOLDER --out FOLDER [--limit N] [--shots N]

Scores the same questions with the harness and with us and writes both, question by question. Resumable: a part that was
written is not computed again. Knows the harness; nothing of ours but loading and scoring.
"""

import argparse
import dataclasses
import json
import time
from collections.abc import Sequence
from pathlib import Path

import torch
import yaml

from backend.core.models.backbones import Backbone, context_length, load_backbone
from backend.core.scoring.score import plan, score_questions
from backend.core.scoring.scored import Scored
from backend.core.text.tasks import Question, TaskSpec, find_task
from backend.core.text.text_data import load_questions, load_shots

PART = 100  # questions of one resumable part
GAP = 1e-3  # between two sums of log-likelihoods of -100: 1e-5 of them, a hundred roundings of float32 one way


def harness_task(spec: TaskSpec, questions: Sequence[Question], shots: Sequence[Question], folder: Path):
    """The harness's own arc_easy or mmlu task, with these questions (of one subject) in place of its download."""
    import lm_eval  # noqa: PLC0415 - seconds
    from lm_eval.api.task import ConfigurableTask  # noqa: PLC0415

    own = Path(lm_eval.__file__).parent / "tasks"
    name = "arc/arc_easy.yaml" if spec.layout == "arc" else "mmlu/default/_default_template_yaml"
    config = yaml.safe_load((own / name).read_text(encoding="utf-8"))
    config |= {"task": "local", "dataset_path": "json", "test_split": "test", "num_fewshot": spec.shots}
    for key in ("tag", "dataset_name", "training_split", "validation_split", "fewshot_split"):
        config.pop(key, None)
    write = _arc_row if spec.layout == "arc" else _mmlu_row
    files = {"test": _write(folder / "test.jsonl", [write(q) for q in questions])}
    if spec.layout == "mmlu":
        subject = str(questions[0].subject).replace("_", " ")
        config["description"] = f"The following are multiple choice questions (with answers) about {subject}.\n\n"
    if spec.shots:
        files["dev"] = _write(folder / "dev.jsonl", [write(q) for q in shots])
        config["fewshot_split"] = "dev"
    config["dataset_kwargs"] = {"data_files": files, "cache_dir": str(folder / "cache")}
    return ConfigurableTask(config=config)


def _arc_row(question: Question) -> dict:
    labels = [chr(ord("A") + i) for i in range(len(question.options))]
    return {
        "id": question.id,
        "question": question.question,
        "choices": {"text": list(question.options), "label": labels},
        "answerKey": labels[question.answer],
    }


def _mmlu_row(question: Question) -> dict:
    return {"question": question.question, "choices": list(question.options), "answer": question.answer}


def _write(path: Path, rows: list[dict]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def harness_scores(
    backbone: Backbone,
    spec: TaskSpec,
    questions: Sequence[Question],
    shots: Sequence[Question],
    folder: Path,
    batch_size: int = 8,
) -> tuple[list[dict], float]:
    """`{"id", "log_likelihoods", "acc", "acc_norm"}` of each question as the harness computes them, and its seconds."""
    from lm_eval.evaluator import evaluate  # noqa: PLC0415
    from lm_eval.models.huggingface import HFLM  # noqa: PLC0415

    task = harness_task(spec, questions, shots, folder)
    model = HFLM(
        pretrained=backbone.model,
        tokenizer=backbone.tokenizer,
        backend="causal",
        batch_size=batch_size,
        max_length=context_length(backbone),
    )
    begin = time.perf_counter()
    found = evaluate(lm=model, task_dict={"local": task}, log_samples=True, bootstrap_iters=0)
    seconds = time.perf_counter() - begin
    rows = []
    for sample in sorted(found["samples"]["local"], key=lambda sample: sample["doc_id"]):
        values = [response[0] for response in sample["filtered_resps"]]
        accuracies = {name: sample[name] for name in ("acc", "acc_norm") if name in sample}
        rows.append({"id": questions[sample["doc_id"]].id, "log_likelihoods": values, **accuracies})
    return rows, seconds


def by_subject(questions: Sequence[Question]) -> list[list[Question]]:
    """The harness has a task for every subject."""
    groups: dict[str | None, list[Question]] = {}
    for question in questions:
        groups.setdefault(question.subject, []).append(question)
    return list(groups.values())


def differences(ours: Sequence[Scored], theirs: Sequence[dict]) -> dict:
    """How far two scorings of the same questions lie apart. A tie: the harness's two best options, summed or by
    character, are as near to each other as two scorings in float32 may be, so that either may come first."""
    gaps, choices, ties = [], 0, []
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.id == other["id"]
        values = other["log_likelihoods"]
        gaps.append(max(abs(a - b) for a, b in zip(mine.log_likelihoods, values, strict=True)))
        agrees = mine.choice == max(range(len(values)), key=values.__getitem__) and mine.correct == bool(other["acc"])
        agrees = agrees and mine.correct_norm == bool(other.get("acc_norm", mine.correct_norm))
        choices += agrees
        by_character = [value / max(length, 1) for value, length in zip(values, mine.lengths, strict=True)]
        if any(sorted(found)[-1] - sorted(found)[-2] < GAP for found in (values, by_character)):
            ties.append(mine.id)
    return {"n": len(ours), "agree": choices, "largest_gap": max(gaps), "ties": ties}


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare our scores with lm-evaluation-harness.")
    parser.add_argument("--model", required=True)
    parser.add_argument("--task", required=True)
    parser.add_argument("--data-dir", required=True)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--shots", type=int)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    spec, shots = find_task(args.task), load_shots(args.task, args.data_dir)
    spec = spec if args.shots is None else dataclasses.replace(spec, shots=args.shots)
    backbone = load_backbone(args.model)
    args.out.mkdir(parents=True, exist_ok=True)
    totals = {"n": 0, "agree": 0, "largest_gap": 0.0, "ties": [], "theirs_s": 0.0, "ours_s": 0.0}
    for group in by_subject(load_questions(args.task, "test", args.data_dir, args.limit)):
        for begin in range(0, len(group), PART):
            part = group[begin : begin + PART]
            one = _part(args, backbone, spec, shots, part, f"{part[0].subject or args.task}-{begin}")
            totals = {
                key: max(totals[key], one[key]) if key == "largest_gap" else totals[key] + one[key] for key in totals
            }
            print(json.dumps({key: value for key, value in totals.items() if key != "ties"}), flush=True)
    (args.out / "totals.json").write_text(json.dumps(totals, indent=1), encoding="utf-8")


def _part(args, backbone: Backbone, spec: TaskSpec, shots: dict, part: list[Question], name: str) -> dict:
    """One part scored both ways, or read back."""
    file = args.out / f"{name}.json"
    if not file.exists():
        solved = shots.get(str(part[0].subject), [])[: spec.shots]
        theirs, seconds = harness_scores(backbone, spec, part, solved, args.out / "local" / name)
        assert plan(backbone.model, backbone.tokenizer, spec, shots).packed
        begin = time.perf_counter()
        ours = score_questions(backbone.model, backbone.tokenizer, part, spec, shots=shots)
        found = differences(ours, theirs) | {"theirs_s": seconds, "ours_s": time.perf_counter() - begin}
        found |= {"theirs": theirs, "ours": [scored.as_row() for scored in ours]}
        file.write_text(json.dumps(found), encoding="utf-8")
    return json.loads(file.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
