"""The tabs of the app: one a page, and the address tells which is open (?tab=bench), so that it can be shared.

Knows names, no page.
"""

import gradio as gr

NAMES = ("distil", "bench", "compare")
# the address follows the tab, and so does the link in the header that leads a phone to the form
FOLLOW = """
() => {
  const link = document.querySelector(".ds-header a"), name = "%s";
  const url = new URL(location), opening = window.distilloscopeTab === undefined;
  window.distilloscopeTab = name;
  if (opening && url.searchParams.has("tab")) return;  // the first tab says it was chosen before the address is read
  name === "distil" ? url.searchParams.delete("tab") : url.searchParams.set("tab", name);
  history.replaceState(null, "", url);
  if (link) Object.assign(link, { hash: name === "bench" ? "#bench-form" : "#form",
    textContent: name === "bench" ? "Tune and score a student" : "Distil your own" });
  if (link) link.style.display = name === "compare" ? "none" : "";  // no form there
}
"""


def tab(label: str, name: str) -> gr.Tab:
    """A tab that writes its name into the address when it is chosen."""
    made = gr.Tab(label, id=name, elem_id=f"tab-{name}")
    made.select(None, None, None, js=FOLLOW % name, api_visibility="private")
    return made


def open_tab(demo: gr.Blocks, tabs: gr.Tabs) -> None:
    """Choose the tab that the address names when the page is opened."""
    demo.load(named, None, tabs, show_progress="hidden", api_visibility="private")


def named(request: gr.Request):
    wanted = request.query_params.get("tab")
    return gr.Tabs(selected=wanted) if wanted in NAMES[1:] else gr.skip()
