"""run(config, run_dir): tune, then score. Each stage leaves plain files in the run folder. Nothing else is public.

Every stage picks up where its files end, so a stopped or killed run resumes to the same numbers.
"""

import hashlib
import json
import logging
from pathlib import Path

from backend.core.devices import kind, set_threads
from backend.core.matrices import not_used
from backend.core.models.backbones import load_tokenizer, tokenizer_warnings
from backend.core.text.examples import encode
from backend.core.text.prompts import Example
from backend.core.text.shown import shown_examples
from backend.core.text.token_ids import begins_with, with_bos
from backend.disk import write_atomically
from backend.runs.folder import RunDir
from backend.runs.progress import Progress
from backend.runs.spent import peak_memory_mb, seconds_spent, timed
from backend.studies.bench import summary
from backend.studies.bench.config import BenchConfig
from backend.studies.bench.data import Test, asked_of, needs_validation, training_examples, validation
from backend.studies.bench.files import BASE, scores_of
from backend.studies.bench.scoring import Sitting, sit
from backend.studies.bench.students import Student
from backend.studies.bench.study import STUDY
from backend.studies.bench.tuning import Tuned, tune

LOG = logging.getLogger(__name__)


def run(config: BenchConfig, run_dir: RunDir, stages: tuple[str, ...] = STUDY.stage_names) -> None:
    """Do the named stages that are not done yet. Raises UserError for bad input, Stopped when asked to stop."""
    run_dir.set_status(stage="tune", done=0, total=0, message="Loading the data", eta_s=None)
    set_threads()
    for said in [*left_aside(config), *tokenizer_warnings(config.student)]:
        LOG.warning(said)
    asked = asked_of(config)
    if needs_validation(config):
        validation(config)  # what it lacks is said before an hour of training, not after
    show_examples(config, run_dir)
    with timed(run_dir, "tune"):
        tuned = tune(config, run_dir) if config.data != "none" else None
    if "score" in stages:
        with timed(run_dir, "score"):
            score(config, run_dir, asked, tuned)
        conclude(config, run_dir, asked, tuned)


def left_aside(config: BenchConfig) -> list[str]:
    """What the settings ask for to save time and this machine is no faster with, each in a sentence."""
    trains = config.data != "none" and config.regime == "ordinary"
    return not_used(kind(), config.mixed_precision and trains, config.fast)


def show_examples(config: BenchConfig, run_dir: RunDir) -> None:
    """example.json: what the student will read, token by token, and which tokens are taught."""
    tokenizer = with_bos(load_tokenizer(config.student), config.bos)
    examples = [] if config.data == "none" else training_examples(config, 0)
    encoded = [encode(tokenizer, example) for example in examples]
    shown = shown_examples(config.student, tokenizer, encoded)
    write_atomically(run_dir.path / "example.json", json.dumps(shown, ensure_ascii=False))


def score(config: BenchConfig, run_dir: RunDir, asked: list[Test], tuned: Tuned | None) -> None:
    """Base first, then every tuned student; each on every test."""
    run_dir.set_status(stage="score", done=0, total=0, message="Loading the student", eta_s=None)
    finished = {(row["scores"], row["metric"]) for row in run_dir.rows("results")}
    students = sittings(config, tuned)
    total = len(students) * sum(len(test.questions) * (2 if test.spec.free else 1) for test in asked)
    before = [item for who, _, _ in students for test in asked for item in scores_of(run_dir, who, test.spec.name)]
    done = len(before) + sum(item.generated is not None for item in before)  # a free answer is scored, then written
    student = Student(config)
    with Progress(run_dir, "score", total, done=done) as progress:
        for who, seed, weights in students:
            student.become(weights)
            tuned_facts = {"adapter": None, "weights": None} if weights is None else saved_facts(run_dir, weights)
            for test in asked:
                facts = {"student": config.student, "fingerprint": student.fingerprint} | tuned_facts
                facts |= {"seed": seed, "precision": config.precision}
                facts |= {"bos": config.bos, "begins_with": begins_with(student.tokenizer)}
                sitting = Sitting(who, test, facts)
                told = sit(run_dir, sitting, student.model, student.tokenizer, config.fast, progress)
                for row in summary.result_rows(config, sitting, told):
                    if (row["scores"], row["metric"]) not in finished:
                        finished.add((row["scores"], row["metric"]))
                        run_dir.append("results", row)


def saved_facts(run_dir: RunDir, folder: Path) -> dict[str, str]:
    """Where a tuned student lies, and what its files are."""
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.safetensors")):
        with file.open("rb") as opened:
            digest.update(hashlib.file_digest(opened, "sha256").digest())
    return {"adapter": str(folder.relative_to(run_dir.path)), "weights": digest.hexdigest()[:12]}


def sittings(config: BenchConfig, tuned: Tuned | None) -> list[tuple[str, int, Path | None]]:
    """Who is scored: name, seed and the weights that make it."""
    found: list[tuple[str, int, Path | None]] = [(BASE, 0, None)] if config.score_base else []
    return found + [(f"seed-{seed}", seed, folder) for seed, folder in enumerate(tuned.folders if tuned else [])]


def conclude(config: BenchConfig, run_dir: RunDir, asked: list[Test], tuned: Tuned | None) -> None:
    """summary.json: the choice of step size, comparisons with the base, warnings, time and memory."""
    students = [who for who, _, _ in sittings(config, tuned) if who != BASE]
    compared = summary.comparisons(run_dir, asked, students)
    everyone = [*([BASE] if config.score_base else []), *students]
    found = {
        "lr": tuned.lr if tuned else None,
        "grid": tuned.grid if tuned else [],
        "validation": validation(config).spec.name if needs_validation(config) else None,
        "steps": tuned.steps if tuned else [],
        "seconds": seconds_spent(run_dir),
        "peak_memory_mb": peak_memory_mb(),
        "comparisons": compared,
        "warnings": summary.warnings(run_dir, asked, everyone, learned_from(config), compared),
    }
    found["warnings"] += summary.validation_warning(config, found["validation"])
    found["warnings"] += summary.arithmetic_warnings(left_aside(config))
    found["warnings"] += summary.tokenizer_warnings(tokenizer_warnings(config.student))
    write_atomically(run_dir.path / "summary.json", json.dumps(found, indent=1, ensure_ascii=False))


def learned_from(config: BenchConfig) -> list[Example]:
    """Everything any of the students was trained on."""
    if config.data == "none":
        return []
    seeds = range(config.seeds) if config.data == "random" else range(1)
    return list(dict.fromkeys(example for seed in seeds for example in training_examples(config, seed)))
