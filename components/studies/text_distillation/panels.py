"""The panels that only text distillation shows: wall, map, lens, slow motion, results with their verdict, pairs.

Joins each widget with what the view tells it. Every event names a run, which the shelf checks.
"""

from html import escape

import gradio as gr

from backend.runs.folder import LIVE_STATES, RunDir
from backend.studies.text_distillation.study import STUDY
from components.frame.events import sent
from components.frame.navigation import COMPARE
from components.panels.results import results_markup
from components.run import results_panel
from components.run.panel import Look, Panel
from components.run.seeds import finished, siblings
from components.studies.text_distillation import feed, words
from components.studies.text_distillation.finding import finding_markup
from components.studies.text_distillation.gap import gap_markup
from components.studies.text_distillation.judge_view import (
    bounds_of,
    closed_markup,
    judge_view,
    open_markup,
)
from components.studies.text_distillation.lens import lens, nothing, sight
from components.studies.text_distillation.path_map import path_map
from components.studies.text_distillation.prompts import prompt_wall
from components.studies.text_distillation.slow_motion import slow_motion, told

QUIET = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
SCORING = "decode,evaluate"
WAITING = '<section class="ds-finding ds-loading"></section>'  # as tall as what will be there: nothing jumps


class Finding(Panel):
    """What a run came to, above everything else."""

    name, leading = "finding", True

    def __init__(self, view):
        super().__init__(view)
        self.finding = gr.HTML(
            WAITING, elem_id="finding", elem_classes=["ds-card", "ds-if-any"], apply_default_css=False
        )

    @property
    def parts(self) -> list:
        return [self.finding]

    def look(self, look: Look) -> dict:
        if look.results is None:
            return {self.finding: ""} if look.another else {}
        view, seeds = self.view, []
        if look.status["state"] not in LIVE_STATES:
            seeds = finished(siblings(view.study, view.shelf, look.owner, look.run))
        return {self.finding: view.shelf.veiled(look.key, finding_markup(look.run, look.results, seeds))}

    def nothing(self) -> dict:
        return {self.finding: ""}


class Wall(Panel):
    """The prompts as text, at every update that was kept; a click on one branches from there."""

    name, closed, reads = "wall", True, (feed.WALL,)

    def __init__(self, view):
        super().__init__(view)
        self.wall = prompt_wall()

    @property
    def parts(self) -> list:
        return [self.wall]

    def look(self, look: Look) -> dict:
        news = look.news["wall"]
        if news and news["fresh"]:
            news["replay"] = look.recorded
        return {self.wall: news} if news else {}

    def nothing(self) -> dict:
        return {self.wall: {}}

    def bind(self, page) -> None:
        view = self.view
        self.wall.resync(view.show, [page.owner, view.picker], view.parts, **QUIET)
        page.life.branch_after(self.wall.branch)


class SlowMotion(Panel):
    """One update told by its own numbers, when it is asked for."""

    name = "slow_motion"

    def __init__(self, view):
        super().__init__(view)
        self.slow = slow_motion()

    def walk(self, owner: str, event: gr.EventData) -> dict:
        """One update of a run that this visitor may see, told by its numbers."""
        found = self.view.opened(owner, event)
        return told(*found, sent(event, "step"), sent(event, "number")) if found else {}

    def bind(self, page) -> None:
        self.slow.walk(self.walk, page.owner, self.slow, **QUIET)


class Lens(Panel):
    """Real tokens near a learned one, when it is asked for."""

    name = "lens"

    def __init__(self, view):
        super().__init__(view)
        self.lens = lens()

    def see(self, owner: str, event: gr.EventData) -> dict:
        """What the lens asked for, of a run that this visitor may see; nothing for anything else."""
        key, slot = sent(event, "run"), sent(event, "slot")
        if not isinstance(key, str) or type(slot) is not int:
            return {}
        found = self.view.opened(owner, event)
        return sight(*found, slot, sent(event, "step"), sent(event, "have")) if found else nothing(key, slot)

    def bind(self, page) -> None:
        self.lens.look(self.see, page.owner, self.lens, **QUIET)


class Map(Panel):
    """The student's path and the expert's."""

    name, closed, reads = "map", True, (feed.PATH,)

    def __init__(self, view):
        super().__init__(view)
        self.path = path_map()

    @property
    def parts(self) -> list:
        return [self.path]

    def look(self, look: Look) -> dict:
        return {self.path: look.news["path"]} if look.news["path"] else {}

    def nothing(self) -> dict:
        return {self.path: {}}

    def bind(self, page) -> None:
        self.path.resync(self.view.show, [page.owner, self.view.picker], self.view.parts, **QUIET)


