"""A comparison with adapters on the top layers alone: what lies below is read once, and nothing else changes."""

import json
from dataclasses import replace

import pytest

from backend.core.cached import quicker
from backend.core.cached.lower_layers import LowerLayers
from backend.errors import UserError
from tests import tiny_comparison
from tests.tiny_comparison import start

one_process = tiny_comparison.one_process
config = tiny_comparison.config
ARMS = ("base", "random", "text", "full")


def likelihoods(run) -> list[float]:
    """Of every option of every question, whoever was asked."""
    rows = sorted(run.rows("results"), key=lambda row: row["scores"])
    lines = [line for row in rows for line in (run.path / row["scores"]).read_text().splitlines()]
    return [value for line in lines for value in json.loads(line)["log_likelihoods"]]


def test_kept_lower_layers_change_no_figure(config, tmp_path, monkeypatch):
    top = replace(config, arms=ARMS, adapted_layers=1, adapted_modules="both", seeds=1)
    read, hidden = [], LowerLayers.hidden
    monkeypatch.setattr(LowerLayers, "hidden", lambda self, trees: read.append(len(trees)) or hidden(self, trees))
    monkeypatch.setenv("DISTILLOSCOPE_HOME", str(tmp_path / "one home"))
    quick, state = start(top, tmp_path / "quick")
    assert state == "finished" and len(read) > 20
    monkeypatch.setattr(quicker, "top_of", lambda student: None)
    monkeypatch.setenv("DISTILLOSCOPE_HOME", str(tmp_path / "another home"))
    before = len(read)
    slow, state = start(top, tmp_path / "slow")
    assert state == "finished" and len(read) == before
    assert likelihoods(quick) == pytest.approx(likelihoods(slow), abs=1e-2)


def test_what_a_distillation_makes_is_refused_there(config):
    for refused in ({"arms": ("nearest",)}, {"arms": ("soft",)}, {"regimes": ("matched",)}):
        with pytest.raises(UserError, match="adapted_layers is 1, but"):
            replace(config, adapted_layers=1, **refused)
        with pytest.raises(UserError, match="adapted_modules is mlp, but"):
            replace(config, adapted_modules="mlp", **refused)
