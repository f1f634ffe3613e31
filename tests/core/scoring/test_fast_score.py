"""Rounded products never change a choice that is reported, and are only used where they are faster."""

import dataclasses
from contextlib import contextmanager

import pytest
import torch

from backend.core import matrices
from backend.core.matrices import Probe, products
from backend.core.models.backbones import Backbone, load_backbone
from backend.core.scoring import fast_score, score
from backend.core.scoring.fast_score import Doubt, fast_stream
from backend.core.scoring.scored import Scored
from backend.core.text.text_data import load_questions


@pytest.fixture(scope="module")
def opt() -> Backbone:
    return load_backbone("opt-pocket")


def all_of(stream, n: int) -> list[Scored]:
    found = dict(pair for news in stream for pair in news)
    return [found[i] for i in range(n)]


@contextmanager
def noisy_products(device, rounded):
    """Stands in for a processor that rounds: half of the digits of every weight are lost while inside."""
    noisy_products.on = rounded
    yield
    noisy_products.on = False


@pytest.fixture
def rounding(opt, monkeypatch):
    """Rounded scores are shifted as bf16 shifts them: by some percent of the root of each log-likelihood."""
    rng = torch.Generator().manual_seed(0)
    exact = score.score_batch

    def shifted(p, trees, beginning=None):
        values = exact(p, trees, beginning)
        if not noisy_products.on:
            return values
        return {slot: v + 0.03 * (-v) ** 0.5 * torch.randn((), generator=rng).item() for slot, v in values.items()}

    monkeypatch.setattr(score, "products", noisy_products)
    monkeypatch.setattr(score, "score_batch", shifted)


def test_no_choice_differs_from_float32_however_rounding_shifts(opt, rounding):
    questions = load_questions("pocket_science", "test", limit=300)
    p = score.plan(opt.model, opt.tokenizer, "pocket_science", {}, threads=1)
    exact, doubt = all_of(score.score_stream(p, questions), 300), Doubt()
    fast = all_of(fast_stream(p, questions, doubt), 300)
    assert [s.choice for s in fast] == [s.choice for s in exact]
    assert [s.choice_norm for s in fast] == [s.choice_norm for s in exact]
    assert fast_score.GAUGE <= doubt.gauged < 300 and doubt.reach > 0.03
    assert fast != exact


def test_without_rounding_nothing_but_the_gauge_is_scored_twice(opt, monkeypatch):
    questions = load_questions("pocket_science", "test", limit=120)
    p = score.plan(opt.model, opt.tokenizer, "pocket_science", {}, threads=1)
    monkeypatch.setattr(score, "products", noisy_products)  # does nothing here: scores are not shifted
    doubt = Doubt()
    fast = all_of(fast_stream(p, questions, doubt), 120)
    assert doubt.gauged == fast_score.GAUGE and doubt.reach < 1e-4
    assert [s.choice for s in fast] == [s.choice for s in all_of(score.score_stream(p, questions), 120)]


def test_doubt_is_about_options_within_reach_of_each_other_summed_or_by_character():
    doubt = Doubt(reach=0.1)
    clear = Scored("q", None, 0, (-4.0, -9.0), (4, 4))
    assert not doubt.about(clear)
    assert doubt.about(dataclasses.replace(clear, log_likelihoods=(-4.0, -4.3)))
    assert doubt.about(dataclasses.replace(clear, log_likelihoods=(-4.0, -9.0), lengths=(4, 9)))  # a tie by character


def test_the_switch_is_used_only_where_it_is_exact_unless_rounding_is_asked_for(monkeypatch):
    used = []

    def look() -> str:
        used.append(torch.backends.mkldnn.matmul.fp32_precision)
        return used[-1]

    before = look()
    for probe, rounded, switched in (
        (Probe(error=1e-6, gain=2.0), False, True),
        (Probe(error=1e-3, gain=3.0), False, False),
        (Probe(error=1e-3, gain=3.0), True, True),
        (Probe(error=1e-3, gain=1.0), True, False),
    ):
        monkeypatch.setattr(matrices, "probe", lambda _, probe=probe: probe)
        with products("cpu", rounded):
            assert (look() == "bf16") == switched
        assert look() == before


def test_the_probe_measures_this_machine():
    found = matrices.probe("cpu")
    assert 0 <= found.error < 0.05 and found.gain > 0
    assert not (found.exact and found.rounds)
