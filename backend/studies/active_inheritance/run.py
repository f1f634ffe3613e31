"""run(config, run_dir): write a pool, teach students what was chosen of it, and take profiles before and after.

Every stage picks up where its files end, so a stopped or killed run resumes to the same numbers.
"""

import json

from backend.core.devices import set_threads
from backend.core.models.backbones import find_source
from backend.disk import write_atomically
from backend.runs.folder import RunDir
from backend.runs.spent import peak_memory_mb, seconds_spent, timed
from backend.studies.active_inheritance import summary
from backend.studies.active_inheritance.config import ActiveConfig
from backend.studies.active_inheritance.ground import Ground
from backend.studies.active_inheritance.pool import fill
from backend.studies.active_inheritance.profiling import profile
from backend.studies.active_inheritance.sitters import sitters
from backend.studies.active_inheritance.study import STUDY
from backend.studies.active_inheritance.tuning import tune


def run(config: ActiveConfig, run_dir: RunDir, stages: tuple[str, ...] = STUDY.stage_names) -> None:
    """Do the named stages that are not done yet. Raises UserError for bad input, Stopped when asked to stop."""
    run_dir.set_status(stage="pool", done=0, total=0, message="Reading the prompts", eta_s=None)
    set_threads()
    ground = Ground(config)
    ground.prompts  # noqa: B018 - what they lack is said before the pool is written
    for sitter in sitters(config):
        find_source(sitter.spec)
    with timed(run_dir, "pool"):
        pool = fill(config, run_dir, ground)
    if "tune" in stages or "profile" in stages:
        with timed(run_dir, "tune"):
            tune(config, run_dir, pool)
    if "profile" in stages:
        with timed(run_dir, "profile"):
            profile(config, run_dir, pool)
        conclude(config, run_dir, pool)


def conclude(config: ActiveConfig, run_dir: RunDir, pool: list[dict]) -> None:
    """summary.json: what was inherited, what moves together, what the cap cut off, time and memory."""
    items = {sitter.name: run_dir.rows(sitter.items.removesuffix(".jsonl")) for sitter in sitters(config)}
    rows, shares = summary.inherited(config, run_dir), summary.capped(pool, items)
    found = {
        "inherited": rows,
        "correlations": summary.correlations(pool),
        "capped": shares,
        "seconds": seconds_spent(run_dir),
        "peak_memory_mb": peak_memory_mb(),
        "warnings": summary.warnings(config, shares, rows),
    }
    write_atomically(run_dir.path / "summary.json", json.dumps(found, indent=1, ensure_ascii=False))
