"""The app as a Space starts it: the files that git tracks, and a clean environment with a Space's variables."""

import contextlib
import json
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import psutil
import pytest

from tests.waiting import free_port, wait_served

ROOT = Path(__file__).parent.parent
FAKE = Path(__file__).parent / "zero_gpu"
CPU = {"SPACE_ID": "somebody/distilloscope", "SPACE_HOST": "somebody-distilloscope.hf.space", "SYSTEM": "spaces"}
CPU |= {"ACCELERATOR": "none", "CPU_CORES": "2", "MEMORY": "16Gi", "GRADIO_SERVER_NAME": "127.0.0.1"}
ZERO = {**CPU, "ACCELERATOR": "zero-a10g", "SPACES_ZERO_GPU": "true", "PYTHONPATH": str(FAKE)}


def tracked() -> list[str]:
    """What a push to the hub would carry."""
    try:
        words = ["git", "ls-files", "-z"]
        found = subprocess.run(words, cwd=ROOT, capture_output=True, check=True, text=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("git does not say which files are tracked")
    return [name for name in found if name and (ROOT / name).is_file()]


def checkout(folder: Path) -> Path:
    """A copy of the tracked files; not the tests and the pictures, which the app must not need."""
    for name in tracked():
        if not name.startswith(("tests/", "docs/", "benchmarks/")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    return folder


class Served:
    """A server process. `words`: what follows the interpreter."""

    def __init__(self, folder: Path, variables: dict[str, str], words: tuple[str, ...] = ("app.py",)):
        port = free_port()
        self.address, self.home = f"http://127.0.0.1:{port}", folder / "home"
        self.home.mkdir(exist_ok=True)
        self.log = folder / "server.log"
        clean = {"PATH": "/usr/bin:/bin", "HOME": str(self.home), "PORT": str(port), "HF_HUB_OFFLINE": "1"}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, *words], cwd=folder / "code", env=clean | variables, stdout=log, stderr=log
            )
        wait_served(self.address)

    def end(self) -> None:
        """With the processes that it forked: a terminated server takes leave of none."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.terminate()
        self.process.wait(20)
        for child in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()

    def config(self) -> dict:
        with urllib.request.urlopen(f"{self.address}/config", timeout=30) as answer:
            return json.load(answer)

    def page(self) -> str:
        with urllib.request.urlopen(self.address, timeout=30) as answer:
            return answer.read().decode()

    def api(self, name: str, *values) -> dict:
        """Call a public function."""
        posted = self._post(f"/gradio_api/call/{name}", {"data": list(values)})
        return self._answer(f"/gradio_api/call/{name}/{posted['event_id']}")[0]

    def event(self, number: int, *values) -> list:
        """Do what the page does: an event by its number, through the queue."""
        joined = {"data": list(values), "fn_index": number, "session_hash": f"session{number}", "trigger_id": None}
        self._post("/gradio_api/queue/join", joined)
        with urllib.request.urlopen(
            f"{self.address}/gradio_api/queue/data?session_hash=session{number}", timeout=300
        ) as lines:
            for line in lines:
                told = json.loads(line[5:]) if line.startswith(b"data:") else {}
                if told.get("msg") == "process_completed":
                    assert told["success"], told
                    return told["output"]["data"]
        raise AssertionError("the event did not end")

    def _post(self, path: str, body: dict) -> dict:
        request = urllib.request.Request(
            self.address + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def _answer(self, path: str) -> list:
        with urllib.request.urlopen(self.address + path, timeout=60) as lines:
            found = [json.loads(line[5:]) for line in lines if line.startswith(b"data:")]
        return found[-1]
