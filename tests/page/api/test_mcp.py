"""The API as tools of an assistant: an extra, and exactly the public names."""

import asyncio
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from components.api import NAMES
from tests.browsing import wait_served
from tests.waiting import free_port

ROOT = Path(__file__).parents[3]


@pytest.mark.skipif(find_spec("mcp") is not None, reason="the extra is installed")
def test_without_the_extra_a_sentence_says_what_to_install():
    words = [sys.executable, "app.py", "--mcp"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert "pip install -r requirements-mcp.txt" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_extra_asks_for_the_same_gradio_as_the_app():
    pins = (ROOT / "requirements.txt").read_text() + (ROOT / "requirements-mcp.txt").read_text()
    versions = {line.partition("==")[2] for line in pins.splitlines() if line.startswith("gradio")}
    assert len(versions) == 1


@pytest.fixture
def address(tmp_path):
    pytest.importorskip("mcp", reason="requirements-mcp.txt is not installed")
    port = free_port()
    env = os.environ | {"DISTILLOSCOPE_HOME": str(tmp_path)}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen([sys.executable, "app.py", "--mcp", "--port", str(port)], cwd=ROOT, env=env, **quiet)
    wait_served(f"http://127.0.0.1:{port}")
    yield f"http://127.0.0.1:{port}/gradio_api/mcp/"
    server.terminate()
    server.wait(20)


def test_an_assistant_finds_the_public_calls_and_can_use_them(address):
    from mcp import ClientSession  # noqa: PLC0415 - an extra
    from mcp.client.streamable_http import streamable_http_client  # noqa: PLC0415

    async def talk():
        async with streamable_http_client(address) as (read, write, _), ClientSession(read, write) as session:
            await session.initialize()
            tools = (await session.list_tools()).tools
            good = await session.call_tool("status", {"run": "recorded/quick"})
            bad = await session.call_tool("start", {"study": "text_distillation", "changes": {"sedes": 2}})
            return tools, *(json.loads(answer.content[0].text) for answer in (good, bad))

    tools, good, bad = asyncio.run(talk())
    assert [tool.name for tool in tools] == list(NAMES)
    assert all(tool.description for tool in tools)
    assert good["state"] == "finished"
    assert "Did you mean 'seeds'" in bad["error"]["next_step"]
