"""The page of the text distillation study: lessons above, its own panels, and a form that may leave scoring out."""

from collections.abc import Mapping

import gradio as gr

from components.form.config_form import ConfigForm, Layout
from components.form.form_widgets import Option
from components.panels.lessons import lessons_view
from components.run.chapters import chapter
from components.run.own_file import OwnFile
from components.run.upload_store import UploadStore
from components.studies.page import StudyPage
from components.studies.text_distillation import panels
from components.studies.text_distillation.form import QUIET, DistilForm
from components.studies.text_distillation.what_if import WhatIf

SCORE = Option("Score when done", "Trains and tests students.", "score-after", stages="experts,distil,decode")


class TextDistillationPage(StudyPage):
    PANELS = (
        panels.Score,
        panels.Beside,
        panels.Finding,
        panels.Wall,
        WhatIf,
        panels.SlowMotion,
        panels.Lens,
        panels.Map,
        panels.Results,
        panels.Judge,
    )

    def make_above(self) -> None:
        with chapter("lessons"):
            self.lessons = lessons_view()

    def chapters(self) -> dict[str, str]:
        return {"lessons": "New here? Five short lessons", **super().chapters()}

    def layout(self, **more) -> Layout:
        return super().layout(go_id="distil", option=SCORE, **more)

    def make_form(self) -> ConfigForm:
        self.own_file = OwnFile(UploadStore(self.shelf.root, self.shelf.host))
        self.filled_in = DistilForm(self.own_file, self.house.desk, self.owner, self.layout, self.below)
        return self.filled_in.form

    @property
    def held(self) -> list:
        return self.filled_in.held

    @property
    def filled(self) -> list:
        return [*super().filled, self.own_file.pick, self.own_file.told]

    def bind_form(self) -> list:
        return self.filled_in.bind([self.owner, self.branch], self.life.told_of)

    def _bind(self, demo: gr.Blocks) -> None:
        super()._bind(demo)
        self.opened.then(self.own_file.offer, [self.owner, self.own_file.pick], self.own_file.pick, **QUIET)

    def as_run(self, owner: str, found: Mapping, score: bool) -> dict:
        key = self.own_file.found(found["config"])
        filled = super().as_run(owner, found, score, owner, key)
        if self.form.preset not in filled:  # a run of an older version
            return filled
        picked = {
            self.own_file.pick: self.own_file.offer(owner, key),
            self.own_file.told: self.own_file.describe(owner, key),
        }
        return {**filled, **picked}


PAGE = TextDistillationPage
