"""A panel of the run on screen: what the view asks of it, and what it is told. Knows no study and no file.

A study's own panels are classes like this one; those it leaves out are simply not there.
"""

from dataclasses import dataclass

from backend.runs.folder import RunDir
from components.run.feed import Read


@dataclass(frozen=True)
class Look:
    """What is new in the run since the page last looked.

    `news` holds a numbered message for each part that a panel reads, None where nothing changed; `results` are all rows
    of results, None where none is new. `another`: this run was not on screen before. `ended`: it has just come to its
    end. `owner` and `key` come from the page and are not to be trusted.
    """

    owner: str
    key: str
    run: RunDir
    status: dict
    news: dict
    results: list[dict] | None
    recorded: bool
    another: bool
    ended: bool


class Panel:
    """Base of all panels: nothing to read, nothing to say."""

    name = ""
    title = ""  # of a chapter that no study names
    small = False  # a button or a link, which a study need not name
    leading = False  # it stands above the head of the run
    result = False  # what the run came to in one picture: it stands above the curves
    closed = False  # a chapter of its own, which is closed until somebody wants it
    reads: tuple[Read, ...] = ()

    def __init__(self, view):
        """Make the widgets. `view` has the study, the shelf and the runner."""
        self.view = view

    @property
    def parts(self) -> list:
        """The widgets that `look` and `nothing` may fill."""
        return []

    def look(self, look: Look) -> dict:
        """What to put into which widget; small, for it is sent again and again."""
        return {}

    def headline(self, look: Look) -> dict:
        """What it has to say in the head of a run that does not compute: `before`, as markup."""
        return {}

    def nothing(self) -> dict:
        """What to put into the widgets when there is no run."""
        return {}

    def bind(self, page) -> None:
        """Answer the visitor. `page` has `owner`, `view` and `form`."""
