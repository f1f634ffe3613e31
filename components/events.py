"""What a browser sends with an event, read without trusting it."""

import gradio as gr


def sent(event: gr.EventData, name: str) -> object:
    """A field of what the browser sent, or None: anyone may send anything."""
    try:
        return getattr(event, name)
    except (AttributeError, TypeError):
        return None
