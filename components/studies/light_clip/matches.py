"""Words and the patches that they are matched with, base beside another arm, as a widget: a constant template,
matches.js beside this file, and what they are sent.

The browser gets a list of what there is, then the matches of one picture when it is looked at. Texts are untrusted and
never part of the template. Knows matches.jsonl, pictures.jsonl and the pointing accuracy in metrics.jsonl.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import gradio as gr

from backend.runs.folder import LIVE_STATES, RunDir
from components.frame.scripts import script
from components.panels import saving
from components.panels.thinning import short
from components.panels.thumbnails import thumbnails
from components.studies.light_clip import reading, words
from components.studies.light_clip.words import RULES

SCRIPTS = [Path(__file__).with_name(f"{name}.js") for name in ("looking", "scene", "matches")]
DIGITS = 3  # of a cosine: what a shade of colour can tell
FIRST = (words.TOKENS, words.ALL)  # which arm stands beside base at first
SWITCH = "".join(
    f'<button type="button" data-rule="{name}" title="{says}" aria-pressed="{str(not number).lower()}">{title}</button>'
    for number, (name, (title, says)) in enumerate(RULES.items())
)
TEMPLATE = f"""
<section class="ds-light-matches" data-pictures="0" data-seen="">
  <h2>Which patch is this word?</h2>
  <p class="ds-quiet" data-said>Words and their patches appear here when the first students look at pictures.</p>
  <div data-shown hidden>
    <div class="ds-light-strip" data-part="pictures" role="group" aria-label="Picture"></div>
    <div class="ds-light-choose"><div class="ds-switch" data-part="rules" role="group"
      aria-label="How a word finds its patch">{SWITCH}</div>
      <label>Beside base <select data-pick="arm"></select></label></div>
    <p class="ds-quiet" data-rule-says></p>
    <div class="ds-light-sides" {saving.drawn()}>{saving.MENU}</div>
    <p class="ds-key"><span class="ds-light-key-right">its patch shows it</span><span class="ds-light-key-wrong">its
      patch does not</span><span class="ds-light-key-truth">where the thing is</span><span>a click on a word shows its
      cosine with every patch</span></p>
    <p class="ds-quiet">Below each picture its cost matrix: a column is a patch, row after row of the picture. More
      colour: a larger cosine, so a smaller cost. Framed: the patch that is taken. Underlined: it shows the thing.</p>
    <div class="ds-scrub"><button type="button" data-play>Play</button><input type="range" min="0" step="1"
      aria-label="Step of training"><output></output></div>
    <figure class="ds-light-spark" hidden><svg viewBox="0 0 640 96" preserveAspectRatio="none" role="img"></svg>
      <figcaption class="ds-quiet"></figcaption></figure>
    <form class="ds-light-own"><label>A caption of your own for this picture
      <input type="text" translate="no" maxlength="200" autocomplete="off"
        placeholder="two red apples above a boat"></label>
      <button type="submit">Match its words</button><button type="button" data-back hidden>Its own
      caption</button></form>
    <div data-error aria-live="polite"></div>
  </div>
</section>
"""


def matches_view() -> gr.HTML:
    """The widget. Its value is `news`, a `sight` or an answer; it fires `see` with `run`, `picture` and `arm`, and
    `match` with `run`, `picture` and `text`."""
    return gr.HTML(
        None,
        html_template=TEMPLATE,
        js_on_load=script(*SCRIPTS),
        elem_id="matches",
        elem_classes="ds-card",
        apply_default_css=False,
    )


def rows_of(run: RunDir) -> list[dict]:
    return [row for row in reading.shown(run, "matches") if reading.is_match(row)]


def news(run: RunDir, study) -> dict:
    """What can be looked at: pictures with their captions, arms, and how many rows there are."""
    rows = rows_of(run)
    there = {row["picture"] for row in rows}
    shown = [one for one in thumbnails(run.rows("pictures")) if one["id"] in there]
    arms = words.arms(study, {row["arm"] for row in rows})
    names = {arm.name for arm in arms}
    first = next((name for name in FIRST if name in names), next((arm.name for arm in arms if arm.name != "base"), ""))
    return {
        "pictures": shown,
        "arms": [[arm.name, arm.title] for arm in arms],
        "choices": [arm.name for arm in arms if arm.name != words.BASE] or [words.BASE],
        "first": first or words.BASE,
        "rows": len(rows),
        "live": run.status()["state"] in LIVE_STATES,
    }


def sight(run: RunDir, key: str, picture: object, arm: object) -> dict:
    """The matches of one picture, base and one arm, over training; no sides where there is no such picture."""
    about = {"run": key, "picture": picture if reading.is_whole(picture) else None, "sight": True, "sides": []}
    mine = [row for row in rows_of(run) if row["picture"] == about["picture"]]
    wanted = [words.BASE, *([arm] if reading.is_part(arm) and arm != words.BASE else [])]
    pointing = reading.evaluated(run, "pointing")
    chance = run.summary().get("chance")
    chance = chance.get("pointing") if isinstance(chance, Mapping) else None
    sides = []
    for name in wanted:
        moments = {row["step"]: moment(row) for row in mine if row["arm"] == name}
        if moments:
            shown = [moments[step] for step in sorted(moments)]
            sides.append({"arm": name, "moments": shown, "pointing": pointing.get(name, [])})
    return about | {"sides": sides, "asked": arm, "chance": chance if reading.is_number(chance) else None}


def moment(row: Mapping) -> dict:
    """A row as the browser gets it."""
    return {
        "step": row["step"],
        "words": row["words"],
        "truth": row["truth"],
        "cosines": [[short(value, DIGITS) for value in line] for line in row["cosines"]],
        "chosen": {rule: row["chosen"][rule] for rule in RULES if rule in row["chosen"]},
    }


def answered(found: Mapping, key: str, picture: object) -> dict:
    """What the desk said of somebody's own caption, as a sight of one moment without a truth; what is not whole is
    left out."""
    arms, unknown = found.get("arms"), found.get("unknown")
    sides = []
    for name, told in arms.items() if isinstance(arms, Mapping) else ():
        said = told.get("words") if isinstance(told, Mapping) else None
        row = {**told, "step": 0, "truth": [None] * len(said)} if isinstance(said, list) else {}
        if reading.is_part(name) and reading.is_match(row):
            sides.append({"arm": name, "moments": [moment(row)], "pointing": []})
    strange = [word for word in unknown if isinstance(word, str)] if isinstance(unknown, Sequence) else []
    return {"run": key, "picture": picture, "own": True, "sides": sides, "unknown": strange}
