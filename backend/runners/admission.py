"""Admission: whether a run may join the line of its host. Knows limits, a run's settings and room on the disk."""

from backend.errors import UserError
from backend.limits.hosts import Host
from backend.limits.room import check_room
from backend.runs.folder import RunDir
from backend.study import find


def admit(run: RunDir, host: Host, waiting: int, live: int) -> None:
    """Raise UserError where this run may not join the line: `waiting` runs are in it, `live` runs are this owner's."""
    found = run.config()
    host.admit(find(found["study"]).config, found["config"])
    if waiting >= host.waiting:
        found = f"{host.waiting} runs are waiting already."
        raise UserError(found, "a shorter queue", "Try again when one of them is done.")
    if host.per_owner is not None and live >= host.per_owner:
        found = f"{live} of your runs {'is' if live == 1 else 'are'} already running or waiting."
        raise UserError(found, f"at most {host.per_owner} at a time", "Stop one, or wait until it is done.")
    check_room(run.path.parent, host)
