"""What a study is: one frozen object that form, chart, run, export, limits, API, command line and page read.

Data only: values, or `"module:function"` strings that are imported when they are called, so a study loads without
torch. Everything a study may leave out is a button that is not there. Knows the table of studies; no study by name, no
process, file or screen.
"""

import dataclasses
import functools
import importlib
import importlib.util
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from backend.errors import UserError
from backend.studies import STUDIES

LOG = logging.getLogger(__name__)
Ref = str  # "package.module:name", imported when it is called


@dataclass(frozen=True)
class Stage:
    """A step of a run, in the order of the run. `note` says in a few words what happens in it."""

    name: str
    title: str
    note: str


@dataclass(frozen=True)
class Curve:
    """A live curve: the rows of metrics.jsonl with this `stage`, column `y` over column `x`.

    Words: `title` stands on the button that shows it, `label` above the axis of y, `x_label` below the axis of x;
    `reference` is a value of y worth a dashed line, and what it means.
    Rows: `where` is what else a row must hold; `by` names the columns that tell one line from another, and `line`
    refers to `function(values) -> str`, a line's name from the values of those columns; without it, they are listed.
    `low` and `high` are the columns of a 95 % interval, drawn as a band.
    Pictures: curves of one `view` are panes of one picture and share x; the first is the main one, those after it are
    details that can be hidden. Without a `view` a curve has a picture of its own, called like the curve. `choice` is a
    column of which one value at a time is drawn, as the tasks of a test; `{task}` in `label` then says which. `x_end`
    is the column that says how far x will go. `linked`, of the first curve of a view: a click asks the panels beside it
    for that x, and the x that they show is marked.
    Looks: `quiet` are values of columns whose lines are attempts or a baseline, thin and grey; `winner` names columns
    whose values tell, in summary.json or in full lines, which attempt won: it is drawn as a full line. `log`: y begins
    logarithmic. `smooth`: points with a trend through them. `range`: the ends of y where they are known. `kind`: made
    or real, which chooses the colour; without it, the run's settings choose by `Words.kind`.
    """

    name: str
    title: str
    stage: str
    x: str
    y: str
    label: str
    x_label: str = "step"
    by: tuple[str, ...] = ()
    where: Mapping[str, object] = field(default_factory=dict)
    log: bool = False
    view: str = ""
    line: Ref = ""
    low: str = ""
    high: str = ""
    choice: str = ""
    x_end: str = ""
    reference: tuple[float, str] | None = None
    quiet: Mapping[str, object] = field(default_factory=dict)
    winner: tuple[str, ...] = ()
    linked: bool = False
    smooth: bool = False
    range: tuple[float, float] | None = None
    kind: str = ""


@dataclass(frozen=True)
class Panel:
    """Something to look at beside the curves. `reads`: the files of the run folder whose rows it is bound to."""

    name: str
    title: str
    reads: tuple[str, ...] = ()


@dataclass(frozen=True)
class File:
    """A file of the run folder: its name relative to the folder, where a `*` stands for a part of a name of many.

    `shape` refers to what it must look like: a pydantic type, of each row in a `.jsonl` and of the whole in a `.json`
    (backend.export.shapes has those of every study); of any other file `function(data: bytes, config: dict) -> None`,
    which raises UserError. Without a shape the file never travels. `travels`: whether an export holds it. `most`: the
    bytes of all files of the entry together up to which they travel, else none does; None for no limit but the
    archive's.
    """

    name: str
    shape: Ref = ""
    travels: bool = True
    most: int | None = None


@dataclass(frozen=True)
class Word:
    """A name of the run folder and what people call it. `kind`: made, real or nothing; it chooses the colour."""

    name: str
    title: str
    about: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Metric:
    """A column of results. `unit` is share, loss, nats, dB and so on; `better` is higher or lower."""

    name: str
    title: str
    unit: str = "share"
    better: str = "higher"


@dataclass(frozen=True)
class Words:
    """The sentences of a study. `about` refers to `function(config: dict) -> str`: a run in one sentence.

    `run_title` refers to `function(config: dict) -> str`, a run's name; without it, its preset names it. `kind` refers
    to `function(config: dict) -> str`: made, real or nothing, the colour of a run's curves. `arms`: what a student was
    trained on; `regimes`: how. `exports`: what the kinds of `Study.exports` are called and for. `go` stands on the
    start button, `own` above the form; `nothing` is said where there is no run yet.
    """

    about: Ref
    run_title: Ref = ""
    kind: Ref = ""
    go: str = "Start"
    own: str = "Start your own"
    nothing: str = ""
    arms: tuple[Word, ...] = ()
    regimes: tuple[Word, ...] = ()
    metrics: tuple[Metric, ...] = ()
    exports: tuple[Word, ...] = ()


