"""The page of LightCLIP: its own panels, and above them, plainly, that its formulas are our reading."""

import gradio as gr

from backend.studies.light_clip.words import OUR_READING
from components.studies.light_clip import panels
from components.studies.page import StudyPage


class LightClipPage(StudyPage):
    PANELS = (panels.Matches, panels.Labels, panels.Masked, panels.Ablation, panels.Curves, panels.Results)

    def make_above(self) -> None:
        gr.HTML(f'<p class="ds-light-ours" role="note">{OUR_READING}</p>', elem_id="ours", apply_default_css=False)


PAGE = LightClipPage
