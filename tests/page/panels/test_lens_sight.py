"""What the page answers when the lens asks: the look at that step, the map once, and nothing for nonsense."""

import json
from types import SimpleNamespace

import pytest

from backend.runs.folder import RunDir
from components.run.shelf import new_owner
from components.studies.text_distillation.lens import sight
from tests.pages import make_page, panel


@pytest.fixture
def run(tmp_path) -> RunDir:
    run = RunDir.create(tmp_path / "run", "text_distillation", None, {"seed": 0})
    for step in (0, 5, 10):
        run.append("neighbours", {"step": step, "slots": [[{"at": [0, 0], "near": [[f"t{step}", 0.1]]}]]})
    (run.path / "vocabulary.json").write_text(json.dumps({"points": [[0, 0]], "tokens": ["a"]}))
    return run


@pytest.mark.parametrize(("asked", "shown"), [(0, 0), (4, 0), (5, 5), (7.5, 5), (10, 10), (2**53, 10), (-3, 0)])
def test_the_latest_look_at_or_before_a_step_is_shown(run, asked, shown):
    found = sight(run, "own/x", 0, asked, "own/x")
    assert found["step"] == shown and found["tokens"][0]["near"] == [[f"t{shown}", 0.1]]


def test_the_map_is_sent_only_where_it_is_not_held(run):
    assert "vocabulary" in sight(run, "own/x", 0, 5, None) and "vocabulary" in sight(run, "own/x", 0, 5, "own/y")
    assert "vocabulary" not in sight(run, "own/x", 0, 5, "own/x")
    (run.path / "vocabulary.json").write_text("{")
    assert sight(run, "own/x", 0, 5, None)["tokens"]


@pytest.mark.parametrize(
    ("slot", "step"), [(1, 5), (-1, 5), ("0", 5), (None, 5), (0, "5"), (0, None), (True, 5), ([], {}), (10**30, 5)]
)
def test_nonsense_shows_nothing(run, slot, step):
    assert sight(run, "own/x", slot, step, None)["tokens"] is None


def test_a_run_older_than_the_lens_has_nothing_to_show(tmp_path):
    run = RunDir.create(tmp_path / "old", "text_distillation", None, {"seed": 0})
    assert sight(run, "own/x", 0, 5, None) == {"run": "own/x", "slot": 0, "tokens": None}


def test_another_visitors_run_is_not_looked_at(tmp_path):
    page = make_page("text_distillation", tmp_path)
    see = panel(page, "lens").see
    mine, other = new_owner(), new_owner()
    key, run = page.shelf.new(mine, "text_distillation", None, {"seed": 0})
    run.append("neighbours", {"step": 0, "slots": [[]]})
    event = SimpleNamespace(run=key, slot=0, step=0, have=None)
    assert see(mine, event)["tokens"] == []
    assert see(other, event)["tokens"] is None
    assert see(mine, SimpleNamespace(run=3)) == {}
