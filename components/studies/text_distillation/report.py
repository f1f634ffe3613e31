"""The report: a run as one HTML file that replays it without this program, offline. No request leaves it.

The page's own wall, map and results are drawn again by their own scripts and styles; only the curve has a small script
of its own, for Plotly is fifty times as large as all the rest. Everything from a run is data or escaped, and the file's
policy lets no other script run. Knows a run folder; no visitor and no Gradio event.
"""

import base64
import hashlib
import json
import time
from html import escape
from pathlib import Path

from backend.export.contract import check
from backend.export.copy import RunCopy
from backend.runs.folder import RunDir
from backend.studies.text_distillation.words import about
from components.form.run_settings import table_markup
from components.frame.scripts import bundle, name_of
from components.frame.theme import ASSETS, LOGO, SHEETS
from components.frame.words import STATES
from components.panels.thinning import short, thin
from components.studies.text_distillation import path_map, prompts, words
from components.studies.text_distillation.feed import path_news, wall_news
from components.studies.text_distillation.panels import taught_markup

HERE = Path(__file__).parent
SCRIPTS = {"curve": HERE / "report_curve.js", "wall": prompts.SCRIPT, "path": path_map.SCRIPT}
STYLES = [
    *(SHEETS / f"{name}.css" for name in ("page", "frame", "run", "panels", "text_distillation")),
    ASSETS / "report.css",
]
CURVE = """
<section class="ds-curve" data-points="0"><header><h2>Is it learning?</h2><p class="ds-quiet" data-said></p></header>
  <svg role="img"></svg>
  <p class="ds-quiet">Matching loss: 1 = learned nothing, 0 = perfect match. Click the curve to see the prompts of that
    update.</p></section>
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'"
LATER = "The run had not reached this step when the report was made."


def report(run: RunDir, title: str) -> tuple[str, bytes]:
    """The file's name and its bytes. `title` is what the page calls the run. UserError where it cannot be read."""
    copy = RunCopy.of(run)
    check(copy.files)
    whole = scripts()
    policy = POLICY.format(base64.b64encode(hashlib.sha256(whole.encode()).digest()).decode())
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)} · Distilloscope</title><style>{styles()}</style></head>"
        f'<body><main id="view">{body(run, copy, title)}</main>'
        f'<script type="application/json" id="data">{as_data(drawn(run, copy))}</script>'
        f"<script>{whole}</script></body></html>\n"
    )
    return f"{copy.stem}-report.html", page.encode()


# -- parts ------------------------------------------------------------------------------------------------------------
def body(run: RunDir, copy: RunCopy, title: str) -> str:
    """The sections, top to bottom. Those that a script fills begin as the page's own templates."""
    results = taught_markup(run, copy.rows("results"), gap=False)
    settings = table_markup(copy.config)
    fact = words.heldout(copy.document("summary.json"))
    said = f'<p class="ds-fact">{escape(fact)}</p>' if fact else ""
    return (
        f'<header class="ds-header">{LOGO.read_text(encoding="utf-8")}<div><h1 translate="no">{escape(title)}</h1>'
        f"<p>{escape(about(copy.config))}</p></div></header>"
        f'<div class="ds-card" id="curve">{CURVE}{said}</div>'
        f'<div class="ds-card" id="wall">{prompts.TEMPLATE}</div>'
        f'<div class="ds-card" id="path">{path_map.TEMPLATE}</div>'
        f'<div class="ds-card" id="results">{results}</div>'
        f'<div class="ds-aside" id="run-settings">{settings}</div>'
        f'<footer class="ds-quiet">{escape(footer(copy))}</footer>'
    )


def footer(copy: RunCopy) -> str:
    status = copy.document("status.json")
    began = time.strftime("%d %b %Y", time.gmtime(status["started_at"]))
    state = STATES[status["state"]].lower()
    return f"A run of {began}, {state}. Made with Distilloscope; this file needs nothing else."


def drawn(run: RunDir, copy: RunCopy) -> dict:
    """What the scripts draw, as the page's feed makes it."""
    head = {"run": "report", "fresh": True, "number": 1}
    rows = {name: copy.rows(name) for name in ("metrics", "prompts", "distilled", "paths")}
    updates = thin([row for row in rows["metrics"] if row["stage"] == "distil"], column="matching_loss")
    return {
        "curve": head
        | {"step": [row["step"] for row in updates], "loss": [short(r["matching_loss"]) for r in updates]},
        "wall": head | wall_news(run, rows, True) | {"replay": False},
        "path": head | path_news(run, rows, True),
        "later": LATER,
    }


def scripts() -> str:
    """The widgets' own scripts, each given what gr.HTML would give it; asking a server is a no-op."""
    mounted = "".join(
        f'distilloscope.run(["{name_of(file)}"], document.getElementById("{name}"), () => {{}}, '
        f"{{ value: data.{name} }}, {{}}, () => {{}}, () => {{}});\n"
        for name, file in SCRIPTS.items()
    )
    return (
        '\n"use strict";\nconst dark = matchMedia("(prefers-color-scheme: dark)");\n'
        'const tone = () => document.body.classList.toggle("dark", dark.matches);\n'
        'dark.addEventListener("change", tone);\ntone();\n'
        'const data = JSON.parse(document.getElementById("data").textContent);\n'
        f"{bundle(list(SCRIPTS.values()))}{mounted}"
        'document.querySelectorAll(".ds-wait p").forEach((said) => { said.textContent = data.later; });\n'
    )


def styles() -> str:
    return "\n".join(file.read_text(encoding="utf-8") for file in STYLES)


def as_data(value: dict) -> str:
    """JSON that no text in it can leave: `</script>` and `<!--` need a `<`, and there is none."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
