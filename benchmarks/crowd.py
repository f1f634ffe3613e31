"""A crowd: thirty visitors look on for ten minutes while three of them have runs computed, on a host that is shared.

    python -m benchmarks.crowd [--clients 30] [--seconds 600] [--json]

Every client is a session of its own and asks as the page does: one tick after another, 1.5 s apart, over HTTP. The
first owner sends two runs, then the second and the third one each: their turns must come as first, second, third,
first. Errors are answers other than 200 and events that failed. Knows the page's addresses and events; no component.
"""

import argparse
import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from benchmarks.rows import Table, row
from tests.waiting import free_port, wait_served

ROOT = Path(__file__).parent.parent
EVERY_S, BAR_S = 1.5, 1.0


@dataclass
class Client:
    """One visitor's page."""

    address: str
    events: dict[str, int]
    number: int
    owner: str = ""
    ticks: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def session(self) -> str:
        return f"crowd{self.number:03d}"

    async def ask(self, http: httpx.AsyncClient, name: str, data: list) -> dict | None:
        """The answer to an event of the page, None where it failed."""
        asked = {"data": data, "fn_index": self.events[name], "session_hash": self.session, "event_data": None}
        try:
            joined = await http.post(f"{self.address}/gradio_api/queue/join", json=asked)
            joined.raise_for_status()
            event, where = joined.json()["event_id"], f"{self.address}/gradio_api/queue/data"
            async with http.stream("GET", where, params={"session_hash": self.session}) as stream:
                async for line in stream.aiter_lines():
                    if not line.startswith("data:"):
                        continue
                    message = json.loads(line[5:])
                    if message.get("msg") == "process_completed" and message.get("event_id") == event:
                        if not message["success"]:
                            self.errors.append(f"{name}: {message['output']}")
                        return message["output"] if message["success"] else None
            self.errors.append(f"{name}: the stream ended")
        except (httpx.HTTPError, ValueError, KeyError) as error:
            self.errors.append(f"{name}: {type(error).__name__} {error}"[:200])
        return None

    async def look_on(self, http: httpx.AsyncClient, until: float) -> None:
        await self.ask(http, "open", [self.owner])
        while time.monotonic() < until:
            began = time.monotonic()
            if await self.ask(http, "tick", [self.owner, None]) is not None:
                self.ticks.append(time.monotonic() - began)
            await asyncio.sleep(EVERY_S)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        told = os.environ | {"DISTILLOSCOPE_HOME": folder, "DISTILLOSCOPE_HOST": "cpu_space"}
        with (Path(folder) / "out").open("wb") as out:
            words = [sys.executable, "app.py", "--port", str(port)]
            server = subprocess.Popen(words, cwd=ROOT, env=told, stdout=out, stderr=out)
        try:
            wait_served(f"http://127.0.0.1:{port}")
            rows = asyncio.run(crowd(f"http://127.0.0.1:{port}", args.clients, args.seconds, Path(folder), server.pid))
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(40)
        left = [one.pid for one in psutil.process_iter(["environ"]) if folder in str(one.info["environ"] or "")]
        rows.append(row("processes left after the end", len(left), "", "0"))
    with Table("crowd", args.json) as table:
        table.add(*rows)


async def crowd(address: str, clients: int, seconds: float, home: Path, pid: int) -> list[dict]:
    limits = httpx.Limits(max_connections=4 * clients)
    async with httpx.AsyncClient(timeout=60.0, limits=limits) as http:
        config = (await http.get(f"{address}/config")).json()
        events = first_events(config)
        owners = [await started(http, address, 1), await started(http, address, 2), await started(http, address, 3)]
        await started(http, address, 4, owners[0])
        looking = [Client(address, events, n, owners[n] if n < 3 else f"{n:032x}") for n in range(clients)]
        until = time.monotonic() + seconds
        await asyncio.gather(*(one.look_on(http, until) for one in looking))
    ticks = [tick for one in looking for tick in one.ticks]
    errors = [error for one in looking for error in one.errors]
    print("\n".join(sorted(set(errors))[:10]), file=sys.stderr)
    turns, states = order(home, owners)
    memory = psutil.Process(pid).memory_info().rss / 2**20
    return [
        row(f"ticks of {clients} clients in {seconds:.0f} s", len(ticks), ""),
        row("tick, median", statistics.median(ticks), "s", f"< {BAR_S}"),
        row("tick, 95th percentile", statistics.quantiles(ticks, n=20)[-1], "s"),
        row("tick, slowest", max(ticks), "s"),
        row("errors", len(errors), "", "0"),
        row(f"turns taken: {turns}, fair", float(turns == "1 2 3 1"[: len(turns)] and len(turns) > 2), "", "1"),
        row(f"runs finished of 4 ({', '.join(sorted(states))})", states.count("finished"), ""),
        row("memory of the server", memory, "MB"),
    ]


def first_events(config: dict) -> dict[str, int]:
    """The numbers of the first page's events, by name."""
    found: dict[str, int] = {}
    for event in config["dependencies"]:
        found.setdefault(event["api_name"] or "", event["id"])
    return {name: found[name] for name in ("open", "tick")}


async def started(http: httpx.AsyncClient, address: str, seed: int, owner: str = "") -> str:
    """The owner of a run that was started."""
    data = ["text_distillation", "quick", {"seed": seed}, "", owner]
    call = (await http.post(f"{address}/gradio_api/call/start", json={"data": data})).raise_for_status().json()
    answer = (await http.get(f"{address}/gradio_api/call/start/{call['event_id']}")).text
    found = json.loads(answer.split("data:", 1)[1].splitlines()[0])[0]
    return owner or found["owner"]


def order(home: Path, owners: list[str]) -> tuple[str, list[str]]:
    """Which owner's run had the first turn, the second, ...; and the states of the runs."""
    found = [(json.loads(path.read_text()), path.parent.parent.name) for path in home.glob("runs/*/*/status.json")]
    begun = sorted((status["worker"]["started"], owner) for status, owner in found if status.get("worker"))
    return " ".join(str(owners.index(owner) + 1) for _, owner in begun), [status["state"] for status, _ in found]


if __name__ == "__main__":
    main()
