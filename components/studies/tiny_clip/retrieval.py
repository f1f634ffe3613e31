"""Retrieval both ways: a sentence finds pictures, a picture finds captions, for every model beside the others.

A constant template, retrieval.js and chooser.js beside this file. The answers come from the desk, a process of its own.
Knows pictures.jsonl, the figures of summary.json and what the desk answers; no model.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import gradio as gr

from backend.runs.folder import RunDir
from components.frame.scripts import script
from components.panels.thumbnails import thumbnails
from components.run.feed import Read
from components.studies.tiny_clip import asking, reading
from components.studies.tiny_clip.own_words import CHOOSER, MOST_PICTURES, TIMEOUT_S

SCRIPTS = (Path(__file__).with_name("chooser.js"), Path(__file__).with_suffix(".js"))
QUESTION, MOST_FOUND = "tiny_clip_find", {"picture": 10, "caption": 6}
FIGURES = {"picture": ("t2i5", "pictures of a caption, R@5"), "caption": ("i2t5", "captions of a picture, R@5")}
TEMPLATE = f"""
<section class="ds-tiny ds-tiny-retrieval" data-state="empty">
  <header><h2>Find pictures by a sentence, captions by a picture</h2></header>
  <p class="ds-quiet" data-wait>Pictures to look for appear here when the run has prepared its test.</p>
  <div data-shown hidden>
    <div class="ds-tiny-asking"><label><span>A sentence</span><input type="text" data-sentence maxlength="300"
      translate="no"></label><button type="button" class="ds-button" data-find>Find pictures</button></div>
    <p class="ds-quiet">Or click a picture, and every model says which captions fit it best.</p>
    {CHOOSER}
    <div data-error></div>
    <div class="ds-tiny-answer" aria-live="polite"><p class="ds-quiet" data-unknown></p>
      <div class="ds-tiny-found"></div><p class="ds-quiet" data-how></p></div>
  </div>
</section>
"""


def retrieval_view() -> gr.HTML:
    """The widget. It fires `find` with `run`, `text`, `picture`, `image` and a `number`."""
    return gr.HTML(
        None,
        html_template=TEMPLATE,
        js_on_load=script(*SCRIPTS),
        elem_id="retrieval",
        elem_classes="ds-card",
        apply_default_css=False,
    )


def news(run: RunDir, rows: Mapping[str, list[dict]], fresh: bool) -> dict:
    """The pictures to choose from."""
    return {"pictures": thumbnails(run.rows("pictures"), MOST_PICTURES)}


READ = Read("retrieval", ("pictures",), news)


def find(desk: object, run: RunDir, said: Mapping, titles: Mapping[str, str]) -> dict:
    """The desk's answer for the browser: what was looked for, `unknown` words and for every model what it found, best
    first, with the figure of the whole test beside it. Raises UserError.
    """
    asked, kind = asked_for(said), "caption" if said["text"] is None else "picture"
    found = desk.request(QUESTION, timeout_s=TIMEOUT_S, run=str(run.path), k=MOST_FOUND[kind], **asked)
    there = found.get("found") if isinstance(found.get("found"), dict) else {}
    pictures = {one["id"]: one for one in thumbnails(run.rows("pictures"))}
    (metric, called), figures = FIGURES[kind], reading.figures(run.summary())
    models = [
        {"name": who, "title": title, "found": list(items(there[who], pictures))}
        | {"figure": figures[who, metric].mean if (who, metric) in figures else None}
        for who, title in titles.items()
        if who in there
    ]
    about = {"kind": kind, "asked": asked["text"], "picture": asked["picture"], "called": called, "of": len(pictures)}
    return about | {"unknown": found.get("unknown") or [], "models": models}


def asked_for(said: Mapping) -> dict:
    """The fields of the question: a sentence, else a picture. Raises UserError where there is neither."""
    if said["text"] is not None:
        return {"text": asking.sentence_of(said["text"]), "picture": None, "image": None}
    return {"text": None, **asking.picture_of(said["picture"], said["image"])}


def items(rows: object, pictures: Mapping[int, dict]) -> Iterator[dict]:
    """What one model found, as the browser shows it."""
    for row in rows if isinstance(rows, Iterable) else ():
        one = pictures.get(row.get("id")) if isinstance(row, dict) else None
        if one and reading.is_number(row.get("cosine")):
            yield {"id": one["id"], "text": one["text"], "src": one["src"], "cosine": round(row["cosine"], 3)}
