"""The app on a Space: it serves with a Space's variables from a clean environment, on a CPU and on a borrowed GPU."""

import json
import subprocess
import sys

import psutil
import pytest

from components.frame.host_notice import FORGETS, REPLAYS
from tests.space import CPU, ROOT, ZERO, Served, checkout

TINY = {"experts": 1, "heldout_experts": 1, "expert_steps": 6, "expert_batch": 8, "expert_span": 2, "max_start": 2}
TINY |= {"prompts": 2, "prompt_tokens": 8, "inner_steps": 2, "outer_steps": 6, "checkpoint_every": 3, "seeds": 1}
TINY |= {"test_limit": 8, "finetune_steps": 2, "finetune_batch": 4, "arms": ["base", "text"], "other_model": ""}
TINY |= {"regimes": ["ordinary"], "train_limit": 40, "decoder": "nearest", "snapshot_every": 3}
SHORT = """
from dataclasses import replace
import app
from backend.runners.slices import Slice
Slice.__init__.__defaults__ = (60.0, *Slice.__init__.__defaults__[1:])  # the margin: a busy machine is not slow work
found = app.this_host
app.this_host = lambda: replace(found(), slice_s=1.0)
app.main()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("space")
    checkout(folder / "code")
    return folder


@pytest.fixture
def serve(folder):
    servers = []

    def serve(variables, *words):
        servers.append(Served(folder, variables, words or ("app.py",)))
        return servers[-1]

    yield serve
    for server in servers:
        server.end()


def torch_loaded(server) -> bool:
    return any("libtorch" in region.path for region in psutil.Process(server.process.pid).memory_maps())


def said(server) -> str:
    return json.dumps(server.config(), ensure_ascii=False)


def kind_with(folder, variables) -> str:
    code = "from backend.limits.hosts import this_host; print(this_host().kind)"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder / "code", env=variables, capture_output=True)
    return done.stdout.decode().strip()


def clock(server) -> int | None:
    """The number of the event that asks for slices; None where there is none."""
    config = server.config()
    timers = {part["id"] for part in config["components"] if part["type"] == "timer"}
    for event in config["dependencies"]:
        ticks = any(target[1] == "tick" for target in event["targets"])
        if ticks and len(event["inputs"]) == 1 and event["outputs"][0] in timers:
            return event["id"]
    return None


def test_a_cpu_space_serves_the_page_without_torch_and_says_that_it_forgets(serve, folder):
    server = serve(CPU)
    assert "Distilloscope" in server.page()
    assert FORGETS in said(server) and clock(server) is None
    assert not torch_loaded(server)
    assert kind_with(folder, CPU) == "cpu_space"


def test_where_nothing_can_compute_recorded_runs_play_and_a_start_is_refused(serve):
    server = serve({**CPU, "DISTILLOSCOPE_REPLAY": "1"})
    assert REPLAYS in said(server)
    assert server.api("list_runs", "")["runs"]
    refused = server.api("start", "text_distillation", "quick", {}, "", "")
    assert "recorded" in refused["error"]["found"]
    assert not list(server.home.rglob("config.json")), "nothing of the refused run stays"


def test_on_a_borrowed_gpu_a_run_advances_in_slices_to_the_same_figures_as_anywhere(serve, folder, tmp_path):
    log = tmp_path / "gpu.log"
    server = serve({**ZERO, "FAKE_ZERO_GPU_LOG": str(log)}, "-c", SHORT)
    assert kind_with(folder, ZERO) == "zero_gpu"
    assert not torch_loaded(server), "the page is there before the engine is"
    begun = server.api("start", "text_distillation", "", TINY, "", "")
    key, owner = begun["run"], begun["owner"]
    assert server.api("status", key, owner)["state"] == "queued"
    states = []
    while server.api("status", key, owner)["state"] in ("queued", "running"):
        server.event(clock(server), owner)
        states.append(server.api("status", key, owner)["state"])
        assert len(states) < 60
    slices = [json.loads(line) for line in log.read_text().splitlines()]
    assert states[-1] == "finished", server.api("status", key, owner)
    assert len(slices) > 1 and set(states[:-1]) == {"running"}
    assert not any(one["aborted"] for one in slices)
    found = server.api("results", key, owner)
    words = [sys.executable, "-m", "backend", "run", "text_distillation", "--out", str(tmp_path / "own")]
    for name, value in TINY.items():
        words += ["--set", f"{name}={','.join(value) if isinstance(value, list) else value}"]
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "HF_HUB_OFFLINE": "1", "DISTILLOSCOPE_WORKERS": "1"}
    subprocess.run(words, cwd=ROOT, env=env, check=True, capture_output=True)
    summary = json.loads((tmp_path / "own" / "summary.json").read_text())
    assert found["summary"] == summary
    rows = [json.loads(line) for line in (tmp_path / "own" / "results.jsonl").read_text().splitlines()]
    ours = next(server.home.rglob("results.jsonl"))
    assert [json.loads(line) for line in ours.read_text().splitlines()] == rows


def test_a_slice_without_a_visitors_request_is_refused_as_on_the_real_host():
    """The stand-in has the manner that matters most: what a thread of ours asks for is not lent."""
    code = "import spaces; spaces.GPU(duration=1)(print)('x')"
    env = {**ZERO, "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert done.returncode and "GPU limit" in done.stderr
