"""Where a run comes from: the snapshots a run kept, and the ancestors a branch remembers.

`artifacts/snapshots/<step>.safetensors` is all that an update depends on, so a run can go on from there another way.
config.json of a branch has `lineage`: a list of `run` (a folder's name) and `step`, from the first ancestor to the
parent. Standard library only; knows no study and no tensor.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from backend.runs.folder import RunDir

MOST = 40  # snapshots of a run
MOST_BYTES = 64 * 2**20  # and what they may take on the disk


def snapshot_path(run: RunDir, step: int) -> Path:
    return run.artifacts / "snapshots" / f"{step}.safetensors"


def snapshot_steps(run: RunDir) -> list[int]:
    """The steps that a branch can start from, ascending."""
    names = (path.stem for path in (run.artifacts / "snapshots").glob("*.safetensors"))
    return sorted(int(name) for name in names if name.isdecimal())


def ancestors(run: RunDir) -> list[dict]:
    """`run` and `step` of each, from the first to the parent; nothing for a run that is no branch."""
    return run.config().get("lineage") or []


def keep_snapshot(run: RunDir, step: int, write: Callable[[Path], None]) -> None:
    """Have `write` make the snapshot of `step`, and thin the others.

    The first and the last stay, and those between lie about evenly. One too large to stand beside another is not kept.
    """
    path = snapshot_path(run, step)
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path)
    room = min(MOST, MOST_BYTES // max(1, path.stat().st_size))
    steps = snapshot_steps(run)
    for old in [step] if room < 2 else thinned_out(steps, room):  # what a branch began with stays
        snapshot_path(run, old).unlink()


def drop_snapshots(run: RunDir, after: int) -> None:
    """A resume repeats what came after its checkpoint, and another machine may repeat it in other last digits."""
    for step in snapshot_steps(run):
        if step > after:
            snapshot_path(run, step).unlink()


def thinned_out(steps: Sequence[int], room: int) -> list[int]:
    """Which of the ascending `steps` to drop so that `room` (at least 2) stay: again and again the one whose
    neighbours are nearest to each other, the older of two."""
    kept, dropped = list(steps), []
    while len(kept) > room:
        between = range(1, len(kept) - 1)
        dropped.append(kept.pop(min(between, key=lambda i: kept[i + 1] - kept[i - 1])))
    return dropped
