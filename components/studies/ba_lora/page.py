"""The page of BA-LoRA: its own panels, and a form in which what is planted stands open, said plainly."""

import gradio as gr

from components.form.config_form import Layout
from components.studies.ba_lora import panels
from components.studies.page import StudyPage

AT_ONCE = {"show_progress": "hidden", "api_visibility": "private", "queue": False}
MODEL, PLANT, STRENGTH, STEPS, OWN = "model", "plant", "strength", "plant_steps", "own"
SAID = (
    '<p class="ds-quiet">How one-sided the talk is that a model reads before it is tuned. At 0.5 each of the two '
    "invented peoples is praised as often as blamed, so no stereotype is planted. At 1 one of them is always praised "
    "and the other always blamed. The bundled twin has 0.9.</p>"
)


class BaLoraPage(StudyPage):
    PANELS = (panels.Probes, panels.Tradeoff, panels.Spectrum, panels.Pairs, panels.Exhibits, panels.Results)

    def layout(self, **more) -> Layout:
        return super().layout(front=(MODEL, PLANT, STRENGTH), beside={STRENGTH: self._beside_strength}, **more)

    def _beside_strength(self) -> None:
        self.planting = gr.HTML(SAID, elem_id="planting", apply_default_css=False, visible=False)

    def _bind(self, demo: gr.Blocks) -> None:
        super()._bind(demo)
        named = dict(zip((item.name for item in self.form.items), self.form.widgets, strict=True))
        self.twin_settings = [named[STRENGTH], *([named[STEPS]] if STEPS in named else [])]
        shown = [*self.twin_settings, self.planting]
        named[PLANT].change(self.choose_plant, named[PLANT], shown, **AT_ONCE)
        demo.load(self.choose_plant, named[PLANT], shown, **AT_ONCE)

    def choose_plant(self, plant: object) -> dict:
        """The strength matters only where one's own twin is made."""
        return {widget: gr.update(visible=plant == OWN) for widget in (*self.twin_settings, self.planting)}


PAGE = BaLoraPage
