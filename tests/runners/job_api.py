"""A stand-in for the Job API of a Ray cluster: the same four questions over HTTP, and jobs that are processes of this
machine. The real one has its tests beside it, where Ray is installed.
"""

import json
import os
import signal
import subprocess
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from backend.process import started_at

TERM_S = 1.0


class JobApi:
    """`silent` answers nobody, `loses` forgets a job's exit code, as when its node is lost."""

    def __init__(self, token: str = "the-token"):
        self.token, self.silent, self.jobs, self.env = token, False, {}, {}
        self._processes: dict[str, subprocess.Popen] = {}
        self._starts: dict[str, float] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def process(self, job: str) -> tuple[int, float]:
        return (self._processes[job].pid, self._starts[job]) if job in self._processes else (2**22 - 3, 1.0)

    def dead_job(self) -> str:
        self.jobs["dead"] = self._told("dead", {"distilloscope": "/nowhere"}) | {
            "status": "FAILED",
            "driver_exit_code": 1,
        }
        return "dead"

    def lose_node(self, job: str) -> None:
        """Its process may live on, where the cluster does not see it."""
        self.jobs[job] |= {"status": "FAILED", "driver_exit_code": None}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        for job in self._processes:
            self._signal(job, signal.SIGKILL)

    # -- how ------------------------------------------------------------------------------------------------------
    def answer(self, method: str, path: str, body: dict) -> tuple[int, object]:
        number = path.removeprefix("/api/jobs/").removesuffix("/stop")
        if method == "GET":
            return 200, list(self.jobs.values())
        if not number:
            return 200, self._submit(body)
        if number not in self.jobs:
            return 404, {}
        threading.Thread(target=self._stop, args=(number,), daemon=True).start()
        return 200, {"stopped": True}

    @staticmethod
    def _told(number: str, notes: dict) -> dict:
        return {
            "submission_id": number,
            "metadata": notes,
            "status": "PENDING",
            "driver_exit_code": None,
            "start_time": len(notes),
        }

    def _submit(self, body: dict) -> dict:
        number = body["submission_id"]
        self.jobs[number], self.env[number] = self._told(number, body["metadata"]), body["runtime_env"]["env_vars"]
        child = subprocess.Popen(
            body["entrypoint"],
            shell=True,
            start_new_session=True,
            env=os.environ | self.env[number],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._processes[number], self._starts[number] = child, started_at(child.pid)
        self.jobs[number] |= {"status": "RUNNING"}
        threading.Thread(target=self._reap, args=(number, child), daemon=True).start()
        return {"submission_id": number}

    def _reap(self, number: str, child: subprocess.Popen) -> None:
        code = child.wait()
        self._signal(number, signal.SIGKILL)
        if self.jobs.get(number, {}).get("status") == "RUNNING":
            self.jobs[number] |= {"status": "FAILED" if code else "SUCCEEDED", "driver_exit_code": code}

    def _stop(self, number: str) -> None:
        child = self._processes[number]
        self._signal(number, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            child.wait(TERM_S)
        self._signal(number, signal.SIGKILL)
        self.jobs[number] |= {"status": "STOPPED"}

    def _signal(self, number: str, kind: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._processes[number].pid, kind)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if api.silent:
                    self.close_connection = True
                    return
                if self.headers.get("Authorization") != f"Bearer {api.token}":
                    status, found = 401, {"error": "Unauthorized"}
                else:
                    status, found = api.answer(self.command, self.path, json.loads(content or b"{}"))
                text = json.dumps(found).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = _answer

            def log_message(self, *_) -> None:
                pass

        return Handler
