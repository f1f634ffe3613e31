"""Zero-shot with one's own words: a picture, a list of words, and how likely each model finds each, as a widget.

A constant template, own_words.js and chooser.js beside this file. The answers come from the desk, a process of its own.
Knows pictures.jsonl and what the desk answers; no model.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import gradio as gr

from backend.runs.folder import RunDir
from components.frame.scripts import script
from components.panels import saving
from components.panels.thumbnails import thumbnails
from components.run.feed import Read
from components.studies.tiny_clip import asking

SCRIPTS = (Path(__file__).with_name("chooser.js"), Path(__file__).with_suffix(".js"))
QUESTION, TIMEOUT_S = "tiny_clip_words", 60.0
MOST_PICTURES, MOST_SUGGESTED = 40, 12
CHOOSER = """<div class="ds-tiny-chooser" data-chooser><div class="ds-tiny-thumbs" role="group"
      aria-label="Pictures of the test: click one"></div>
      <div class="ds-tiny-of-choice"><img alt="" width="96" height="96" translate="no" hidden>
      <label class="ds-tiny-upload"><span>A picture of your own</span>
        <input type="file" accept="image/*" data-file></label>
      <small class="ds-quiet">Your browser makes it small; the file itself is not sent.</small>
      <small data-refused role="alert"></small></div></div>"""
TEMPLATE = f"""
<section class="ds-tiny ds-tiny-words" data-state="empty" {saving.drawn()}>{saving.MENU}
  <header><h2>What does each model see in a picture?</h2></header>
  <p class="ds-quiet" data-wait>Pictures to ask about appear here when the run has prepared its test.</p>
  <div data-shown hidden>
    {CHOOSER}
    <div class="ds-tiny-asking">
      <label><span>Your words, with commas between them</span>
        <textarea rows="3" data-words maxlength="13000" translate="no"></textarea></label>
      <label><span>Template</span><select data-template translate="no"><option>a picture of {{}}</option>
        <option>a drawing of {{}}</option><option>we see {{}}</option><option>{{}}</option></select></label>
      <button type="button" class="ds-button" data-ask>Ask all models</button></div>
    <div data-error></div>
    <div class="ds-tiny-answer" aria-live="polite"><p class="ds-quiet" data-unknown></p>
      <div class="ds-tiny-arms" data-models></div><ul class="ds-tiny-bars"></ul><p class="ds-quiet" data-how></p></div>
  </div>
</section>
"""


def words_view() -> gr.HTML:
    """The widget. It fires `ask_words` with `run`, `words`, `template`, `picture`, `image` and a `number`."""
    return gr.HTML(
        None,
        html_template=TEMPLATE,
        js_on_load=script(*SCRIPTS),
        elem_id="own-words",
        elem_classes="ds-card",
        apply_default_css=False,
    )


def news(run: RunDir, rows: Mapping[str, list[dict]], fresh: bool) -> dict:
    """The pictures to choose from, and words to begin with."""
    found = thumbnails(run.rows("pictures"), MOST_PICTURES)
    return {"pictures": found, "words": suggested(found)}


def suggested(pictures: Iterable[Mapping]) -> list[str]:
    """The commonest names of what the pictures show."""
    names = Counter(name for one in pictures for name in one["names"])
    return [name for name, _ in names.most_common(MOST_SUGGESTED)]


READ = Read("own_words", ("pictures",), news)


def ask(desk: object, run: RunDir, said: Mapping, titles: Mapping[str, str]) -> dict:
    """The desk's answer for the browser: `words`, `unknown`, `models` as `[name, title, shares]`. Raises UserError."""
    words, template = asking.words_of(said["words"]), asking.template_of(said["template"])
    picture = asking.picture_of(said["picture"], said["image"])
    found = desk.request(QUESTION, timeout_s=TIMEOUT_S, run=str(run.path), words=words, template=template, **picture)
    shares = asking.shares_of(found.get("shares"), words)
    models = [[who, title, shares[who]] for who, title in titles.items() if who in shares]
    return {"words": words, "unknown": found.get("unknown") or [], "models": models}
