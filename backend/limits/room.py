"""Room on the disk: what one visitor may fill, and what is always left free. Knows folders and a host's limits."""

import shutil
from pathlib import Path

from backend.errors import UserError
from backend.limits.hosts import Host

MB = 2**20


def used(folder: Path) -> int:
    """Bytes below a folder, without following links."""
    sizes = (path.lstat().st_size for path in _files(folder))
    return sum(sizes)


def free(folder: Path) -> int:
    """Bytes free on the disk that holds a folder, which need not exist yet."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def check_room(folder: Path, host: Host) -> None:
    """Raise UserError where an owner's folder has no room for one more run or file."""
    if host.room_per_owner is not None and (taken := used(folder)) >= host.room_per_owner:
        found = f"Your runs take {taken / MB:,.0f} MB."
        step = "Discard a run you no longer need; download it first."
        raise UserError(found, f"at most {host.room_per_owner / MB:,.0f} MB on this host", step)
    if (left := free(folder)) < host.reserve:
        found = f"The disk has {left / MB:,.0f} MB left."
        raise UserError(found, f"at least {host.reserve / MB:,.0f} MB", "Discard runs, or try again later.")


def _files(folder: Path):
    """Regular files, passing over what is removed while we look."""
    for path in folder.rglob("*"):
        try:
            if path.is_file() and not path.is_symlink():
                yield path
        except OSError:
            continue
