"""The page of a study: the run with its panels on the left, the form on the right; on a phone the form comes after.

Any study has this page; one with panels or a form of its own has a `page.py` in its folder whose `PAGE` is a class like
this one. Lays the page out and says which function answers which click. Knows what a study says of itself; no study by
name, no tensor.
"""

import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import gradio as gr

from backend.errors import UserError
from backend.runners.contract import Runner
from backend.runs.recipe import read_yaml
from backend.runs.seeds import has_seed
from backend.settings import as_json, from_saved
from backend.study import Study
from components.form.config_form import ConfigForm, Layout, error_markup
from components.frame.events import sent
from components.frame.visitor import visitor
from components.run.branching import branch_chip
from components.run.chapters import chapter, chapter_lines
from components.run.cost import cost_line
from components.run.life import Life
from components.run.panel import Panel
from components.run.results_panel import Results
from components.run.seeds import Seeds
from components.run.share_view import asked_for, for_its_owner
from components.run.shelf import Shelf, is_own, is_owner, new_owner
from components.run.slices import SliceClock
from components.run.starting import Wanted, start_once
from components.run.takeaway import TakeAway
from components.run.view import RunView

QUIET = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
AT_ONCE = {"show_progress": "hidden", "api_visibility": "private", "queue": False}


@dataclass(frozen=True)
class House:
    """What the pages share: each study's runs, by its name, what computes them, and what answers small questions."""

    shelves: Mapping[str, Shelf]
    runner: Runner
    desk: object


