"""The app under siege: served from a process of its own to raw HTTP, and what is looked at after every volley.

Two owners have runs whose files hold words that nobody else may read; the recorded runs are the shipped ones. Workers
and desk are stand-ins that end at once. Knows addresses and bodies of requests; no page, no study's engine.
"""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import httpx
import psutil

from tests.hostile.parts import (
    ACCEPTED,
    ADA,
    BEN,
    CACHES,
    ELSEWHERE,
    JSON,
    ROOT,
    SAMPLES,
    SLOWEST_S,
    STRANGER,
    Answer,
    Owner,
    Shot,
    as_body,
    files,
    heard,
    make_things,
    named,
    openings,
)
from tests.waiting import free_port

__all__ = [
    "ACCEPTED",
    "ADA",
    "BEN",
    "JSON",
    "ROOT",
    "STRANGER",
    "STUMBLES",
    "TRIED",
    "Answer",
    "Owner",
    "Shot",
    "Siege",
    "as_body",
]


OURS = ("app.py", "backend", "components")  # a trace through these is a defect
# what only hands a request on stands in every trace; it is a defect where the trace ends there
HANDING_ON = re.compile(
    r"components/frame/((navigation|assets)\.py\", line \d+, in (__call__|tell|_send_whole)"
    r"|answers\.py\", line \d+, in walk(_waiting)?)$"
)
STORE = ("runs", "shared", "discarded")  # of the home: where visitors' things may lie
COMMON = "siege"  # the session of who names none
VOLLEY = 30  # events that wait together; the queue takes 64
FINISHED = "recorded/quick"
PATIENCE_S, LONGEST = 5.0, 2**22  # with a stream that never ends, and with a long answer
SERVE = """
import sys
from pathlib import Path
import app
from backend.desk.desk import Desk
from backend.runners.local import LocalRunner
from backend.disk import home
port, samples = int(sys.argv[1]), Path(sys.argv[2])
app.launch(app.build_demo(LocalRunner(home() / "runs", ["true"]), samples, Desk(["true"])), port=port)
"""
TRIED: Counter = Counter()  # inputs by kind, of the whole session
STUMBLES: Counter = Counter()  # all of `accepted`, of every siege


