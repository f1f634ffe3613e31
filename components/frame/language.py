"""English or Chinese: the switch in the header, the table of strings, and where the browser finds it.

The components speak English. Each file of assets/strings/zh/ holds the Chinese of what one room or one study says;
translate.js writes it over the English in the browser, and back. Only a visitor who reads Chinese fetches the table.
Knows no component.
"""

import json
from pathlib import Path

from components.frame.assets import Asset

TRANSLATE = Path(__file__).with_name("translate.js")
FOLDER = Path(__file__).parents[2] / "assets" / "strings" / "zh"
SWITCH = (
    '<div class="ds-language" role="group" aria-label="Language" translate="no">'
    '<button type="button" data-language="zh" lang="zh-CN" aria-pressed="false">中文</button>'
    '<button type="button" data-language="en" lang="en" aria-pressed="true">English</button></div>'
)


def table() -> dict[str, str]:
    """English -> Chinese, all files in one. `{n}` (one letter) stands for a number, `{name}` for any words."""
    files = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(FOLDER.glob("*.json"))]
    return {english: chinese for found in files for english, chinese in found.items()}


def chinese() -> Asset:
    """The table as the browser fetches it."""
    return Asset("zh", "json", json.dumps(table(), ensure_ascii=False, separators=(",", ":")))


def served() -> dict[str, str]:
    """The property by which translate.js, on the widget that holds SWITCH, finds the table."""
    return {"table": chinese().path}
