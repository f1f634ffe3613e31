"""One calm sentence under the header, where this host is not like a computer of one's own. Knows no run."""

import gradio as gr

FORGETS = "This host forgets your runs when it restarts."
REPLAYS = "This page only plays recorded runs: nothing can be computed here."


def host_notice(keeps: bool, computes: bool) -> gr.HTML | None:
    """Nothing on a host that keeps what it computes."""
    said = notice_markup(keeps, computes)
    return gr.HTML(said, elem_id="host-notice", apply_default_css=False) if said else None


def notice_markup(keeps: bool, computes: bool) -> str:
    if not computes:
        return f'<p class="ds-host-notice" role="note">{REPLAYS}</p>'
    if not keeps:
        return f'<p class="ds-host-notice" role="note">{FORGETS} <a href="#takeaway">Take it with you</a></p>'
    return ""
