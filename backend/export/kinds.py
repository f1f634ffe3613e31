"""What a run can be taken along as, by name: what every study has, and what its own adds.

The report is not among them: it is drawn, so the screen makes it. Knows the kinds; no visitor and no folder for them.
"""

from collections.abc import Callable

from backend.errors import UserError
from backend.export.archive import zipped
from backend.export.copy import RunCopy
from backend.export.layouts import AS_IT_CAME, KINDS, Kind, files_of, find_kind, kind_like
from backend.export.run_file import SUFFIX, pack
from backend.export.samples import sets_of
from backend.export.tables import tables_of
from backend.runs.folder import RunDir
from backend.study import Study, resolve

RUN, CSV = "run", "csv"
OWN_FILE = "own_file.json"  # of a run that learned from a file of somebody's own: what was understood of it


def kinds_of(study: Study | None) -> tuple[str, ...]:
    """The kinds that runs of this study have; of a study that is not known here only the run itself."""
    if study is None:
        return (RUN,)
    own = [name for name in study.exports if name != CSV]
    return (RUN, *own, *(KINDS if study.examples else ()), CSV)


def made(run: RunDir, kind: str) -> tuple[str, bytes]:
    """The file's name and its bytes; several files as a zip. UserError where the run has nothing of this kind."""
    copy = RunCopy.of(run)
    files = pieces(copy, kind)
    name = next(iter(files)) if len(files) == 1 else f"{copy.stem}-{'tables' if kind == CSV else kind}.zip"
    return name, joined(files)


def joined(files: dict[str, bytes]) -> bytes:
    """One file as it is, several as a zip."""
    return zipped(files) if len(files) > 1 else next(iter(files.values()))


def pieces(copy: RunCopy, kind: str) -> dict[str, bytes]:
    """The files of this kind by name. UserError where the run has nothing of it."""
    laid_out = wanted(copy, kind) if copy.study and copy.study.examples else None
    if kind not in kinds_of(copy.study) and laid_out is None:
        what = copy.study.title if copy.study else "a study that is not known here"
        found = f"A run of {what} has no {kind[:40]!r}."
        raise UserError(found, f"one of {', '.join(kinds_of(copy.study))}", "Take one of these.")
    if kind == RUN:
        return {copy.stem + SUFFIX: pack(copy)}
    files = files_of(sets_of(copy), laid_out) if laid_out else maker(copy.study, kind)(copy)
    return files if len(files) > 1 else {f"{copy.stem}-{name}": content for name, content in files.items()}


def wanted(copy: RunCopy, name: str) -> Kind | None:
    """The layout and format that a name asks for; of `as_it_came` those of the user's own file, where there was one."""
    came = copy.document(OWN_FILE) if name == AS_IT_CAME else {}
    return find_kind(kind_like(came["layout"], came["file"]) if came else name)


def maker(study: Study, kind: str) -> Callable[[RunCopy], dict[str, bytes]]:
    """The study's own, also of tables where it has some; else what every study has."""
    return resolve(study.exports[kind]) if kind in study.exports else tables_of
