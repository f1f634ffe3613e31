"""The plane of an expert's way and what is left per layer: both say exactly what the matching loss says."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from backend.core.params import Params
from backend.core.training.matching import matching_loss
from backend.studies.text_distillation.following import in_plane, left_by_layer

NAMES = ("model.layers.0.q", "model.layers.0.v", "model.layers.1.q", "model.layers.10.q", "head")


def params(seed: int) -> Params:
    rng = torch.Generator().manual_seed(seed)
    return {name: torch.randn(3, 4, generator=rng, dtype=torch.float64) for name in NAMES}


def test_the_start_is_at_0_the_target_at_1_and_half_way_between_them():
    start, target = params(0), params(1)
    half = {name: (start[name] + target[name]) / 2 for name in NAMES}
    found = in_plane([start, half, target], start, target)
    assert [along for along, _ in found] == pytest.approx([0, 0.5, 1])
    assert [away for _, away in found] == pytest.approx([0, 0, 0], abs=1e-7)


@given(st.integers(0, 10**6))
def test_the_squared_distance_to_the_target_in_the_plane_is_the_matching_loss(seed):
    start, target, state = params(seed), params(seed + 1), params(seed + 2)
    ((along, away),) = in_plane([state], start, target)
    assert (1 - along) ** 2 + away**2 == pytest.approx(matching_loss(state, start, target).item())


@given(st.integers(0, 10**6))
def test_layers_add_up_to_the_matching_loss(seed):
    start, target, end = params(seed), params(seed + 1), params(seed + 2)
    rows = left_by_layer(end, start, target)
    assert [row["layer"] for row in rows] == [-1, 0, 1, 10]
    assert sum(row["share"] for row in rows) == pytest.approx(1)
    assert sum(row["left"] * row["share"] for row in rows) == pytest.approx(matching_loss(end, start, target).item())


def test_a_layer_that_arrived_has_nothing_left_and_one_that_stayed_everything():
    start, target = params(0), params(1)
    end = {name: (target if ".0." in name else start)[name] for name in NAMES}
    assert {row["layer"]: row["left"] for row in left_by_layer(end, start, target)} == {-1: 1, 0: 0, 1: 1, 10: 1}


def test_an_expert_that_never_moved_has_no_plane():
    with pytest.raises(ValueError, match="never moved"):
        in_plane([params(1)], params(0), params(0))
