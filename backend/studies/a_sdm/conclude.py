"""The conclude stage: results.jsonl and summary.json. Knows the run folder and a studio."""

import json
from collections.abc import Sequence

from backend.disk import write_atomically
from backend.runs.folder import RunDir
from backend.runs.spent import peak_memory_mb, seconds_spent
from backend.studies.a_sdm import summary
from backend.studies.a_sdm.arms import ARMS
from backend.studies.a_sdm.bars import bars, verdicts
from backend.studies.a_sdm.config import ASdmConfig
from backend.studies.a_sdm.prepare import Prepared
from backend.studies.a_sdm.summary import Measured
from backend.studies.a_sdm.sweep import read_figures
from backend.studies.a_sdm.tuning import Tuned, clear
from backend.studies.a_sdm.words import model

CHECKED = 512  # fresh renders that the judge is checked on


def conclude(config: ASdmConfig, run_dir: RunDir, here: Prepared, tuned: Tuned, rows: Sequence[dict]) -> None:
    """Figures with intervals, pairs, the order of harm, the front, bars, time, memory and warnings."""
    run_dir.set_status(stage="conclude", done=0, total=1, message="Comparing", eta_s=None)
    measured = Measured(rows, {row["id"]: read_figures(run_dir, row["id"]) for row in rows})
    write_results(config, run_dir, measured)
    differences = [
        *summary.arm_differences(measured, config.arms),
        *summary.reading_differences(measured),
        *summary.step_differences(measured),
        *summary.switch_differences(measured),
        *summary.rival_differences(measured),
    ]
    found = {
        "steps": config.steps,
        "lrs": tuned.lrs,
        "grids": tuned.grids,
        "figures": summary.arm_figures(measured, config.arms),
        "differences": differences,
        "order": summary.order_of_harm(measured),
        "front": summary.front(measured),
        "floor": here.measurer.floor(),
        "judge": judge_row(here, measured),
        "words": sorted(here.world.pipeline.tokenizer.get_vocab()) if here.world.pocket else [],
        "seconds": seconds_spent(run_dir),
        "peak_memory_mb": peak_memory_mb(),
        "warnings": warnings(config, here),
    }
    found["bars"] = bars(measured, found, run_dir.rows("nets"))
    found["verdicts"] = verdicts(measured, found)
    write_atomically(run_dir.path / "summary.json", json.dumps(found, indent=1, ensure_ascii=False))
    clear(run_dir)
    run_dir.set_status(stage="conclude", done=1, total=1, message="", eta_s=None)


def write_results(config: ASdmConfig, run_dir: RunDir, measured: Measured) -> None:
    """The figures of every setting, a row each net, in the columns that every study has."""
    rows = []
    for row in measured.rows:
        common = {"arm": row["id"], "student": model(config_told(config)), "task": "prompts", "regime": row["family"]}
        told = {metric: measured.by_seed(row["id"], metric) for metric in summary.METRICS}
        if row["psnr"] is None:
            told.pop("psnr")
        told["speed"] = {0: row["speed8"]}
        for metric, by_seed in told.items():
            for seed, value in by_seed.items():
                n = config.rounds if metric == "speed" else row["n"]
                rows.append(common | {"metric": metric, "seed": seed, "value": value, "n": n, "scores": None})
    write_atomically(run_dir.path / "results.jsonl", "".join(f"{json.dumps(row)}\n" for row in rows))


def config_told(config: ASdmConfig) -> dict:
    return {"size": config.size, "teacher": config.teacher}


def judge_row(here: Prepared, measured: Measured) -> dict | None:
    """How often the judge is right on fresh renders, what the second one says, and of the full model's pictures."""
    if not here.world.judges:
        return None
    pixels, slots = here.world.fresh(CHECKED, 10 * CHECKED)
    first, *second = here.world.judges
    hits = first.read(pixels) == slots
    full = measured.row("full")
    row = {"right": hits.all(1).float().mean().item(), "slots": hits.float().mean().item(), "n": len(pixels)}
    row |= {"full_right": full["right"] or 0.0, "full_slots": full["slots"] or 0.0}
    if not second:
        return row | {"second_right": None, "second_agrees": None}
    [other] = second
    same = (other.read(here.full) == first.read(here.full)).all(1)
    right = (other.read(pixels) == slots).all(1)
    return row | {"second_right": right.float().mean().item(), "second_agrees": same.float().mean().item()}


def warnings(config: ASdmConfig, here: Prepared) -> list[dict]:
    """What a reader must know before believing a figure."""
    found = []
    if not here.world.judges or here.world.test.slots is None:
        said = "Nobody judges these pictures: only sameness with the full model's is told."
        found.append(_warning("judge", said, "the fixed prompts of the bundled model", "Look at the pictures."))
    if any(arm in ARMS for arm in config.arms) and config.seeds < 3:
        few = "one light net" if config.seeds == 1 else f"{config.seeds} light nets"
        found.append(_warning("seeds", f"Each arm has {few}.", "3 or more", "Set seeds to 3."))
    if not here.measurer.can_tell_distance:
        said = f"{config.prompts} pictures are too few for a Fréchet distance."
        found.append(_warning("prompts", said, "512 pictures", "Set prompts to 512."))
    if config.rounds < 5:
        said = f"Every setting was timed {config.rounds} times."
        found.append(_warning("time", said, "5 rounds or more", "Set rounds to 5."))
    return found


def _warning(kind: str, found: str, expected: str, next_step: str) -> dict:
    return {"kind": kind, "found": found, "expected": expected, "next_step": next_step}
