"""The profile stage: what everybody writes to the held-out prompts, and what it answers to questions.

Texts of one student are written to its file at once, so a kill costs that student's alone. Knows the run folder,
processes and models.
"""

import json
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from statistics import fmean

from backend.core.models.adapter_files import with_adapter
from backend.core.models.backbones import Backbone, load_backbone
from backend.core.pool import each, worker_count
from backend.core.scoring.score import score_questions
from backend.core.scoring.scored import from_row
from backend.core.text.tasks import Question
from backend.core.text.text_data import load_questions
from backend.disk import write_atomically
from backend.runs.folder import RunDir
from backend.runs.progress import Progress
from backend.studies.active_inheritance.cells import chosen, name_of, texts_of
from backend.studies.active_inheritance.config import ActiveConfig
from backend.studies.active_inheritance.ground import Ground
from backend.studies.active_inheritance.intervals import over_prompts
from backend.studies.active_inheritance.pool import text_row
from backend.studies.active_inheritance.sitters import (
    ANY,
    PROFILES,
    SCORES,
    TASK,
    Sitter,
    by_prompt,
    is_asked,
    sitters,
)
from backend.studies.active_inheritance.tuning import adapter_of
from backend.studies.active_inheritance.writing import Writer

STAGE = "profile"


def profile(config: ActiveConfig, run_dir: RunDir, pool: Sequence[dict]) -> None:
    """Take the profiles that are not taken yet. Raises Stopped when asked to stop."""
    every = sitters(config)
    for folder in (PROFILES, SCORES):
        (run_dir.path / folder).mkdir(parents=True, exist_ok=True)
    todo = [sitter for sitter in every if not is_told(config, run_dir, sitter)]
    forget_repeated_rows(run_dir, todo)
    with Progress(run_dir, STAGE, len(every), done=len(every) - len(todo), slow_start=True) as progress:
        begin = partial(sitter_worker, config, run_dir.path)
        for sitter, _ in each(begin, todo, worker_count(), progress.check_stop) if todo else ():
            tell(config, run_dir, pool, sitter)
            progress.advance("Students write")


def is_told(config: ActiveConfig, run_dir: RunDir, sitter: Sitter) -> bool:
    """Whether all rows of a profile are there, and the result where there is one."""
    means = by_prompt(run_dir.rows(sitter.items.removesuffix(".jsonl")), config.equal_words)
    told = sum(row["items"] == sitter.items for row in run_dir.rows("profiles"))
    answered = any(row["scores"] == sitter.scores for row in run_dir.rows("results"))
    return 0 < told == len(means) and (answered or not is_asked(config, sitter))


def forget_repeated_rows(run_dir: RunDir, todo: Sequence[Sitter]) -> None:
    """Drop the rows of profiles that a kill cut short."""
    again = {tuple(sitter.where.values()) for sitter in todo}
    run_dir.keep_rows("profiles", lambda r: (r["who"], r["objective"], r["k"], r["seed"]) not in again)

    def keeps(row: dict) -> bool:
        return row["stage"] != STAGE or (row["arm"], row["objective"], row["k"], row["seed"]) not in again

    if not all(map(keeps, run_dir.rows("metrics"))):
        run_dir.keep_rows("metrics", keeps)


def tell(config: ActiveConfig, run_dir: RunDir, pool: Sequence[dict], sitter: Sitter) -> None:
    """The rows of a profile, and of what it answered."""
    means = by_prompt(run_dir.rows(sitter.items.removesuffix(".jsonl")), config.equal_words)
    data = data_of(config, pool, sitter)
    for metric, values in means.items():
        low, high = over_prompts(list(values.values()))
        row = {"metric": metric, "mean": fmean(values.values()), "low": low, "high": high, "n": len(values)}
        run_dir.append("profiles", sitter.where | row | {"data": data.get(metric), "items": sitter.items})
    if is_asked(config, sitter):
        right = [from_row(row).correct for row in run_dir.rows(sitter.scores.removesuffix(".jsonl"))]
        where = {"arm": sitter.who, "student": name_of(sitter.spec), "task": TASK}
        where |= {"regime": sitter.where["objective"] or ANY, "metric": "acc", "seed": sitter.where["seed"]}
        run_dir.append("results", where | {"value": fmean(right), "n": len(right), "scores": sitter.scores})


def data_of(config: ActiveConfig, pool: Sequence[dict], sitter: Sitter) -> dict[str, float]:
    """Metric -> its mean in what the sitter was taught; nothing of one that was taught nothing."""
    if sitter.cell is None:
        return {}
    names = [name_of(spec) for spec in (config.talker, config.second_talker)]
    picked = texts_of(pool, chosen(config, pool, names, sitter.cell))
    items = [{"prompt": row["prompt"], "scores": text["scores"]} for row, text in picked]
    return {metric: fmean(values.values()) for metric, values in by_prompt(items, config.equal_words).items()}


def sitter_worker(config: ActiveConfig, folder: Path) -> Callable[[Sitter], None]:
    """Load everything once, in whichever process this is, and return what to do with a sitter."""
    return Room(config, RunDir(folder)).take


class Room:
    """Where profiles are taken: the prompts, the questions, and the models that were needed so far."""

    def __init__(self, config: ActiveConfig, run_dir: RunDir):
        self.config, self.run_dir, self.ground = config, run_dir, Ground(config)
        self._models: dict[str, Backbone] = {}

    @cached_property
    def _questions(self) -> list[Question]:
        return load_questions(TASK, "test", None, self.config.test_limit)

    def take(self, sitter: Sitter) -> None:
        """Write the texts of a sitter and the scores of its answers."""
        if sitter.spec not in self._models:
            self._models[sitter.spec] = load_backbone(sitter.spec)
        backbone = self._models[sitter.spec]
        writer, adapted = Writer(backbone, self.config), None
        if sitter.cell is not None:
            adapted = writer.model = with_adapter(backbone.model, adapter_of(self.run_dir, sitter.cell))
        try:
            self._write(sitter, writer)
            if is_asked(self.config, sitter):
                self._ask(sitter, writer)
        finally:
            if adapted is not None:
                adapted.unload()

    def _write(self, sitter: Sitter, writer: Writer) -> None:
        prompts, where = self.ground.prompts.test, {"stage": STAGE, "arm": sitter.who}
        where |= {name: sitter.where[name] for name in ("objective", "k", "seed")}
        rows = []
        for done, (prompt, said) in enumerate(writer.write(prompts, self.config.samples, STAGE), 1):
            for number, one in enumerate(said):
                about = {"prompt": prompt.number, "asked": prompt.text, "sample": number}
                rows.append(about | text_row(one, prompt, self.ground, self.config.equal_words))
            if done % 10 == 0 or done == len(prompts):
                self.run_dir.append("metrics", where | {"done": done, "total": len(prompts)})
        self._replace(sitter.items, rows)

    def _ask(self, sitter: Sitter, writer: Writer) -> None:
        scored = score_questions(writer.model, writer.tokenizer, self._questions, TASK)
        self._replace(sitter.scores, [item.as_row() for item in scored])

    def _replace(self, name: str, rows: Sequence[dict]) -> None:
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        write_atomically(self.run_dir.path / name, text)
