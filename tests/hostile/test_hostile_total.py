"""How much was thrown at the server in all, counted by whoever throws; the last file of the siege."""

import os
from pathlib import Path

import pytest

from tests.hostile.siege import ACCEPTED, STUMBLES, TRIED

pytestmark = pytest.mark.hostile
BAR = 300


def test_more_than_three_hundred_hostile_inputs_were_tried(request, siege, capsys):
    wanted = {path.name for path in Path(__file__).parent.glob("test_hostile_*.py")}
    if not wanted <= {item.path.name for item in request.session.items}:
        pytest.skip("only some of the hostile tests were asked for")
    if "PYTEST_XDIST_WORKER" in os.environ:
        pytest.skip("each process counts its own; run pytest -m hostile by itself for all")
    siege.verify([])
    with capsys.disabled():
        kinds = ", ".join(f"{number:,} {kind}" for kind, number in TRIED.most_common())
        print(f"\n{TRIED.total():,} hostile inputs: {kinds}. 0 traces of ours, 0 of others' words, 1 server.")
        for name, number in STUMBLES.most_common():
            print(f"  {number:,} x Gradio's own log: {ACCEPTED[name]} ({name})")
    assert TRIED.total() >= BAR
