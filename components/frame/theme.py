"""Theme: typeface, shapes and colours for Gradio, and the header of the page.

What the colours mean is in assets/css/page.css: copper is what was distilled, blue is what is real. Nothing is fetched
from outside: the fonts come with Gradio, the drawings with the project.
"""

from pathlib import Path

import gradio as gr

from components.frame.assets import Asset
from components.frame.language import SWITCH, TRANSLATE, served
from components.frame.navigation import Place, navigation
from components.frame.scripts import bundle, script

ASSETS = Path(__file__).resolve().parents[2] / "assets"
SHEETS = ASSETS / "css"
FIRST = ("frame", "run", "form", "panels")  # a study's sheet goes behind them
CONTAINER = ".gradio-container.gradio-container .contain"  # as many names as Gradio's own rules have, or theirs win
FAVICON = ASSETS / "favicon.svg"
LOGO = ASSETS / "logo.svg"
HEADER = Path(__file__).with_name("header.js")
TOOLS = [Path(__file__).with_name(f"{name}.js") for name in ("drawing", "panel_tools")]

COPPER = "#fdf6ef #fae8d6 #f4cfab #edb27b #e6964f #d0772a #a84d0b #8a3f0a #6b320b #4d250b #2f1707"  # 50 to 950
WEIGHTS = (400, 700)  # the semibold file that Gradio 6.31 brings lacks the Latin letters
SLATE = "#f7f7f5 #eeeeeb #dfdfda #c3c5c4 #979ca3 #6b727d #4c535f #383f4a #272d37 #1b2029 #12161d"

COLOURS = {  # light, dark
    "body_background_fill": ("#f6f5f1", "#11151b"),
    "body_text_color": ("#1c222c", "#e7e5e0"),
    "block_background_fill": ("transparent", "transparent"),
    "block_border_width": ("0px", "0px"),
    "block_label_background_fill": ("transparent", "transparent"),
    "block_title_background_fill": ("transparent", "transparent"),
    "block_title_text_color": ("#1c222c", "#e7e5e0"),
    "block_info_text_color": ("#5c6470", "#9aa3b0"),
    "checkbox_label_background_fill": ("transparent", "transparent"),
    "checkbox_label_background_fill_hover": ("transparent", "transparent"),
    "checkbox_label_background_fill_selected": ("#f7e4d2", "#43301f"),
    "checkbox_label_border_width": ("1px", "1px"),
    "checkbox_label_border_color": ("#d8d7d1", "#333b47"),
    "button_primary_background_fill": ("#a84d0b", "#e39a58"),
    "button_primary_background_fill_hover": ("#8a3f0a", "#f0b079"),
    "button_primary_text_color": ("#ffffff", "#1d1206"),
    "button_secondary_background_fill": ("#ffffff", "#1a2029"),
    "button_secondary_background_fill_hover": ("#f3f1ec", "#242c37"),
    "button_secondary_border_color": ("#d8d7d1", "#3a4350"),
    "input_background_fill": ("#ffffff", "#12161d"),
    "input_border_color": ("#d8d7d1", "#333b47"),
    "slider_color": ("#a84d0b", "#e39a58"),
}
SHAPES = {
    "block_shadow": "none",
    "block_padding": "0px",
    "block_title_padding": "0px",
    "block_title_text_weight": "600",
    "block_title_text_size": "14px",
    "block_info_text_size": "13px",
    "button_border_width": "1px",
    "input_border_width": "1px",
}


def make_theme() -> gr.themes.Base:
    copper, slate = gr.themes.Color(*COPPER.split()), gr.themes.Color(*SLATE.split())
    fonts = {
        "font": [gr.themes.LocalFont("IBM Plex Sans", WEIGHTS), "ui-sans-serif", "system-ui", "sans-serif"],
        "font_mono": [gr.themes.LocalFont("IBM Plex Mono", WEIGHTS), "ui-monospace", "monospace"],
    }
    theme = gr.themes.Base(primary_hue=copper, secondary_hue=copper, neutral_hue=slate, radius_size="md", **fonts)
    light = {name: pair[0] for name, pair in COLOURS.items()}
    dark = {f"{name}_dark": pair[1] for name, pair in COLOURS.items()}
    return theme.set(**light, **dark, **SHAPES)


def page_header(place: Place) -> gr.HTML:
    """Name, the page's question, the pages, a way to the form, and the switches of language and of light and dark."""
    target, said = place.form
    to_form = f'<a class="ds-to-form" href="{target}">{said}</a>' if target else ""
    logo = LOGO.read_text(encoding="utf-8")
    return gr.HTML(
        f'<header class="ds-header">{logo}<div><h1>Distilloscope</h1><p>{place.question}</p></div>'
        f"{navigation(place.address)}{to_form}{SWITCH}"
        '<button type="button" data-dark aria-label="Switch between light and dark" title="Light or dark">'
        '<svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true"><circle cx="12" cy="12" r="8.5" '
        'fill="none" stroke="currentColor" stroke-width="2"/>'
        '<path d="M12 3.5a8.5 8.5 0 0 1 0 17z" fill="currentColor"/></svg>'
        "</button></header>",
        js_on_load=script(HEADER, TRANSLATE, *TOOLS),
        apply_default_css=False,
        elem_id="header",
        **served(),
    )


def stylesheet() -> str:
    """All sheets in one: those of the rooms and the studies nested in Gradio's container, behind that of the page."""
    studies = sorted(sheet.stem for sheet in SHEETS.glob("*.css") if sheet.stem not in ("page", *FIRST))
    page, *others = (SHEETS.joinpath(f"{name}.css").read_text(encoding="utf-8") for name in ("page", *FIRST, *studies))
    return f"{page}\n{CONTAINER} {{\n{chr(10).join(others)}}}\n"


def page_assets() -> list[Asset]:
    """What every page loads before it is drawn."""
    return [Asset("app", "js", bundle()), Asset("style", "css", stylesheet())]
