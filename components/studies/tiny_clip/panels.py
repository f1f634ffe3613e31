"""The panels of TinyCLIP: curves against scratch, affinities, inheritance map, own words, retrieval, ladder, results.

Joins each widget with what the view tells it. Every event names a run, which the shelf checks.
"""

from collections.abc import Callable

import gradio as gr

from backend.errors import UserError
from backend.runs.folder import LIVE_STATES
from components.frame.events import sent
from components.frame.failure import error_markup
from components.run.feed import Read
from components.run.panel import Look, Panel
from components.studies.tiny_clip import own_words, reading, retrieval, words
from components.studies.tiny_clip.affinity import affinity_reader, affinity_view
from components.studies.tiny_clip.headline import headline_markup
from components.studies.tiny_clip.kept import kept_reader, kept_view
from components.studies.tiny_clip.ladder import ladder_markup
from components.studies.tiny_clip.own_words import words_view
from components.studies.tiny_clip.reach import reach_reader, reach_view
from components.studies.tiny_clip.results_view import results_markup
from components.studies.tiny_clip.retrieval import retrieval_view

QUIET = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
ANSWERED = {**QUIET, "trigger_mode": "multiple"}  # a visitor may ask the next thing before the answer is there


def html(name: str) -> gr.HTML:
    """An empty card whose value is markup."""
    return gr.HTML("", elem_id=name, elem_classes="ds-card", apply_default_css=False)


class Told(Panel):
    """A widget that draws what it is told of new rows, and asks for a whole redraw where it missed some."""

    def __init__(self, view, read: Read, widget: gr.HTML):
        super().__init__(view)
        self.reads, self.widget = (read,), widget

    @property
    def parts(self) -> list:
        return [self.widget]

    def look(self, look: Look) -> dict:
        news = look.news[self.reads[0].part]
        return {self.widget: news} if news else {}

    def nothing(self) -> dict:
        return {self.widget: {}}

    def bind(self, page) -> None:
        self.widget.resync(self.view.show, [page.owner, self.view.picker], self.view.parts, **QUIET)


class Reach(Told):
    """Curves against scratch, and the step at which each arm reaches its end."""

    name = "reach"

    def __init__(self, view):
        super().__init__(view, reach_reader(view.study), reach_view())

    def headline(self, look: Look) -> dict:
        """What inheritance and affinity came to, once the run is over."""
        said = headline_markup(look.run.summary()) if look.status["state"] == "finished" else ""
        return {"before": said} if said else {}


class Affinity(Told):
    """Affinity matrices of teacher, student and their difference."""

    name = "affinity"

    def __init__(self, view):
        super().__init__(view, affinity_reader(view.study), affinity_view())


class Inheritance(Told):
    """What was kept in every layer of both towers."""

    name = "inheritance"

    def __init__(self, view):
        super().__init__(view, kept_reader(view.study), kept_view())


class Asked(Told):
    """A widget whose questions the desk answers. `FIELDS`: what the browser sends with one."""

    FIELDS: tuple[str, ...] = ()

    def answered(self, owner: str, event: gr.EventData, ask: Callable) -> dict:
        """`ask(desk, run, said, titles)` of a run that this visitor may see; what is wrong with it is said instead."""
        found, number = self.view.opened(owner, event), sent(event, "number")
        if found is None:
            return gr.skip()
        run, key = found
        about = {"run": key, "number": number if type(number) is int else None}
        said = {name: sent(event, name) for name in self.FIELDS}
        try:
            return about | {"answer": ask(self.view.desk, run, said, self.titles())}
        except UserError as error:
            return about | {"error": self.view.shelf.veiled(key, error_markup(error))}

    def titles(self) -> dict[str, str]:
        study = self.view.study
        return words.arms(study, [words.TEACHER, *(word.name for word in study.words.arms)])


class OwnWords(Asked):
    """Zero-shot with the visitor's own words."""

    name, FIELDS = "own_words", ("words", "template", "picture", "image")

    def __init__(self, view):
        super().__init__(view, own_words.READ, words_view())

    def ask_words(self, owner: str, event: gr.EventData) -> dict:
        return self.answered(owner, event, own_words.ask)

    def bind(self, page) -> None:
        self.widget.ask_words(self.ask_words, page.owner, self.widget, **ANSWERED)


class Retrieval(Asked):
    """Pictures by a sentence, captions by a picture."""

    name, FIELDS = "retrieval", ("text", "picture", "image")

    def __init__(self, view):
        super().__init__(view, retrieval.READ, retrieval_view())

    def find_pairs(self, owner: str, event: gr.EventData) -> dict:
        return self.answered(owner, event, retrieval.find)

    def bind(self, page) -> None:
        self.widget.find(self.find_pairs, page.owner, self.widget, **ANSWERED)


class Summed(Panel):
    """Markup of the summary, written at first sight and at the end."""

    def __init__(self, view):
        super().__init__(view)
        self.card = html(self.name)

    @property
    def parts(self) -> list:
        return [self.card]

    def nothing(self) -> dict:
        return {self.card: ""}


class Ladder(Summed):
    """Progressive stages against one leap."""

    name = "ladder"

    def look(self, look: Look) -> dict:
        if not (look.another or look.ended):
            return {}
        rows, over = look.run.rows("ladder"), look.status["state"] not in LIVE_STATES
        titles = words.arms(self.view.study, {str(row.get("arm")) for row in rows})
        return {self.card: ladder_markup(rows, look.run.summary(), titles, over)}


class Results(Summed):
    """Every arm's figures beside teacher and baselines."""

    name = "results"

    def look(self, look: Look) -> dict:
        if not (look.another or look.ended):
            return {}
        summary = look.run.summary()
        named = {arm for arm, _ in reading.figures(summary)}
        titles = words.arms(self.view.study, named | {word.name for word in self.view.study.words.arms})
        return {self.card: results_markup(summary, titles, look.status["state"] not in LIVE_STATES)}
