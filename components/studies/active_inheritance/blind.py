"""Which is which? Three held-out prompts, each answered before, after random texts and after chosen ones, as a widget.

A constant template, blind.js beside this file, and the rounds that are dealt. Texts are untrusted and never part of the
template. Knows profiles.jsonl and the files of texts that its rows name.
"""

import json
import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

import gradio as gr

from backend.runs.folder import RunDir
from components.frame.scripts import script
from components.studies.active_inheritance import words

SCRIPT = Path(__file__).with_suffix(".js")
PLACE = PurePosixPath("artifacts/profiles")
NAME = re.compile(r"[\w.-]{1,120}\.jsonl")
ROUNDS = 3
GONE = "The texts of this run are not there: it has not come so far, or they were not kept."
TEMPLATE = """
<section class="ds-blind" data-round="">
  <header><h2>Which is which?</h2></header>
  <p class="ds-quiet" data-said>Three held-out prompts, three answers to each: one from before, one from a student of
    random texts, one from a student of chosen texts.</p>
  <div class="ds-blind-go"><button type="button" class="ds-go" data-deal>Guess blind</button>
    <button type="button" data-open>Show who wrote what</button></div>
  <div class="ds-rounds" aria-live="polite"></div>
</section>
"""


def blind_view() -> gr.HTML:
    """The widget. It fires `deal` with a `number`."""
    return gr.HTML(
        None,
        html_template=TEMPLATE,
        js_on_load=script(SCRIPT),
        elem_id="blind",
        elem_classes="ds-card",
        apply_default_css=False,
    )


def deal(run: RunDir, key: str, number: object) -> dict:
    """Three prompts with the texts of all three writers, in an order of chance that follows from `number`."""
    about = {"run": key, "number": number if type(number) is int else 0, "rounds": []}
    writers = writers_of(run.rows("profiles"))
    texts = {name: texts_of(run, file) for name, (_, file) in writers.items()}
    shared = sorted(set.intersection(*map(set, texts.values()))) if len(texts) == 3 else []
    if not shared:
        return about | {"said": GONE}
    drawn = random.Random(f"{key} {about['number']}")
    rounds = [round_of(texts, prompt, drawn) for prompt in drawn.sample(shared, min(ROUNDS, len(shared)))]
    names = {name: title for name, (title, _) in writers.items()}
    return about | {"rounds": rounds, "names": names}


def round_of(texts: Mapping[str, Mapping[int, Sequence[Mapping]]], prompt: int, drawn: random.Random) -> dict:
    """One prompt: what was asked, and a text of each writer."""
    answers = [{"who": who, "text": drawn.choice(mine[prompt])["text"]} for who, mine in texts.items()]
    drawn.shuffle(answers)
    return {"asked": next(iter(texts.values()))[prompt][0].get("asked", ""), "answers": answers}


def writers_of(rows: Sequence[Mapping]) -> dict[str, tuple[str, str]]:
    """`before`, `random` and `best`: what each is called and the file of its texts. `best` is of the first objective's
    largest k, the students are the first ones."""
    found: dict[str, tuple[str, str]] = {}
    first = next((row.get("objective") for row in rows if row.get("who") == "best"), None)
    best = [row for row in rows if (row.get("who"), row.get("objective")) == ("best", first)]
    most = max((row.get("k") or 0 for row in best), default=0)
    mine = [row for row in rows if row.get("who") in ("before", "random")]
    for row in [*mine, *(row for row in best if (row.get("k") or 0) == most)]:
        title = words.arm_title(row["who"], row.get("objective"), row.get("k"))
        found.setdefault(row["who"], (title, str(row.get("items"))))
    return found


def texts_of(run: RunDir, file: str) -> dict[int, list[dict]]:
    """The texts of a file by prompt; none where there is no such file among the run's profiles."""
    place = PurePosixPath(file)
    if place.parent != PLACE or not NAME.fullmatch(place.name):
        return {}
    try:
        lines = (run.path / place).read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines]
    except (OSError, ValueError):
        return {}
    found: dict[int, list[dict]] = {}
    for row in rows:
        if isinstance(row, dict) and isinstance(row.get("text"), str) and type(row.get("prompt")) is int:
            found.setdefault(row["prompt"], []).append(row)
    return found
