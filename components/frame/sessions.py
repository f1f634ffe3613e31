"""Keeps a session from growing: what Gradio makes anew of a component takes the old one's place.

For every output that is skipped or updated Gradio 6.31 makes a new component with a new number and keeps it under the
old one. The next plain value finds the new number missing and keeps the component once more under that: 1.5 components
of about 6 kB for each tick of a live run. Knows Gradio's sessions; nothing of the page.
"""

from typing import Any

from gradio.blocks import Block
from gradio.state_holder import SessionState

_put = SessionState.__setitem__


def put_in_its_place(session: SessionState, key: int, value: Any) -> None:
    """Stands in for Gradio's own, with the number that the component is kept under."""
    if isinstance(value, Block):
        value._id = key
    _put(session, key, value)


def keep_places() -> None:
    """From now on in every session of this process. Doing it twice changes nothing."""
    SessionState.__setitem__ = put_in_its_place
