"""The line under the start button: how long, give or take, and how much memory. An estimate in, a sentence out."""

import math
from collections.abc import Callable

import gradio as gr

from backend.limits.hosts import HOSTS, LOCAL, Host
from backend.runs.estimate import Estimate

UNITS = (("s", 1, 200), ("min", 60, 200 * 60), ("h", 3600, math.inf))
STEPS = ((0.5, 10), (1.0, 20), (5.0, 100), (10.0, math.inf))
UNKNOWN = "How long this takes is unknown: this machine has not run this model yet."
UNKNOWN_QUOTA = "It uses your GPU quota in slices of {seconds} s, while this page is open and in view."
QUOTA = "All of it uses your GPU quota, in {slices} slices of {seconds} s, while this page is open and in view."


def cost_line() -> gr.HTML:
    return gr.HTML("", elem_id="cost", elem_classes="ds-if-any", apply_default_css=False)


def cost_markup(found: Estimate | None, host: Host = HOSTS[LOCAL]) -> str:
    if found is None:
        return f'<p class="ds-cost">{UNKNOWN}</p>{quota_markup(found, host)}'
    busy = " This machine is busy." if found.crowded else ""
    said = f"{figure(found.seconds, found.low, found.high)}, {memory(found.memory_mb)} of memory.{busy}"
    if host.wall_clock_s is not None and host.slice_s is None and found.seconds > host.wall_clock_s:
        said += f" This host stops a run after {host.wall_clock_s / 60:.0f} min; Resume continues it."
    return f'<p class="ds-cost">{said}</p>{quota_markup(found, host)}'


def quota_markup(found: Estimate | None, host: Host) -> str:
    """What the run will take of a visitor's GPU quota; nothing on a host that asks for none."""
    if host.slice_s is None:
        return ""
    told = {"seconds": f"{host.slice_s:g}"}
    if found is None:
        return f'<p class="ds-quota">{UNKNOWN_QUOTA.format(**told)}</p>'
    low, high = (max(1, math.ceil(seconds / host.slice_s)) for seconds in (found.low, found.high))
    slices = f"{low} to {high}" if low < high else f"{low}"
    return f'<p class="ds-quota">{QUOTA.format(slices=slices, **told)}</p>'


def figure(seconds: float, low: float, high: float) -> str:
    """'About 80 s (60 to 110 s)', in the unit that suits the longest; the range is rounded inwards, never wider."""
    unit, size = next((unit, size) for unit, size, until in UNITS if high < until)
    a, b = rounded(low / size, math.ceil), rounded(high / size, math.floor)
    middle = rounded(seconds / size, round)
    return f"About {middle:g} {unit}" if a >= b else f"About {middle:g} {unit} ({a:g} to {b:g} {unit})"


def rounded(value: float, way: Callable[[float], int]) -> float:
    """Two digits are as much as such a figure knows, and halves below ten."""
    step = next(step for step, until in STEPS if value < until)
    return max(step, step * way(value / step))


def memory(megabytes: float) -> str:
    return f"{megabytes / 1024:.1f} GB"
