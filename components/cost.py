"""The line under the start button: about how long, and how much memory. An estimate in, a sentence out."""

import gradio as gr

from backend.studies.text_distillation.estimate import Estimate

UNKNOWN = "How long this takes is unknown: this machine has not run this model yet."


def cost_line() -> gr.HTML:
    return gr.HTML("", elem_id="cost", apply_default_css=False)


def cost_markup(found: Estimate | None) -> str:
    said = UNKNOWN if found is None else f"{span(*found.seconds)}, {memory(found.memory_mb)} of memory"
    return f'<p class="ds-cost">{said}</p>'


def span(low: float, high: float) -> str:
    """'about 1 to 2 min', in the unit that suits the longer one."""
    for unit, size, until in (("s", 1, 90), ("min", 60, 90 * 60), ("h", 3600, float("inf"))):
        if high < until:
            a, b = (rounded(seconds / size) for seconds in (low, high))
            return f"about {a} {unit}" if a == b else f"about {a} to {b} {unit}"
    return "unknown"


def rounded(value: float) -> str:
    """Two digits are more than such a guess knows."""
    if value < 3:
        return f"{max(0.5, round(2 * value) / 2):g}"
    return f"{round(value):g}" if value < 20 else f"{5 * round(value / 5):,g}"


def memory(megabytes: float) -> str:
    return f"{megabytes / 1024:.1f} GB"
