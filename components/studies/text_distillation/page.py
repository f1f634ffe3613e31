"""The page of the text distillation study: lessons above, its own panels, and a form that may leave scoring out."""

from components.form.config_form import Layout
from components.form.form_widgets import Option
from components.panels.lessons import lessons_view
from components.run.chapters import chapter
from components.studies.page import StudyPage
from components.studies.text_distillation import panels
from components.studies.text_distillation.what_if import WhatIf

SCORE = Option("Score when done", "Trains and tests fresh students.", "score-after", stages="experts,distil,decode")


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


PAGE = TextDistillationPage
