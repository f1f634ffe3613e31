"""The head of a run: its state, one sentence, and its stages with the present one filling up. Status in, markup out.

Everything that comes from a run folder is escaped. Knows what a study says of its stages; no study by name, no widget
library.
"""

from collections.abc import Sequence
from html import escape

from backend.study import Stage
from components.frame import words


def status_markup(
    title: str,
    about: str,
    status: dict,
    stages: Sequence[Stage],
    recorded: bool,
    shared: bool = False,
    before: str = "",
) -> str:
    """The head of the run that is on screen.

    `about` is the run in one sentence; `shared`: by another visitor; `before` is markup that says more in its place.
    """
    state = status.get("state", "queued")
    said = before or f'<p class="ds-run-about">{escape(about)}</p>'
    return (
        f'<section class="ds-run" data-status="{escape(state)}" data-recorded="{str(recorded).lower()}" '
        f'data-title="{escape(words.page_title(status, stages))}">'
        f'<div class="ds-run-line"><h2>{escape(title)}</h2>{chip(state, recorded, shared)}</div>'
        f"{said}{stepper(status, stages)}{footnote(status, stages, recorded)}{failure(status)}</section>"
    )


def chip(state: str, recorded: bool, shared: bool = False) -> str:
    said = "Recorded run" if recorded and state == "finished" else words.STATES.get(state, state)
    said = f"Shared run, {words.STATES.get(state, state).lower()}" if shared else said
    return f'<span class="ds-chip ds-chip-{escape(state)}"><i aria-hidden="true"></i>{escape(said)}</span>'


def stepper(status: dict, stages: Sequence[Stage]) -> str:
    """The stages of a study in order; `aria-current` marks the present one."""
    names, state = [stage.name for stage in stages], status.get("state", "queued")
    reached = names.index(status["stage"]) if status.get("stage") in names else 0
    items = []
    for number, stage in enumerate(stages):
        done = number < reached or (state == "finished" and number <= reached)
        here = number == reached and not done
        share = 1.0 if done else words.fraction(status) if here else 0.0
        look = "done" if done else "here" if here else "ahead"
        items.append(
            f'<li class="ds-step ds-step-{look}"{" aria-current=step" if here else ""}>'
            f"<b>{'✓' if done else number + 1}</b><span>{stage.title}<small>{stage.note}</small></span>"
            f'<i style="--share:{share:.3f}"></i></li>'
        )
    return f'<ol class="ds-steps">{"".join(items)}</ol>'


def footnote(status: dict, stages: Sequence[Stage], recorded: bool) -> str:
    """What happens now, how long it has gone on and how long it will; of a run that is over, what it took, and, unless
    it was recorded on another machine, what had been expected."""
    doing, times = words.doing(status, stages), words.times(status, not recorded)
    if not doing and not times:
        return ""
    told = "".join(f"<span>{escape(said)}</span>" for said in times)
    left = f'<span class="ds-left">{told}</span>' if told else ""
    return f'<p class="ds-now" role="status"><span>{escape(doing)}</span>{left}</p>'


def failure(status: dict) -> str:
    """What went wrong, what was expected, what to do: never a trace."""
    error = status.get("error")
    if status.get("state") != "failed" or not error:
        return ""
    return (
        f'<div class="ds-failure" role="alert"><strong>{escape(error["found"])}</strong>'
        f"<p>Expected {escape(error['expected'])}. {escape(error['next_step'])}</p></div>"
    )


def empty_markup(said: str) -> str:
    """Nothing recorded and nothing run: say what to do."""
    return (
        '<section class="ds-run ds-nothing" data-status="none" data-title="Distilloscope"><h2>No run yet</h2>'
        f'<p class="ds-run-about">{escape(said)}</p></section>'
    )
