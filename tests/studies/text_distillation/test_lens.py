"""The neighbour lens sees what a plain search over the table sees, and its map is that of the principal components."""

import numpy as np
import pytest
import torch

from backend.core.models.backbones import load_backbone
from backend.core.models.nearest_tokens import NearestTokens, writable_ids
from backend.core.seeding import generator
from backend.studies.text_distillation.lens import MOST_POINTS, NEIGHBOURS, Lens


@pytest.fixture(scope="module")
def lens(tiny_models) -> Lens:
    backbone = load_backbone(str(tiny_models["opt"]))
    table = backbone.model.get_input_embeddings().weight
    return Lens(NearestTokens(table, writable_ids(backbone.tokenizer, len(table))), backbone.tokenizer)


def test_a_real_token_is_its_own_nearest_neighbour(lens):
    token = int(lens.nearest.ids[7])
    (seen,) = lens.look(lens.nearest.table[[token]])
    assert seen["near"][0] == [lens.pieces[7], pytest.approx(0, abs=1e-3)] and len(seen["near"]) == NEIGHBOURS


def test_neighbours_and_distances_are_those_of_a_plain_search(lens):
    noise = torch.randn(2, lens.nearest.table.shape[1], generator=generator("lens"))
    points = lens.nearest.table[[3, 5]] + 0.01 * noise
    rows = lens.nearest.table[torch.from_numpy(lens.nearest.ids)]
    for point, seen in zip(points, lens.look(points), strict=True):
        distances = (rows - point).norm(dim=1)
        order = distances.argsort()[:NEIGHBOURS].tolist()
        assert [token for token, _ in seen["near"]] == [lens.pieces[i] for i in order]
        expected = [float(distances[i]) / lens.nearest.scale for i in order]
        assert [far for _, far in seen["near"]] == pytest.approx(expected, abs=2e-3)


def test_the_map_is_the_first_two_principal_components_with_their_share_of_the_spread(lens):
    rows = lens.nearest.table[torch.from_numpy(lens.nearest.ids)].detach().double().numpy()
    _, singular, directions = np.linalg.svd(rows - rows.mean(0), full_matrices=False)
    assert lens.explained == pytest.approx((singular[:2] ** 2).sum() / (singular**2).sum())
    flat = (rows - rows.mean(0)) @ directions[:2].T / lens.nearest.scale
    found = np.array(lens.on_map(torch.from_numpy(rows)))
    assert np.abs(found) == pytest.approx(np.abs(flat), abs=1e-3)


def test_the_background_is_a_fixed_sample_of_the_vocabulary(lens):
    found = lens.vocabulary()
    assert found == lens.vocabulary() and found["of"] == len(lens.pieces)
    assert len(found["points"]) == len(found["tokens"]) == min(MOST_POINTS, len(lens.pieces))
    place = lens.pieces.index(found["tokens"][0])
    assert lens.on_map(lens.nearest.table[[int(lens.nearest.ids[place])]]) == [found["points"][0]]
