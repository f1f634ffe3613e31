"""A Ray cluster as a server reaches it: by address and token alone, over the HTTP of Ray's Job API, as JSON.

So the server needs no part of Ray, goes on when the cluster's head does not, and unpickles nothing. The address and the
token come from the host's environment. Knows jobs; no run folder, queue or study.
"""

import contextlib
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from backend.errors import UserError

ADDRESS, TOKEN, TOKEN_FILE = "RAY_ADDRESS", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"
ANSWER_S, TAKE_S = 10.0, 60.0  # to answer, to take a job: a head that has just begun was seen to need ten seconds
LATER = "later"  # the kind of a refusal that may not be the last word
MINE = "distilloscope"  # the key of a job's own notes under which the folder of its run stands
WAITING, COMPUTING, STOPPED, FAILED = "PENDING", "RUNNING", "STOPPED", "FAILED"  # Ray's words; a fifth: SUCCEEDED


@dataclass(frozen=True)
class Job:
    """`id`: as it was handed in. `run`: the folder. `exit_code`: None before its command ended, and where that is not
    known. `began`: when it was handed in, by the cluster's clock."""

    id: str
    run: str
    state: str
    exit_code: int | None
    began: float

    @property
    def ended(self) -> bool:
        return self.state not in (WAITING, COMPUTING)

    @property
    def certain(self) -> bool:
        """Whether it is known that its processes ended: else it is only that their node was lost to the cluster."""
        return self.ended and (self.exit_code is not None or self.state != FAILED)


class Cluster:
    """Raises UserError where the cluster does not answer, refuses the token, or answers in no way that can be read."""

    def __init__(self, address: str, token: str = ""):
        self.address = _checked(address)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # no proxy and no redirect: the token goes to this address and nowhere else
        self._http = httpx.Client(base_url=self.address, headers=headers, trust_env=False)

    @classmethod
    def named(cls, environment: Mapping[str, str] = os.environ) -> "Cluster":
        """The cluster that the host's environment names."""
        return cls(environment.get(ADDRESS, ""), _token(environment))

    def jobs(self) -> list[Job]:
        """Every job of ours that the cluster remembers."""
        try:
            return [_job(one) for one in self._ask("GET", "/api/jobs/") if MINE in (one.get("metadata") or {})]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise self._unreadable() from error

    def submit(self, job: str, words: str, run: str, env: Mapping[str, str], cpus: float, gpus: float) -> None:
        """Have a node with that much free compute `words`, a line for its shell."""
        wanted = {"submission_id": job, "entrypoint": words, "metadata": {MINE: run}}
        room = {"entrypoint_num_cpus": cpus} | ({"entrypoint_num_gpus": gpus} if gpus else {})
        self._ask("POST", "/api/jobs/", wanted | room | {"runtime_env": {"env_vars": dict(env)}}, TAKE_S)

    def stop(self, job: str) -> None:
        """Ray asks its processes to end, and ends them three seconds later."""
        self._ask("POST", f"/api/jobs/{job}/stop", {})

    def close(self) -> None:
        self._http.close()

    # -- how ------------------------------------------------------------------------------------------------------
    def _ask(self, method: str, path: str, body: dict | None = None, within_s: float = ANSWER_S) -> list | dict:
        try:
            answer = self._http.request(method, path, json=body, timeout=within_s)
        except (httpx.HTTPError, RuntimeError) as error:  # RuntimeError: it was closed a moment ago
            step = "See that the cluster's head runs and can be reached from here, then resume."
            raise UserError(f"The cluster at {self.address} does not answer.", "its Job API", step) from error
        if answer.status_code in (401, 403):
            step = f"Set {TOKEN}, or {TOKEN_FILE} to a file that holds it, and restart the server."
            raise UserError(f"The cluster at {self.address} refuses the token.", "the token of its head", step)
        if answer.is_error:
            said = " ".join(answer.text.split())[-300:]
            step = "Look at the head's dashboard, then resume."
            found, kind = f"The cluster refused ({answer.status_code}): {said}", LATER if answer.is_server_error else ""
            raise UserError(found, "a cluster that takes jobs", step, kind=kind)
        try:
            return answer.json()
        except ValueError as error:
            raise self._unreadable() from error

    def _unreadable(self) -> UserError:
        found = f"What answers at {self.address} is not Ray's Job API."
        return UserError(found, "the address of a head's dashboard", f"Correct {ADDRESS} and restart the server.")


def _checked(address: str) -> str:
    """Raise UserError where this is not how a Job API is reached."""
    try:
        if address.startswith(("http://", "https://")) and httpx.URL(address).host:
            return address.rstrip("/")
    except httpx.InvalidURL:
        pass
    found = f"{ADDRESS} is {address!r}." if address else f"{ADDRESS} is not set."
    step = "Set it to where the dashboard of the cluster's head listens, and restart the server."
    raise UserError(found, "an address such as http://head:8265", step)


def _token(environment: Mapping[str, str]) -> str:
    """Where Ray itself looks for it; empty where there is none."""
    if environment.get(TOKEN):
        return environment[TOKEN].strip()
    file = environment.get(TOKEN_FILE)
    with contextlib.suppress(OSError, UnicodeDecodeError, RuntimeError):  # RuntimeError: no home
        return (Path(file) if file else Path.home() / ".ray" / "auth_token").read_text(encoding="utf-8").strip()
    return ""


def _job(told: dict) -> Job:
    code = told.get("driver_exit_code")
    began = float(told.get("start_time") or 0.0) / 1000
    if not math.isfinite(began):
        raise ValueError("a start that is no time")
    return Job(told["submission_id"], told["metadata"][MINE], told["status"], code, began)
