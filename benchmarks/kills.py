"""Kills: kill -9 at random moments, and whether the resumed run ends as one that nobody disturbed, file by file.

    python -m benchmarks.kills [--times 20] [--seed 0] [--at-once 1] [--json]

A small distillation and a small bench run are first done undisturbed. Then each kill has a run of its own, killed in a
stage drawn in turn, after a row and some milliseconds drawn at random, or while a file is being written. Every file of
the folder has to be equal in the end, without clocks. Exit code 1 where one is not.
"""

import argparse
import json
import random
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.kill_case import CASES, Case, Moment, differing
from benchmarks.rows import machine, machine_line

WRITING = "writing"
TURNS = (
    ("text_distillation", "distil"), ("text_distillation", WRITING), ("bench", "tune"),
    ("text_distillation", "evaluate"), ("bench", WRITING), ("text_distillation", "decode"), ("bench", "score"),
    ("text_distillation", WRITING), ("text_distillation", "experts"), ("text_distillation", "distil"),
)  # fmt: skip
LONGEST_S = 0.4  # after a row


@dataclass(frozen=True)
class Whole:
    """A run that nobody disturbed: what it holds, rows by stage, and how often there was each moment of writing."""

    found: dict
    rows: dict[str, int]
    moments: dict[str, int]


@dataclass(frozen=True)
class Verdict:
    """What became of one kill. `most`: updates that may be repeated."""

    moment: Moment
    killed: bool
    repeated: int
    most: int
    left_over: int
    differing: list[str]

    @property
    def good(self) -> bool:
        return self.killed and self.repeated <= self.most and not self.left_over and not self.differing


def undisturbed(study: str, folder: Path) -> Whole:
    """The reference."""
    case = Case(study, folder)
    case.finish("count", str(folder / "moments.json"))
    stages = [stage for name, stage in TURNS if name == study and stage != WRITING]
    moments = json.loads((folder / "moments.json").read_text(encoding="utf-8"))
    return Whole(case.found(), {stage: case.rows_of(stage) for stage in stages}, moments)


def draw(turn: int, wholes: dict[str, Whole], rng: random.Random) -> Moment:
    """The moment of the kill number `turn`."""
    study, stage = TURNS[turn % len(TURNS)]
    whole = wholes[study]
    if stage != WRITING:
        count, delay = rng.randint(1, whole.rows[stage]), rng.uniform(0, LONGEST_S)
        return Moment(study, stage, count, round(delay, 3), workers=1 + turn // len(TURNS) % 2)
    kind = rng.choice(sorted({kind_of(name) for name in whole.moments}))  # rows are many, checkpoints few
    name = rng.choice(sorted(name for name in whole.moments if kind_of(name) == kind))
    often = min(whole.moments[name], 4) if "status" in name else whole.moments[name]  # written by the clock
    return Moment(study, name, rng.randint(1, often))


def kind_of(name: str) -> str:
    """`write 10.safetensors` and `write 12.safetensors` are of a kind, as are all the students' scores."""
    return re.sub(r"\d+|\w+-opt-pocket-ordinary-|(base|seed-\d+)-pocket_", "", name)


def kill_and_resume(moment: Moment, whole: Whole, folder: Path) -> Verdict:
    """One run, killed at the moment and done to the end by the same command."""
    case = Case(moment.study, folder)
    killed = case.kill_at(moment)
    repeated, most = case.repeated()
    left_over = settled(case)
    case.finish()
    verdict = Verdict(moment, killed, repeated, most, left_over, differing(case.found(), whole.found))
    if verdict.good:
        shutil.rmtree(folder)
    return verdict


def settled(case: Case) -> int:
    """Processes left of the run; a killed one may take a moment to go."""
    until = time.monotonic() + 20
    while (left := case.left_over()) and time.monotonic() < until:
        time.sleep(0.1)
    return left


def kills(times: int, seed: int, folder: Path, at_once: int = 1, say=lambda line: None) -> list[Verdict]:
    """All of them, in turn; `at_once` side by side."""
    rng = random.Random(seed)
    studies = [study for study in CASES if study in {TURNS[turn % len(TURNS)][0] for turn in range(times)}]
    with ThreadPoolExecutor(at_once) as pool:
        found = pool.map(lambda study: undisturbed(study, folder / study), studies)
        wholes = dict(zip(studies, found, strict=True))
        moments = [draw(turn, wholes, rng) for turn in range(times)]

        def one(number: int) -> Verdict:
            verdict = kill_and_resume(moments[number], wholes[moments[number].study], folder / f"kill-{number}")
            say(line(number, verdict))
            return verdict

        return list(pool.map(one, range(times)))


def line(number: int, v: Verdict) -> str:
    said = "same" if v.good else "NOT KILLED" if not v.killed else f"DIFFERS: {', '.join(v.differing)}"
    said += f", {v.left_over} PROCESSES LEFT" if v.left_over else ""
    return f"{number + 1:>3}  {v.moment.study:<18} {v.moment!s:<46} {v.repeated:>2} of {v.most:<2}  {said}"


def main(argv: Sequence[str] | None = None) -> int:
    args = parser().parse_args(argv)
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    say = (lambda text: None) if args.json else lambda text: print(text, flush=True)
    say(machine_line(machine()))
    say(f"{'':>3}  {'study':<18} {'killed at':<46} repeated  in the end")
    verdicts = kills(args.times, args.seed, folder, args.at_once, say)
    good = sum(v.good for v in verdicts)
    if args.json:
        rows = [{"name": f"{v.moment.study}: {v.moment}", "value": float(v.good), "unit": "same"} for v in verdicts]
        print(json.dumps(rows, indent=1))
    say(f"{good} of {len(verdicts)} resumed to the same files; at most {max(v.repeated for v in verdicts)} repeated.")
    if good == len(verdicts):
        shutil.rmtree(folder)
        return 0
    print(f"What differs is in {folder}.", file=sys.stderr)
    return 1


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    found.add_argument("--times", type=int, default=20, help="how many kills")
    found.add_argument("--seed", type=int, default=0, help="the moments follow from it")
    found.add_argument("--at-once", type=int, default=1, help="kills side by side")
    found.add_argument("--json", action="store_true", help="a list of {name, value, unit}")
    return found


if __name__ == "__main__":
    sys.exit(main())
