"""The live chart of any study: a widget that draws what the study's `curves` say, and the messages that feed it.

gr.Plot rebuilds the chart at every tick and loses the zoom; this keeps it. Plotly comes from the pip package, so no
request leaves the server's own address. Knows the rows of metrics.jsonl as curves bind them; no study by name, no file.
"""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import gradio as gr
import plotly

from backend.study import Curve, Study, resolve
from components.frame.scripts import script
from components.panels import saving
from components.panels.thinning import MOST_POINTS, short, thin

SCRIPT = Path(__file__).with_suffix(".js")
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
TEMPLATE = """
<section class="ds-chart" data-points="0" {saves}>{menu}
  <header><h2>Is it learning?</h2>
    <div class="ds-switch" role="group" aria-label="What the chart shows">
      {views}
      <button type="button" data-companions aria-pressed="true" hidden>Details</button>
      <button type="button" data-log aria-pressed="false" hidden>Log scale</button>
    </div></header>
  <div class="ds-switch ds-choices" role="group" hidden></div>
  <div class="ds-wait"><svg viewBox="0 0 400 120" aria-hidden="true"><path d="M6 104H394" stroke-dasharray="3 7"/>
    <path d="M6 18C60 60 90 86 150 92S270 98 394 100" stroke-dasharray="1 9" stroke-width="4"/></svg>
    <p>Curves appear within seconds of pressing {go}.</p></div>
  <div class="ds-plot" role="figure" hidden></div>
  {smoothing}
  <div class="ds-legend" role="group" aria-label="Lines: click one to highlight it" hidden></div>
</section>
"""
SMOOTHING = """<label class="ds-smoothing" hidden><span>Smoothing</span>
    <input type="range" min="0" step="1" aria-label="Smoothing, in updates"><output></output></label>"""
VIEW = '<button type="button" data-view="{name}" data-points="0" aria-pressed="false" hidden disabled>{title}</button>'
ARM = "arm"  # the column of an arm's name, in all studies; people read the title that the study gives it
TOLD = ("name", "label", "x_label", "log", "reference", "range", "smooth", "linked", "kind", "choice")


# -- the widget -----------------------------------------------------------------------------------------------------
def live_chart(study: Study, elem_id: str = "chart") -> gr.HTML:
    """The widget. Its value is what `chart_news` makes, with `run`, `fresh` and `number`; a gap fires `resync`."""
    gr.set_static_paths([PLOTLY])
    views, by_arm = views_of(study), any(curve.choice == ARM for curve in study.curves)
    buttons = [VIEW.format(name=escape(view["name"]), title=escape(view["title"])) for view in views]
    return gr.HTML(
        None,
        html_template=TEMPLATE.format(
            views="\n      ".join(buttons),
            go=escape(study.words.go),
            smoothing=SMOOTHING,
            saves=saving.drawn(),
            menu=saving.MENU,
        ),
        js_on_load=script(SCRIPT),
        elem_id=elem_id,
        apply_default_css=False,
        plotly=PLOTLY.as_posix(),
        views=views,
        names={word.name: word.title for word in study.words.arms} if by_arm else {},
    )


def views_of(study: Study) -> list[dict]:
    """What the script must know of each picture: its panes, top to bottom, and how late its stage comes in a run."""
    views: dict[str, dict] = {}
    for curve in study.curves:
        late = study.stage_names.index(curve.stage) if curve.stage in study.stage_names else -1
        name = curve.view or curve.name
        view = views.setdefault(name, {"name": name, "title": curve.title, "late": late, "panes": []})
        view["panes"].append({key: getattr(curve, key) for key in TOLD})
    return list(views.values())


# -- its messages ---------------------------------------------------------------------------------------------------
def chart_news(
    study: Study, config: dict, rows: Sequence[dict], fresh: bool, summary: Mapping[str, object] | None = None
) -> dict:
    """New rows of metrics.jsonl as the lines of each curve.

    `fresh`: these are all rows, so a long history is thinned. `config` and `summary` are the run's; a summary that is
    not written yet is empty, so the run is not `over`.
    """
    kind = (resolve(study.words.kind)(config) or "none") if study.words.kind else "real"
    return {
        "kind": kind,
        "over": bool(summary),
        "winners": {
            curve.name: _key(curve, summary)
            for curve in study.curves
            if curve.winner and summary and all(summary.get(name) is not None for name in curve.winner)
        },
        "curves": {curve.name: lines(curve, rows, MOST_POINTS if fresh else None) for curve in study.curves},
    }


def lines(curve: Curve, rows: Sequence[dict], most: int | None = None) -> list[dict]:
    """The rows of one curve, line by line, each with its columns; at most about `most` points in all."""
    parted: dict[tuple, list[dict]] = {}
    for row in rows:
        mine = row.get("stage") == curve.stage and curve.y in row and _holds(row, curve.where)
        if mine and _is_number(row.get(curve.x)):
            parted.setdefault(tuple(str(row.get(name)) for name in (*curve.by, curve.choice)), []).append(row)
    share = max(2, most // len(parted)) if most and parted else None
    return [_line(curve, thin(found, share, curve.y) if share else found) for found in parted.values()]


def _line(curve: Curve, rows: Sequence[dict]) -> dict:
    first, last = rows[0], rows[-1]
    values = {name: first.get(name) for name in curve.by}
    found = {"id": " ".join(str(value) for value in values.values()), "line": _called(curve, values)}
    if curve.quiet and _holds(first, curve.quiet):
        found |= {"quiet": True, "won": _called(curve, {k: v for k, v in values.items() if k not in curve.quiet})}
    if curve.winner:
        found["key"] = _key(curve, first)
    if curve.choice:
        found["choice"] = str(first.get(curve.choice, ""))
    if curve.x_end:
        found["end"] = last.get(curve.x_end) if _is_number(last.get(curve.x_end)) else None
    columns = {"y": curve.y, "low": curve.low, "high": curve.high}
    found["x"] = [short(row[curve.x], 9) for row in rows]
    return found | {name: [_drawn(row.get(source)) for row in rows] for name, source in columns.items() if source}


def _called(curve: Curve, values: dict) -> str:
    """The line's name. A run that was brought here may hold values of any type: they are then just listed."""
    try:
        return resolve(curve.line)(values) if curve.line else _listed(values)
    except (TypeError, ValueError, KeyError):
        return _listed(values)


def _listed(values: dict) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in values.items() if value is not None)


def _holds(row: Mapping[str, object], wanted: Mapping[str, object]) -> bool:
    return all(row.get(name) == value for name, value in wanted.items())


def _key(curve: Curve, values: Mapping[str, object]) -> str:
    """The values that tell which attempt won: the same text for a row and for the summary."""
    return " ".join(f"{v:g}" if _is_number(v := values.get(name)) else str(v) for name in curve.winner)


def _drawn(value: object) -> float | int | None:
    """A number with as many digits as a pixel shows; None, a gap, for anything else."""
    return short(value) if _is_number(value) else None


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
