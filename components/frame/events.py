"""What a browser sends with an event, read without trusting it."""

import gradio as gr

WIDEST = 2**63  # a whole number beyond it, echoed, would end the stream of answers


def sent(event: gr.EventData, name: str) -> object:
    """A field of what the browser sent, or None: anyone may send anything, and what no answer could hold is nothing."""
    try:
        found = getattr(event, name)
    except (AttributeError, TypeError):
        return None
    return found if _can_be_said(found) else None


def _can_be_said(found: object) -> bool:
    """Answers go out as JSON in UTF-8: no half of a letter, no number beyond 64 bits."""
    if isinstance(found, str):
        return not any("\ud800" <= letter <= "\udfff" for letter in found)
    return not isinstance(found, int) or abs(found) < WIDEST