class Results(results_panel.Results):
    """Bars with a verdict, what decoding costs, and a sentence about experts that were never followed."""

    closed = True

    @property
    def parts(self) -> list:
        return [self.results, self.view.told]

    def look(self, look: Look) -> dict:
        found = {self.view.told: fact_markup(look.run)} if look.ended or look.another else {}
        if look.results is None:
            return found
        return {**found, self.results: taught_markup(look.run, look.results)}

    def headline(self, look: Look) -> dict:
        """What a film shows."""
        config = look.run.config()["config"]
        film = words.watching(config) if look.recorded and look.status["state"] == "finished" else ""
        return {"before": f'<p class="ds-watching">{escape(film)}</p>' if film else ""}


class Judge(Panel):
    """Two arms question by question, when the panel is opened."""

    name, closed = "paired", True

    def __init__(self, view):
        super().__init__(view)
        self.judge, self.seen = judge_view(), gr.State("")

    @property
    def parts(self) -> list:
        return [self.judge]

    def look(self, look: Look) -> dict:
        """Written when there is something to pair: at first sight and at the end, so an open one stays as it is."""
        if look.results is None or not (look.another or look.ended or look.status["state"] in LIVE_STATES):
            return {}
        return {self.judge: closed_markup(look.run, look.key)}

    def nothing(self) -> dict:
        return {self.judge: ""}

    def compare(self, owner: str, event: gr.EventData) -> str:
        """Two arms of a run that this visitor may see, question by question."""
        found = self.view.opened(owner, event)
        if found is None:
            return ""
        said = open_markup(*found, *(sent(event, name) for name in ("student", "a", "b")))
        return self.view.shelf.veiled(found[1], said)

    def bind(self, page) -> None:
        self.judge.judge(self.compare, page.owner, self.judge, **QUIET)


class Beside(Panel):
    """A link that lays the run beside others."""

    name, small = "beside", True

    def __init__(self, view):
        super().__init__(view)
        with view.actions:
            self.link = gr.HTML("", elem_id="compare-this", apply_default_css=False)

    @property
    def parts(self) -> list:
        return [self.link]

    def look(self, look: Look) -> dict:
        if not look.another:
            return {}
        address = f"{COMPARE}?runs={escape(look.key)}"
        return {self.link: f'<a class="ds-button" href="{address}">Compare with another run</a>'}

    def nothing(self) -> dict:
        return {self.link: ""}


class Score(Panel):
    """A button that scores the prompts of a run that was not scored, finished or not."""

    name, small = "score", True

    def __init__(self, view):
        super().__init__(view)
        with view.actions:
            self.score = gr.Button("Fine-tune and score", visible=False, elem_id="score")

    @property
    def parts(self) -> list:
        return [self.score]

    def look(self, look: Look) -> dict:
        """Told when it may change: a live run is never scored from here, so no tick of one has to say so."""
        if not (look.another or look.ended or look.results is not None):
            return {}
        run, live = look.run, look.status["state"] in LIVE_STATES
        there = not look.recorded and not live and has_prompts(run) and not run.rows("results")
        return {self.score: gr.update(visible=there)}

    def nothing(self) -> dict:
        return {self.score: gr.update(visible=False)}

    def go_on(self, owner: str, key: str | None) -> dict:
        """The visitor's own run computes again, the stages that score."""
        return self.page.restart(owner, key, SCORING)

    def bind(self, page) -> None:
        self.page, view = page, self.view
        self.score.click(self.go_on, [page.owner, view.picker], [page.form.message, *view.parts], **QUIET)


def has_prompts(run: RunDir) -> bool:
    """Distillation left something that a student can be trained on."""
    return (run.path / "distilled.jsonl").exists() or any(run.artifacts.glob("checkpoint.*"))


def unchanged(run: RunDir) -> bool:
    """The prompts were learned, and each of their tokens is still the one it started from."""
    last = run.rows("prompts")[-1:]
    return bool(last) and last[0]["step"] > 0 and not any(prompt["changed"] for prompt in last[0]["prompts"])


def taught_markup(run: RunDir, rows: list[dict], gap: bool = True) -> str:
    """The results of a run with its verdict."""
    config = run.config()["config"]
    said = words.verdict_markup(rows, config, bounds_of(run), unchanged(run)) if rows else ""
    return results_markup(STUDY, rows, config, said, gap_markup(run) if gap else "")


def fact_markup(run: RunDir) -> str:
    """One sentence about experts the prompts never followed, once it was measured."""
    said = words.heldout(run.summary())
    return f'<p class="ds-fact">{escape(said)}</p>' if said else ""
