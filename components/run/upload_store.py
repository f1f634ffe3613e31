"""Uploaded files of a visitor: kept below their own folder under a name made of the content, found again by a key.

No path is ever made of what a visitor typed: the file's own name is only shown. Two uses are told apart, for a file
may hold examples to learn, questions to score, or both. Knows no widget.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from backend.core.text.places import LIMITS
from backend.core.text.reading import read_file
from backend.core.text.table_formats import READERS
from backend.core.text.tasks import Question
from backend.core.text.uploads import described
from backend.disk import write_atomically
from backend.errors import UserError
from backend.export.places import texts
from backend.limits.hosts import HOSTS, LOCAL, Host
from backend.limits.room import check_room
from backend.runs.folder import list_runs
from components.run.shelf import is_owner

FOLDER = "uploads"  # beside the visitor's runs; it holds no config.json, so it is never taken for one
MOST_FILES = 20
MOST_MEGABYTES = 1  # on a shared host
KEY = re.compile(r"[0-9a-f]{24}\.[a-z]{3,7}")


TOLD = ("layout", "task", "columns", "unused", "warnings")  # of what `describe` says


@dataclass(frozen=True)
class Use:
    """What a file is for. `read` checks it and says what was understood: `count`, and TOLD. Its second argument says
    where numbers among the answers begin, None where the file tells.

    It also has `shown`, the first three examples, each as two texts.
    """

    name: str
    noun: str
    read: Callable[[Path, int | None], dict]


def _examples(path: Path, answers_from: int | None) -> dict:
    return _facts(path, answers_from, lambda example, _: [example["prompt"], example["answer"]])


def _questions(path: Path, answers_from: int | None) -> dict:
    return _facts(path, answers_from, lambda _, question: [question.question, question.options[question.answer]])


def _facts(path: Path, answers_from: int | None, shown: Callable[[dict, Question], list[str]]) -> dict:
    """What was understood of a file: what `describe` says of it, and a pair of texts for each of its examples."""
    reading = read_file(path, answers_from)
    told = described(reading)
    pairs = [shown(*both) for both in zip(told["examples"], reading.questions, strict=False)]
    return {"count": told["rows"], "shown": pairs} | {key: told[key] for key in TOLD}


TRAIN = Use("train", "example", _examples)
TEST = Use("test", "question", _questions)
OWN = Use("own", "example", _examples)


class UploadStore:
    """Files below `root/<owner>/uploads/`."""

    def __init__(self, root: Path, host: Host = HOSTS[LOCAL]):
        self.root, self.host = Path(root), host

    @property
    def most_megabytes(self) -> int:
        """The largest file that is taken: on one's own machine as much as is read at all."""
        return MOST_MEGABYTES if self.host.public else LIMITS.bytes // 2**20

    def keep(self, owner: str, use: Use, path: Path, name: str, answers_from: int | None = None) -> tuple[str, dict]:
        """Check a file, keep it, and return its key and what it holds. UserError changes nothing."""
        if path.stat().st_size > self.most_megabytes * 2**20:
            raise UserError(f"{name[:80]} is too large.", f"at most {self.most_megabytes} MB", "Upload a part of it.")
        found = use.read(path, answers_from) | {"name": name[:120], "use": use.name}
        folder = self._folder(owner)
        content = hashlib.sha256(use.name.encode() + path.read_bytes()).hexdigest()[:24]
        key = f"{content}{path.suffix.lower()}"
        if not (folder / key).exists():
            check_room(folder.parent, self.host)
            self._make_room(owner)
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / key)
        write_atomically(folder / f"{key}.facts", json.dumps(found))
        return key, found

    def path(self, owner: str, key: object) -> Path | None:
        """The file behind a key, or None where this visitor has none."""
        if not (is_owner(owner) and isinstance(key, str) and KEY.fullmatch(key)):
            return None
        path = self._folder(owner) / key
        return path if path.suffix in READERS and path.is_file() else None

    def facts(self, owner: str, key: object) -> dict:
        """What was found in it, with its `name` and `use`; empty where there is no such file."""
        path = self.path(owner, key)
        try:
            return json.loads(path.with_name(f"{path.name}.facts").read_text(encoding="utf-8")) if path else {}
        except (OSError, ValueError):
            return {}

    def choices(self, owner: str, use: Use) -> list[tuple[str, str]]:
        """`(label, key)` of this visitor's files for one use, newest first."""
        if not is_owner(owner):
            return []
        keys = [path.name.removesuffix(".facts") for path in _newest(self._folder(owner).glob("*.facts"))]
        found = [(self.facts(owner, key), key) for key in keys]
        return [(f"{f['name']} ({f['count']:,} {use.noun}s)", key) for f, key in found if f.get("use") == use.name]

    def _folder(self, owner: str) -> Path:
        if not is_owner(owner):
            raise ValueError("not an owner id")
        return self.root / owner / FOLDER

    def _make_room(self, owner: str) -> None:
        """Remove the oldest files that no run reads. UserError where all are needed."""
        kept = _newest(path for path in self._folder(owner).glob("*") if KEY.fullmatch(path.name))
        needed = {Path(value).name for run in list_runs(self.root / owner) for value in _texts(run.config()["config"])}
        spare = [path for path in kept if path.name not in needed]
        while len(kept) >= MOST_FILES:
            if not spare:
                found = f"{MOST_FILES} uploaded files are kept, and each belongs to a run."
                raise UserError(found, "room for one more", "Choose one of them from the list.")
            old = spare.pop()
            kept.remove(old)
            old.unlink(missing_ok=True)
            old.with_name(f"{old.name}.facts").unlink(missing_ok=True)


def _texts(config: dict) -> list[str]:
    """Every text among the settings of a run, of whatever study: one of them may be the path of an upload."""
    return [text for value in config.values() for text in texts(value)]


def _newest(paths) -> list[Path]:
    return sorted(paths, key=lambda path: path.stat().st_mtime, reverse=True)
