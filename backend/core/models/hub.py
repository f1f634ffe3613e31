"""What goes wrong when a model is fetched, in words: gated, missing, offline, only pickled, or damaged.

transformers wraps the hub client's exceptions in OSErrors, so the whole chain of causes is looked at. Knows exceptions
and the registry's names; loads nothing.
"""

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)

from backend.core.models.registry import KNOWN
from backend.errors import UserError

CAUSAL = "a complete causal language model"
OFFLINE = (LocalEntryNotFoundError, OfflineModeIsEnabled, ConnectionError)


@contextmanager
def friendly(spec: str, advice: str, wanted: str = CAUSAL) -> Iterator[None]:
    """Turn what is raised about the model `spec` into a UserError. `advice` is the next step where none is better, and
    `wanted` what a model should be."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # a damaged file raises almost anything, from struct.error to SafetensorError
        raise explain(error, spec, advice, wanted) from error


def explain(error: BaseException, spec: str, advice: str, wanted: str = CAUSAL) -> UserError:
    """The UserError for `error`. A gated model is a kind of missing one to the client, so it is asked for first."""
    causes, reason = tuple(_causes(error)), " ".join(str(error).split())[:200]

    def caused_by(*kinds: type) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    refused = partial(refusal, spec)
    broken_off = any(isinstance(c, HTTPError) and not isinstance(c, HfHubHTTPError) for c in causes)
    if caused_by(GatedRepoError):
        found = f"The model {spec} is gated: its licence must be accepted first."
        step = f"Accept the licence on https://huggingface.co/{spec}, run `hf auth login`, then try again."
        return refused(found, "an account that may read it", step)
    if caused_by(RepositoryNotFoundError):
        found = f"The hub has no model called {spec}, or it is private."
        return refused(found, "the id of a model you may read", f"{_closest(spec)} For a private one: `hf auth login`.")
    if broken_off or caused_by(*OFFLINE) or "connect" in reason or "offline" in reason.lower():
        found = f"The model {spec} is not on this machine and the hub cannot be reached."
        return refused(found, "a copy or a connection", "Go online once, or give a local folder.")
    if "cannot be loaded with `safetensors`" in reason:
        found = f"The model {spec} has only pickled weights, which can run code when they are opened."
        step = "If you trust it, load it once with transformers, save_pretrained() it, and give that folder."
        return refused(found, "weights as *.safetensors", step)
    found = f"The model {spec} could not be loaded: {type(error).__name__}: {reason}"
    return refused(found, wanted, advice)


def refusal(spec: str, found: str, expected: str, next_step: str) -> UserError:
    """The UserError for a model that cannot be used, whatever the reason; it says which one."""
    return UserError(found, expected, next_step, kind="model", about=spec)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _closest(spec: str) -> str:
    """The known model whose name is nearest, as a question to the user; else where to look the spelling up."""
    ids = [entry.id for entry in KNOWN if "/" in entry.id]
    by_name = {known.rpartition("/")[2].lower(): known for known in ids}
    near = difflib.get_close_matches(spec, ids, n=1, cutoff=0.6)
    near = near or [by_name[n] for n in difflib.get_close_matches(spec.rpartition("/")[2].lower(), by_name, n=1)]
    return f"Did you mean {near[0]}?" if near else "Check the spelling on the model's page."
