"""The workbench: what a light net keeps of the teacher, what it costs, how arms learn, and how much experts count.

A widget: a constant template, routing.js and workbench.js beside this file. Knows nets.jsonl, modules.jsonl,
metrics.jsonl and routing.jsonl.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import fmean

import gradio as gr

from backend.runs.folder import LIVE_STATES, RunDir
from backend.settings import load_preset
from backend.studies.a_sdm.arms import ARMS
from backend.study import Study
from components.frame.scripts import script
from components.panels import saving
from components.panels.thinning import short
from components.run.feed import Read
from components.studies.a_sdm import reading, words

SCRIPTS = (*(Path(__file__).with_name(name) for name in ("axes.js", "routing.js")), Path(__file__).with_suffix(".js"))
FIGURES = {"psnr": "PSNR to the full picture, dB", "right": "pictures read right"}
COSTS = ("parameters", "flops", "ms1", "ms8")
EXPERTS, MOST_EXPERTS = "experts", 16
PRESET = "net"  # the smallest run that trains
TEMPLATE = f"""
<section class="ds-sdm ds-sdm-bench" data-arms="0" {saving.drawn()}>{saving.MENU}
  <header><h2>What does a light net keep?</h2></header>
  <p class="ds-quiet" data-wait>The light nets appear here when they are put together.</p>
  <div data-shown hidden>
    <div class="ds-sdm-picks"><label>Net<select data-arm></select></label>
      <button type="button" class="ds-button" data-train
        title="Fills the form with a short run that trains this net">Train this net</button></div>
    <p class="ds-sdm-about" data-about></p>
    <div class="ds-sdm-parts" role="group" aria-label="Layers of the full net: press one to keep or drop it"></div>
    <p class="ds-key"><span class="ds-sdm-key" data-of="kept">layer kept</span>
      <span class="ds-sdm-key" data-of="dropped">layer dropped</span></p>
    <dl class="ds-sdm-numbers" aria-live="polite"></dl>
    <p class="ds-quiet" data-how data-terms></p>
    <div data-curves hidden>
      <div class="ds-sdm-picks"><label>Curve<select data-figure></select></label></div>
      <svg class="ds-sdm-plot" role="img"></svg>
      <div class="ds-sdm-arms" role="group" aria-label="Arms: press one to highlight it"></div>
    </div>
    <h3>ME-CondConv: how much does each expert count?</h3>
    <div data-experts>
      <p class="ds-quiet" data-none></p>
      <div data-there hidden>
        <p class="ds-sdm-about" data-said></p>
        <svg class="ds-sdm-heat" role="img"></svg>
        <p class="ds-quiet">The stronger the colour, the more of a kernel goes into the convolution at that step: 0 is
          nothing of it, 1 all of it. Means over pictures.</p>
      </div>
    </div>
  </div>
</section>
"""


def workbench_view() -> gr.HTML:
    """The widget. It fires `train` with `arm`."""
    return gr.HTML(
        None,
        html_template=TEMPLATE,
        js_on_load=script(*SCRIPTS),
        elem_id="workbench",
        elem_classes="ds-card",
        apply_default_css=False,
    )


def workbench_reader(study: Study) -> Read:
    """What the widget is told: layers of the teacher, the nets, evaluations by arm and seed, and experts' gates."""

    def news(run: RunDir, rows: Mapping[str, list[dict]], fresh: bool) -> dict:
        titles = {word.name: word.title for word in study.words.arms}
        about = {word.name: word.about for word in study.words.arms}
        points = list(evaluations(run.rows("metrics")))
        found = [one | {"about": about.get(one["arm"], "")} for one in nets(run.rows("nets"), titles)]
        arms = dict.fromkeys([*(row[0] for row in points), *(one["arm"] for one in found)])
        return {
            "nets": found,
            "points": points,
            "figures": list(FIGURES.items()),
            "arms": [[arm, titles.get(arm, arm)] for arm in arms],
            "trained": list(ARMS),
            "layers": layers(run),
            "routing": routing(run.rows("routing")),
            "experts": has_experts(run),
            "live": run.status()["state"] in LIVE_STATES,
        }

    return Read("workbench", ("nets", "metrics", "routing"), news)


def training_of(study: Study, arm: object) -> dict | None:
    """The settings of a short run that trains a light net: a preset, and this arm alone; None of what is no arm."""
    if not isinstance(arm, str) or arm not in ARMS:
        return None
    return {"preset": PRESET, "config": load_preset(study.presets, PRESET)["settings"] | {"arms": [arm]}}


def layers(run: RunDir) -> list[list]:
    """`[id, title, block, parameters, flops, ms1, ms8]` of each layer of the teacher, in the order of execution."""
    return [
        [one["id"], one["title"], one["parent"] or "", *(one[key] or 0 for key in COSTS)]
        for one in reading.modules(run.rows("modules"))
        if one["level"] == "layer"
    ]


def nets(rows: Iterable[Mapping], titles: Mapping[str, str]) -> list[dict]:
    """`{arm, title, kept, parameters, flops, ms1, ms8}` of each net, each arm once."""
    found = {}
    for row in rows:
        if reading.is_name(row.get("arm")) and isinstance(row.get("kept"), list):
            title = titles.get(row["arm"]) or (row["title"] if reading.is_name(row.get("title")) else row["arm"])
            costs = {key: reading.number(row.get(key)) for key in COSTS}
            found[row["arm"]] = {"arm": row["arm"], "title": title, "kept": reading.names(row["kept"]), **costs}
    return list(found.values())


def has_experts(run: RunDir) -> bool:
    """Whether experts are among the arms of the run's settings."""
    arms = run.config()["config"].get("arms")
    return isinstance(arms, list) and EXPERTS in arms


def routing(rows: Iterable[Mapping]) -> dict:
    """`layers`: `[title, [[gate of each expert] of each step]]`, means over nets, in the order of the file; `nets`."""
    found: dict[str, dict[int, dict[int, list]]] = {}
    for row in rows:
        fits = reading.is_name(row.get("layer")) and reading.is_step(row.get("step")) and type(row.get("seed")) is int
        gates = row.get("weights")
        if fits and isinstance(gates, list) and 0 < len(gates) <= MOST_EXPERTS and all(map(is_gate, gates)):
            found.setdefault(row["layer"], {}).setdefault(row["step"], {})[row["seed"]] = gates
    layers = []
    for layer, steps in list(found.items())[: reading.MOST_STEPS]:
        means = [
            [short(fmean(column), 3) for column in zip(*steps[step].values(), strict=False)] for step in sorted(steps)
        ]
        layers.append([words.module_title(layer), means])
    nets = {seed for steps in found.values() for by_seed in steps.values() for seed in by_seed}
    return {"layers": layers, "nets": len(nets)}


def is_gate(value: object) -> bool:
    return reading.is_number(value) and 0 <= value <= 1


def evaluations(rows: Iterable[Mapping]) -> Iterable[list]:
    """`[arm, seed, step, figures ...]` of each evaluation of a final training; what is no number is null."""
    for row in rows:
        counts = row.get("stage") == "evaluate" and row.get("phase", "final") == "final"
        if counts and reading.is_name(row.get("arm")) and all(type(row.get(key)) is int for key in ("seed", "step")):
            yield [row["arm"], row["seed"], row["step"], *(reading.number(row.get(key)) for key in FIGURES)]
