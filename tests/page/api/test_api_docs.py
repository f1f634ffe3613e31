"""The examples in docs/api.md, run as they stand against a served app."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from components.api import NAMES
from tests.browsing import ROOT, end, serve
from tests.page.frame.test_browser import STAND_IN

DOCS = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def blocks(language: str) -> str:
    """All blocks of a language as one text: a later one goes on where an earlier one ended."""
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```", DOCS, re.DOTALL | re.MULTILINE))


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("api")
    (folder / "worker.py").write_text(STAND_IN)
    server, address = serve(folder, [sys.executable, str(folder / "worker.py")], ROOT / "assets" / "sample_runs")
    yield address
    end(server, folder)


def run(words, folder, address, **more):
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = os.environ | {"DISTILLOSCOPE": address, "PATH": path}
    return subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, timeout=240, check=False, **more)


def test_the_examples_with_curl_run_as_they_stand(address, tmp_path):
    done = run(["bash", "-euo", "pipefail", "-c", blocks("bash")], tmp_path, address)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('"error":{"found"') == 1, "only the example of an error is one"
    assert "Did you mean 'outer_steps'?" in done.stdout
    assert '"recorded/quick"' in done.stdout
    assert '"state":"stop' in done.stdout
    assert '"answer":"b"' in (tmp_path / "distilled.json").read_text()


def test_the_examples_in_python_run_as_they_stand(address, tmp_path):
    checks = "\nassert recorded and prompts[0]['answer'] == 'b', prompts\nassert stopping['state'].startswith('stop')\n"
    done = run([sys.executable, "-c", blocks("python") + checks], tmp_path, address)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_every_call_is_documented_and_shown_both_ways(name):
    assert f"| `{name}` |" in DOCS
    assert re.search(rf"call {name}\b", blocks("bash"))
    assert f'"/{name}"' in blocks("python")
