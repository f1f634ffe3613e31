"""The line under the start button: about how long, and how much memory. An estimate in, a sentence out."""

import math

import gradio as gr

from backend.limits.hosts import HOSTS, LOCAL, Host
from backend.runs.machine import Estimate

UNKNOWN = "How long this takes is unknown: this machine has not run this model yet."
UNKNOWN_QUOTA = "It uses your GPU quota in slices of {seconds} s, while this page is open and in view."
QUOTA = "All of it from your GPU quota, in {slices} slices of {seconds} s, while this page is open and in view."


def cost_line() -> gr.HTML:
    return gr.HTML("", elem_id="cost", elem_classes="ds-if-any", apply_default_css=False)


def cost_markup(found: Estimate | None, host: Host = HOSTS[LOCAL]) -> str:
    if found is None:
        return f'<p class="ds-cost">{UNKNOWN}</p>{quota_markup(found, host)}'
    busy = " Other programs keep this machine busy." if found.crowded else ""
    said = f"{span(*found.seconds).capitalize()}, {memory(found.memory_mb)} of memory.{busy}"
    if host.wall_clock_s is not None and host.slice_s is None and found.seconds[1] > host.wall_clock_s:
        said += f" This host stops a run after {host.wall_clock_s / 60:.0f} min; Resume goes on."
    return f'<p class="ds-cost">{said}</p>{quota_markup(found, host)}'


def quota_markup(found: Estimate | None, host: Host) -> str:
    """What the run will take of a visitor's GPU quota; nothing on a host that asks for none."""
    if host.slice_s is None:
        return ""
    told = {"seconds": f"{host.slice_s:g}"}
    if found is None:
        return f'<p class="ds-quota">{UNKNOWN_QUOTA.format(**told)}</p>'
    low, high = (max(1, math.ceil(seconds / host.slice_s)) for seconds in found.seconds)
    slices = f"{low} to {high}" if low < high else f"{low}"
    return f'<p class="ds-quota">{QUOTA.format(slices=slices, **told)}</p>'


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
