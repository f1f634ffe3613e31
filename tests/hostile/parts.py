"""What a siege is made of: two owners with words of their own, calls, answers, and what Gradio may stumble over.

Knows the shape of requests and of the server's log; holds no connection.
"""

import json
import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from backend.runs.folder import RunDir

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "assets" / "sample_runs"
CACHES = {".git", ".pytest_cache", ".ruff_cache", ".hypothesis", "__pycache__"}
SLOWEST_S = 60.0
# Gradio's own checks, before any function of ours is called: it answers without a trace, and writes one to its log
ACCEPTED = {
    "components/dropdown.py.preprocess: gradio.exceptions.Error": "a choice that was never offered",
    "components/radio.py.preprocess: gradio.exceptions.Error": "a choice that was never offered",
    "components/checkboxgroup.py.preprocess: gradio.exceptions.Error": "a choice that was never offered",
    "components/checkboxgroup.py.preprocess: TypeError": "no list of choices",
    "components/number.py.raise_if_out_of_bounds: gradio.exceptions.Error": "beyond a slider's ends",
    "components/number.py.raise_if_out_of_bounds: TypeError": "no number",
    "gradio/blocks.py.preprocess_data: gradio.exceptions.ComponentProcessingError": "the same, said again",
    "gradio/processing_utils.py._check_allowed: gradio.exceptions.InvalidPathError": "a file that nobody uploaded",
    "gradio/processing_utils.py._in_cache: gradio.exceptions.Error": "a file that nobody uploaded",
    "safehttpx/__init__.py.async_validate_url: ValueError": "a file at an address inside this network",
    "pydantic/main.py.model_validate: pydantic_core._pydantic_core.ValidationError": "no file",
    "gradio/blocks.py.validate_inputs: ValueError": "another number of values",
    "gradio_client/utils.py.construct_args: TypeError": "unknown names of values",
    "gradio/routes.py.cancel_event: fastapi.exceptions.RequestValidationError": "no such body; it cannot say NaN",
    "json/encoder.py.iterencode: ValueError": "no such body; it cannot say NaN",
    "httpx/_urlparse.py.urlparse: httpx.InvalidURL": "an address that is none",
    "components/upload_button.py._process_single_file: gradio.exceptions.Error": "a file of a kind that is not taken",
    "gradio_client/utils.py.is_file_obj_with_meta: AttributeError": "something that is nearly a file",
    "pathlib.py.stat: OSError": "a name that no file can have",
    "pathlib.py.resolve: ValueError": "a name that no file can have",
    "starlette/responses.py.render: UnicodeEncodeError": "half a letter in its own refusal",
    "gradio/routes.py.process_msg: TypeError": "half a letter in its own refusal",
    "asyncio/base_events.py.__del__: RecursionError": "an old loop that Python collects while it reads a deep body",
}


@dataclass(frozen=True)
class Owner:
    """A visitor with a distillation run, a bench run and an uploaded file, each holding `secret`."""

    id: str
    run: str
    bench: str
    upload: str
    secret: str

    @property
    def keys(self) -> tuple[str, str]:
        return f"own/{self.run}", f"own/{self.bench}"


ADA = Owner(
    "a" * 31 + "1", "20260101-120000-quick-aaaa", "20260101-120100-pocket-aaaa", "a" * 24 + ".jsonl", "ada-keeps-7f3a"
)
BEN = Owner(
    "b" * 31 + "2", "20260101-130000-quick-bbbb", "20260101-130100-pocket-bbbb", "b" * 24 + ".jsonl", "ben-keeps-c41d"
)
STRANGER = "c" * 31 + "3"
ELSEWHERE = ("root:x:0:0:", "def build_demo(", "DISTILLOSCOPE_HOME=")  # of /etc/passwd, the code, the environment


@dataclass(frozen=True)
class Answer:
    """What came back: the status, and all of the text."""

    status: int
    text: str
    asked: str = ""

    @property
    def broke(self) -> bool:
        """The stream of answers ended in the middle."""
        return '"unexpected_error"' in self.text

    @property
    def failed(self) -> bool:
        """Gradio's word for a handler that raised."""
        return self.status == 0 or self.status >= 500 or '"success":false' in self.text.replace(" ", "")


