"""run(config, run_dir): prepare the pictures and the teacher, train every arm, compare.

Every stage picks up where its files end, so a stopped or killed run resumes to the same numbers.
"""

import json

from backend.core.devices import set_threads
from backend.core.vision.parts import shapes_of
from backend.core.vision.pixel_baselines import pixel_baselines
from backend.disk import write_atomically
from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.runs.progress import Progress
from backend.runs.spent import peak_memory_mb, seconds_spent, timed
from backend.studies.tiny_clip import summary
from backend.studies.tiny_clip.arms import TEACHER
from backend.studies.tiny_clip.config import TinyClipConfig
from backend.studies.tiny_clip.data import Data, check_words
from backend.studies.tiny_clip.heads import write_heads
from backend.studies.tiny_clip.legs import legs_of
from backend.studies.tiny_clip.starts import sizes_told
from backend.studies.tiny_clip.study import STUDY
from backend.studies.tiny_clip.training import COMPARED, Trainer
from backend.studies.tiny_clip.tuning import Tuned, tune

SHOWN = 200  # test pictures that the page may look at, about 1 kB each
FIGURES = "baselines.json"


def run(config: TinyClipConfig, run_dir: RunDir, stages: tuple[str, ...] = STUDY.stage_names) -> None:
    """Do the named stages that are not done yet. Raises UserError for bad input, Stopped when asked to stop."""
    set_threads()
    with timed(run_dir, "prepare"), Progress(run_dir, "prepare", 1) as progress:
        run_dir.set_status(message="Loading the teacher")
        data = prepare(config, run_dir)
        progress.advance()
    if not {"train", "conclude"} & set(stages):
        return
    with timed(run_dir, "train"):
        tuned = tune(config, run_dir, shapes_of(data.teacher.model))
    if "conclude" in stages:
        conclude(config, run_dir, data, tuned)


def prepare(config: TinyClipConfig, run_dir: RunDir) -> Data:
    """Draw the pictures, ask the teacher about all of them once, and score it and those who only see pixels."""
    data = Data(config, run_dir)
    shapes = shapes_of(data.teacher.model)
    for arm in config.arms:
        legs_of(config, arm, shapes)  # a size that cannot be is said before an hour of training, not after it
    if len(data.test.found) < COMPARED:
        found = f"There are {len(data.test.found)} test pictures."
        raise UserError(found, f"at least {COMPARED}", "Add pictures, or raise test_limit.")
    check_words(data.teacher, [*data.pool.texts, *data.test.named.classes])
    run_dir.set_status(message="Asking the teacher")
    _ = data.features
    if not (run_dir.path / "pictures.jsonl").is_file():
        rows = [data.test.found.row(number) for number in range(min(SHOWN, len(data.test.found)))]
        write_atomically(run_dir.path / "pictures.jsonl", "".join(f"{json.dumps(row)}\n" for row in rows))
    write_heads(run_dir, data.teacher)
    if not any(row["who"] == TEACHER for row in run_dir.rows("affinities")):
        Trainer(config, run_dir, None).tell_teacher()
    if not (run_dir.artifacts / FIGURES).is_file():
        write_atomically(run_dir.artifacts / FIGURES, json.dumps(baselines(data), indent=1))
    return data


def baselines(data: Data) -> dict:
    """The teacher's figures, and of those who see pixels alone: the nearest picture, kernel ridge and chance."""
    named = data.test.named
    labels = data.source.shown(named.classes)
    found = pixel_baselines(data.pool.pixels, labels, named)
    told = {name: {"top1": one.share(1), "top5": one.share(5), "n": len(named)} for name, one in found.items()}
    scores = data.test.scores(data.teacher.model)
    return {TEACHER: scores, **told, "chance": summary.chance(named.right.sum(1).tolist(), len(named.classes))}


def conclude(config: TinyClipConfig, run_dir: RunDir, data: Data, tuned: Tuned) -> None:
    """results.jsonl and summary.json: figures with intervals, pairs, sizes, speed, cuts, time, memory and warnings."""
    run_dir.set_status(stage="conclude", done=0, total=1, message="Comparing", eta_s=None)
    rows, told = run_dir.rows("metrics"), run_dir.document(f"artifacts/{FIGURES}")
    ends = summary.ends_of(rows, tuned.lrs, config.steps)
    write_results(config, run_dir, ends)
    whole = sizes_told(data.teacher.model)
    found = {
        "steps": config.steps,
        "lrs": tuned.lrs,
        "grids": tuned.grids,
        "baselines": told,
        "figures": summary.figures(ends, told[TEACHER]),
        "teacher_share": summary.shares_of_teacher(ends, told[TEACHER]),
        "differences": summary.differences(ends),
        "reach": summary.reach(rows, tuned.lrs, config.steps),
        "sizes": summary.sizes(config, tuned.outcomes, whole),
        "teacher": whole,
        "cut": summary.cuts(tuned.outcomes),
        "seconds": seconds_spent(run_dir),
        "training_seconds": summary.training_seconds(rows, tuned.lrs, config.steps),
        "peak_memory_mb": peak_memory_mb(),
    }
    found["looks"] = sum(row["low"] is not None for row in found["differences"])
    found["warnings"] = summary.warnings(config, told, data.source.remarks)
    write_atomically(run_dir.path / "summary.json", json.dumps(found, indent=1, ensure_ascii=False))
    run_dir.set_status(stage="conclude", done=1, total=1, message="", eta_s=None)


def write_results(config: TinyClipConfig, run_dir: RunDir, ends: summary.Ends) -> None:
    """The figures of every student, one row each, in the columns that every study has."""
    rows = [
        {
            "arm": arm,
            "student": summary.student_name(config),
            "task": config.world,
            "regime": summary.regime(config),
            "metric": metric,
            "seed": seed,
            "value": end[metric],
            "n": end["n"],
            "scores": None,
        }
        for (arm, seed), end in ends.items()
        for metric in summary.METRICS
    ]
    write_atomically(run_dir.path / "results.jsonl", "".join(f"{json.dumps(row)}\n" for row in rows))
