"""The frame of one run: picker, state, buttons, live chart, then the study's own panels. Widgets, and what to put in.

Every function takes the visitor's id and a run's key from the page and trusts neither: the shelf decides. Knows the run
folder's contract, a runner and what a study says of itself; no study by name.
"""

import contextlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import gradio as gr

from backend.errors import UserError
from backend.runners.contract import Runner
from backend.runs.folder import LIVE_STATES, RESUMABLE, RunDir
from backend.runs.outlook import elapsed
from backend.studies import STUDIES
from backend.study import Study, find, resolve
from components.form.run_settings import settings_markup
from components.frame.events import sent
from components.frame.navigation import address_of, link, places
from components.frame.scripts import script
from components.panels.chart import chart_news, live_chart
from components.panels.glossary import glossary_view
from components.run import feed
from components.run.branching import family_tree, tree_markup
from components.run.chapters import chapter
from components.run.discard import discard_button
from components.run.doctor_view import diagnosed, doctor_view
from components.run.feed import Read
from components.run.panel import Look, Panel
from components.run.share_view import elsewhere_markup, gone_markup, share_view, state_of
from components.run.shelf import RECORDED, SHARED, Shelf, is_own
from components.run.status import empty_markup, status_markup

NOTIFY = (
    '<div class="ds-notify"><button type="button" title="A notification of your browser, when the run ends" hidden>'
    "Notify me</button></div>"
)
NOTIFY_JS = Path(__file__).with_name("notify.js")
PERIOD_S = 1.5
INSTEAD = (None,) * 3  # the first run of a visitor, looked for again: that one may be gone a moment later too
TITLE_JS = """
const tell = () => { const run = element.querySelector("[data-title]"); if (run) document.title = run.dataset.title; };
watch("value", tell); tell();
"""


