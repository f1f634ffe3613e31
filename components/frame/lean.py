"""The page as it is sent, without what no browser reads.

Gradio describes every widget three times for its HTTP interface, a file's in 5 kB, and sends that twice with a page.
Only the server itself looks there, and only for functions that the interface has. Knows Gradio's config; no page.
"""

import gradio as gr

INTERFACE = ("api_info", "api_info_as_input", "api_info_as_output", "example_inputs")


class LeanBlocks(gr.Blocks):
    """Blocks whose config describes the widgets of public functions alone."""

    def get_config_file(self) -> dict:
        found = super().get_config_file()
        public = [fn for fn in self.fns.values() if fn.api_visibility != "private"]
        told = {block._id for fn in public for block in (*fn.inputs, *fn.outputs)}
        for component in found["components"]:
            if component["id"] not in told:
                for name in INTERFACE:
                    component.pop(name, None)
        return found
