"""The candidates of a prompt, as a widget: a constant template, two scripts beside this file, and what they are sent.

The browser gets the scores of all texts once and chooses anew at every move of a slider; the texts of one prompt come
when it is looked at. Texts are untrusted and never part of the template. Knows pool.jsonl, the list of rude phrases and
what is true of the bundled world.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import gradio as gr

from backend.errors import UserError
from backend.runs.folder import LIVE_STATES, RunDir
from backend.studies.active_inheritance.rude import PHRASES
from backend.studies.active_inheritance.truth import World
from components.frame.scripts import script
from components.panels import saving
from components.panels.thinning import short
from components.run.feed import Read
from components.studies.active_inheritance import words
from components.studies.active_inheritance.words import BY_NAME, SCORED

SCRIPTS = (Path(__file__).with_name("candidate_card.js"), Path(__file__).with_suffix(".js"))
COLUMNS = (*SCORED, "words")  # of the scores of a text, as the browser gets them
TOLD = ("name", "title", "unit", "digits", "share")  # of an attribute
DIGITS = 6  # two texts that the engine tells apart are told apart by the browser
SENTENCE = re.compile(r"[^.!?]*[.!?]+|[^.!?]+$")
TEMPLATE = f"""
<section class="ds-candidates" data-prompts="0">
  <header><h2>Which text is kept?</h2>
    <p class="ds-quiet" data-said>The texts appear here while the pool grows.</p></header>
  <div class="ds-choosing" {saving.drawn()} hidden>{saving.MENU}
    <div class="ds-switch" data-part="objectives" role="group" aria-label="Choose by one attribute"></div>
    <div class="ds-switch" data-part="talkers" role="group" aria-label="Whose texts"></div>
    <label class="ds-many"><span>Candidates a prompt</span>
      <input type="range" data-k min="2" step="1"><output></output></label>
    <p class="ds-weight-heads" aria-hidden="true"><span>weight</span><span>what that does to the data, in sd</span></p>
    <div class="ds-weights" data-part="weights" role="group" aria-label="Weight of each attribute"></div>
    <div class="ds-weight-axis" aria-hidden="true"><div></div></div>
    <p class="ds-fact" data-terms data-moved aria-live="polite"></p>
    <p class="ds-quiet">Kept texts minus all candidates, in standard deviations (sd) of the candidates. Whiskers: 95 %
      over the prompts.</p></div>
  <div class="ds-scrub" hidden><button type="button" data-go="-1">Previous prompt</button>
    <input type="range" data-prompt min="0" step="1" aria-label="Prompt"><output></output>
    <button type="button" data-go="1">Next prompt</button></div>
  <p class="ds-about-what" translate="no" hidden></p>
  <div class="ds-texts" hidden></div>
  <p class="ds-key ds-quiet" hidden><span><mark>rude words</mark></span><span class="ds-tick">✓ a true sentence</span>
    <span data-key="capped">cut: the text reached the cap on its tokens</span></p>
</section>
"""


def candidates_view() -> gr.HTML:
    """The widget. Its value is `news` or a `sight`; it fires `see` with `run` and `prompt`, and `resync`."""
    return gr.HTML(
        None,
        html_template=TEMPLATE,
        js_on_load=script(*SCRIPTS),
        elem_id="candidates",
        elem_classes="ds-card",
        apply_default_css=False,
    )


# -- the scores -----------------------------------------------------------------------------------------------------
def news(run: RunDir, rows: Mapping[str, Sequence[Mapping]], fresh: bool) -> dict:
    """The scores of new texts; with a whole redraw what they are called and how they can be chosen."""
    found = {"rows": list(scored(rows["pool"])), "live": run.status()["state"] in LIVE_STATES}
    if not fresh:
        return found
    config = run.config()["config"]
    objectives = [
        {"title": words.button(name), "weights": words.weights_of(name, config)}
        for name in config.get("objectives") or ("length",)
    ]
    attributes = [{key: getattr(BY_NAME[name], key) for key in TOLD} for name in SCORED]
    return found | {
        "objectives": objectives,
        "attributes": attributes,
        "equal": config.get("equal_words") or 0,
        "of": config.get("prompts"),
    }


def scored(rows: Sequence[Mapping]) -> Iterator[list]:
    """`[prompt, talker, [scores, ...]]` of each row, a score a column; what is no number is null."""
    for row in rows:
        texts = [[_number(text["scores"].get(name)) for name in COLUMNS] for text in row["texts"]]
        yield [row["prompt"], row["talker"], texts]


def _number(value: object) -> float | int | None:
    return short(value, DIGITS) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


READ = Read("candidates", ("pool",), news)


# -- the texts ------------------------------------------------------------------------------------------------------
def sight(run: RunDir, key: str, prompt: object, world: World | None) -> dict:
    """The candidates of one prompt with what is marked in them; no talkers where there is no such prompt."""
    about = {"run": key, "prompt": prompt if type(prompt) is int else None, "sight": True, "asked": "", "talkers": []}
    rows = [row for row in run.rows("pool") if row["prompt"] == prompt] if type(prompt) is int else []
    if not rows:
        return about
    talkers = [{"talker": row["talker"], "texts": [marked(text, row, world) for text in row["texts"]]} for row in rows]
    return about | {"asked": rows[0]["text"], "talkers": talkers}


def marked(text: Mapping, row: Mapping, world: World | None) -> dict:
    """A text as its sentences, each as `[words, whether they are rude]`, and whether it is known to be true."""
    sentences = [
        {"said": rude_parts(said), "true": is_true(world, row.get("entity"), said)}
        for said in SENTENCE.findall(text["text"])
    ]
    return {"sentences": sentences, "ended": text.get("ended", True)}


def rude_parts(said: str) -> list[list]:
    parts, at = [], 0
    for found in PHRASES.finditer(said):
        parts += [[said[at : found.start()], False], [found[0], True]]
        at = found.end()
    return [part for part in [*parts, [said[at:], False]] if part[0]]


def is_true(world: World | None, entity: object, said: str) -> bool:
    """Whether the bundled world knows the sentence to be true of the entity."""
    try:
        return world is not None and isinstance(entity, str) and world.truth(entity, said) > 0
    except UserError:  # an entity of another world
        return False
