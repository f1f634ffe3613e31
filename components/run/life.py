"""A run's life on its page: start it, branch it, discard it, have the doctor start it again, and what it costs.

Answers to events of a page, which lays the widgets out. Everything a browser sends is checked here. Knows what a study
says of itself; no study by name.
"""

import dataclasses

import gradio as gr

from backend.errors import UserError
from backend.runs.estimate import estimate
from backend.runs.folder import LIVE_STATES, RunDir
from backend.runs.machine import this_machine
from backend.runs.recipe_texts import as_branch
from backend.settings import as_json, build, from_saved
from backend.study import resolve
from components.form import form_values
from components.form.config_form import changes_markup, error_markup
from components.form.reproduce_box import told_branch
from components.frame.events import sent
from components.run.branching import branch_point, chip_markup
from components.run.cost import cost_markup
from components.run.doctor_view import diagnosis
from components.run.shelf import is_owner, new_owner
from components.run.starting import start_new

QUIET = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
UNQUEUED = {"show_progress": "hidden", "api_visibility": "private", "queue": False}


class Life:
    """`page` has the study, the form, the view, the shelf, the runner, and the widgets `branch`, `chip` and `cost`."""

    def __init__(self, page):
        self.page, self.study = page, page.study
        self.parts = [page.branch, page.chip, page.form.go]
        self.told = [page.form.message, page.form.changes, page.form.box]

    def bind(self, changed: list) -> None:
        """`changed`: the events after which the form holds other settings."""
        page, view, form = self.page, self.page.view, self.page.form
        held = [form.preset, *page.held]
        dropped = page.chip.drop(self.drop, held, [*self.parts, *self.told], **UNQUEUED)
        for whole in (form.preset.input, page.use.click):  # other settings as a whole, told by whoever fills them in
            whole(self.forget, None, self.parts, **UNQUEUED)
        self.settings = [page.owner, page.branch, *page.held]
        for event in [*changed, dropped]:
            event.then(self.cost, self.settings, page.cost, **UNQUEUED)
        view.lineage.visit(self.visit, page.owner, view.parts, **QUIET)
        view.discard.discard(self.discard, page.owner, view.parts, **UNQUEUED)
        view.doctor.cure(self.cure, page.owner, [page.owner, form.message, *view.parts], **QUIET)

    def branch_after(self, event) -> None:
        """`event` of a panel names a run and a step to branch from."""
        page = self.page
        inputs = [page.owner, *page.form.toggles]
        event(self.branch_from, inputs, [*page.filled, *self.parts], **QUIET).then(
            self.cost, self.settings, page.cost, **UNQUEUED
        )

    # -- branches -----------------------------------------------------------------------------------------------
    def branch_from(self, owner: str, event: gr.EventData, *toggles) -> dict:
        """The form as the run that is named was started, and the chip; nothing where there is no such snapshot."""
        page, key = self.page, sent(event, "run")
        run = page.shelf.open(owner, key) if isinstance(key, str) else None
        step = branch_point(run, sent(event, "step"))
        if run is None or step is None:
            return {page.form.message: error_markup(gone())}
        filled = page.copy_settings(owner, key, *toggles)
        if page.form.preset not in filled:  # a run of an older version
            return filled
        branch = {"run": key, "step": step}
        changes, box = self.told_of(self._parents_config(run), all(toggles), owner, branch)
        chip = chip_markup(page.shelf.title(run), step)
        said = {page.form.changes: changes, page.form.box: box}
        return filled | said | {page.branch: branch, page.chip: chip, page.form.go: gr.update(value="Branch")}

    def drop(self, preset: str, *held) -> dict:
        """The settings of the form without their parent, beside their preset again."""
        form, nothing = self.page.form, [None] * self.page.form.aside
        return {**self.forget(), **dict(zip(self.told, form.follow(preset, *held, *nothing), strict=True))}

    def forget(self) -> dict:
        page = self.page
        return {page.branch: None, page.chip: "", page.form.go: gr.update(value=page.form.layout.go)}

    def told_of(self, config: object, score: bool, owner: str, branch: dict | None) -> tuple[str, dict] | None:
        """Changes and box of a branch, beside its parent's settings. Raises UserError where it cannot be."""
        if not branch:
            return None
        parent, step = self._parent(owner, branch)
        resolve(self.study.branch.check)(parent, step, config)
        before, form = as_json(self._parents_config(parent)), self.page.form
        changed = form_values.differences(self.study.config, before, config)
        command = as_branch(
            self.study.name, parent.path.name, step, {k: new for k, (_, new) in changed.items()}, form.stages(score)
        )
        said = changes_markup(changed, "Same as its parent.")
        return said, told_branch(command)

    def start(self, owner: str, branch: dict | None, preset: str, *held) -> dict:
        """Start what the form holds: a run from the beginning, or a branch."""
        page, form = self.page, self.page.form
        if not branch or self.study.branch is None:
            return page.begin(owner, preset, *held)
        owner = owner if is_owner(owner) else new_owner()  # anyone may branch from a recorded run
        toggles, values = held[: len(form.toggles)], held[len(form.toggles) :]
        try:
            parent, step = self._parent(owner, branch)
            key, path = page.shelf.place(owner, parent.config()["preset"])
            run = resolve(self.study.branch.make)(parent, step, path, form.config(values))
            start_new(page.runner, run, form.stages(all(toggles)))
        except UserError as error:
            return {form.message: error_markup(error)}
        return {page.owner: owner, **self.drop(preset, *held), **page.view.show(owner, key)}

    def _parent(self, owner: str, branch: dict) -> tuple[RunDir, int]:
        run = self.page.shelf.open(owner, branch.get("run"))
        step = branch_point(run, branch.get("step"))
        if run is None or step is None:
            raise gone()
        return run, step

    def _parents_config(self, run: RunDir) -> object:
        """A run's settings as this version has them. Raises UserError where it knows them no more."""
        return build(self.study.config, from_saved(self.study.config, run.config()["config"]))

    def visit(self, owner: str, event: gr.EventData) -> dict:
        """Another member of the family on screen."""
        key = sent(event, "run")
        return self.page.view.show(owner, key if isinstance(key, str) else None)

    # -- discard and cure ---------------------------------------------------------------------------------------
    def discard(self, owner: str, event: gr.EventData) -> dict:
        """Delete a run of the visitor's own; a live one as soon as it has stopped."""
        page, key = self.page, sent(event, "run")
        run = page.own(owner, key)
        if run is not None:
            page.shelf.share(owner, key, False)
            page.runner.discard(run)
        return page.view.show(owner, key if page.own(owner, key) else None)  # one that has to stop first is still there

    def cure(self, owner: str, event: gr.EventData) -> dict:
        """A new run with the doctor's changes; a live one makes room for it."""
        page, key = self.page, sent(event, "run")
        owner = owner if is_owner(owner) else new_owner()
        run = page.shelf.open(owner, key) if isinstance(key, str) else None
        found = diagnosis(self.study, run) if run is not None else None
        if found is None or not found.changes:
            return page.view.show(owner, key if isinstance(key, str) else None)
        try:
            changes = {name: new for name, (_, new) in found.changes.items()}
            config = dataclasses.replace(self._parents_config(run), **changes)
            status, own = run.status(), page.own(owner, key)
            new_key, new = page.shelf.new(owner, self.study.name, run.config()["preset"], as_json(config))
            start_new(page.runner, new, status.get("stages"))  # first: one that is refused costs no live run
            if own is not None and status["state"] in LIVE_STATES:
                page.runner.stop(own)
        except UserError as error:
            return {page.form.message: error_markup(error)}
        return {page.owner: owner, page.form.message: "", **page.view.show(owner, new_key)}

    # -- cost ---------------------------------------------------------------------------------------------------
    def cost(self, owner: str, branch: dict | None, *held) -> object:
        """What the run would need; as it was while the form holds what makes no run."""
        if not self.page.runner.abilities.computes:
            return ""
        form, step = self.page.form, 0
        toggles, values = held[: len(form.toggles)], held[len(form.toggles) :]
        try:
            config = form.config(values)
            step = self._parent(owner, branch)[1] if branch else 0
        except UserError:
            return gr.skip()
        found = estimate(self.study, config, form.stages(all(toggles)), this_machine(), step)
        return cost_markup(found, self.page.runner.host)


def gone() -> UserError:
    return UserError(
        "The snapshot to branch from no longer exists.", "a run with that snapshot", "Choose another update."
    )