@dataclass(frozen=True)
class Shot:
    """One call of an event of the page: its entry in /config, its inputs, and what the widget says of the event."""

    event: dict
    data: list
    said: object = None

    def body(self, session: str) -> bytes:
        found = {"fn_index": self.event["id"], "session_hash": session, "data": self.data, "event_data": self.said}
        return as_body(found | {"trigger_id": (self.event["targets"] or [[None]])[0][0]})


def openings(config: dict, *events: dict) -> list[dict]:
    """The event with which a browser opens a page, for each page that has one of these events; without any, of all."""
    found = []
    for page in config["page"].values():
        asked = not events or any(one["id"] in page["dependencies"] for one in events)
        at_load = [
            one
            for one in config["dependencies"]
            if one["id"] in page["dependencies"] and any(what == "load" for _, what in one["targets"])
        ]
        found += at_load[:1] if asked else []
    return found


JSON = {"content-type": "application/json"}


def as_body(found: object) -> bytes:
    """JSON as anyone may write it: NaN and Infinity, halves of letters."""
    return json.dumps(found).encode()


def heard(lines: Iterable[str], waiting: dict[str, str]) -> Iterator[Answer]:
    """What the stream of a session says of the events that wait, until it is closed by the server.

    Whoever hangs up before that takes back what the session asks next.
    """
    until = time.monotonic() + SLOWEST_S
    for line in lines:
        found = json.loads(line[5:]) if line.startswith("data:") else {}
        if found.get("msg") == "unexpected_error":  # the stream ends here, and who waits hears no more
            yield from (Answer(500, line, asked) for asked in waiting.values())
            return waiting.clear()
        if asked := waiting.get(found.get("event_id"), ""):
            yield Answer(200, line, asked)
        if found.get("msg") == "process_completed":
            waiting.pop(found["event_id"], None)
        if found.get("msg") == "close_stream" or time.monotonic() > until:
            return


def named(trace: str) -> str:
    """A trace that never came to our code, as `last place: error`."""
    places = re.findall(r'File ".*?([\w-]+/\w+\.py)", line \d+, in (\w+)', trace)
    raised = [line for line in trace.splitlines() if re.match(r"[\w.]+(Error|Exception|Disconnect|\w+)\b(:|$)", line)]
    error = raised[0].partition(":")[0] if raised else "?"
    which = 0 if error == "RecursionError" else -1  # where a stack ends is chance, where it begins is not
    place = re.sub(r"^[0-9]+/", "", ".".join(places[which])) if places else "?"  # Python's files lie below its version
    return f"{place}: {error}"


def files(place: Path) -> Iterator[tuple[str, tuple[int, int]]]:
    """Name, and size and time of change, of every file below a folder; caches aside."""
    for folder, inside, names in os.walk(place):
        inside[:] = [name for name in inside if name not in CACHES]
        for name in names:
            found = (path := Path(folder, name)).lstat()
            yield str(path), (found.st_size, found.st_mtime_ns)


def make_things(folder: Path, owner: Owner) -> None:
    """The owner's runs, like the recorded ones, and a file of theirs; the secret is in all that a page shows."""
    for name, sample in ((owner.run, "quick"), (owner.bench, "distilled_text")):
        run = RunDir(folder / name)
        shutil.copytree(SAMPLES / sample, run.path)
        run.set_status(message=owner.secret, state="stopped", worker=None)
        for rows in ("distilled", "prompts"):
            for row in run.rows(rows)[:1]:
                for one in row.get("prompts", [row]):
                    one |= {key: owner.secret for key in ("text", "prompt", "answer") if key in one}
                run.append(rows, row)
        run.log_file.write_text(owner.secret)
        summary = json.dumps(run.summary() | {"note": owner.secret})
        (run.path / "summary.json").write_text(summary)
    (folder / "uploads").mkdir()
    row = {"prompt": owner.secret, "answer": "x"}
    (folder / "uploads" / owner.upload).write_text(f"{json.dumps(row)}\n")
    facts = {"name": f"{owner.secret}.jsonl", "use": "train", "count": 1, "shown": [[owner.secret, "x"]]}
    (folder / "uploads" / f"{owner.upload}.facts").write_text(json.dumps(facts))
