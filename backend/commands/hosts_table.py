"""`python -m backend.commands.hosts_table`: write what each kind of host allows into docs/hosting.md.

It goes between the page's markers, so that what people read and what holds are one. Knows hosts, what settings say of
themselves, and a file of words.
"""

from pathlib import Path

from backend.limits.hosts import GIB, HOSTS, Host
from backend.settings import describe
from backend.study import all_studies

PAGE = Path(__file__).parents[2] / "docs" / "hosting.md"
BEGIN, END = "<!-- limits: written by `python -m backend.commands.hosts_table` -->", "<!-- end of limits -->"
NONE = "no limit"


def table() -> str:
    """A Markdown table, a column for each kind of host."""
    hosts = list(HOSTS.values())
    rows = [["", *(f"`{host.kind}`" for host in hosts)], ["---"] * (len(hosts) + 1)]
    rows += [[said, *(of(host) for host in hosts)] for said, of in FACTS.items()]
    for study in all_studies():
        sized = [item for item in describe(study.config) if any(host.most(item) is not None for host in hosts)]
        rows += [[f"`{item.name}` ({study.title})", *(_size(host.most(item)) for host in hosts)] for item in sized]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def written(text: str) -> str:
    """The page with the table between its markers."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


def _size(most: int | None) -> str:
    return NONE if most is None else f"{most:,}"


def _names(found: tuple[str, ...]) -> str:
    return ", ".join(found) or "any"


def _span(seconds: float | None) -> str:
    if seconds is None:
        return NONE
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _room(room: int | None) -> str:
    return NONE if room is None else f"{room / GIB:.2g} GiB"


def _slices(host: Host) -> str:
    return "no" if host.slice_s is None else f"of {_span(host.slice_s)}"


def _waited(host: Host) -> str:
    if host.waited is None:
        return NONE
    waited = host.waited
    return (
        f"{_names(waited.models)}; {waited.texts} texts of {waited.characters} characters; "
        f"{waited.a_minute} times a minute"
    )


FACTS = {
    "models": lambda host: _names(host.models),
    "tasks": lambda host: _names(host.tasks),
    "files and folders named by a visitor": lambda host: "no" if host.public else "yes",
    "runs that compute at once": lambda host: str(host.at_once),
    "runs that wait": lambda host: str(host.waiting),
    "runs of one visitor, computing or waiting": lambda host: NONE if host.per_owner is None else str(host.per_owner),
    "time of a run": lambda host: _span(host.wall_clock_s),
    "ended after silence of": lambda host: _span(host.hung_s),
    "memory of a run, at most": lambda host: _room(host.memory),
    "disk of one visitor": lambda host: _room(host.room_per_owner),
    "disk always left free": lambda host: _room(host.reserve),
    "a run that nobody touches is kept for": lambda host: _span(host.retention_s),
    "computes in slices": _slices,
    "trained while a visitor waits": _waited,
}


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
