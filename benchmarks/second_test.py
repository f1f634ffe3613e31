"""A second test: students of the kept comparisons, trained again as they were, asked what nobody has looked at.

    python -m benchmarks.second_test --out FOLDER [NAME ...]

The search was improved after test scores had been seen. So every kept comparison of the bundled world whose arms are
all files (a soft prompt is none) is judged once more: the facts of its test in all phrasings that the test leaves out,
with wrong options drawn anew. Data sets and step sizes are the kept ones, nothing is chosen again, and whatever comes
is written to docs/comparisons/NAME/second.
Stopped, it goes on where it was.
"""

import argparse
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from backend import settings
from backend.comparison.bars import DOCS, SECOND
from backend.comparison.config import ComparisonConfig
from backend.pocket.files import write_second_test
from backend.runs.carry_out import carry_out
from backend.runs.folder import RunDir
from backend.studies.text_distillation.config import OWN_MODEL_ONLY

KEPT = DOCS / "comparisons"
TASK = "pocket_science"


def main(argv: Sequence[str] | None = None) -> None:
    found = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    found.add_argument("names", nargs="*", help="folders of docs/comparisons; all of the bundled world by default")
    found.add_argument("--out", type=Path, required=True, help="where the runs and the questions are left")
    args = found.parse_args(argv)
    write_second_test(args.out / "data")
    for name in args.names or kept_names():
        run = judged(KEPT / name, args.out / name, args.out / "data")
        (KEPT / name / SECOND).mkdir(exist_ok=True)
        for file in ("summary.json", "results.jsonl", "ordinary.svg"):
            shutil.copyfile(run.path / file, KEPT / name / SECOND / file)
        print(name, flush=True)


def kept_names() -> list[str]:
    found = {path.parent.name: json.loads(path.read_text("utf-8")) for path in sorted(KEPT.glob("*/config.json"))}
    kept = {name: told["config"] for name, told in found.items()}
    return [name for name, c in kept.items() if c["task"] == TASK and not set(OWN_MODEL_ONLY) & set(c["arms"])]


def judged(kept: Path, out: Path, data: Path) -> RunDir:
    """The comparison's students on the second test. Raises RuntimeError where a step size would be chosen anew or
    the run was stopped."""
    told = json.loads((kept / "config.json").read_text("utf-8"))["config"]
    config = settings.build(ComparisonConfig, told | {"data_dir": str(data), "outsider": ""})
    run = RunDir.create(out, "comparison", None, settings.as_json(config))
    shutil.copytree(kept / "arms", run.path / "arms", dirs_exist_ok=True)
    shutil.copyfile(kept / "step_sizes.jsonl", run.path / "step_sizes.jsonl")
    chosen = {(row["arm"], row["student"]) for row in run.rows("step_sizes")}
    if lacking := {(arm, name) for arm in config.arms for name in config.students if arm != "base"} - chosen:
        raise RuntimeError(f"{kept.name} keeps no step size for {sorted(lacking)[0]}.")
    run.claim()
    if (state := carry_out(run, config, "students")) != "finished":
        raise RuntimeError(f"{kept.name} is {state}; the same command goes on with it.")
    return run


if __name__ == "__main__":
    main()
