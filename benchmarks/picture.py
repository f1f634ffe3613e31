"""The summary picture: every way's time over the first-order floor, and whether its gradient can be used.

    python -m benchmarks.picture docs/benchmarks/outer-step/not-recorded.jsonl 20 docs/performance.svg

Reads what `benchmarks.outer_step --keep` left, or printed with --json; measures nothing.
"""

import sys
from html import escape
from pathlib import Path

from benchmarks.rows import read_rows

USABLE = 1e-3  # 1 - cosine: what a gradient may be off
LEFT, WIDE, LINE, TOP = 190, 420, 22, 46
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#333}.h{font-weight:600}.ok{fill:#2a7f9e}.bad{fill:#c9a2a2}"
    ".floor{stroke:#888;stroke-dasharray:3 3}@media(prefers-color-scheme:dark){text{fill:#ddd}.bad{fill:#7a5555}}"
)


def picture(rows: list[dict], steps: int) -> str:
    """Bars of one length of unroll, a group for each model, as an SVG."""
    groups = grouped(rows, steps)
    longest = max(way["over the floor"] for ways in groups.values() for way in ways.values())
    parts, y = [], TOP
    for model, ways in groups.items():
        parts.append(f'<text class="h" x="8" y="{y}">{escape(model)}, K = {steps}</text>')
        for name, way in ways.items():
            y += LINE
            parts += bar(name, way, y, WIDE / longest)
        y += 2 * LINE
    x = LEFT + WIDE / longest
    parts.append(f'<line class="floor" x1="{x:.0f}" x2="{x:.0f}" y1="{TOP - 12}" y2="{y - 2 * LINE + 8}"/>')
    title = "Times over the first-order floor (dashed); pale: the gradient is off by a cosine of more than 0.001"
    size = f'viewBox="0 0 {LEFT + WIDE + 190} {y - LINE}" width="{LEFT + WIDE + 190}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{title}"><style>{STYLE}</style>'
    return "\n".join([head, f'<text x="8" y="20">{title}</text>', *parts, "</svg>"]) + "\n"


def grouped(rows: list[dict], steps: int) -> dict[str, dict[str, dict[str, float]]]:
    """model -> way -> what was measured."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for row in rows:
        place, _, what = row["name"].rpartition(": ")
        model, length, way = place.split(", ", 2)
        if length == f"K = {steps}":
            found.setdefault(model, {}).setdefault(way, {})[what] = row["value"]
    return found


def bar(name: str, way: dict[str, float], y: int, scale: float) -> list[str]:
    times, off = way["over the floor"], way.get("1 - cosine")
    said = f"{times:.2f}" + ("" if off is None else f", 1 - cosine {off:.0e}")
    kind = "ok" if off is None or off <= USABLE else "bad"
    return [
        f'<text x="{LEFT - 8}" y="{y}" text-anchor="end">{escape(name)}</text>',
        f'<rect class="{kind}" x="{LEFT}" y="{y - 12}" width="{times * scale:.0f}" height="15" rx="2"/>',
        f'<text x="{LEFT + times * scale + 6:.0f}" y="{y}">{said}</text>',
    ]


if __name__ == "__main__":
    source, steps, target = sys.argv[1:]
    Path(target).write_text(picture(read_rows(Path(source))[1], int(steps)), encoding="utf-8")
