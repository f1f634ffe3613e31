"""The page as it is sent, without what no browser reads.

Gradio describes every widget three times for its HTTP interface, a file's in 5 kB, and sends that twice with a page.
Only the server itself looks there, and only for functions that the interface has. It also says of every widget that
nobody listens to it, which a browser takes for granted.

With each page that is made Gradio describes all so far, twice, and makes its web server: with eight pages two of the
three seconds of a processor until they are there. Knows Gradio's config; no page.
"""

from typing import Any

import gradio as gr
from gradio.routes import App

INTERFACE = ("api_info", "api_info_as_input", "api_info_as_output", "example_inputs")
HEARD = ("_selectable", "_retryable", "_undoable")  # false unless somebody listens


class LeanBlocks(gr.Blocks):
    """Blocks whose config describes the widgets of public functions alone, and names listeners where there are some.

    They are served, and have a config, from `queue` on.
    """

    _unfinished = False

    def __exit__(self, *failed: Any) -> None:
        """A page is done; `queue` describes all of them, and makes the server, when the last one is."""
        create, App.create_app, self._unfinished = App.create_app, staticmethod(lambda *_, **__: None), True
        try:
            super().__exit__(*failed)
        finally:
            App.create_app, self._unfinished = staticmethod(create), False

    def get_config_file(self) -> dict:
        if self._unfinished:
            return {}
        found = super().get_config_file()
        public = [fn for fn in self.fns.values() if fn.api_visibility != "private"]
        told = {block._id for fn in public for block in (*fn.inputs, *fn.outputs)}
        for component in found["components"]:
            if component["id"] not in told:
                for name in INTERFACE:
                    component.pop(name, None)
            props = component["props"]
            component["props"] = {name: value for name, value in props.items() if value or name not in HEARD}
        return found
