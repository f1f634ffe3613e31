"""The panels of TinyCLIP: curves against scratch, affinities, inheritance map, own words, retrieval, ladder, results.

Joins each widget with what the view tells it. Every event names a run, which the shelf checks.
"""

from collections.abc import Callable

import gradio as gr

from backend.runs.folder import LIVE_STATES
from components.run.panel import Look
from components.run.told import ANSWERED, Asked, Summed, Told
from components.studies.tiny_clip import own_words, reading, retrieval, words
from components.studies.tiny_clip.affinity import affinity_reader, affinity_view
from components.studies.tiny_clip.headline import headline_markup
from components.studies.tiny_clip.kept import kept_reader, kept_view
from components.studies.tiny_clip.ladder import ladder_markup
from components.studies.tiny_clip.own_words import words_view
from components.studies.tiny_clip.reach import reach_reader, reach_view
from components.studies.tiny_clip.results_view import results_markup
from components.studies.tiny_clip.retrieval import retrieval_view


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


class AskedOfAll(Asked):
    """A widget whose questions go to all models."""

    def answer_of(self, owner: str, event: gr.EventData, ask: Callable) -> dict:
        """`ask(desk, run, said, titles)`, as `answered` calls it."""
        return self.answered(owner, event, lambda desk, run, said: ask(desk, run, said, self.titles()))

    def titles(self) -> dict[str, str]:
        study = self.view.study
        return words.arms(study, [words.TEACHER, *(word.name for word in study.words.arms)])


class OwnWords(AskedOfAll):
    """Zero-shot with the visitor's own words."""

    name, FIELDS = "own_words", ("words", "template", "picture", "image")

    def __init__(self, view):
        super().__init__(view, own_words.READ, words_view())

    def ask_words(self, owner: str, event: gr.EventData) -> dict:
        return self.answer_of(owner, event, own_words.ask)

    def bind(self, page) -> None:
        self.widget.ask_words(self.ask_words, page.owner, self.widget, **ANSWERED)


class Retrieval(AskedOfAll):
    """Pictures by a sentence, captions by a picture."""

    name, FIELDS = "retrieval", ("text", "picture", "image")

    def __init__(self, view):
        super().__init__(view, retrieval.READ, retrieval_view())

    def find_pairs(self, owner: str, event: gr.EventData) -> dict:
        return self.answer_of(owner, event, retrieval.find)

    def bind(self, page) -> None:
        self.widget.find(self.find_pairs, page.owner, self.widget, **ANSWERED)


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

    name, result = "results", True

    def look(self, look: Look) -> dict:
        if not (look.another or look.ended):
            return {}
        summary = look.run.summary()
        named = {arm for arm, _ in reading.figures(summary)}
        titles = words.arms(self.view.study, named | {word.name for word in self.view.study.words.arms})
        return {self.card: results_markup(summary, titles, look.status["state"] not in LIVE_STATES)}
