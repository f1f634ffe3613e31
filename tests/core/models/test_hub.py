"""Whatever the hub answers is explained: gated, missing, offline and pickled models each in their own words."""

import json
import shutil

import httpx2
import pytest
import transformers.utils.hub
from huggingface_hub.errors import (
    GatedRepoError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
)

from backend.core.models.backbones import load_backbone
from backend.errors import UserError


def answer(status: int) -> httpx2.Response:
    return httpx2.Response(status, request=httpx2.Request("GET", "https://huggingface.co/x"))


@pytest.fixture
def hub_raises(monkeypatch):
    """Let the hub's client raise what it is given, below everything transformers makes of it."""

    def arrange(error: Exception) -> None:
        def download(*args, **kwargs):
            raise error

        monkeypatch.setattr(transformers.utils.hub, "hf_hub_download", download)

    return arrange


def test_a_gated_model_says_where_to_accept_its_licence_and_how_to_log_in(hub_raises):
    hub_raises(GatedRepoError("401 Client Error.", response=answer(401)))
    with pytest.raises(UserError, match=r"is gated.*huggingface\.co/meta-llama/Llama-3\.2-1B, run `hf auth login`"):
        load_backbone("meta-llama/Llama-3.2-1B")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("facebook/opt125m", "facebook/opt-125m"),
        ("HugingFaceTB/SmolLM2-360M", "HuggingFaceTB/SmolLM2-360M"),
        ("huggingface/pythia-70m", "EleutherAI/pythia-70m"),
    ],
)
def test_a_missing_model_names_the_one_that_may_be_meant(hub_raises, typed, meant):
    hub_raises(RepositoryNotFoundError("404 Client Error.", response=answer(404)))
    with pytest.raises(UserError, match=rf"no model called {typed}, or it is private.*Did you mean {meant}\?"):
        load_backbone(typed)


def test_a_missing_model_like_no_other_is_not_mistaken_for_one(hub_raises):
    hub_raises(RepositoryNotFoundError("404 Client Error.", response=answer(404)))
    with pytest.raises(UserError, match="Check the spelling"):
        load_backbone("someone/zzzzzzzzzzzzz")


@pytest.mark.parametrize(
    "error",
    [
        LocalEntryNotFoundError("An error happened while trying to locate the file."),
        OfflineModeIsEnabled("Offline mode."),
        httpx2.ConnectError("Name or service not known"),
        httpx2.ReadTimeout("The read operation timed out"),
        ConnectionResetError("reset by peer"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_no_network_is_told_from_no_model(hub_raises, error):
    hub_raises(error)
    with pytest.raises(UserError, match=r"not on this machine and the hub cannot be reached.*Go online once"):
        load_backbone("facebook/opt-125m")


def test_a_repository_without_a_model_is_not_called_unreachable(hub_raises):
    hub_raises(RemoteEntryNotFoundError("404 Client Error.", response=answer(404)))
    with pytest.raises(UserError, match="could not be loaded"):
        load_backbone("facebook/opt-125m")


def test_a_model_of_pickles_alone_says_how_to_convert_it(tiny_models, tmp_path, monkeypatch):
    """The hub has config and tokenizer but no safetensors, and its bot made none either."""
    folder = shutil.copytree(tiny_models["opt"], tmp_path / "opt")
    (folder / "model.safetensors").unlink()

    def download(repo, filename, **kwargs):
        if (folder / filename).is_file():
            return str(folder / filename)
        raise RemoteEntryNotFoundError("404 Client Error.", response=answer(404))

    def cached(repo, filename, *args):
        return str(folder / filename) if (folder / filename).is_file() else None

    monkeypatch.setattr(transformers.utils.hub, "hf_hub_download", download)
    monkeypatch.setattr(transformers.utils.hub, "_get_cache_file_to_return", cached)
    monkeypatch.setattr(transformers.modeling_utils, "auto_conversion", lambda *args, **kwargs: (None, None, False))
    with pytest.raises(UserError, match=r"only pickled weights, which can run code.*give that folder"):
        load_backbone("facebook/opt-125m")


def test_a_damaged_folder_is_neither_missing_nor_offline(tiny_models, tmp_path):
    folder = shutil.copytree(tiny_models["opt"], tmp_path / "opt")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"num_attention_heads": 3}))
    with pytest.raises(UserError, match="could not be loaded"):
        load_backbone(str(folder))
