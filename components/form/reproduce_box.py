"""The box "Reproduce this" as a widget: what the form says, as YAML, a command line, Python and a request.

A constant template and reproduce_box.js beside this file; the texts come from backend.runs.recipe_texts. They hold
what a visitor typed and are never part of the template. A YAML file that is dropped on the page is read here too. Knows
no form.
"""

from pathlib import Path

import gradio as gr

from backend.runs import recipe_texts
from backend.runs.recipe import Recipe
from components.frame.scripts import script

SCRIPT = Path(__file__).with_suffix(".js")
TABS = {"yaml": "YAML", "command": "Command line", "python": "Python", "http": "HTTP"}
NOTES = {
    "yaml": "Save it as run.yaml in the project folder; the first line is the command to run it.",
    "command": "Run it in a terminal in the project folder. Running it again resumes the run.",
    "python": "Save it in the project folder. The script returns when the run has ended.",
    "http": "Starts the run on this server. The response has the run's name and an owner id to query it with.",
}
OWN = "This run uses your own data: first put it where the text says."
UNSENT = "Your own data stays on this page: a request cannot refer to it."
BRANCH = "A branch continues from a snapshot of its parent, so only the command line can start it."
UNREADY = "Nothing to show until the form is complete."


def _buttons() -> str:
    return "".join(
        f'<button type="button" role="tab" data-tab="{name}" aria-selected="false" tabindex="-1">{label}</button>'
        for name, label in TABS.items()
    )


TEMPLATE = f"""
<section class="ds-reproduce" data-tab="yaml">
  <div role="tablist" aria-label="Ways to run the same">{_buttons()}</div>
  <div role="tabpanel">
    <pre tabindex="0" translate="no"><code></code></pre>
    <footer><p class="ds-quiet" data-note></p><button type="button" data-copy>Copy</button></footer>
    <span class="ds-copied" role="status"></span>
  </div>
  <footer><p class="ds-quiet">A YAML file dropped on this page fills the form.</p>
    <button type="button" data-open>Choose one</button><input type="file" accept=".yaml,.yml" hidden></footer>
</section>
"""


def reproduce_box(value: dict, elem_id: str) -> gr.HTML:
    """The widget. Its value is what `told` or `untold` makes. It fires `read` with the `text` of a YAML file."""
    return gr.HTML(
        value,
        html_template=TEMPLATE,
        js_on_load=script(SCRIPT),
        elem_id=elem_id,
        apply_default_css=False,
    )


def told(recipe: Recipe, over_http: Recipe | None) -> dict:
    """`texts` and `notes` by tab. `over_http` is the recipe as a server takes it; None where it cannot."""
    texts = {
        "yaml": recipe_texts.as_yaml(recipe),
        "command": recipe_texts.as_command(recipe),
        "python": recipe_texts.as_python(recipe),
        "http": recipe_texts.as_http(over_http) if over_http else "",
    }
    if over_http is None:
        return {"texts": texts, "notes": {name: f"{OWN} {note}" for name, note in NOTES.items()} | {"http": UNSENT}}
    return {"texts": texts, "notes": NOTES}


def told_branch(command: str) -> dict:
    """The box for a branch, whose parent lies in a folder."""
    return {
        "texts": dict.fromkeys(TABS, "") | {"command": command},
        "notes": dict.fromkeys(TABS, BRANCH)
        | {"command": f"Bring the parent back into its folder. {NOTES['command']}"},
    }


def untold() -> dict:
    """The box while the form holds no run: an old text would be a lie."""
    return {"texts": dict.fromkeys(TABS, ""), "notes": dict.fromkeys(TABS, UNREADY)}
