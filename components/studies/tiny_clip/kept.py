"""The inheritance map: what was kept in every layer of both towers, masks falling, and where a head looks, as a widget.

A constant template, heads.js and kept.js beside this file. A unit travels as one digit, 0 dropped to 9 kept, so that a
whole tower is a short text. Knows maps.jsonl, metrics.jsonl of mask learning and summary.json.
"""

import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import gradio as gr

from backend.runs.folder import LIVE_STATES, RunDir
from backend.study import Study
from components.frame.scripts import script
from components.panels import saving
from components.panels.thinning import evenly
from components.run.feed import Read
from components.studies.tiny_clip import reading, words
from components.studies.tiny_clip.heads import looks_of

SCRIPTS = (Path(__file__).with_name("heads.js"), Path(__file__).with_suffix(".js"))
UNIT = re.compile(r"(image|text)\.(?:hidden|[0-9]{1,3}\.(?:heads|neurons))")
MOST_UNITS, MOST_MOMENTS = 8192, 24  # of one strip; of one student
TOWERS, DIGITS = ("image", "text"), "0123456789"
GHOST = (  # what will stand here
    '<svg viewBox="0 0 400 100" aria-hidden="true"><path d="'
    "M20 8h20v12h-20z M46 8h20v12h-20z M74 8h110v12h-110z M20 28h20v12h-20z M46 28h20v12h-20z M74 "
    "28h110v12h-110z M20 48h20v12h-20z M46 48h20v12h-20z M74 48h110v12h-110z M20 68h20v12h-20z M46 "
    "68h20v12h-20z M74 68h110v12h-110z M216 8h20v12h-20z M242 8h20v12h-20z M270 8h70v12h-70z M216 "
    "28h20v12h-20z M242 28h20v12h-20z M270 28h70v12h-70z M216 48h20v12h-20z M242 48h20v12h-20z M270 "
    "48h70v12h-70z M216 68h20v12h-20z M242 68h20v12h-20z M270 68h70v12h-70z"
    '"/></svg>'
)
TEMPLATE = f"""
<section class="ds-tiny ds-tiny-kept" data-maps="0" {saving.drawn()}>{saving.MENU}
  <header><h2>What was kept of the teacher?</h2></header>
  <div class="ds-tiny-wait" data-wait>{GHOST}
    <p class="ds-quiet">The maps appear here when the first student inherits.</p></div>
  <div data-shown hidden>
    <div class="ds-tiny-picks"><label>On the left<select data-pick="left"></select></label>
      <label>On the right<select data-pick="right"></select></label>
      <label>Seed<select data-pick="seed"></select></label></div>
    <div class="ds-tiny-sliders"><button type="button" data-play>Play</button><label><span>Update</span>
      <input type="range" data-step min="0" step="1"><output></output></label></div>
    <div class="ds-tiny-maps"></div>
    <p class="ds-key"><span class="ds-tiny-key" data-of="student">kept</span>
      <span class="ds-tiny-key" data-of="none">dropped</span></p>
    <p class="ds-quiet" data-terms data-said></p>
  </div>
  <div class="ds-tiny-heads" data-heads data-layers="0"><h3>Where does a head of the teacher look?</h3>
    <p class="ds-quiet" data-none>The heads appear here when the teacher has seen the pictures.</p>
    <div data-there hidden>
      <div class="ds-tiny-picks"><label>Tower<select data-of-head="tower"></select></label>
        <label>Layer<select data-of-head="layer"></select></label>
        <label>Head<select data-of-head="head"></select></label></div>
      <p class="ds-quiet" data-seen></p>
      <div class="ds-tiny-looks"></div>
      <p class="ds-quiet" data-of-tower="image">Press a head above, or choose one here. The clearer a
        patch, the more the class token attends to it, by that head's own scale on that picture.</p>
      <p class="ds-quiet" data-of-tower="text">Press a head above, or choose one here. Bars are what the
        framed word gives to each word; the end stands for the whole caption. Press a word to see where it looks. Words
        after it are hidden from it.</p>
    </div></div>
  <div class="ds-tiny-sizes"></div>
</section>
"""


