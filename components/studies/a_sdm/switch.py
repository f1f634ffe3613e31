"""Switching nets: which net runs at which step, over the error of the light one, and the switches that were measured.

A constant template and switch.js beside this file. Knows errors.jsonl and settings.jsonl.
"""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path

import gradio as gr

from backend.runs.folder import LIVE_STATES, RunDir
from backend.study import Study
from components.frame.scripts import script
from components.panels import saving
from components.panels.thinning import short
from components.run.feed import Read
from components.studies.a_sdm import reading, words

SCRIPTS = (Path(__file__).with_name("axes.js"), Path(__file__).with_suffix(".js"))
TEMPLATE = f"""
<section class="ds-sdm ds-sdm-switch" data-nets="0" {saving.drawn()}>{saving.MENU}
  <header><h2>When may the light net take over?</h2></header>
  <p class="ds-quiet" data-wait>The errors of the light nets appear here when they are trained.</p>
  <div data-shown hidden>
    <div class="ds-sdm-picks"><label>Light net<select data-net></select></label>
      <div class="ds-switch" role="group" aria-label="Order"><button type="button" data-way="light"
        aria-pressed="true">Light first</button><button type="button" data-way="full" aria-pressed="false">Full first
        </button></div></div>
    <svg class="ds-sdm-plot" data-errors role="img"></svg>
    <div class="ds-sdm-sliders"><label><span>Steps of the light net</span><input type="range" data-at min="0" step="1">
      <output></output></label></div>
    <p class="ds-sdm-finish" data-said aria-live="polite"></p>
    <svg class="ds-sdm-plot" data-measured role="img"></svg>
    <p class="ds-key"><span class="ds-sdm-key" data-of="light">light net runs, or light first</span>
      <span class="ds-sdm-key" data-of="full">full net runs, or full first</span></p>
    <p class="ds-quiet" data-how data-terms></p>
  </div>
</section>
"""


def switch_view() -> gr.HTML:
    """The widget."""
    return gr.HTML(
        None,
        html_template=TEMPLATE,
        js_on_load=script(*SCRIPTS),
        elem_id="switch",
        elem_classes="ds-card",
        apply_default_css=False,
    )


def switch_reader(study: Study) -> Read:
    """What the widget is told: errors by net and seed, and switches that were measured."""

    def news(run: RunDir, rows: Mapping[str, list[dict]], fresh: bool) -> dict:
        found = list(errors(run.rows("errors")))
        settings = reading.settings(run.rows("settings"))
        switches = [one for row in settings if (one := switched(row))]
        titles = {word.name: word.title for word in study.words.arms}
        nets = dict.fromkeys([*(row[0] for row in found), *(one["net"] for one in switches)])
        speeds = {one["net"]: one["speed8"] for one in settings if one["family"] == "light"}
        told = {"errors": found, "switches": switches, "nets": [[net, titles.get(net, net)] for net in nets]}
        return told | {"speeds": speeds, "live": run.status()["state"] in LIVE_STATES}

    return Read("switch", ("errors", "settings"), news)


def errors(rows: Iterable[Mapping]) -> Iterable[list]:
    """`[net, seed, step, error]` of each row that has a number."""
    for row in rows:
        named = reading.is_name(row.get("net")) and type(row.get("seed")) is int and reading.is_step(row.get("step"))
        if named and reading.is_number(row.get("error")):
            yield [row["net"], row["seed"], row["step"], short(float(row["error"]), 4)]


def switched(row: Mapping) -> dict | None:
    """A setting that changes once between the full net and a light one: which, in which order, light steps of all."""
    who, others = row["nets"], sorted({net for net in row["nets"] if net != words.FULL})
    changes = sum(a != b for a, b in pairwise(who))
    if len(others) != 1 or changes != 1 or row["plan"]:
        return None
    told = {key: row[key] for key in ("id", "title", "speed8", "psnr", "psnr_se", "right", "right_se", "n")}
    first = "full" if who[0] == words.FULL else "light"
    return told | {"net": others[0], "first": first, "light": len(who) - who.count(words.FULL), "of": len(who)}
