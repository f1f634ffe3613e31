"""The panels of active inheritance: candidates, pool, profiles, inherited shares, the blind game, results.

Joins each widget with what the view tells it. Every event names a run, which the shelf checks.
"""

from functools import lru_cache
from html import escape
from pathlib import Path

import gradio as gr

from backend.errors import UserError
from backend.runs.folder import LIVE_STATES, RunDir
from backend.studies.active_inheritance.truth import World
from components.frame.events import sent
from components.frame.scripts import script
from components.run import results_panel
from components.run.feed import Read
from components.run.panel import Look, Panel
from components.studies.active_inheritance import candidates, finding
from components.studies.active_inheritance.blind import blind_view, deal
from components.studies.active_inheritance.candidates import candidates_view, sight
from components.studies.active_inheritance.inherited import inherited_markup
from components.studies.active_inheritance.pool_view import pool_view
from components.studies.active_inheritance.profile_view import last, profile_markup

QUIET = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
OBJECTIVES = Path(__file__).with_name("objectives.js")
MODELS = Path(__file__).parents[3] / "assets" / "models"


class Candidates(Panel):
    """The k texts of a prompt; the browser chooses among them at every move of a slider."""

    name, reads = "candidates", (candidates.READ,)

    def __init__(self, view):
        super().__init__(view)
        self.candidates = candidates_view()

    @property
    def parts(self) -> list:
        return [self.candidates]

    def look(self, look: Look) -> dict:
        return {self.candidates: look.news["candidates"]} if look.news["candidates"] else {}

    def headline(self, look: Look) -> dict:
        """What the run is, and what it found once it has figures."""
        run = look.run
        said = finding.sentences(run.summary(), run.config()["config"])
        return {"before": f'<p class="ds-watching">{escape(" ".join(said))}</p>'} if said else {}

    def nothing(self) -> dict:
        return {self.candidates: {}}

    def see(self, owner: str, event: gr.EventData) -> dict:
        """The texts of one prompt of a run that this visitor may see."""
        found = self.view.opened(owner, event)
        return sight(*found, sent(event, "prompt"), world_of(found[0])) if found else {}

    def bind(self, page) -> None:
        self.candidates.resync(self.view.show, [page.owner, self.view.picker], self.view.parts, **QUIET)
        self.candidates.see(self.see, page.owner, self.candidates, **QUIET)


class Pool(Panel):
    """Every text as a dot. It is told by the candidates' panel, in the browser."""

    name, closed = "pool", True

    def __init__(self, view):
        super().__init__(view)
        self.pool = pool_view()


class Profile(Panel):
    """Before, talker, data and students, attribute by attribute."""

    name, reads = "profile", (Read("profile", ("profiles",), lambda run, rows, fresh: {}),)

    def __init__(self, view):
        super().__init__(view)
        self.profile = gr.HTML(
            "", js_on_load=script(OBJECTIVES), elem_id="profile", elem_classes="ds-card", apply_default_css=False
        )

    @property
    def parts(self) -> list:
        return [self.profile]

    def look(self, look: Look) -> dict:
        if look.news["profile"] is None:
            return {}
        return {self.profile: profile_markup(look.run.rows("profiles"), look.run.config()["config"])}

    def nothing(self) -> dict:
        return {self.profile: profile_markup([], {})}


class Inherited(Panel):
    """How much of the data's move the students made; a run that ended writes its summary last."""

    name, result = "inherited", True

    def __init__(self, view):
        super().__init__(view)
        self.inherited = gr.HTML("", elem_id="inherited", elem_classes="ds-card", apply_default_css=False)

    @property
    def parts(self) -> list:
        return [self.inherited]

    def look(self, look: Look) -> dict:
        if not (look.another or look.ended):
            return {}
        over = look.status["state"] not in LIVE_STATES
        return {self.inherited: inherited_markup(look.run.summary(), look.run.config()["config"], over)}

    def nothing(self) -> dict:
        return {self.inherited: inherited_markup({}, {})}


class Blind(Panel):
    """A game with the texts of three writers, dealt when it is asked for."""

    name, closed = "blind", True

    def __init__(self, view):
        super().__init__(view)
        self.blind = blind_view()

    @property
    def parts(self) -> list:
        return [self.blind]

    def look(self, look: Look) -> dict:
        return {self.blind: {"run": look.key, "fresh": True}} if look.another else {}

    def nothing(self) -> dict:
        return {self.blind: {}}

    def deal(self, owner: str, key: str | None, event: gr.EventData) -> dict:
        """Three rounds with texts of the run on screen."""
        run = self.view.shelf.open(owner, key)
        return deal(run, key, sent(event, "number")) if run else {}

    def bind(self, page) -> None:
        self.blind.deal(self.deal, [page.owner, self.view.picker], self.blind, **QUIET)


class Results(results_panel.Results):
    """The price: what the students still know."""

    closed, asks = True, "What does it cost in knowledge?"


def world_of(run: RunDir) -> World | None:
    """What is true in the world of a bundled talker; None of any other talker, and of prompts from elsewhere."""
    config = run.config()["config"]
    name = last(config.get("talker"))
    if config.get("prompts_file") or name not in {folder.name for folder in MODELS.iterdir()}:
        return None
    try:
        return _world(MODELS / name)
    except UserError:
        return None


@lru_cache(4)
def _world(folder: Path) -> World | None:
    return World.read(folder)