def kept_view() -> gr.HTML:
    """The widget. It fires `resync` when it missed a message."""
    return gr.HTML(
        None,
        html_template=TEMPLATE,
        js_on_load=script(*SCRIPTS),
        elem_id="inheritance",
        elem_classes="ds-card",
        apply_default_css=False,
    )


def kept_reader(study: Study) -> Read:
    """What the widget is told of new rows, with the arms as the study calls them."""

    def news(run: RunDir, rows: Mapping[str, list[dict]], fresh: bool) -> dict:
        found = moments(rows["maps"])
        told = {"maps": found, "arms": list(words.arms(study, {one["arm"] for one in found}).items())}
        told |= {"live": run.status()["state"] in LIVE_STATES, "budgets": budgets(run) if found else []}
        told["heads"] = looks_of(run) if fresh or rows["attention"] else None
        if fresh:
            sizes = reading.sizes(run.summary())
            told["sizes"] = [[arm, size] for arm, size in sizes.items() if {"image", "text"} & size.keys()]
        return told

    return Read("kept", ("maps", "attention"), news)


def moments(rows: Iterable[Mapping]) -> list[dict]:
    """`{arm, seed, step, units, kept}` of each map, at most MOST_MOMENTS a student. `kept`: see `parts_kept`.

    A student whose step size is still being chosen has rows of several: the last row's step size counts.
    """
    students: dict[tuple, list[Mapping]] = {}
    for row in rows:
        named = isinstance(row.get("arm"), str) and all(type(row.get(name)) is int for name in ("seed", "step"))
        if named and isinstance(row.get("units"), dict):
            students.setdefault((row["arm"], row["seed"]), []).append(row)
    found = []
    for mine in students.values():
        mine = [row for row in mine if row.get("lr") == mine[-1].get("lr")]
        found += [one for row in evenly(mine, MOST_MOMENTS) if (one := moment(row))["units"]]
    return found


def moment(row: Mapping) -> dict:
    """One map as it travels; what is no unit of a tower is left out."""
    units = {name: values for name, values in row["units"].items() if fits(name, values)}
    kept = {tower: parts_kept(tower, units) for tower in TOWERS}
    strips = [[name, "".join([DIGITS[int(9 * value + 0.5)] for value in values])] for name, values in units.items()]
    return {"arm": row["arm"], "seed": row["seed"], "step": row["step"], "units": strips, "kept": kept}


def fits(name: object, values: object) -> bool:
    """Whether these are probabilities of the units of a part of a tower."""
    return (
        isinstance(name, str)
        and UNIT.fullmatch(name) is not None
        and isinstance(values, list)
        and 0 < len(values) <= MOST_UNITS
        and set(map(type, values)) <= {int, float}
        and math.isfinite(sum(values))  # a NaN is neither the smallest nor the largest
        and 0 <= min(values)
        and max(values) <= 1
    )


def parts_kept(tower: str, units: Mapping[str, list]) -> dict[str, list]:
    """Hidden channels, heads and neurons of a tower: how many are kept, expected where masks still fall, and of how
    many."""
    found = {}
    for part in ("hidden", "heads", "neurons"):
        mine = [values for name, values in units.items() if name.startswith(f"{tower}.") and name.endswith(part)]
        found[part] = [round(sum(map(sum, mine)), 1), sum(map(len, mine))]
    return found


def budgets(run: RunDir) -> list[list]:
    """`[seed, step, removed, wanted]` of mask learning: the share of the blocks that is gone, and that should be."""
    rows, lrs = [row for row in run.rows("metrics") if row.get("stage") == "masks"], reading.step_sizes(run.summary())
    last = {str(row.get("seed")): row.get("lr") for row in rows}
    rows = [row for row in rows if row.get("lr") == lrs.get(str(row.get("arm")), last[str(row.get("seed"))])]
    names = ("seed", "step", "removed", "wanted")
    whole = [[row[name] for name in names] for row in rows if all(reading.is_number(row.get(name)) for name in names)]
    return evenly(whole, 400)
