"""The frame of every page: header with the links to all pages, and one calm sentence where this host is not one's own.

Knows the pages by their addresses; what is on them is elsewhere.
"""

from dataclasses import dataclass
from html import escape

import gradio as gr

from components.frame.host_notice import host_notice
from components.frame.navigation import Place
from components.frame.theme import page_header


@dataclass(frozen=True)
class Frame:
    """`keeps`: whether runs outlive a restart of this host; `computes`: whether there can be any."""

    keeps: bool
    computes: bool

    def make(self, place: Place) -> None:
        """Header and notice of the page at this place; Gradio's own bar of pages stays hidden."""
        gr.Navbar(visible=False, main_page_name=False)
        page_header(place)
        host_notice(self.keeps, self.computes)


def sorry(title: str) -> None:
    """What stands on a page that cannot be loaded."""
    gr.HTML(
        f'<section class="ds-card ds-run ds-nothing" role="alert"><h2>{escape(title)} cannot be loaded</h2>'
        '<p class="ds-run-about">The server\'s log says why. The other pages still work.</p></section>',
        apply_default_css=False,
        elem_id="sorry",
    )
