"""The page that lays runs side by side: what is on it, and which function answers which click.

Every function takes the visitor's id and keys from the page and trusts neither: the shelf decides. Knows the study's
config, a runner and the shelf of runs. A timer ticks only while a chosen run is live.
"""

import json
from collections.abc import Iterable

import gradio as gr

from backend.runners.contract import Runner
from backend.runs.folder import RunDir
from backend.studies.text_distillation.study import STUDY
from components.compare import feed
from components.compare import runs as side
from components.compare.prompts import prompt_columns
from components.compare.results import results_markup
from components.compare.settings import settings_markup
from components.frame.events import sent
from components.frame.visitor import visitor
from components.panels.overlay import overlay
from components.run.shelf import Shelf, is_owner, new_owner
from components.run.view import PERIOD_S, is_recorded
from components.studies.page import House

QUIET = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}


class ComparePage:
    """Made inside a Blocks context or one of its routes. `open` fills it, `tick` adds what is new."""

    def __init__(self, demo: gr.Blocks, shelf: Shelf, runner: Runner):
        self.shelf, self.runner, self.owner = shelf, runner, visitor()
        # which runs, and what was seen of them. Apart, for a tick that ends after a choice must not take it back
        self.slots, self.seen = gr.State({}), gr.State({})
        self.timer = gr.Timer(PERIOD_S, active=False)
        with gr.Column(elem_id="compare-page", elem_classes="ds-view"):
            self.heads = side.runs_view()
            self.chart = overlay()
            self.settings = gr.HTML("", elem_id="compare-settings", elem_classes="ds-card", apply_default_css=False)
            self.prompts = prompt_columns()
            self.results = gr.HTML("", elem_id="compare-results", elem_classes="ds-card", apply_default_css=False)
        self._bind(demo)

    @property
    def parts(self) -> list:
        return [self.slots, *self.shown]

    @property
    def shown(self) -> list:
        """What a look may fill that chooses nothing."""
        return [self.seen, self.timer, self.heads, self.chart, self.settings, self.prompts, self.results]

    def _bind(self, demo: gr.Blocks) -> None:
        held = [self.owner, self.slots, self.seen]
        demo.load(self.open, self.owner, [self.owner, *self.parts], **QUIET)
        self.timer.tick(self.tick, held, self.shown, **QUIET)
        self.heads.choose(self.choose, held, self.parts, **QUIET)
        for widget in (self.chart, self.prompts):
            widget.resync(self.resync, held, self.shown, **QUIET)

    # -- answers ------------------------------------------------------------------------------------------------
    def open(self, owner: str, request: gr.Request = None) -> dict:
        """A page is opened or reloaded: the runs its address names; one alone gets a recorded one beside it."""
        owner = owner if is_owner(owner) else new_owner()
        asked = [key for key in side.asked_for(request) if self.shelf.open(owner, key) is not None]
        keys = asked if len(asked) > 1 else side.first_choice(self.shelf, owner, asked[0] if asked else None)
        return {self.owner: owner, **self._choose(owner, keys[: side.MOST], {}, {})}

    def choose(self, owner: str, slots: dict, seen: dict, event: gr.EventData) -> dict:
        """A run was added or taken away. Anything that is no list of this visitor's runs chooses none of it."""
        keys, slots = sent(event, "keys"), _slots(slots)
        keys = [key for key in keys if isinstance(key, str)] if isinstance(keys, list) else list(slots)
        return self._choose(owner, [*dict.fromkeys(keys)][: side.MOST], slots, seen)

    def tick(self, owner: str, slots: dict, seen: dict) -> dict:
        """What changed since the last look. Small: this is sent again and again."""
        try:
            return self._show(owner, *self._open(owner, slots := _slots(slots), slots), seen)
        except FileNotFoundError:  # a run was discarded this very moment: the next tick finds it gone
            return gr.skip()

    def resync(self, owner: str, slots: dict, seen: dict) -> dict:
        """A panel missed a message: everything once more."""
        return self._show(owner, *self._open(owner, slots := _slots(slots), slots), {})

    # -- how ----------------------------------------------------------------------------------------------------
    def _choose(self, owner: str, keys: Iterable[str], slots: dict[str, int], seen: dict) -> dict:
        """The page for keys that are chosen from now on, where `slots` were before."""
        chosen, lost = self._open(owner, keys, slots)
        return {
            **self._show(owner, chosen, lost, seen, opening=True),
            self.slots: {one.key: one.slot for one in chosen},
        }

    def _show(self, owner: str, chosen: list[side.Chosen], lost: int, seen: dict, opening: bool = False) -> dict:
        """What of the page has to change for these runs, from what was seen before."""
        before = seen if isinstance(seen, dict) else {}
        rows, runs = [one.as_row() for one in chosen], {one.key: one.run for one in chosen}
        messages, rest, scored = feed.look(rows, runs, before.get("feed") or feed.first_look())
        updates = {self.chart: messages["chart"], self.prompts: messages["wall"]}
        updates = {part: message for part, message in updates.items() if message}
        another = list(runs) != before.get("keys")
        stamp = json.dumps([(one.key, one.status["state"], one.status.get("error")) for one in chosen])
        if another or opening or stamp != before["stamp"]:
            heads = side.runs_markup(chosen, self.shelf.choices(owner), lost)
            for one in chosen:  # an error of a shared run may name a folder
                heads = self.shelf.veiled(one.key, heads)
            updates[self.heads] = heads
            updates[self.timer] = gr.Timer(active=any(one.live for one in chosen))
        if another:
            updates[self.settings] = settings_markup(chosen, STUDY.config)
        if another or scored:
            updates[self.results] = results_markup(chosen)
        return {**updates, self.seen: {"keys": list(runs), "stamp": stamp, "feed": rest}}

    def _open(self, owner: str, keys: Iterable[str], before: dict[str, int]) -> tuple[list[side.Chosen], int]:
        """The runs behind the keys that this visitor may see, and how many were chosen before and are gone."""
        runs = {key: run for key in keys if (run := self.shelf.open(owner, key)) is not None}
        chosen = [
            side.Chosen(key, runs[key], slot, side.short_name(self.shelf, key, runs[key]), self._status(key, runs[key]))
            for key, slot in side.slots_for(list(runs), before).items()
        ]
        return chosen, sum(key in before for key in keys if key not in runs)

    def _status(self, key: str, run: RunDir) -> dict:
        """A recorded run is only read; the runner looks after the others."""
        return run.status() if is_recorded(key) else self.runner.poll(run)


def compare_page(demo: gr.Blocks, house: House) -> ComparePage:
    """The page for the runs of text distillation."""
    return ComparePage(demo, house.shelves[STUDY.name], house.runner)


def _slots(found: object) -> dict[str, int]:
    return found if isinstance(found, dict) else {}
