"""The panel of results that any study has: bars for each arm, in the study's own words. Knows no study by name."""

import gradio as gr

from components.panels.results import results_markup
from components.run.panel import Look, Panel


class Results(Panel):
    """Empty until there is a row. `asks` is the question that the bars answer."""

    name, asks = "results", "Does it teach?"

    def __init__(self, view):
        super().__init__(view)
        self.results = gr.HTML("", elem_id="results", elem_classes="ds-card", apply_default_css=False)

    @property
    def parts(self) -> list:
        return [self.results]

    def look(self, look: Look) -> dict:
        if look.results is None:
            return {}
        config = look.run.config()["config"]
        return {self.results: results_markup(self.view.study, look.results, config, asks=self.asks)}

    def nothing(self) -> dict:
        return {self.results: results_markup(self.view.study, [], {}, asks=self.asks)}