class Siege:
    """The server, and the hand that throws. `verify` after every volley: `answers` are all that came back since."""

    def __init__(self, folder: Path):
        self.folder, self.home, self.served = folder, folder / "home", folder / "served"
        self.outside = [folder / name for name in ("cwd", "user", "tmp")]
        for owner in (ADA, BEN):
            make_things(self.home / "runs" / owner.id, owner)
        for place in [self.served, *self.outside]:
            place.mkdir()
        self.log = folder / "stderr.txt"
        self.process, self.address = self._serve()
        self.http = httpx.Client(base_url=self.address, timeout=SLOWEST_S)
        self.accepted: Counter = Counter()  # Gradio's own refusals that it writes to its log as a trace
        self._read, self._sessions, self._seen = 0, 0, set()
        self._wait()
        self.page = self.http.get("/config").json()
        self.before, self.theirs = self.elsewhere(), self.things_of(ADA)

    # -- throwing -------------------------------------------------------------------------------------------------
    @property
    def events(self) -> list[dict]:
        """Every function of the page that runs on the server, private ones and the API."""
        return [one for one in self.page["dependencies"] if one["backend_fn"]]

    @property
    def pickers(self) -> dict[int, str]:
        """The pickers of the run on screen, and the page on which each stands: "" is the first."""
        there = {number: name for name, page in self.page["page"].items() for number in page["components"]}
        parts = self.page["components"]
        return {part["id"]: there[part["id"]] for part in parts if part["props"].get("elem_id") == "run-picker"}

    def session(self) -> str:
        self._sessions += 1
        return f"siege{self._sessions}"

    def open(self, owner: str, *events: dict) -> str:
        """A new session of the owner's, in which the pages of these events were opened; without events, all pages.

        Their pickers offer what is theirs. To open all pages takes the server 1.5 s of a processor.
        """
        session, shots = self.session(), openings(self.page, *events)
        self.throw("openings", [Shot(one, [owner]) for one in shots], session)
        return session

    def send(self, kind: str, method: str, path: str, **more) -> Answer:
        """Any request; `kind` is what it is counted as."""
        TRIED[kind] += 1
        asked = f"{method} {path[:200]} {str(more.get('content', ''))[:2000]}"
        status, told, until = 0, b"", time.monotonic() + PATIENCE_S
        with contextlib.suppress(httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError, httpx.ReadTimeout):
            with self.http.stream(method, path, **more) as found:  # hung up without a word, or silent: no answer
                status = found.status_code
                for part in found.iter_bytes():
                    told += part
                    if time.monotonic() > until or len(told) > LONGEST:  # a stream that beats for ever
                        break
        return Answer(status, told.decode(errors="replace"), asked)

    def call(self, kind: str, name: str, values: object) -> Answer:
        """A function of the public API. What is said is an answer or an error of Gradio's, never a dead line."""
        return self.send(
            kind,
            "POST",
            f"/gradio_api/run/{name}",
            content=as_body({"data": values, "session_hash": COMMON}),
            headers=JSON,
        )

    def raw(self, kind: str, request: bytes) -> Answer:
        """Bytes as no client would send them, and the first of what comes back."""
        TRIED[kind] += 1
        host, port = self.address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as line:
            found = b""
            with contextlib.suppress(OSError):  # hung up
                line.sendall(request)
                line.shutdown(socket.SHUT_WR)
                while len(found) < 2**20 and (part := line.recv(65536)):
                    found += part
        status = re.match(rb"HTTP/1.1 (\d+)", found)
        return Answer(int(status[1]) if status else 0, found.decode(errors="replace"), repr(request[:200]))

    def upload(self, kind: str, name: str, content: bytes) -> tuple[Answer, dict | None]:
        """A file brought by a browser: the answer, and the file as an event names it."""
        answer = self.send(kind, "POST", "/gradio_api/upload", files={"files": (name, content)})
        if answer.status != 200:
            return answer, None
        return answer, {"path": json.loads(answer.text)[0], "orig_name": name, "meta": {"_type": "gradio.FileData"}}

    def throw(self, kind: str, shots: Iterable[Shot], session: str = COMMON) -> list[Answer]:
        """Events of the page, each by the way it takes: at once, or through the queue."""
        shots, answers = list(shots), []
        for shot in (one for one in shots if not one.event["queue"]):
            answers.append(self.send(kind, "POST", "/gradio_api/run/x", content=shot.body(session), headers=JSON))
        queued = [one for one in shots if one.event["queue"]]
        for first in range(0, len(queued), VOLLEY):
            answers += self._queue(kind, queued[first : first + VOLLEY], session)
        return answers

    def _queue(self, kind: str, shots: list[Shot], session: str) -> list[Answer]:
        path, waiting, answers = "/gradio_api/queue/join", {}, []
        for shot in shots:
            answer = self.send(kind, "POST", path, content=shot.body(session), headers=JSON)
            if answer.status == 200:
                waiting[json.loads(answer.text)["event_id"]] = answer.asked
            else:
                answers.append(answer)
        if waiting:
            with self.http.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as stream:
                answers += heard(stream.iter_lines(), waiting)
        assert not waiting, f"never answered: {list(waiting.values())}"
        return answers

    # -- looking --------------------------------------------------------------------------------------------------
    def verify(self, answers: Iterable[Answer], others: Owner = ADA) -> None:
        """The server lives, told nothing of `others`, stumbled nowhere in our code and wrote nowhere it should not."""
        for answer in answers:
            self.harmless(answer, others)
        assert self.process.poll() is None, "the server died"
        # on a line of its own: the common one may have been hung up on
        known = httpx.post(
            f"{self.address}/gradio_api/run/status", json={"data": [FINISHED, ""]}, timeout=SLOWEST_S
        ).json()
        assert known["data"][0]["state"] == "finished"
        assert self.defects() == []
        new = {name for name in self.accepted if name not in ACCEPTED}
        self.accepted = Counter({name: number for name, number in self.accepted.items() if name in ACCEPTED})
        assert new == set(), f"Gradio stumbled in a way that nobody looked at yet: {new}"
        assert self.elsewhere() == self.before, "something was written outside the run store"
        assert self.theirs.items() <= self.things_of(ADA).items(), "a run of another owner was changed"
        assert self.leaked() == []
        assert self.processes() == []

    def harmless(self, answer: Answer, others: Owner = ADA) -> None:
        """No trace, no place of this server, and nothing that is `others`' own."""
        hidden = (others.secret, others.id, others.upload, str(self.home), "Traceback (most", *ELSEWHERE)
        told = [word for word in hidden if word in answer.text and word not in answer.asked]
        assert not told, f"{told} in the answer to {answer.asked}: {answer.text[:2000]}"

    def defects(self) -> list[str]:
        """Traces since the last look that go through our code. All others are counted in `accepted` by their names."""
        with self.log.open("rb") as log:
            log.seek(self._read)
            new = log.read().decode(errors="replace")
        self._read += len(new.encode())
        traces = new.split("Traceback (most recent call last):")[1:]
        ours = [trace for trace in traces if through_us(trace)]
        found = [named(trace) for trace in traces if trace not in ours]
        self.accepted.update(found)
        STUMBLES.update(found)
        return ours

    def elsewhere(self) -> dict[str, tuple[int, int]]:
        """Every file that is no visitor's: home without the store, the project, the server's folders."""
        places = [
            *(ROOT / name for name in (*OURS, "assets", "docs")),
            *self.outside,
            *(path for path in self.home.iterdir() if path.name not in STORE),
        ]
        found = {name: facts for place in places for name, facts in files(place)}
        return found | {str(path): (0, 0) for path in ROOT.iterdir() if path.name not in CACHES}

    def things_of(self, owner: Owner) -> dict[str, tuple[int, int]]:
        return dict(files(self.home / "runs" / owner.id))

    def leaked(self) -> list[str]:
        """What Gradio would serve by now and nobody brought: words of owners, of the code and of the machine."""
        new = [path for path in self.served.rglob("*") if path.is_file() and path not in self._seen]
        self._seen |= set(new)
        words = [word.encode() for word in (ADA.secret, *ELSEWHERE)]
        return [path.as_posix() for path in new if any(word in path.read_bytes() for word in words)]

    def processes(self) -> list[str]:
        """Children that do not end."""
        until = time.monotonic() + 20
        while True:
            left = psutil.Process(self.process.pid).children(recursive=True)
            if not left or time.monotonic() > until:
                return [str(child) for child in left]
            time.sleep(0.05)

    # -- the server -----------------------------------------------------------------------------------------------
    def _serve(self) -> tuple[subprocess.Popen, str]:
        port = free_port()
        cwd, user, tmp = map(str, self.outside)
        env = os.environ | {"DISTILLOSCOPE_HOME": str(self.home), "PYTHONPATH": str(ROOT), "HOME": user, "TMPDIR": tmp}
        env |= {"GRADIO_TEMP_DIR": str(self.served), "GRADIO_ANALYTICS_ENABLED": "False"}
        words = [sys.executable, "-B", "-c", SERVE, str(port), str(SAMPLES)]
        with self.log.open("wb") as log:
            server = subprocess.Popen(words, cwd=cwd, env=env, stdout=subprocess.DEVNULL, stderr=log)
        return server, f"http://127.0.0.1:{port}"

    def _wait(self) -> None:
        until = time.monotonic() + 120
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if self.http.get("/gradio_api/startup-events").status_code == 200:
                    return
            assert self.process.poll() is None and time.monotonic() < until, self.log.read_text()
            time.sleep(0.1)

    def end(self) -> None:
        self.http.close()
        self.process.terminate()
        self.process.wait(20)


def through_us(trace: str) -> bool:
    """Whether our code did more in this trace than hand a request on to Gradio and its answer back."""
    places = re.findall(r'File (".*?", line \d+, in \S+)', trace)
    mine = [any(place.startswith(f'"{ROOT / name}') for name in OURS) for place in places]
    passing = [bool(HANDING_ON.search(place)) for place in places]
    return any(m and not p for m, p in zip(mine, passing, strict=True)) or bool(mine and mine[-1])
