"""English or Chinese: the switch in the header, the table of strings, and the script that translates the page.

The components speak English. assets/strings/zh.json holds the Chinese of each sentence; translate.js writes it over the
English in the browser, and back. Only a visitor who reads Chinese fetches the table. Knows no component.
"""

import json
from pathlib import Path

import gradio as gr

from components.frame.scripts import script

SCRIPT = Path(__file__).with_name("translate.js")
TABLE = Path(__file__).parents[2] / "assets" / "strings" / "zh.json"
SWITCH = (
    '<div class="ds-language" role="group" aria-label="Language" translate="no">'
    '<button type="button" data-language="zh" lang="zh-CN" aria-pressed="false">中文</button>'
    '<button type="button" data-language="en" lang="en" aria-pressed="true">English</button></div>'
)


def table() -> dict[str, str]:
    """English -> Chinese, all sections in one. `{n}` (one letter) stands for a number, `{name}` for any words."""
    sections = json.loads(TABLE.read_text(encoding="utf-8"))
    return {english: chinese for section in sections.values() for english, chinese in section.items()}


def language_script() -> str:
    """For a gr.HTML whose template holds SWITCH; it wants the property that `served` gives."""
    return script(SCRIPT)


def served() -> dict[str, str]:
    """The table becomes a file of the server's own address."""
    gr.set_static_paths([TABLE])
    return {"table": TABLE.as_posix()}
