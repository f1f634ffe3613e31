"""The head of a run: its state, one sentence, and four steps with the present one filling up. Status in, markup out.

Everything that comes from a run folder is escaped. Knows no widget library.
"""

from html import escape

from backend.core.scoring.compare import Paired
from backend.runs.folder import LIVE_STATES
from components.frame import words


def status_markup(
    title: str, config: dict, status: dict, recorded: bool, shared: bool = False, taught: Paired | None = None
) -> str:
    """The head of the run that is on screen. `shared`: by another visitor; `taught`: its text against random."""
    state = status.get("state", "queued")
    return (
        f'<section class="ds-run" data-status="{escape(state)}" data-recorded="{str(recorded).lower()}" '
        f'data-title="{escape(words.page_title(status))}">'
        f'<div class="ds-run-line"><h2>{escape(title)}</h2>{chip(state, recorded, shared)}</div>'
        f"{watching(config, state, recorded)}"
        f'<p class="ds-run-about">{escape(words.about(config))}</p>'
        f"{outcome(taught)}{stepper(status)}{footnote(status)}{failure(status)}</section>"
    )


def outcome(taught: Paired | None) -> str:
    """What the text came to, first of all figures: a curve that falls is not yet a student that knows more."""
    return f'<p class="ds-outcome"><a href="#results">{escape(words.short_verdict(taught))}</a></p>' if taught else ""


def watching(config: dict, state: str, recorded: bool) -> str:
    """What a film shows, for someone who came for the first time."""
    said = words.watching(config) if recorded and state == "finished" else ""
    return f'<p class="ds-watching">{escape(said)}</p>' if said else ""


def chip(state: str, recorded: bool, shared: bool = False) -> str:
    said = "Recorded run" if recorded and state == "finished" else words.STATES.get(state, state)
    said = f"Shared run, {words.STATES.get(state, state).lower()}" if shared else said
    return f'<span class="ds-chip ds-chip-{escape(state)}"><i aria-hidden="true"></i>{escape(said)}</span>'


def stepper(status: dict, stages: dict[str, str] = words.STAGES, notes: dict[str, str] = words.STAGE_NOTES) -> str:
    """The stages of a study in order; `aria-current` marks the present one."""
    names, state = list(stages), status.get("state", "queued")
    reached = names.index(status["stage"]) if status.get("stage") in names else 0
    items = []
    for number, name in enumerate(names):
        done = number < reached or (state == "finished" and number <= reached)
        here = number == reached and not done
        share = 1.0 if done else words.fraction(status) if here else 0.0
        look = "done" if done else "here" if here else "ahead"
        sign, note = "✓" if done else number + 1, notes[name]
        items.append(
            f'<li class="ds-step ds-step-{look}"{" aria-current=step" if here else ""}>'
            f"<b>{sign}</b><span>{stages[name]}<small>{note}</small></span>"
            f'<i style="--share:{share:.3f}"></i></li>'
        )
    return f'<ol class="ds-steps">{"".join(items)}</ol>'


def footnote(status: dict, stages: dict[str, str] = words.STAGES) -> str:
    """What happens now and how long it will take."""
    doing = words.doing(status, stages)
    left = words.duration(status.get("eta_s")) if status.get("state") in LIVE_STATES else ""
    if not doing:
        return ""
    left = f'<span class="ds-left">about {left} left in this step</span>' if left else ""
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


def empty_markup() -> str:
    """Nothing recorded and nothing run: say what to do."""
    return (
        '<section class="ds-run ds-nothing" data-status="none" data-title="Distilloscope"><h2>No run yet</h2>'
        '<p class="ds-run-about">Press <b>Distil</b> to start one. The curve moves within seconds, and it goes on '
        "when you close this page.</p></section>"
    )
