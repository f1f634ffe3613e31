"""A run that is killed and resumed: the small runs, the moments to kill them at, and what they are found to hold.

Everything happens in processes of their own, started as the page starts them. Knows the run folder's contract and the
stages' names; not how the kills are chosen.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from safetensors import safe_open

from backend import settings
from backend.runners.processes import PROJECT, worker_environment
from backend.runs.folder import RunDir
from backend.study import find

LIMIT_S = 1800.0  # of one process: the machine may be busy
DISTIL = {
    "experts": 1, "heldout_experts": 1, "expert_steps": 8, "expert_batch": 8, "expert_span": 4, "max_start": 2,
    "prompts": 3, "prompt_tokens": 8, "outer_steps": 12, "inner_steps": 3, "checkpoint_every": 4, "snapshot_every": 2,
    "decoder": "search", "search_starts": 0, "search_questions": 40, "search_rounds": 2,
    "seeds": 2, "reference_seeds": 0, "finetune_steps": 3, "finetune_batch": 8,
    "arms": ("base", "soft", "text"), "regimes": ("ordinary",), "other_model": "", "train_limit": 80, "test_limit": 12,
}  # fmt: skip
BENCH = {
    "steps": 12, "batch": 8, "lrs": (0.005, 0.01), "seeds": 2, "validate_every": 4, "validation_limit": 12,
    "train_task": "pocket_science", "test_limit": 60, "examples": 80,
}  # fmt: skip
CASES = {"text_distillation": ("quick", DISTIL), "bench": (None, BENCH)}
CLOCKS = ("seconds", "training_seconds", "peak_memory_mb")  # what no two runs share


@dataclass(frozen=True)
class Moment:
    """When to kill: while writing, as `dying` spells it, or `delay` seconds after the `count`th row of a stage."""

    study: str
    where: str
    count: int
    delay: float = 0.0
    workers: int = 1

    def __str__(self) -> str:
        late = f" + {1000 * self.delay:.0f} ms" if self.delay else ""
        return f"{self.where} {self.count}{late}"


class Case:
    """One run of `study` in `folder`, with recorded experts of its own: nothing is there before it.

    Its settings are those of CASES, or `changes` to the defaults where they are given.
    """

    def __init__(self, study: str, folder: Path, changes: dict | None = None):
        preset, changes = CASES[study] if changes is None else (None, changes)
        described = find(study)
        values = settings.load_preset(described.presets, preset)["settings"] if preset else {}
        self.config = settings.build(described.config, values | changes)
        self.study, self.folder = study, folder
        self.run = RunDir.create(folder / "run", study, preset, settings.as_json(self.config))

    @property
    def words(self) -> list[str]:
        """The engine's command line."""
        return ["run", self.study, "--out", str(self.run.path), "--from-config"]

    # -- processes ------------------------------------------------------------------------------------------------
    def start(self, *before: str, workers: int = 1) -> subprocess.Popen:
        """The command that the page starts, leader of its own group; `before` are words before `run`."""
        env = worker_environment() | {
            "DISTILLOSCOPE_HOME": str(self.folder / "home"),
            "DISTILLOSCOPE_WORKERS": str(workers),
            "DISTILLOSCOPE_PRODUCTS": "plain",  # each home would try anew, by the clock, which products are fastest
            "OMP_WAIT_POLICY": "PASSIVE",
        }
        with self.run.log_file.open("ab") as log:
            module = ["-m", "benchmarks.dying", *before] if before else ["-m", "backend"]
            return subprocess.Popen(
                [sys.executable, *module, *self.words],
                cwd=PROJECT, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def finish(self, *before: str) -> None:
        """To the end. RuntimeError where it does not come to one."""
        with self.start(*before) as worker:
            try:
                code = worker.wait(LIMIT_S)
            except BaseException:
                os.killpg(worker.pid, signal.SIGKILL)
                raise
        if code or self.run.status()["state"] != "finished":
            raise RuntimeError(f"{self.run.path} ended with {code}: {self.run.log_file.read_text()[-2000:]}")

    def kill_at(self, moment: Moment) -> bool:
        """Start, and kill -9 the whole group at the moment. False where the run ended before it came."""
        if " " in moment.where:
            with self.start(moment.where, str(moment.count)) as worker:
                return worker.wait(LIMIT_S) == -signal.SIGKILL
        with self.start(workers=moment.workers) as worker:
            until = time.monotonic() + LIMIT_S
            while worker.poll() is None and self.rows_of(moment.where) < moment.count and time.monotonic() < until:
                time.sleep(0.002)
            time.sleep(moment.delay)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
            return worker.wait() == -signal.SIGKILL

    def left_over(self) -> int:
        """Processes that still have this run's folder on their command line."""
        words = [p.info["cmdline"] or [] for p in psutil.process_iter(["cmdline"])]
        return sum(str(self.run.path) in line for line in words)

    # -- what is there ----------------------------------------------------------------------------------------------
    def rows_of(self, stage: str) -> int:
        """How many rows a stage has written so far."""
        if stage == "evaluate":
            return len(self.run.rows("results"))
        if stage == "score":
            files = (self.run.artifacts / "scores").glob("*.jsonl")
            return sum(len(self.run.rows(f"artifacts/scores/{file.stem}")) for file in files)
        name = "search" if stage == "decode" else stage
        return sum(row["stage"] == name for row in self.run.rows("metrics"))

    def repeated(self) -> tuple[int, int]:
        """Updates whose rows the next process will drop and compute again, of one student; and how many may be."""
        rows, c = self.run.rows("metrics"), self.config
        if self.study == "text_distillation":
            last = max((row["step"] for row in rows if row["stage"] == "distil"), default=0)
            return last - saved_step(self.run.artifacts / "checkpoint.safetensors"), c.checkpoint_every
        most = 0
        for lr, seed in {(row["lr"], row["seed"]) for row in rows if row["stage"] == "tune"}:
            folder = self.run.artifacts / "tuning" / f"lr{lr!r}-seed{seed}"
            if not (folder / "outcome.json").is_file():
                steps = [r["step"] for r in rows if r["stage"] == "tune" and (r["lr"], r["seed"]) == (lr, seed)]
                most = max(most, max(steps) - saved_step(folder / "state.safetensors"))
        return most, c.validate_every

    def found(self) -> dict[str, object]:
        """Every file of the run and its recorded experts, without clocks: rows, values or bytes by name."""
        files = [p for place in ("run", "home/experts") for p in (self.folder / place).rglob("*") if p.is_file()]
        return {str(p.relative_to(self.folder)): content(p) for p in files if p.name != "worker.log"}


def saved_step(file: Path) -> int:
    """The update that a checkpoint was written after; 0 where there is none."""
    if not file.is_file():
        return 0
    with safe_open(file, "np") as opened:
        told = json.loads((opened.metadata() or {}).get("told", "{}"))
        return told["step"] if told else int(opened.get_tensor("counters")[0])


def content(file: Path) -> object:
    """What a file says, in a form that can be compared with another run's."""
    if file.suffix == ".jsonl":
        rows = [without_clocks(json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]
        # how far scoring had come at each estimate depends on where it went on; what it came to does not
        kept = [row for row in rows if row.get("stage") != "score" or row["done"] == row["total"]]
        return sorted(json.dumps(row, sort_keys=True) for row in kept)  # several processes write in any order
    if file.name == "status.json":
        return {key: json.loads(file.read_text())[key] for key in ("state", "stage", "done", "total", "error")}
    if file.name == "seconds.json":
        return None
    if file.suffix != ".json":
        return file.read_bytes()
    found = without_clocks(json.loads(file.read_text(encoding="utf-8")))
    if file.name == "adapter_config.json":  # peft writes a set, in an order that every process draws anew
        found["target_modules"] = sorted(found["target_modules"])
    return found


def without_clocks(found: object) -> object:
    if isinstance(found, list):
        return [without_clocks(one) for one in found]
    return {k: without_clocks(v) for k, v in found.items() if k not in CLOCKS} if isinstance(found, dict) else found


def differing(one: dict, other: dict) -> list[str]:
    """Names of files that are not the same in both, or only in one."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name, "") != other.get(name, ""))
