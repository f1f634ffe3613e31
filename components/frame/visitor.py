"""The visitor: an id that their browser keeps, the same on every page. Knows no run and no page."""

import gradio as gr

KEY = "distilloscope-owner"


def visitor() -> gr.BrowserState:
    """Key and secret are fixed, so that a restarted server still finds the visitor."""
    return gr.BrowserState("", storage_key=KEY, secret=KEY)
