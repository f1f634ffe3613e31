"""The run folder: plain files that the engine writes and everything else only reads.

The contract is written out in backend/README.md. Appends are whole lines, replacements are atomic, and a reader follows
a file by byte offset, so it never sees half a row and never reads the same row twice. Knows no study and no screen.
"""

import errno
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from backend.core.pool_ray import again
from backend.disk import clear_parts, disk_error, write_atomically, write_over
from backend.errors import UserError
from backend.runs.outlook import Outlook
from backend.runs.worker import Worker, this_process, worker_of

LIVE_STATES = ("queued", "running", "stopping")
ORPHANED = "orphaned"  # it was computing when its server or its worker went away unseen
RESUMABLE = ("stopped", "failed", ORPHANED)
CLOCK = re.compile(rb'"seconds": (?:\[[^\]]*\]|[^,}]*)')  # of a row: no two tries share it
SILENT_S = 90.0  # a network disk may show a time that is a minute old, and a heart beats every two seconds


class RunDir:
    """One run's folder. `outlook` is how much time is left, for the process that computes the run."""

    outlook: Outlook | None = None

    def __init__(self, path: Path | str):
        self.path = Path(path)
        self.artifacts = self.path / "artifacts"
        self.log_file = self.path / "worker.log"
        self.heartbeat = self.path / "heartbeat"  # touched by a living worker
        self._behind: tuple[str, ...] = ()  # stages that this attempt only passes by

    # -- life ---------------------------------------------------------------------------------------------------
    @classmethod
    def create(
        cls, path: Path | str, study: str, preset: str | None, config: dict, lineage: list[dict] | None = None
    ) -> "RunDir":
        """Make the folder, or reopen it when it already holds the same study, config and lineage (of a branch).

        A run that failed before it wrote anything, as with a task that is not there, gives way to a corrected one.
        Raises UserError when the folder holds another run or files that are not a run.
        """
        run = cls(path)
        wanted = {"study": study, "preset": preset, "config": config} | ({"lineage": lineage} if lineage else {})
        if (run.path / "config.json").exists():
            found = run.config()
            if (found["study"], found["config"], found.get("lineage") or []) == (study, config, lineage or []):
                return run
            if not run.came_to_nothing():
                differing = sorted(k for k in config if found["config"].get(k) != config[k])
                differing = differing or ["study" if found["study"] != study else "the update it branches from"]
                raise UserError(
                    f"{run.path} already holds another run (it differs in {', '.join(differing)}).",
                    "an empty folder, or the same settings to resume it",
                    "Choose another --out, or repeat the run with its own settings.",
                )
        elif run.path.exists() and not all(map(made_by_create, run.path.iterdir())):
            raise UserError(f"{run.path} is not empty and is not a run.", "an empty folder", "Choose another --out.")
        try:
            run.artifacts.mkdir(parents=True, exist_ok=True)
            run.set_status(state="queued", stage="", done=0, total=0, message="", started_at=time.time())
            write_atomically(run.path / "config.json", json.dumps(wanted, indent=1))  # last: this makes it a run
        except (OSError, UserError) as error:
            shutil.rmtree(run.path, ignore_errors=True)  # half a run would be in the way of a whole one
            raise (disk_error(error, run.path) if isinstance(error, OSError) else error) from error
        return run

    def came_to_nothing(self) -> bool:
        """Whether it failed before its first row or file."""
        own = {"config.json", self.log_file.name, self.heartbeat.name}
        return self.status()["state"] == "failed" and all(
            path.name in own or made_by_create(path) for path in self.path.iterdir()
        )

    def config(self) -> dict:
        """`{"study", "preset", "config"}` as the run was started with, and a branch's `lineage`."""
        return json.loads((self.path / "config.json").read_text(encoding="utf-8"))

    def summary(self) -> dict:
        """The figures of a finished run; empty before, and where the file cannot be read."""
        return self.document("summary.json")

    def document(self, name: str) -> dict:
        """A .json file of the run; empty where there is none, and where it cannot be read."""
        try:
            found = json.loads((self.path / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    # -- status -------------------------------------------------------------------------------------------------
    def status(self) -> dict:
        try:
            return json.loads((self.path / "status.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {"state": "queued"}

    def pass_by(self, stages: Sequence[str]) -> None:
        """From now on what is said of stages before the one that was reached is no news: an attempt that goes on from
        there passes them, and loads what it needs, within a moment or a minute. `stages` are all, in their order."""
        reached = self.status().get("stage")
        self._behind = tuple(stages[: stages.index(reached)]) if reached in stages else ()

    def set_status(self, **changes) -> None:
        """Merge `changes` into status.json. One writer at a time: the worker, or its runner once the worker is gone."""
        if changes.get("stage") in self._behind:
            changes = {k: v for k, v in changes.items() if k not in ("stage", "done", "total", "eta_s", "message")}
        status = {**self.status(), **changes, "updated_at": time.time()}
        write_atomically(self.path / "status.json", json.dumps(status, indent=1))

    def queue(self, stages: str | None, **more) -> None:
        """The run waits to compute; what was said of an earlier attempt is gone. `stages` None: as last time."""
        kept = self.status().get("stages") if stages is None else stages
        fresh = {"message": "", "reason": "", "error": None, "eta_s": None, "worker": None}
        self.set_status(state="queued", stages=kept, queued_at=time.time(), **fresh, **more)

    def set_last_status(self, **changes) -> dict:
        """Set a status that nobody is left to hear of: on a full disk the old file is written over in place.

        Returns the status, also where nothing can be written.
        """
        status = {**self.status(), **changes, "updated_at": time.time()}
        text = json.dumps(status, indent=1).encode()
        try:
            write_atomically(self.path / "status.json", text)
        except (OSError, UserError):
            write_over(self.path / "status.json", text)
        return status

    def claim(self) -> None:
        """This process becomes the run's worker. Raises UserError while another one lives."""
        me, before = this_process(), self.worker()
        if before != me and self.worker_alive():
            raise UserError(
                f"{self.path} is being written by {before.id} on {before.host}.",
                "one worker for one folder",
                "Wait for it, stop it, or choose another --out.",
            )
        try:
            self.stop_flag.unlink(missing_ok=True)
            clear_parts(self.path)
            for file in self.path.rglob("*.jsonl"):
                cut_half_line(file)
        except OSError as error:
            raise disk_error(error, self.path) from error
        self.set_status(state="running", worker=asdict(me), error=None)

    def worker(self) -> Worker | None:
        """Who computed the run last, or does so now; None where nobody has since it was put into a queue."""
        return worker_of(self.status())

    def worker_alive(self) -> bool:
        """Whether that worker lives, as far as the folder and this machine can tell.

        Of a process of this host the operating system knows. Another host's, or a job that only its launcher knows,
        lives as long as the run goes on and shows signs of life: those machines' clocks must agree within a minute.
        """
        try:
            status = self.status()
            worker = worker_of(status)
            if worker is None or worker.here:
                return worker is not None and worker.lives()
            return status["state"] in LIVE_STATES and self._sign_age_s() < SILENT_S
        except (OSError, ValueError, KeyError):
            return False

    def _sign_age_s(self) -> float:
        """Seconds since a worker last touched its heartbeat or the status, which it does first of all."""
        signs = [file.stat().st_mtime for file in (self.heartbeat, self.path / "status.json") if file.exists()]
        return time.time() - max(signs, default=0.0)

    @property
    def stop_flag(self) -> Path:
        return self.path / "stop"

    def stop_requested(self) -> bool:
        return self.stop_flag.exists()

    # -- rows ---------------------------------------------------------------------------------------------------
    def append(self, name: str, row: dict) -> None:
        """Add one row to `<name>.jsonl`. On a full disk the half-written line is taken back and UserError raised.

        Who does a piece again that a lost worker had begun adds no row that is there but for its clock: it cannot
        take rows back, for other workers write the file meanwhile.
        """
        path = self.path / f"{name}.jsonl"
        line = (json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n").encode()
        if again() and path.exists() and CLOCK.sub(b"", line) in CLOCK.sub(b"", path.read_bytes()).splitlines(True):
            return
        with path.open("ab", buffering=0) as file:
            before = file.tell()
            try:
                if file.write(line) < len(line):
                    raise OSError(errno.ENOSPC, "short write")
            except OSError as error:
                os.truncate(path, before)
                raise disk_error(error, path) from error

    def rows(self, name: str) -> list[dict]:
        """All whole rows of `<name>.jsonl`."""
        return self.rows_since(name, 0)[0]

    def rows_since(self, name: str, cursor: int) -> tuple[list[dict], int]:
        """Rows after byte `cursor`, and the cursor to ask with next time. A half-written last line waits."""
        path = self.path / f"{name}.jsonl"
        if not path.exists():
            return [], 0
        if cursor > path.stat().st_size:
            cursor = 0  # the file was cut back by a resume: read it again
        with path.open("rb") as file:
            file.seek(cursor)
            chunk = file.read()
        whole = chunk[: chunk.rfind(b"\n") + 1]
        return [json.loads(line) for line in whole.splitlines() if line.strip()], cursor + len(whole)

    def keep_rows(self, name: str, keep) -> None:
        """Rewrite `<name>.jsonl` with the rows for which `keep(row)` holds: a resume drops what it will repeat."""
        path = self.path / f"{name}.jsonl"
        if path.exists():
            rows = [row for row in self.rows(name) if keep(row)]
            write_atomically(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def made_by_create(path: Path) -> bool:
    """What `create` leaves where it is killed before there is a config."""
    if path.name == "artifacts":
        return path.is_dir() and not any(path.iterdir())
    return path.name == "status.json" or (path.name.startswith(".") and path.suffix == ".part")


def cut_half_line(path: Path) -> None:
    """Take back a last line that was never finished, as after a power cut: the next row must not join it."""
    with path.open("rb+") as file:
        content = file.read()
        if content and not content.endswith(b"\n"):
            file.truncate(content.rfind(b"\n") + 1)


def list_runs(folder: Path) -> list[RunDir]:
    """The runs below `folder`, newest first; not those that are still being made, whose names begin with a dot."""
    found = [RunDir(path.parent) for path in folder.glob("[!.]*/config.json")]
    return sorted(found, key=lambda run: run.status().get("started_at", 0), reverse=True)


def can_be_read(run: RunDir) -> bool:
    """Whether its two files that say what it is are what a run would have written: one bad folder must stop nobody."""
    try:
        return isinstance(run.config()["study"], str) and isinstance(run.status()["state"], str)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def put_away(run: RunDir, root: Path) -> None:
    """Delete a folder that no process writes any more; first it goes out of sight, in one step."""
    aside = root.with_name("discarded") / f"{run.path.name}-{secrets.token_hex(4)}"
    try:
        aside.parent.mkdir(parents=True, exist_ok=True)
        run.path.rename(aside)
    except OSError:  # gone already, or a disk too full for another folder
        shutil.rmtree(run.path, ignore_errors=True)
    shutil.rmtree(aside.parent, ignore_errors=True)  # with what an earlier server may have left