@dataclass(frozen=True)
class Branching:
    """How a run is continued from an update under other settings.

    `settings` refers to `function(parent) -> config`, `check` to `function(parent, step, config)`, which raises
    UserError where there can be no such branch, `make` to `function(parent, step, path, config) -> RunDir`.
    """

    settings: Ref
    check: Ref
    make: Ref


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with a run. `changes`: setting -> (old, new) that help; empty where none does."""

    kind: str
    found: str
    cause: str
    changes: dict[str, tuple]


@dataclass(frozen=True)
class Study:
    """A research question that can be run.

    `run` refers to `function(config, run_dir, stages) -> None`, which raises UserError for bad input and Stopped when
    asked to stop, and takes up where the run folder's files end. `leading`: the presets to show first; the very first
    one fills the form. `shown`: whether it has a page, or only the command line.
    `work` refers to `function(config, workers, begun) -> backend.runs.work.Work`: the work of a run by so many
    processes, from update `begun` on, counted in parts. Estimates and the time left are made of it; without it there
    are none. `diagnose` refers to `function(config, status, rows) -> Diagnosis | None`.
    `exports`: what beside the run file and plain tables a run can be taken away as, by name, each
    `function(copy) -> dict[str, bytes]`: a single file as it is, several as a zip. One called `csv` makes the tables.
    `examples` refers to `function(copy) -> dict[str, list[Sample]]`, the data sets that a run leaves by name
    (backend.export.samples): with it, a run can be taken away in every layout of backend.export.layouts.
    `questions`: small questions that the page may put to a warm process, by name, each `function(shelf, **fields)`; one
    that takes its time is a generator, which yields how far it is and returns the answer.
    `commands`: verbs of its own on the command line, by name, each `function(subparsers) -> None`.
    `checks` refers to `function(files: dict[str, bytes], config: dict) -> None`, which raises UserError: what no shape
    of a single file says. The files fit their shapes by then.
    `ranked`: three arms that DD-Ranking compares: what was made, as much drawn by chance, and everything there is.
    `needs`: packages; where one is absent, the study shows recorded runs and says what to install.
    """

    name: str
    title: str
    question: str
    config: type
    presets: Path
    leading: tuple[str, ...]
    stages: tuple[Stage, ...]
    run: Ref
    words: Words
    curves: tuple[Curve, ...] = ()
    panels: tuple[Panel, ...] = ()
    files: tuple[File, ...] = ()
    work: Ref = ""
    diagnose: Ref = ""
    branch: Branching | None = None
    exports: Mapping[str, Ref] = field(default_factory=dict)
    examples: Ref = ""
    questions: Mapping[str, Ref] = field(default_factory=dict)
    commands: Mapping[str, Ref] = field(default_factory=dict)
    checks: Ref = ""
    ranked: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    shown: bool = True

    def __post_init__(self):
        if not dataclasses.is_dataclass(self.config):
            raise TypeError(f"{self.name}: config is {self.config!r}, no dataclass")
        names = self.stage_names
        if not names or len(set(names)) != len(names):
            raise ValueError(f"{self.name}: its stages are {names}, not different names")

    @property
    def stage_names(self) -> tuple[str, ...]:
        return tuple(stage.name for stage in self.stages)

    @property
    def panel_names(self) -> tuple[str, ...]:
        return tuple(panel.name for panel in self.panels)

    @property
    def missing(self) -> tuple[str, ...]:
        """The packages that it needs and this machine lacks."""
        return tuple(name for name in self.needs if importlib.util.find_spec(name) is None)

    def check_stages(self, wanted: tuple[str, ...]) -> None:
        """Raise UserError for a stage that this study does not have."""
        for name in wanted:
            if name not in self.stage_names:
                found = f"There is no stage {name[:80]!r}."
                raise UserError(found, f"some of {', '.join(self.stage_names)}", "Separate them by commas.")


def resolve(ref: Ref) -> Callable:
    """What `"package.module:name"` refers to; the module is imported now."""
    module, _, name = ref.partition(":")
    return getattr(importlib.import_module(module), name)


def find(name: object) -> Study:
    """The study of this name. Raises UserError where there is none, or its module cannot be loaded."""
    if not isinstance(name, str) or name not in STUDIES:
        found = f"There is no study {str(name)[:80]!r}."
        raise UserError(found, f"one of {', '.join(STUDIES)}", "Run `python -m backend list`.", kind="study")
    study = _loaded(name)
    if not isinstance(study, Study):
        found = f"The study {name} cannot be loaded ({study})."
        raise UserError(found, "a module that loads", "The server's log has the trace; the others go on.", kind="study")
    return study


def all_studies() -> list[Study]:
    """Those of the table that can be loaded, in its order."""
    return [study for name in STUDIES if isinstance(study := _loaded(name), Study)]


def broken() -> dict[str, str]:
    """Name -> why, of those of the table that cannot be loaded."""
    return {name: study for name in STUDIES if isinstance(study := _loaded(name), str)}


@functools.cache
def _loaded(name: str) -> Study | str:
    """The study, or in a few words why there is none; the trace goes to the log, once."""
    try:
        found = importlib.import_module(STUDIES[name]).STUDY
        if found.name != name:
            raise ValueError(f"it calls itself {found.name}")
        return found
    except Exception as error:  # whatever a module raises while it is imported: the other studies go on
        LOG.exception("The study %s cannot be loaded", name)
        return f"{type(error).__name__}: {error}"[:200]
