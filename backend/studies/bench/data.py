"""What a student learns from, is chosen by and is scored on: the config's words as examples and questions.

Knows tasks, files and the run folder of a distillation; no tokens and no model.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from backend.core.seeding import generator
from backend.core.text.prompts import Example
from backend.core.text.tasks import OWN_TASKS, Question, TaskSpec, file_task, find_task, to_example
from backend.core.text.text_data import load_questions, load_shots
from backend.core.text.uploads import read_examples, read_questions
from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.studies.bench.config import BenchConfig

UPLOAD = "upload"  # the name of a file's questions in results


@dataclass(frozen=True)
class Test:
    """Questions to score on, with their solved examples by subject."""

    spec: TaskSpec
    questions: Sequence[Question]
    shots: Mapping[str, Sequence[Question]]
    split: str = "test"


def asked_of(config: BenchConfig) -> list[Test]:
    """Every set of questions that the config names."""
    found = []
    for name in config.tasks:
        questions = _questions(config, name, "test", config.test_limit or None)
        found.append(Test(find_task(name), questions, _shots(config, name)))
    if config.test_file:
        layout, questions = read_questions(config.test_file, config.counted_from)
        found.append(Test(file_task(UPLOAD, layout), questions[: config.test_limit or None], {}, "file"))
    return found


def validation(config: BenchConfig) -> Test:
    """Questions to choose a step size by: of the first task that holds some out, else of the training task."""
    for name in (*config.tasks, config.train_task):
        spec = find_task(name)
        if "validation" in spec.splits:
            questions = _questions(config, name, "validation", config.validation_limit)
            return Test(spec, questions, _shots(config, name), "validation")
    raise UserError(
        f"None of {', '.join((*config.tasks, config.train_task))} holds out validation questions.",
        "some to choose the step size by",
        "Give a single step size in lrs and set patience to 0, or choose a train_task that has them.",
    )


def needs_validation(config: BenchConfig) -> bool:
    return config.data != "none" and config.regime == "ordinary" and (len(config.lrs) > 1 or config.patience > 0)


def training_examples(config: BenchConfig, seed: int) -> list[Example]:
    """What the student of this seed learns from. `random` draws anew for every seed, so its spread shows that luck."""
    if config.data == "distilled":
        return _first(distilled_examples(Path(config.data_path)), config.examples)
    if config.data == "file":
        return _first(read_examples(config.data_path, answers_from=config.counted_from), config.examples)
    spec = find_task(config.train_task)
    questions = _questions(config, config.train_task, "train")
    if config.data == "random":
        order = torch.randperm(len(questions), generator=generator(config.seed, "bench draw", seed)).tolist()
        questions = [questions[i] for i in order]
    return [to_example(question, spec) for question in _first(questions, config.examples)]


def _questions(config: BenchConfig, task: str, split: str, limit: int | None = None) -> list[Question]:
    """A split of a task, from where the config has it."""
    return load_questions(task, split, _place(config, task), limit, config.counted_from)


def _shots(config: BenchConfig, task: str) -> dict[str, list[Question]]:
    return load_shots(task, _place(config, task))


def _place(config: BenchConfig, task: str) -> str | None:
    """The user's data for a task. A single file is of an own task alone; the others then have what they always had."""
    if not config.data_dir or (task not in OWN_TASKS and Path(config.data_dir).expanduser().is_file()):
        return None
    return config.data_dir


def distilled_examples(folder: Path) -> list[Example]:
    """The text a distillation run left. UserError where it left none."""
    file = folder / "distilled.jsonl"
    if not file.is_file():
        found = f"{folder.name} has no distilled.jsonl."
        raise UserError(found, "the folder of a distillation run that has produced its text", "Finish the run first.")
    try:  # not as a file of somebody's own: what stands between prompt and answer is the run's to say
        examples = [Example.of(row) for row in RunDir(folder).rows("distilled")]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        found = f"{file.name} of {folder.name} cannot be read ({type(error).__name__})."
        raise UserError(found, "rows with prompt and answer", "Decode again, or choose another run.") from error
    if not examples:
        raise UserError(f"{file.name} of {folder.name} is empty.", "at least one text", "Choose another run.")
    return examples


@dataclass(frozen=True)
class Matched:
    """The steps learned with the prompts: one size a step, their rule, and how many prompts each step reads."""

    rule: str
    sizes: tuple[float, ...]
    batch: int


def matched_steps(config: BenchConfig) -> Matched:
    """From the distillation run's own files. UserError where they do not fit this student."""
    folder = Path(config.data_path)
    try:
        origin = RunDir(folder).config()["config"]
        sizes = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["inner_lrs"]
    except (OSError, ValueError, KeyError) as error:
        found = f"{folder.name} has no learned step sizes."
        expected = "a distillation run that reached its text"
        raise UserError(found, expected, "Finish the run, or use the ordinary regime.") from error
    if origin["model"] != config.student or origin["lora_rank"] != config.rank or origin["lora_alpha"] != config.alpha:
        made = f"{origin['model']} with rank {origin['lora_rank']} and alpha {origin['lora_alpha']}"
        found = f"The steps were learned for {made}."
        raise UserError(found, "the same student", "Choose that student, rank and alpha, or the ordinary regime.")
    if origin["inner_rule"] == "preconditioned":
        found = "The steps were learned with the expert's Adam state, which stays with the run."
        raise UserError(found, "inner_rule normalised or sgd", "Use the ordinary regime for this run.")
    return Matched(origin["inner_rule"], tuple(sizes), origin["inner_batch"] or origin["prompts"])


def _first(items: list, number: int) -> list:
    if number > len(items):
        found = f"examples is {number}, but there are {len(items)}."
        raise UserError(found, "at most as many as there are", "Lower examples, or set it to 0 for all.")
    return items[:number] if number else items
