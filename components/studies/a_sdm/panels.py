"""The panels of A-SDM: race, map of steps and blocks, what may be inherited, light nets, switching, front, results.

Joins each widget with what the view tells it, and questions with the desk. Every event names a run, which the shelf
checks; a host may say how many races a visitor gets in a minute.
"""

import gradio as gr

from backend.limits.rate import Rate
from backend.runs.folder import LIVE_STATES
from components.frame.events import sent
from components.run.panel import Look
from components.run.told import ANSWERED, QUIET, Ask, Asked, Summed, Told
from components.studies.a_sdm import front, plan_map, race
from components.studies.a_sdm.front import front_reader, front_view
from components.studies.a_sdm.headline import headline_markup
from components.studies.a_sdm.inherited import inherited_reader, inherited_view
from components.studies.a_sdm.plan_map import map_reader, map_view
from components.studies.a_sdm.race import race_reader, race_view
from components.studies.a_sdm.results_view import results_markup
from components.studies.a_sdm.switch import switch_reader, switch_view
from components.studies.a_sdm.workbench import training_of, workbench_reader, workbench_view


class Computed(Asked):
    """A widget whose questions take seconds of a processor."""

    def __init__(self, view, *args):
        super().__init__(view, *args)
        waited = view.shelf.host.waited
        self.rate = Rate(waited.a_minute if waited else None)

    def computed(self, owner: str, event: gr.EventData, ask: Ask) -> dict:
        """As `answered`, as often as this host lets a visitor ask."""

        def admitted(desk: object, run, said: dict) -> dict:
            self.rate.admit(owner if isinstance(owner, str) else "")
            return ask(desk, run, said)

        return self.answered(owner, event, admitted)


class Race(Computed):
    """Full and fast side by side; the first thing on the page."""

    name, leading = "race", True
    FIELDS = ("text", "noise", "setting", "plan", "prompt", "who")

    def __init__(self, view):
        super().__init__(view, race_reader(view.study), race_view())

    def headline(self, look: Look) -> dict:
        """What a finished run came to."""
        said = headline_markup(look.run) if look.status["state"] == "finished" else ""
        return {"before": said} if said else {}

    def run_race(self, owner: str, event: gr.EventData) -> dict:
        return self.computed(owner, event, race.own_race)

    def see_race(self, owner: str, event: gr.EventData) -> dict:
        return self.answered(owner, event, race.recorded_race)

    def complete_prompt(self, owner: str, event: gr.EventData) -> dict:
        return self.answered(owner, event, race.completion)

    def bind(self, page) -> None:
        super().bind(page)
        self.widget.complete_prompt(self.complete_prompt, page.owner, self.widget, **ANSWERED)
        self.widget.race(self.run_race, page.owner, self.widget, **ANSWERED)
        self.widget.see_race(self.see_race, page.owner, self.widget, **ANSWERED)


class PlanMap(Computed):
    """Steps x blocks: what is computed, inherited or dead; the editor of plans."""

    name, FIELDS = "map", ("plan",)

    def __init__(self, view):
        super().__init__(view, map_reader(view.study), map_view())

    def measure_plan(self, owner: str, event: gr.EventData) -> dict:
        return self.computed(owner, event, plan_map.measured)

    def bind(self, page) -> None:
        super().bind(page)
        self.widget.measure(self.measure_plan, page.owner, self.widget, **ANSWERED)


class Inherited(Told):
    """How much each module changes, beside the harm of inheriting it."""

    name = "inherited"

    def __init__(self, view):
        super().__init__(view, inherited_reader(view.study), inherited_view())


class Workbench(Told):
    """Light nets: what they keep of the teacher, what they cost, how they learn; one of them is trained on demand."""

    name = "workbench"

    def __init__(self, view):
        super().__init__(view, workbench_reader(view.study), workbench_view())

    def bind(self, page) -> None:
        super().bind(page)

        def fill(owner: str, event: gr.EventData) -> dict:
            """The form with a short run of the net that was chosen; as it was where there is no such net."""
            found = training_of(self.view.study, sent(event, "arm"))
            return page.as_run(owner, found, True) if found else {page.form.message: ""}

        filled = self.widget.train(fill, page.owner, page.filled, **QUIET)
        filled.then(page.life.cost, page.life.settings, page.cost, **QUIET)


class Switch(Told):
    """Which net runs when, over the error of the light one."""

    name = "switch"

    def __init__(self, view):
        super().__init__(view, switch_reader(view.study), switch_view())


class Front(Asked):
    """Speed against fidelity, everything that was tried."""

    name, result, FIELDS = "front", True, ("setting",)

    def __init__(self, view):
        super().__init__(view, front_reader(view.study), front_view())

    def see_pictures(self, owner: str, event: gr.EventData) -> dict:
        return self.answered(owner, event, front.pictures)

    def bind(self, page) -> None:
        super().bind(page)
        self.widget.see_pictures(self.see_pictures, page.owner, self.widget, **ANSWERED)


class Results(Summed):
    """Every setting's figures, paired differences and bars."""

    name = "results"

    def look(self, look: Look) -> dict:
        if not (look.another or look.ended):
            return {}
        return {self.card: results_markup(look.run, look.status["state"] not in LIVE_STATES)}
