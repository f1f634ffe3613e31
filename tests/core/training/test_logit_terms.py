"""Terms on logits equal five-line references, their gradients finite differences, and the historic forms compute what
is said of them."""

import math

import pytest
import torch

from backend.core.training.logit_terms import (
    FORMS,
    Shape,
    covariance,
    divergence,
    entropy,
    share_of_top,
    singular_values,
    spread_places,
)

PLACES, VOCABULARY, ROWS = 12, 60, 5
SHAPE = Shape(temperature=2.0, top_entropy=20, top_singular=4)
NAMES = ("consistency", "diversity", "spectrum")


def logits(seed: int, scale: float = 3.0) -> torch.Tensor:
    return scale * torch.randn(PLACES, VOCABULARY, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def terms(form: str, z: torch.Tensor, base: torch.Tensor, shape: Shape = SHAPE) -> dict[str, torch.Tensor]:
    found = FORMS[form]
    values = found.consistency(z, base, ROWS, shape), found.diversity(z, shape), found.spectrum(z, shape)
    return dict(zip(NAMES, values, strict=True))


def naive_divergence(z, base, temperature):
    total = 0.0
    for row, other in zip(z / temperature, base / temperature, strict=True):
        p, q = other.exp() / other.exp().sum(), row.exp() / row.exp().sum()
        total += sum(p[i] * (p[i] / q[i]).log() for i in range(len(p))).item()
    return total


def naive_entropy(z, top):
    total = 0.0
    for row in z:
        p = sorted(row.exp().tolist(), reverse=True)[:top]
        total -= sum(x / sum(p) * math.log(x / sum(p)) for x in p)
    return total / len(z)


def naive(form: str, z: torch.Tensor, base: torch.Tensor) -> dict[str, float]:
    s = torch.linalg.svdvals(z)
    c = torch.cov(z.T)
    kl = {"iclr": 4 * naive_divergence(z, base, 2.0) / PLACES, "v5": naive_divergence(z, base, 1.0) / PLACES}
    kl |= {"nlu": kl["iclr"]} | dict.fromkeys(("v1", "no_grad", "same_k"), naive_divergence(z, base, 1.0) / ROWS)
    whole = naive_entropy(z, VOCABULARY)
    spread = {"iclr": -naive_entropy(z, 20), "nlu": (c.square().sum() - c.diag().square().sum()).item() / VOCABULARY}
    spread |= {"v5": -whole, "no_grad": -whole, "v1": whole, "same_k": whole}
    ratio = dict.fromkeys(FORMS, -(s[:4].sum() / s.sum()).item())
    ratio |= {"iclr": -(s[:4].sum() / z.norm()).item(), "same_k": -1.0}
    return dict(zip(NAMES, (kl[form], spread[form], ratio[form]), strict=True))


@pytest.mark.parametrize("form", FORMS)
def test_every_term_of_every_form_equals_its_reference(form):
    z, base = logits(0), logits(1)
    found, expected = terms(form, z, base), naive(form, z, base)
    for name in NAMES:
        assert found[name].item() == pytest.approx(expected[name], abs=1e-6), name


@pytest.mark.parametrize("form", FORMS)
def test_every_gradient_equals_a_finite_difference(form):
    z, base, along = logits(0), logits(1), logits(2, scale=1.0)
    leaf = z.clone().requires_grad_()
    for name, value in terms(form, leaf, base).items():
        if not value.requires_grad:
            continue
        exact = (torch.autograd.grad(value, leaf, retain_graph=True)[0] * along).sum().item()
        h = 1e-6
        ends = [terms(form, z + sign * h * along, base)[name].item() for sign in (1, -1)]
        assert exact == pytest.approx((ends[0] - ends[1]) / (2 * h), abs=1e-4), name


def test_singular_values_of_either_side_equal_those_of_a_decomposition():
    for shape in ((48, 600), (600, 48), (1, 30), (20, 20)):
        z = 5 * torch.randn(*shape, generator=torch.Generator().manual_seed(3))
        expected = torch.linalg.svdvals(z.double())
        assert torch.allclose(singular_values(z), expected, rtol=1e-5, atol=1e-5 * expected[0].item())
    low = torch.randn(30, 2, dtype=torch.float64) @ torch.randn(2, 90, dtype=torch.float64)
    assert torch.allclose(singular_values(low)[:2], torch.linalg.svdvals(low)[:2], rtol=1e-5)


def test_a_matrix_of_zeros_or_of_low_rank_has_a_finite_gradient():
    for z in (torch.zeros(6, 20), torch.ones(6, 20)):
        for norm in ("frobenius", "nuclear", "same"):
            leaf = z.clone().requires_grad_()
            value = share_of_top(leaf, SHAPE, norm)
            gradient = torch.autograd.grad(value, leaf)[0]
            assert torch.isfinite(value) and torch.isfinite(gradient).all()
    assert share_of_top(torch.zeros(6, 20), SHAPE, "frobenius") == 0


def test_a_constant_added_to_rows_changes_the_spectrum_unless_rows_are_centred():
    z, base, centred = logits(0), logits(1), Shape(top_singular=4, centred=True)
    moved = z + torch.linspace(2, 9, PLACES, dtype=torch.float64)[:, None]
    for form in ("iclr", "v5"):
        before, after = terms(form, z, base, centred), terms(form, moved, base, centred)
        assert all(after[name].item() == pytest.approx(before[name].item(), abs=1e-9) for name in NAMES)
        plain, shifted = terms(form, z, base), terms(form, moved, base)
        assert abs(shifted["spectrum"].item() - plain["spectrum"].item()) > 0.05
        assert shifted["diversity"].item() == pytest.approx(plain["diversity"].item(), abs=1e-9)


def test_two_released_versions_have_a_spectrum_without_a_gradient_and_two_an_entropy_of_the_other_sign():
    leaf = logits(0).requires_grad_()
    found = {form: terms(form, leaf, logits(1)) for form in FORMS}
    assert not found["no_grad"]["spectrum"].requires_grad
    same = torch.autograd.grad(found["same_k"]["spectrum"], leaf, retain_graph=True)[0]
    assert found["same_k"]["spectrum"].item() == pytest.approx(-1) and same.norm() < 1e-12
    for form in ("iclr", "v5", "v1", "nlu"):
        assert torch.autograd.grad(found[form]["spectrum"], leaf, retain_graph=True)[0].norm() > 1e-6
    signs = {form: math.copysign(1, found[form]["diversity"].item()) for form in ("iclr", "v5", "v1", "same_k")}
    assert signs == {"iclr": -1, "v5": -1, "v1": 1, "same_k": 1}


def test_the_two_norms_are_largest_for_different_matrices():
    equal, one = torch.eye(10, 40), torch.ones(10, 40)
    shape = Shape(top_singular=10)
    assert share_of_top(equal, shape, "frobenius").item() == pytest.approx(math.sqrt(10), abs=1e-5)
    assert share_of_top(one, shape, "frobenius").item() == pytest.approx(1, abs=1e-5)
    assert share_of_top(one, shape, "nuclear").item() == pytest.approx(1, abs=1e-5)


def test_a_model_does_not_diverge_from_itself_and_divergence_is_not_symmetric():
    z, base = logits(0), logits(1)
    assert divergence(z, z).abs().max() < 1e-12
    assert divergence(z, base).sum() != pytest.approx(divergence(base, z).sum().item(), rel=1e-3)


def test_entropy_of_equal_logits_is_the_logarithm_of_their_number():
    z = torch.zeros(3, 50)
    assert entropy(z).tolist() == pytest.approx([math.log(50)] * 3, rel=1e-5)
    assert entropy(z, 20).tolist() == pytest.approx([math.log(20)] * 3, rel=1e-5)
    assert entropy(z, 400).tolist() == pytest.approx([math.log(50)] * 3, rel=1e-5)  # no more than there are


def test_one_row_has_no_covariance_and_many_places_are_thinned_evenly():
    assert covariance(torch.randn(1, 9)) == 0
    z = torch.arange(1000.0)[:, None]
    thinned = spread_places(z, 100).flatten()
    assert len(thinned) == 100 and thinned[0] == 0 and thinned[-1] == 999
    assert 9 <= thinned.diff().min() and thinned.diff().max() <= 11
    assert spread_places(z, 1000) is z
