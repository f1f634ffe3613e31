"""Sessions as this app wants them: they do not grow with their answers, hold no line to the server while idle, describe
no widgets, and their events are not summed up.

For every output that is skipped or updated Gradio 6.31 makes a new component with a new number and keeps it under the
old one. The next plain value finds the new number missing and keeps the component once more under that: 1.5 components
of about 6 kB for each tick of a live run.

Gradio would also keep one request of each tab open for good, to hear when the tab is closed. A browser makes six
connections to a server in all, so a sixth tab never loaded. Without it a session is forgotten when 500 newer ones have
come (app.launch).

For links to a page with all that is in its fields, which this app does not offer (routes.py shuts that door), a session
of Gradio's describes every widget of every page when it begins, 60 to 90 ms of a processor, and keeps each answer once
more.

After every event Gradio sums up how long the last 10,000 took, by function, for a page of its own that this app does
not serve: 16 to 25 ms of a processor with 40 functions, as long as most events take themselves. Knows Gradio's
sessions; nothing of the page.
"""

import os
import sys
from types import SimpleNamespace
from typing import Any

from gradio import utils
from gradio.blocks import Block
from gradio.state_holder import SessionState

_put, _begin = SessionState.__setitem__, SessionState.__init__


def put_in_its_place(session: SessionState, key: int, value: Any) -> None:
    """Stands in for Gradio's own, with the number that the component is kept under."""
    if isinstance(value, Block):
        value._id = key
    _put(session, key, value)


def keep_places() -> None:
    """From now on in every session of this process. Doing it twice changes nothing."""
    SessionState.__setitem__ = put_in_its_place


def begin_light(session: SessionState, blocks: Any) -> None:
    """Stands in for Gradio's own: no widget is described, now or when it is filled."""
    _begin(session, SimpleNamespace(default_config=blocks.default_config, blocks=()))
    session.blocks_config.config_for_block = lambda *_: {}


def describe_no_widgets() -> None:
    """From now on in every session of this process. Doing it twice changes nothing."""
    SessionState.__init__ = begin_light


def hold_no_line(*_: object, **__: object) -> bool:
    """Stands in for Gradio's question whether a page needs such a request."""
    return False


def spare_connections() -> None:
    """From now on for every page of this process. Doing it twice changes nothing."""
    utils.connect_heartbeat = hold_no_line


def sum_up_no_events() -> None:
    """From now on in every queue of this process, unless the environment says otherwise: by Gradio's own variable, how
    many events pass from one sum to the next. Doing it twice changes nothing."""
    os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", str(sys.maxsize))
