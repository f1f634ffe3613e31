"""Disk: where this program keeps its files, replacing one in a single step, and what a full disk means in words.

Standard library and psutil; knows no run, no study and no screen.
"""

import contextlib
import errno
import os
import re
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from backend.errors import UserError
from backend.process import host_name

ABANDONED_S = 3600.0  # a half-written file that nothing was added to for so long: whoever wrote it is gone


def home() -> Path:
    """Where runs and recorded experts live: $DISTILLOSCOPE_HOME, else ~/.distilloscope. Never a served folder."""
    return Path(os.environ.get("DISTILLOSCOPE_HOME") or Path.home() / ".distilloscope")


def write_atomically(path: Path, text: str | bytes) -> None:
    """Replace `path` in one step: a reader sees the old file or the new one, and a kill in between loses nothing."""
    part = part_of(path)
    try:
        part.write_bytes(text if isinstance(text, bytes) else text.encode())
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):  # a disk that may only be read lets nothing be deleted either
            part.unlink()
        raise disk_error(error, path) from error


def write_folder(folder: Path, files: Mapping[str, bytes], empty: Sequence[str] = ()) -> None:
    """Make `folder`, which must not be there yet, in one step: with these files and `empty` folders in it.

    Raises UserError where the disk refuses; then nothing is left of it, nor of parents that were made for it.
    """
    made = [parent for parent in (folder.parent, *folder.parent.parents) if not parent.exists()]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # two levels down: until it is whole it is not taken for a run of its parent
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".in-") as place:
            inside = Path(place) / "a" / "run"
            for name in ("", *empty):
                (inside / name).mkdir(parents=True)
            for name, content in files.items():
                (inside / name).parent.mkdir(parents=True, exist_ok=True)
                (inside / name).write_bytes(content)
            inside.rename(folder)
    except OSError as error:
        for parent in made:
            if parent.is_dir() and not any(parent.iterdir()):
                parent.rmdir()
        raise disk_error(error, folder) from error


def part_of(path: Path) -> Path:
    """Where this process writes what is to replace `path`. The name says who writes: host and process."""
    return path.with_name(f".{path.name}.{_host_word()}-{os.getpid()}.part")


def clear_parts(folder: Path) -> None:
    """Delete what processes that were killed left half written; a living one's it still needs."""
    for part in folder.rglob("*.part"):
        if part.is_file() and not _wanted(part):
            with contextlib.suppress(OSError):
                part.unlink()


def _wanted(part: Path) -> bool:
    """Whether its writer lives; of another host's process that can only be told by its silence."""
    host, _, pid = part.name.split(".")[-2].rpartition("-")
    if not pid.isdecimal():
        return False
    if host in ("", _host_word()):  # without a host: of an earlier version
        return psutil.pid_exists(int(pid))
    with contextlib.suppress(OSError):  # gone meanwhile: its writer has moved it into its place
        return time.time() - part.stat().st_mtime < ABANDONED_S
    return True


def _host_word() -> str:
    """This host's name as a part of a file's name."""
    return re.sub(r"\W", "-", host_name())


def write_over(path: Path, text: bytes) -> None:
    """Put the text into the blocks that the file has, where it fits; else, and where that fails, leave the file."""
    with contextlib.suppress(OSError), path.open("rb+", buffering=0) as file:
        size, room = os.fstat(file.fileno()).st_size, os.fstat(file.fileno()).st_blocks * 512
        if len(text) <= room:
            file.write(text.ljust(size))  # in one piece, and no shorter: a reader never sees the end of the old text


def disk_error(error: OSError, path: Path) -> Exception:
    """An error of the disk in words, where we can tell what it means. No folder: guests of a shared run read it too."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        found, step = f"The disk is full ({path.name}).", "Free some space, then resume."
        return UserError(found, "room for the next checkpoint", step, kind="disk")
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return UserError(
            f"{path.name} cannot be written.", "a folder this process may write", "Make it writable, or choose another."
        )
    return error
