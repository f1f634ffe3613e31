"""The bench's page: its own panels, and a form in which student, data and tasks stand open with what they mean."""

from collections.abc import Mapping

import gradio as gr

from components.form.config_form import ConfigForm
from components.run.upload_store import UploadStore
from components.studies.bench import panels
from components.studies.bench.form import QUIET, BenchForm
from components.studies.bench.sources import Sources
from components.studies.page import StudyPage

TEXTS = "distilled.jsonl"  # what a run of any study leaves that a student can be trained on


class BenchPage(StudyPage):
    PANELS = (panels.Results, panels.Ask, panels.Table)

    def make_form(self) -> ConfigForm:
        wrote = (one for one in self.house.shelves.values() if any(f.name == TEXTS for f in one.described.files))
        texts = next(wrote, self.shelf)  # no study that writes texts could be loaded: the bench's own runs have none
        self.sources = Sources(texts, UploadStore(self.shelf.root, self.shelf.host))
        self.filled_in = BenchForm(self.sources, self.house.desk, self.owner, self.layout)
        return self.filled_in.form

    @property
    def held(self) -> list:
        return self.filled_in.holds

    def bind_form(self) -> list:
        return self.filled_in.bind([self.owner, self.branch])

    @property
    def filled(self) -> list:
        return [*super().filled, *self.sources.picks]

    def _bind(self, demo: gr.Blocks) -> None:
        super()._bind(demo)
        self.opened.then(self.offer, self.owner, self.sources.picks, **QUIET)
        self.filled_in.when_opened(demo)

    def offer(self, owner: str) -> dict:
        """What may be picked now: a run of another page may have ended since."""
        return self.sources.offer(owner)

    def as_run(self, owner: str, found: Mapping, score: bool) -> dict:
        return self.filled_in.as_run(owner, found)


PAGE = BenchPage
