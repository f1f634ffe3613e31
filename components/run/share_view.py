"""Share: a link to what is on screen, as a widget. A constant template, share.js beside this file, and what it is told.

Recorded runs are open to all; the shelf decides who may see another. Knows keys and tokens; no file of a run.
"""

import re
from html import escape
from pathlib import Path

import gradio as gr

from components.frame.scripts import script
from components.run.shares import RUN_ID, TOKEN
from components.run.shelf import OWN, RECORDED, SHARED, Shelf, is_own, is_owner

SCRIPT = Path(__file__).with_name("share.js")
KEY = re.compile(rf"({RECORDED}|{OWN})/{RUN_ID.pattern}|{SHARED}/{TOKEN.pattern}")
TEMPLATE = """
<div class="ds-share">
  <button type="button" data-share aria-haspopup="dialog" aria-expanded="false">Share</button>
  <div class="ds-share-box" popover="auto" role="dialog" aria-label="Share what is on screen">
    <p data-said aria-live="polite"></p>
    <input type="text" readonly aria-label="Link" translate="no" hidden>
    <div class="ds-share-do"><button type="button" data-copy hidden>Copy</button>
      <button type="button" data-give hidden>Make a link</button>
      <button type="button" data-stop-sharing hidden>Stop sharing</button>
      <button type="button" data-close>Close</button></div>
  </div>
</div>
"""
MOST, LONGEST = 200, 60  # letters of an address that are looked at, and that are said
GONE = {
    RECORDED: "There is no recorded run {name}. Here is another one.",
    SHARED: "This run is no longer shared. Here is another one.",
    OWN: "The run {name} was not shared, or is gone. Here is another one.",
}
NO_RUN = "The address names {name}, which is not a run. Here is another one."


def share_view() -> gr.HTML:
    """The widget. It fires `give` with `run` and `wanted`: shall others see it, or no longer?"""
    return gr.HTML(
        None, html_template=TEMPLATE, js_on_load=script(SCRIPT), elem_id="share", apply_default_css=False
    )  # fmt: skip


def state_of(shelf: Shelf, owner: str, key: str | None, missed: bool = False) -> dict:
    """What the widget is told of the run on screen. `missed`: it is another one than the address asked for."""
    token = shelf.token(owner, key) if key else None
    return {"run": key, "own": is_own(key), "link": f"{SHARED}/{token}" if token else None, "missed": missed}


def asked_for(request: gr.Request | None) -> str | None:
    """What the page's address names as the run, which anybody may have typed; None where it names none."""
    found = request.query_params.get("run") if request else None
    return found[:MOST] if found else None


def for_its_owner(shelf: Shelf, owner: str, key: str | None) -> str | None:
    """Their own key of a run that a visitor shared; any other key as it is."""
    kind, _, token = (key or "").partition("/")
    found = shelf.shares.find(token) if kind == SHARED and is_owner(owner) else None
    return f"{OWN}/{found[1]}" if found and found[0] == owner else key


def gone_markup(key: object) -> str:
    """Why the run of a link is not on screen, and what was looked for; nothing where no run was named."""
    if not (isinstance(key, str) and key):
        return ""
    kind, _, name = key.partition("/")
    said, shown = (GONE[kind], name) if KEY.fullmatch(key) else (NO_RUN, key)
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in shown)
    shown = shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…"
    return f'<p class="ds-gone" role="status">{escape(said.format(name=shown))}</p>'


def elsewhere_markup(title: str, address: str) -> str:
    """A run of another study has another page."""
    link = f'<a href="{escape(address)}">{escape(title)}</a>'
    return f'<p class="ds-gone" role="status">That run belongs to another page: {link}. Here is one of this page.</p>'
