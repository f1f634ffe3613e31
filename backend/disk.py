"""Disk: where this program keeps its files, replacing one in a single step, and what a full disk means in words.

Standard library and psutil; knows no run, no study and no screen.
"""

import contextlib
import errno
import os
from pathlib import Path

import psutil

from backend.errors import UserError


def home() -> Path:
    """Where runs and recorded experts live: $DISTILLOSCOPE_HOME, else ~/.distilloscope. Never a served folder."""
    return Path(os.environ.get("DISTILLOSCOPE_HOME") or Path.home() / ".distilloscope")


def write_atomically(path: Path, text: str | bytes) -> None:
    """Replace `path` in one step: a reader sees the old file or the new one, and a kill in between loses nothing."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(text if isinstance(text, bytes) else text.encode())
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):  # a disk that may only be read lets nothing be deleted either
            part.unlink()
        raise disk_error(error, path) from error


def clear_parts(folder: Path) -> None:
    """Delete what processes that were killed left half written; a living one's it still needs."""
    for part in folder.rglob("*.part"):
        writer = part.name.split(".")[-2]
        if part.is_file() and not (writer.isdecimal() and psutil.pid_exists(int(writer))):
            with contextlib.suppress(OSError):
                part.unlink()


def write_over(path: Path, text: bytes) -> None:
    """Put the text into the blocks that the file has, where it fits; else, and where that fails, leave the file."""
    with contextlib.suppress(OSError), path.open("rb+", buffering=0) as file:
        size, room = os.fstat(file.fileno()).st_size, os.fstat(file.fileno()).st_blocks * 512
        if len(text) <= room:
            file.write(text.ljust(size))  # in one piece, and no shorter: a reader never sees the end of the old text


def disk_error(error: OSError, path: Path) -> Exception:
    """The same error in words where we can tell what it means. No folder: guests of a shared run read it too."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UserError(
            f"The disk is full ({path.name}).", "room for the next checkpoint", "Free some space, then resume."
        )
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return UserError(
            f"{path.name} cannot be written.", "a folder this process may write", "Make it writable, or choose another."
        )
    return error
