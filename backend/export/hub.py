"""The data set on the hub, under the visitor's own name and with their own token, which is used once and kept nowhere.

Errors are told by their kind alone: what the hub's client says may hold what was sent. Knows files by name; what they
are, the study of the run says.
"""

import re
from collections.abc import Callable
from typing import Protocol

from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

from backend.errors import UserError

NAME = re.compile(r"(?:[A-Za-z0-9][\w.-]{0,95}/)?[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
TOKEN = re.compile(r"hf_[A-Za-z0-9]{8,200}")
REASONS = {
    400: ("The hub refuses this name.", "letters, digits, - _ and .", "Choose another name."),
    401: ("The hub refuses the token.", "a token that is valid", "Make a new one with the right to write."),
    403: ("The token may not write there.", "a token with the right to write", "Give it that right, or name your own."),
    404: ("The hub knows no such account for this token.", "your own name, or a group you are in", "Correct the name."),
    409: ("There is a data set of this name already.", "a name that is free", "Choose another name."),
    429: ("The hub asks to wait: too many requests.", "some patience", "Try again in a few minutes."),
}


class Api(Protocol):
    """What is needed of the hub's client."""

    def create_repo(self, repo_id: str, **more: object) -> object: ...
    def create_commit(self, repo_id: str, operations: list, **more: object) -> object: ...


def push(files: dict[str, bytes], name: str, token: str, private: bool, api: Callable[..., Api] = HfApi) -> str:
    """Make a new data set of these files and return its full name. UserError says what to do; the token is in none."""
    name, token = name.strip(), token.strip()
    if not NAME.fullmatch(name) or ".." in name or "--" in name or name.endswith((".git", ".", "-")):
        raise UserError(
            "This is not a valid name for a data set.", "name, or account/name", "Use letters, digits, - _ and ."
        )
    if not TOKEN.fullmatch(token):
        step = "Copy one with the right to write from your settings on the hub."
        raise UserError("This is not an access token of the hub.", "text that begins with hf_", step)
    made = ""
    try:
        client = api(token=token)
        made = client.create_repo(name, repo_type="dataset", private=private, exist_ok=False).repo_id
        parts = [CommitOperationAdd(path, content) for path, content in sorted(files.items())]
        told = "The data set and its card"
        client.create_commit(made, parts, repo_type="dataset", commit_message=told)
    except Exception as error:  # of any kind: whatever it says may quote what was sent
        raise refusal(error, made) from None
    return made


def refusal(error: Exception, made: str) -> UserError:
    """The error in our own words; `made`: the data set was there by then, and is empty."""
    status = error.response.status_code if isinstance(error, HfHubHTTPError) and error.response is not None else 0
    if isinstance(error, OfflineModeIsEnabled):
        found = "This server is set to stay offline.", "a connection to the hub", "Download the data set instead."
    elif status in REASONS:
        found = REASONS[status]
    elif status:
        found = f"The hub answered with error {status}.", "a data set that the hub accepts", "Try again later."
    else:
        found = "The hub could not be reached.", "a connection to it", "Try again, or download the data set instead."
    if made:
        found = found[0], found[1], f"The data set {made} was made and is still empty: remove it there. {found[2]}"
    return UserError(*found)