class StudyPage:
    """Made inside a Blocks context or one of its routes. `PANELS` are those that any study may name."""

    PANELS: Sequence[type[Panel]] = (Results,)

    def __init__(self, demo: gr.Blocks, study: Study, house: House):
        self.study, self.house = study, house
        self.shelf, self.runner = house.shelves[study.name], house.runner
        self.owner = visitor()
        with gr.Row(elem_id="page", elem_classes="ds-page"):
            with gr.Column(scale=7, min_width=320, elem_id="view", elem_classes="ds-view"):
                self.view = RunView(study, self.shelf, self.runner, self.panels(), house.desk, self.make_above)
                with chapter("takeaway"):
                    self.takeaway = TakeAway(self.shelf)
                self.make_below()
                chapter_lines(self.chapters())
            with gr.Column(scale=3, min_width=310, elem_id="form", elem_classes=["ds-form", "ds-card"]):
                gr.HTML(f"<h2>{study.words.own}</h2>", apply_default_css=False)
                self.missing()
                self.form = self.make_form()
                self.use = gr.Button("Copy this run's settings here", size="sm", elem_id="use-settings")
        self.life = Life(self)
        self._bind(demo)
        if self.runner.abilities.in_slices:
            SliceClock(self.runner, self.owner, [self.view.timer])

    def panels(self) -> list[type[Panel]]:
        """What stands among the buttons, then the study's panels in its order, then other seeds."""
        known = {panel.name: panel for panel in self.PANELS}
        small = [panel for panel in self.PANELS if panel.small]
        return [*small, *(known[name] for name in self.study.panel_names), *([Seeds] if has_seed(self.study) else [])]

    def chapters(self) -> dict[str, str]:
        """The titles of what is closed at first."""
        closed = {panel.name for panel in self.PANELS if panel.closed}
        titles = {panel.name: panel.title for panel in self.study.panels if panel.name in closed}
        titles |= {Seeds.name: Seeds.title} if has_seed(self.study) else {}
        return titles | {"takeaway": "Take it with you"}

    # -- what a study's own page adds ---------------------------------------------------------------------------
    def make_above(self) -> None:
        """Widgets above the head of the run, below its leading panels."""

    def make_below(self) -> None:
        """Widgets below the run."""

    def make_form(self) -> ConfigForm:
        """The form and what stands in it."""
        return ConfigForm(self.study.name, self.study.config, self.study.presets, self.study.leading, self.layout())

    def layout(self, **more) -> Layout:
        """How the form differs from the plain one; `more` are fields of Layout."""
        return Layout(
            **{"go": self.study.words.go, "above": self.above, "below": self.below, "host": self.shelf.host, **more}
        )

    def above(self) -> None:
        self.branch, self.chip = gr.State(None), branch_chip()

    def below(self) -> None:
        self.cost = cost_line()

    @property
    def held(self) -> list:
        """All that the form holds, after its preset: what a config is made of."""
        return [*self.form.toggles, *self.form.widgets]

    def bind_form(self) -> list:
        """Answer whoever fills in the form; the events after which it holds other settings."""
        return self.form.bind(aside=[self.owner, self.branch], retold=self.life.told_of)

    # -- events -------------------------------------------------------------------------------------------------
    def _bind(self, demo: gr.Blocks) -> None:
        view, form, which = self.view, self.form, [self.owner, self.view.picker]
        told = self.bind_form()
        self.opened = demo.load(self.open, self.owner, [self.owner, *view.parts], **QUIET)
        view.timer.tick(view.tick, [self.owner, view.seen], view.parts, **QUIET)
        view.picker.input(view.show, which, view.parts, **QUIET)
        view.chart.resync(view.show, which, view.parts, **QUIET)
        view.share.give(view.give, self.owner, view.share, **QUIET)
        view.share.visit(self.life.visit, self.owner, view.parts, **QUIET)
        self.takeaway.bind(self.owner, view)
        started = [self.owner, *self.life.told, *self.life.parts, *view.parts]
        form.go.click(self.life.start, [self.owner, self.branch, form.preset, *self.held], started, **QUIET)
        # not queued: a stop must not wait behind anything
        view.stop.click(self.stop, which, view.parts, **AT_ONCE)
        for button in (view.resume, view.go_on):
            stages = self.resume if button is view.resume else self.go_on
            button.click(stages, which, [form.message, *view.parts], **QUIET)
        copied = self.use.click(self.copy_settings, [*which, *form.toggles], self.filled, **QUIET)
        read = form.box.read(self.take_recipe, self.owner, [*self.filled, *form.toggles], **QUIET)
        self.life.bind([*told, copied, read, self.opened])
        for panel in view.panels:
            panel.bind(self)

    @property
    def filled(self) -> list:
        """All of the form, as the settings of a run fill it."""
        form = self.form
        return [form.preset, *form.widgets, form.about, form.changes, form.box, form.message]

    # -- answers ------------------------------------------------------------------------------------------------
    def open(self, owner: str, request: gr.Request = None) -> dict:
        """A page is opened or reloaded: the run its address names, else the visitor's live one, else a recorded one."""
        owner = owner if is_owner(owner) else new_owner()
        key = for_its_owner(self.shelf, owner, asked_for(request))
        return {self.owner: owner, **self.view.show(owner, key)}

    def begin(self, owner: str, preset: str, *held) -> dict:
        """Start a new run with what the form holds; a bad value is said at the form, and nothing is lost."""
        owner = owner if is_owner(owner) else new_owner()
        toggles, values = held[: len(self.form.toggles)], held[len(self.form.toggles) :]
        try:
            config = self.form.config(values)
            preset = preset if preset in self.form.names else None
            wanted = Wanted(self.study.name, preset, as_json(config), self.form.stages(all(toggles)))
            key = start_once(self.shelf, self.runner, owner, wanted)
        except UserError as error:
            return {self.form.message: error_markup(error)}
        return {self.owner: owner, self.form.message: "", **self.view.show(owner, key)}

    def stop(self, owner: str, key: str | None) -> dict:
        run = self.own(owner, key)
        if run is not None:
            self.runner.stop(run)
        return self.view.show(owner, key)

    def resume(self, owner: str, key: str | None) -> dict:
        """Go on where it stopped, with the stages it was asked for."""
        return self.restart(owner, key, None)

    def go_on(self, owner: str, key: str | None) -> dict:
        """Do all stages, those too that the run was not asked for."""
        return self.restart(owner, key, "")

    def restart(self, owner: str, key: str | None, stages: str | None) -> dict:
        """Let a run of the visitor's own compute again. Why it may not is said at the form."""
        run = self.own(owner, key)
        try:
            if run is not None:
                self.runner.start(run, stages)
        except UserError as error:
            return {**self.view.show(owner, key), self.form.message: error_markup(error)}
        return self.view.show(owner, key)

    def copy_settings(self, owner: str, key: str | None, *toggles) -> dict:
        """The form as the run on screen was started."""
        run = self.shelf.open(owner, key)
        return self.as_run(owner, run.config(), all(toggles)) if run else {self.form.message: ""}

    def take_recipe(self, owner: str, event: gr.EventData) -> dict:
        """The form as a YAML file says that was dropped on the page; as it was, with a word, where it cannot be."""
        form, text = self.form, sent(event, "text")
        try:
            recipe = read_yaml(text if isinstance(text, str) else "")
            if recipe.study != self.study.name:
                said = f"This file is for another study: {recipe.study}."
                raise UserError(said, self.study.name, "Open that study's page, and drop it there.")
            score = not recipe.stages or recipe.stages != form.stages(False)
            found = {"preset": recipe.preset, "config": as_json(recipe.config())}
        except UserError as error:
            return {form.message: error_markup(error)}
        return {**self.as_run(owner, found, score), **dict.fromkeys(form.toggles, score)}

    def as_run(self, owner: str, found: Mapping, score: bool, *inputs) -> dict:
        """The form as a run was started; `found` is its config.json. `inputs` are what a page's own form reads."""
        form = self.form
        preset = found["preset"] if found["preset"] in form.names else form.names[0]
        try:
            values = form.values(from_saved(self.study.config, found["config"]))
            changes, box = form.told_of(preset, form.config([*values, *inputs]), score, *inputs)
        except UserError as error:  # a run of an older version
            return {form.message: error_markup(error)}
        told = {form.about: form.about_markup(preset), form.changes: changes, form.box: box, form.message: ""}
        return {form.preset: preset, **dict(zip(form.widgets, values, strict=True)), **told}

    def own(self, owner: str, key: str | None):
        """The visitor's own run behind a key. All others are for looking at."""
        return self.shelf.open(owner, key) if is_own(key) else None

    def missing(self) -> None:
        """Where a package is absent, recorded runs still play; say what to install for one's own."""
        if lacking := self.study.missing:
            names = " ".join(lacking)
            gr.HTML(
                f'<p class="ds-quiet" role="note">A run of your own needs {", ".join(lacking)}. Install it with '
                f"<code>pip install {names}</code>, then start the app again.</p>",
                apply_default_css=False,
            )


def page_of(demo: gr.Blocks, study: Study, house: House) -> StudyPage:
    """Make the study's page."""
    return page_class(study)(demo, study, house)


def page_class(study: Study) -> type[StudyPage]:
    """The study's own page where it has one, else the page of any study."""
    name = f"components.studies.{study.name}.page"
    there = importlib.util.find_spec(f"components.studies.{study.name}") and importlib.util.find_spec(name)
    return importlib.import_module(name).PAGE if there else StudyPage
