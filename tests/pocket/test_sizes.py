"""The bundled pair of other sizes: built by command, apart from what is shipped."""

import pytest
from transformers import AutoTokenizer

from backend.core.models.backbones import load_backbone
from backend.pocket.__main__ import ASSETS, main
from backend.pocket.pretrain import SEEDS, build_model
from backend.pocket.sizes import SIZES, Size


@pytest.mark.parametrize("name", SEEDS)
@pytest.mark.parametrize(("size", "least", "most"), [("1m", 1.1e6, 1.3e6), ("10m", 9e6, 11e6)])
def test_a_size_has_about_as_many_parameters_as_it_says(name, size, least, most):
    model = build_model(name, AutoTokenizer.from_pretrained(ASSETS / "models" / name), size)
    assert least < sum(p.numel() for p in model.parameters()) < most


@pytest.mark.parametrize("name", SEEDS)
def test_the_shipped_size_is_the_architecture_of_the_shipped_model(name):
    folder = ASSETS / "models" / name
    built = build_model(name, AutoTokenizer.from_pretrained(folder))
    shipped = load_backbone(name).model
    assert {n: p.shape for n, p in built.named_parameters()} == {n: p.shape for n, p in shipped.named_parameters()}
    assert type(built) is type(shipped)


def test_a_tiny_pair_is_taught_in_a_folder_of_its_own_and_loads(tmp_path, monkeypatch):
    monkeypatch.setitem(SIZES, "10m", Size(16, 2, 2, (32, 24), 1e-3))
    monkeypatch.setattr("backend.pocket.pretrain.TOKENS_PER_STEP", 1024)
    for name in SEEDS:
        main(["--models-only", "--model", name, "--size", "10m", "--steps", "2", "--out", str(tmp_path)])
        backbone = load_backbone(str(tmp_path / "models" / f"{name}-10m"))
        assert backbone.model.config.hidden_size == 16
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == ["llama-pocket-10m", "opt-pocket-10m"]


def test_another_size_is_not_put_among_the_shipped_models(capsys):
    with pytest.raises(SystemExit):
        main(["--size", "10m", "--models-only", "--steps", "1"])
    assert "not shipped" in capsys.readouterr().err