class RunView:
    """Made inside a Blocks context. `show` fills everything, `tick` only what is new."""

    def __init__(
        self,
        study: Study,
        shelf: Shelf,
        runner: Runner,
        panels: Sequence[type[Panel]] = (),
        desk: object = None,
        above: Callable[[], None] = lambda: None,
    ):
        """`desk` answers the panels' small questions; `above` makes what stands between leading panels and the head."""
        self.study, self.shelf, self.runner, self.desk = study, shelf, runner, desk
        self.seen = gr.State({})
        self.timer = gr.Timer(PERIOD_S, active=False)
        ahead = {panel: panel(self) for panel in panels if panel.leading}
        above()
        with gr.Column(elem_classes="ds-card", elem_id="run-card"):
            self._make_head()
            self.actions = self._make_actions()
            self.doctor = doctor_view()
            self.lineage = family_tree()
        ahead |= {panel: panel(self) for panel in panels if panel.result}
        with gr.Column(elem_classes="ds-card", elem_id="chart-card"):
            self.chart = live_chart(study)
            self.told = gr.HTML("", elem_id="told", elem_classes="ds-if-any", apply_default_css=False)
        self.panels = [ahead.get(panel) or self._made(panel) for panel in panels]
        self.reads = [Read("chart", ("metrics",), self._chart_news), *(read for p in self.panels for read in p.reads)]
        self.kept = feed.Kept()
        self.settings = gr.HTML("", elem_id="run-settings", elem_classes="ds-aside", apply_default_css=False)
        glossary_view()

    def _made(self, panel: type[Panel]) -> Panel:
        if not panel.closed:
            return panel(self)
        with chapter(panel.name):
            return panel(self)

    def _make_head(self) -> None:
        with gr.Row(elem_id="run-row", elem_classes="ds-run-row"):
            self.picker = gr.Dropdown(
                [], label="Run on screen", filterable=False, elem_id="run-picker", interactive=True, scale=1
            )
            self.share = share_view()
        self.gone = gr.HTML("", elem_id="gone", elem_classes="ds-if-any", apply_default_css=False)
        self.head = gr.HTML(
            '<section class="ds-run ds-loading"></section>',
            js_on_load=TITLE_JS,
            elem_id="status",
            apply_default_css=False,
        )

    def _make_actions(self) -> gr.Row:
        with gr.Row(elem_id="actions", elem_classes="ds-actions") as row:
            self.stop = gr.Button("Stop", visible=False, elem_id="stop")
            self.resume = gr.Button("Resume", visible=False, elem_id="resume", variant="primary")
            self.go_on = gr.Button("Do the rest", visible=False, elem_id="go-on")
            self.discard = discard_button()
            gr.HTML(NOTIFY, js_on_load=script(NOTIFY_JS), elem_id="notify", apply_default_css=False)
        return row

    @property
    def parts(self) -> list:
        """Everything that `show` and `tick` may fill."""
        head = [self.seen, self.timer, self.picker, self.head, self.stop, self.resume, self.go_on, self.discard]
        head += [self.doctor, self.lineage, self.share, self.gone, self.chart, self.told, self.settings]
        return [*head, *(part for panel in self.panels for part in panel.parts)]

    # -- what to show -------------------------------------------------------------------------------------------
    def show(self, owner: str, key: str | None) -> dict:
        """The whole view of a run; of the visitor's first one where there is no such run."""
        for asked in (key, *INSTEAD):
            with contextlib.suppress(FileNotFoundError):  # discarded this very moment: what is left is shown instead
                return self._whole(owner, asked)
        return self._nothing()

    def _whole(self, owner: str, key: str | None) -> dict:
        asked, missed = key, key is not None and self.shelf.open(owner, key) is None
        if key is None or missed:
            key = self.shelf.first(owner)
        run = self.shelf.open(owner, key)
        gone = self._gone(owner, asked) if missed else ""
        if run is None:
            return {**self._nothing(), self.gone: gone}
        updates = self._news(owner, feed.first_look(key))  # first: it may settle a state that the picker shows
        return {
            **updates,
            self.picker: gr.update(choices=self._choices(owner, key), value=key, visible=True),
            self.share: state_of(self.shelf, owner, key, missed),
            self.gone: gone,
            self.settings: self.shelf.veiled(key, settings_markup(run, self._about(run))),
        }

    def _gone(self, owner: str, asked: object) -> str:
        """Why the run that was asked for is not on screen: there is none, or it is on the page of another study."""
        study = self.shelf.study_of(owner, asked) if isinstance(asked, str) else None
        there = address_of(study) if study in STUDIES else None
        other = next((place for place in places() if place.address == there), None)
        if other is None:  # there is none, or its study has no page
            return gone_markup(asked)
        return elsewhere_markup(other.title, f"{link(address_of(self.study.name), other.address)}?run={asked}")

    def tick(self, owner: str, seen: dict) -> dict:
        """What changed since the last look. Small: this is sent again and again."""
        if not feed.remembered(seen):
            return self.show(owner, None)
        try:
            return self._news(owner, seen)
        except FileNotFoundError:  # discarded this very moment: the next tick finds it gone
            return gr.skip()

    def _news(self, owner: str, seen: dict) -> dict:
        key, run = seen["key"], self.shelf.open(owner, seen["key"])
        if run is None:  # discarded, or its owner has stopped sharing it: what is left is shown instead
            return self.show(owner, key if is_shared(key) else None)
        status = self.status(run, key)  # before the rows: a run that ends now still shows its last ones
        if (stray := self._stray(run)) is not None:
            return self._unknown(owner, run, seen, status, stray)
        another, ended = not seen["status"], status["state"] not in LIVE_STATES and status["state"] != seen.get("state")
        kept = self.kept if key.startswith(f"{RECORDED}/") else None
        news, seen = feed.look(run, {**seen, "cursors": None} if ended else seen, self.reads, kept)
        results = news.pop(feed.RESULTS)
        look = Look(owner, key, run, status, news, results, is_recorded(key), another, ended)
        updates = {self.chart: news["chart"]} if news["chart"] else {}
        for panel in self.panels:
            updates |= panel.look(look)
        spent = int(elapsed(status) or 0)  # the time goes on while nothing else does
        stamp = json.dumps([status, spent, bool(seen["cursors"][feed.RESULTS])], sort_keys=True)
        if stamp != seen["status"]:
            updates |= self._head(look, seen)
        return {**updates, self.seen: {**seen, "status": stamp, "state": status["state"]}}

    def _chart_news(self, run: RunDir, rows: dict[str, list[dict]], fresh: bool) -> dict:
        return chart_news(self.study, run.config()["config"], rows["metrics"], fresh, run.summary())

    def give(self, owner: str, event: gr.EventData) -> dict:
        """A visitor shares a run of theirs, or no longer."""
        key = sent(event, "run")
        self.shelf.share(owner, key, sent(event, "wanted") is True)
        return state_of(self.shelf, owner, key if self.shelf.open(owner, key) else None)

    def opened(self, owner: str, event: gr.EventData) -> tuple[RunDir, str] | None:
        """The run that a panel's event names, where this visitor may see it, and its key."""
        key = sent(event, "run")
        run = self.shelf.open(owner, key) if isinstance(key, str) else None
        return (run, key) if run is not None else None

    def status(self, run: RunDir, key: str) -> dict:
        """A recorded or shared run is only read; the runner looks after the others."""
        return run.status() if is_recorded(key) else self.runner.poll(run)

    def _head(self, look: Look, seen: dict) -> dict:
        """State, sentence, stepper and the buttons that make sense now."""
        run, state, key = look.run, look.status["state"], look.key
        live = state in LIVE_STATES
        updates = {
            self.head: self.shelf.veiled(key, self._head_markup(look, live)),
            self.stop: gr.update(visible=live and not look.recorded, interactive=state != "stopping"),
            self.resume: gr.update(visible=not look.recorded and state in RESUMABLE),
            self.go_on: self._rest(run, look.status, look.recorded),
            self.discard: {} if look.recorded else {"run": key, "live": live},
            self.doctor: self.shelf.veiled(key, diagnosed(self.study, run, key)),
        }
        if state != seen.get("state"):
            updates[self.lineage] = tree_markup(self.shelf, look.owner, run, key) if self.study.branch else ""
            updates[self.timer] = gr.Timer(active=live)
            updates[self.picker] = gr.update(choices=self._choices(look.owner, key), value=key)
        return updates

    def _head_markup(self, look: Look, live: bool) -> str:
        """`before` comes from a panel that has something to say."""
        said = {"before": ""}
        for panel in self.panels:
            said |= panel.headline(look) if not live else {}
        run, shared = look.run, is_shared(look.key)
        what = (self.shelf.title(run), self._about(run), look.status, self.study.stages, look.recorded, shared)
        return status_markup(*what, **said)

    def _about(self, run: RunDir) -> str:
        """The run in one sentence; nothing of a study that this copy does not know."""
        found = run.config()
        return resolve(self.study.words.about)(found["config"]) if found["study"] == self.study.name else ""

    def _rest(self, run: RunDir, status: dict, recorded: bool) -> object:
        """A button for the stages that a run was not asked for; it names the next one."""
        asked = [name for name in (status.get("stages") or "").split(",") if name]
        rest = [stage for stage in self.study.stages if asked and stage.name not in asked]
        there = bool(rest) and not recorded and status["state"] == "finished"
        return gr.update(visible=there, value=f"Go on: {rest[0].title}" if rest else "Do the rest")

    def _choices(self, owner: str, key: str) -> list[tuple[str, str]]:
        """For the picker: all of the visitor's runs, and the one that is on screen where another visitor shares it."""
        shared = [(f"Shared: {self.shelf.title(self.shelf.open(owner, key))}", key)] if is_shared(key) else []
        return shared + self.shelf.choices(owner)

    # -- runs that cannot be shown ------------------------------------------------------------------------------
    def _stray(self, run: RunDir) -> UserError | None:
        """Why this run cannot be shown here: its study is one that this copy does not know."""
        try:
            find(run.config()["study"])
        except UserError as error:
            return error
        return None

    def _unknown(self, owner: str, run: RunDir, seen: dict, status: dict, why: UserError) -> dict:
        """Its head with the reason; it can still be taken away and discarded."""
        key, told = seen["key"], {"state": "failed", "error": why.as_dict()}
        said = status_markup(self.shelf.title(run), "", told, (), is_recorded(key), is_shared(key))
        hidden = {part: gr.update(visible=False) for part in (self.stop, self.resume, self.go_on)}
        return {
            **self._nothing(),
            **hidden,
            self.picker: gr.update(choices=self._choices(owner, key), value=key, visible=True),
            self.head: said,
            self.discard: {} if is_recorded(key) else {"run": key, "live": status["state"] in LIVE_STATES},
            self.seen: {**seen, "status": "unknown", "state": status["state"]},
        }

    def _nothing(self) -> dict:
        """The view of a visitor who has no run, where none was recorded either."""
        hidden = {part: gr.update(visible=False) for part in (self.picker, self.stop, self.resume, self.go_on)}
        blank = dict.fromkeys((self.gone, self.doctor, self.lineage, self.told, self.settings), "")
        empty = {part: {} for part in (self.seen, self.share, self.discard, self.chart)}
        for panel in self.panels:
            blank |= panel.nothing()
        said = empty_markup(self.study.words.nothing or f"Press {self.study.words.go} to start one.")
        return {**hidden, **blank, **empty, self.timer: gr.Timer(active=False), self.head: said}


def is_recorded(key: str) -> bool:
    """Only for looking at: a run that ships with the project, or one that another visitor shares."""
    return not is_own(key)


def is_shared(key: object) -> bool:
    return isinstance(key, str) and key.startswith(f"{SHARED}/")
