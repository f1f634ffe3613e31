"""The shelf: which run folders a visitor may see, and how they are called on screen.

A path is only ever made of an owner id and a run id that match a strict pattern, so no text from outside can leave the
two folders it knows: the recorded runs that ship with the project, and the visitors'. A visitor sees their own, and of
others' only what its owner shared. Knows no widget.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from backend import settings
from backend.errors import UserError
from backend.limits.hosts import HOSTS, LOCAL, Host
from backend.runs.folder import LIVE_STATES, RunDir, list_runs
from backend.studies import STUDIES
from backend.study import Study, find, resolve
from components.run.shares import OWNER, RUN_ID, Shares

RECORDED, OWN, SHARED = "recorded", "own", "shared"


def new_owner() -> str:
    return secrets.token_hex(16)


def is_owner(value: object) -> bool:
    return isinstance(value, str) and OWNER.fullmatch(value) is not None


def is_own(key: object) -> bool:
    """The key of a run that its visitor may change; all others are for looking at."""
    return isinstance(key, str) and key.startswith(f"{OWN}/")


class Shelf:
    """Recorded runs below `samples`, visitors' runs below `root/<owner>/`; those of one `study` where it is named."""

    def __init__(
        self,
        samples: Path,
        root: Path,
        presets: Path,
        study: str | None = None,
        titled: Callable[[dict], str] | None = None,
        host: Host = HOSTS[LOCAL],
        leading: Sequence[str] = (),
    ):
        """`titled` names a run by its settings; without it the preset does. `host`: what visitors may have here.
        `leading`: recorded runs to show first, by the names of their folders."""
        self.samples, self.root, self.presets = Path(samples), Path(root), Path(presets)
        self.study, self.titled, self.host, self.strays, self.leading = study, titled, host, False, leading
        self.shares = Shares(self.root.parent / "shared")

    @classmethod
    def of(cls, study: Study, samples: Path, root: Path, host: Host = HOSTS[LOCAL], strays: bool = False) -> "Shelf":
        """The runs of a study. `strays`: those too of studies that this copy does not know."""
        titled = resolve(study.words.run_title) if study.words.run_title else None
        found = cls(samples, root, study.presets, study.name, titled, host, study.leading)
        found.strays = strays
        return found

    @property
    def described(self) -> Study:
        """The study whose runs these are. Raises UserError where there is none."""
        return find(self.study)

    def new(self, owner: str, study: str, preset: str | None, config: dict) -> tuple[str, RunDir]:
        """A new run folder of this visitor, and its key."""
        key, folder = self.place(owner, preset)
        return key, RunDir.create(folder, study, preset, config)

    def place(self, owner: str, preset: str | None) -> tuple[str, Path]:
        """The key and the folder that a new run of this visitor will have; nothing is made yet."""
        if not is_owner(owner):
            raise ValueError("not an owner id")
        name = f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{preset or 'custom'}-{secrets.token_hex(2)}"
        return f"{OWN}/{name}", self.root / owner / name

    def open(self, owner: str, key: str | None) -> RunDir | None:
        """The run behind a key, or None when there is none that this visitor may see."""
        kind, _, name = key.partition("/") if isinstance(key, str) else ("", "", "")
        if not RUN_ID.fullmatch(name):
            return None
        if kind == RECORDED:
            run = RunDir(self.samples / name)
        elif kind == OWN and is_owner(owner):
            run = RunDir(self.root / owner / name)
        elif kind == SHARED and (found := self.shares.find(name)):
            run = RunDir(self.root.joinpath(*found))
        else:
            return None
        return run if (run.path / "config.json").is_file() and self._shows(run) else None

    def study_of(self, owner: str, key: str | None) -> str | None:
        """The study of a run behind a key, whichever it is; None where this visitor may see no such run."""
        run = Shelf(self.samples, self.root, self.presets).open(owner, key)
        return run.config()["study"] if run else None

    def own(self, owner: str) -> list[RunDir]:
        """The visitor's runs, newest first."""
        return [run for run in list_runs(self.root / owner) if self._shows(run)] if is_owner(owner) else []

    def recorded(self) -> list[RunDir]:
        """The runs that ship with the project, in the order of their folder names behind the leading ones."""
        return sorted(filter(self._shows, list_runs(self.samples)), key=self._rank)

    def first(self, owner: str) -> str | None:
        """What a page opens on: the visitor's newest live run, else the first recorded one, else their newest."""
        own = self.own(owner)
        live = [run for run in own if run.status()["state"] in LIVE_STATES]
        recorded = self.recorded()
        if live:
            return f"{OWN}/{live[0].path.name}"
        if recorded:
            return f"{RECORDED}/{recorded[0].path.name}"
        return f"{OWN}/{own[0].path.name}" if own else None

    def choices(self, owner: str) -> list[tuple[str, str]]:
        """`(label, key)` for the run picker."""
        recorded = [(f"Recorded: {self.title(run)}", f"{RECORDED}/{run.path.name}") for run in self.recorded()]
        own = [(self._own_label(run), f"{OWN}/{run.path.name}") for run in self.own(owner)]
        return own + recorded

    def token(self, owner: str, key: str) -> str | None:
        """The token behind which a run of this visitor is shared, if it is."""
        kind, _, name = key.partition("/")
        return self.shares.token(owner, name) if kind == OWN and is_owner(owner) else None

    def share(self, owner: str, key: object, wanted: bool) -> None:
        """Let others look at a run of this visitor, or no longer. Whatever is no run of theirs is left alone."""
        if not is_own(key) or self.open(owner, key) is None:
            return
        (self.shares.share if wanted else self.shares.stop)(owner, key.partition("/")[2])

    def veiled(self, key: str, markup: str) -> str:
        """What a guest reads never names the owner, whom we know by that name alone: a path may hold it."""
        kind, _, token = key.partition("/")
        found = self.shares.find(token) if kind == SHARED else None
        return markup.replace(found[0], "…") if found else markup

    def everything(self, owner: str) -> list[tuple[str, RunDir]]:
        """`(key, run)` of all that this visitor may see: their own, newest first, then the recorded ones."""
        own = [(f"{OWN}/{run.path.name}", run) for run in self.own(owner)]
        return own + [(f"{RECORDED}/{run.path.name}", run) for run in self.recorded()]

    def title(self, run: RunDir) -> str:
        """`titled`, else the preset's title, and for a recorded run its folder's name where that says more."""
        study = run.config()["study"]
        if study not in STUDIES:
            return f"A run of {study}"
        if self.titled is not None:
            return self.titled(run.config()["config"])
        preset = run.config()["preset"]
        try:
            title = settings.load_preset(self.presets, preset or "")["title"]
        except UserError:
            title = "Custom"
        if run.path.parent == self.samples and run.path.name != preset:
            return run.path.name.replace("-", " ").replace("_", " ").capitalize()
        return title

    def _shows(self, run: RunDir) -> bool:
        try:
            study = run.config()["study"]
            return self.study in (None, study) or (self.strays and study not in STUDIES)
        except FileNotFoundError:  # discarded this very moment
            return False

    def _rank(self, run: RunDir) -> tuple[int, str]:
        name = run.path.name
        return self.leading.index(name) if name in self.leading else len(self.leading), name

    def _own_label(self, run: RunDir) -> str:
        status = run.status()
        begun = time.strftime("%d %b %H:%M:%S UTC", time.gmtime(status.get("started_at", 0)))
        return f"{self.title(run)}, {begun} ({status['state']})"
