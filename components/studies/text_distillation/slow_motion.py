"""Slow motion: one update of the prompts told as five moves, with the numbers its row in the log has. Widget and words.

Knows text distillation's config and the account of an update; every number of a sentence comes from a file of the run.
"""

from decimal import Decimal
from pathlib import Path

import gradio as gr

from backend.errors import UserError
from backend.runs.folder import LIVE_STATES, RunDir
from backend.runs.lineage import ancestors
from backend.settings import build, from_saved
from backend.studies.text_distillation.account import account
from backend.studies.text_distillation.config import DistillConfig
from components.frame.scripts import script
from components.frame.words import count
from components.panels.glossary import formula

SCRIPT = Path(__file__).with_suffix(".js")
TEMPLATE = """
<section class="ds-slow" aria-label="Slow motion" hidden>
  <header><h2 tabindex="-1">Slow motion</h2>
    <div class="ds-slow-go" role="group" aria-label="Which update">
      <button type="button" data-go="-1">Previous</button><button type="button" data-go="1">Next</button>
      <button type="button" data-close aria-label="Close slow motion">Close</button></div></header>
  <p class="ds-slow-said" data-said aria-live="polite"></p>
  <ol class="ds-moves"></ol>
  <p class="ds-quiet" data-note>The arrow keys go from update to update. The other panels follow.</p>
</section>
"""
INHERITED = " The parent run made this update; the settings shown here are the branch's."
NONE_YET = "This run has made no update yet."
UNREAD = "This run was made by an older version, so its updates cannot be shown."


def slow_motion() -> gr.HTML:
    """The widget. It fires `walk` with `run`, `step`, the update that is wanted, and a `number`."""
    return gr.HTML(
        None,
        html_template=TEMPLATE,
        js_on_load=script(SCRIPT),
        elem_id="slow",
        elem_classes="ds-card",
        apply_default_css=False,
    )


def told(run: RunDir, key: str, asked: object, number: object) -> dict:
    """What the panel shows of the update `asked` for, or of the latest one before it; `number` goes back as it came."""
    about = {"run": key, "number": number if type(number) is int else None, "moves": None}
    if type(asked) not in (int, float):
        return {**about, "said": NONE_YET}
    try:
        config = build(DistillConfig, from_saved(DistillConfig, run.config()["config"]))
        found = account(config, run.rows("metrics"), run.rows("prompts"), asked)
        if found is None:
            return {**about, "said": NONE_YET}
        shown = story(config, found, run)
        line = ancestors(run)
        if line and found["row"]["step"] <= line[-1]["step"]:
            shown["said"] += INHERITED
        return {**about, **shown}
    except (UserError, KeyError, TypeError, ValueError):  # rows and settings of another version
        return {**about, "said": UNREAD}


def story(config: DistillConfig, found: dict, run: RunDir) -> dict:
    """Where this update stands in the run, one sentence, and its five moves."""
    return {
        "step": found["row"]["step"],
        "first": found["first"],
        "last": found["last"],
        "live": run.status()["state"] in LIVE_STATES,
        "snapshot": found["snapshot"],
        "said": headline(config, found),
        "moves": [
            draw(config, found),
            unroll(config, found),
            measure(found),
            differentiate(config, found),
            move(config, found),
        ],
    }


# -- the five moves ------------------------------------------------------------------------------------------------
def headline(config: DistillConfig, found: dict) -> str:
    row, before = found["row"], found["before"]
    said = f"Update {row['step']:,} of {config.outer_steps:,}."
    if row["matching_loss"] is None:
        return f"{said} The student diverged."
    said = f"{said} Matching loss {row['matching_loss']:.3f}"
    if before and before["matching_loss"] is not None:
        said += f", {before['matching_loss']:.3f} at the previous update"
        if (before["expert"], before["start"]) != (row["expert"], row["start"]):
            said += ", on another segment"
    return f"{said}."


def draw(config: DistillConfig, found: dict) -> dict:
    """Which piece of which expert's trajectory."""
    row, latest = found["row"], found["latest_start"]
    said = (
        f"Expert {row['expert'] + 1} of {config.experts}, from its step {row['start']} to its step {found['target']}. "
    )
    said += f"Segments may now start at any step from 0 to {latest}." if latest else "So far all segments start at 0."
    return {
        "title": "Draw a segment",
        "text": said,
        "picture": "segment",
        "numbers": {"from": row["start"], "to": found["target"], "of": config.expert_steps},
    }


def unroll(config: DistillConfig, found: dict) -> dict:
    """The student's walk."""
    before = found["before"]
    said = f"A student starts from the expert's weights at that step and takes {count(config.inner_steps, 'step')}, "
    batched = config.inner_batch not in (0, config.prompts)
    said += f"each on {config.inner_batch} of the {config.prompts} prompts." if batched else "each on all prompts."
    if before:
        said += f" Its step sizes were learned too: {before['inner_lr']:.2g} on average."
    return {
        "title": "Unroll the student",
        "text": said,
        "formula": formula("unroll"),
        "picture": "steps",
        "numbers": {"steps": config.inner_steps},
    }


def measure(found: dict) -> dict:
    """How far it ended from the expert, and whether it walked in the same direction."""
    row, left, angle = found["row"], found["left"], found["angle"]
    if left is None:
        said = "The student's numbers are no longer finite: there is nothing to measure."
    else:
        said = f"Remaining distance: {left:.3f}. Squared, this is the matching loss: {row['matching_loss']:.3f}. "
        nearer = round(100 * (1 - left))
        said += (
            f"The student got {nearer} % closer. " if nearer >= 0 else f"The student ended {-nearer} % further away. "
        )
        said += f"Its direction and the expert's differ by {angle:.0f}° (cosine {row['cosine']:.2f})." if angle else ""
    return {
        "title": "Measure the remaining distance",
        "text": said,
        "formula": formula("matching loss"),
        "picture": "left",
        "numbers": {"left": left, "angle": angle},
    }


def differentiate(config: DistillConfig, found: dict) -> dict:
    """The gradient through all inner steps, and whether it was clipped."""
    norm, limit, shrink = found["row"]["gradient_norm"], found["limit"], found["shrink"]
    engine = found["engine"]
    how = "by finite differences" if engine and engine["used"] == "one_sided" else "exactly"
    said = f"The loss is differentiated through {count(config.inner_steps, 'step')}, {how}. "
    if engine and engine.get("error") is not None:
        share = Decimal(f"{100 * engine['error']:.1g}")
        steps = count(engine["inner_steps"], "step")
        said += f"Initial check over {steps}: {share:f} % off the model's own gradient. "
    if norm is None:
        said += "The gradient is not finite."
    elif shrink is None:
        said += f"With the pull towards real tokens included, the gradient norm is {norm:.3f}."
    else:
        said += f"With the pull towards real tokens included, the gradient norm is {norm:.3f}. "
        said += f"The limit is {limit:.3f}, {config.clip:g} times the usual norm. "
        said += f"So it was clipped to {round(100 * shrink)} %." if shrink < 1 else "So it is not clipped."
    return {
        "title": "Differentiate",
        "text": said,
        "formula": formula("gradient"),
        "picture": "norm",
        "numbers": {"norm": norm, "limit": limit},
    }


def move(config: DistillConfig, found: dict) -> dict:
    """What the update did to prompts and step sizes, or why it was skipped."""
    row, before, words = found["row"], found["before"], found["words"]
    told = {"title": "Move the prompts", "formula": formula("update"), "picture": "words"}
    told["numbers"] = {"distance": row["regulariser"], "weight": row["weight"]}
    if found["skipped"] == "loss":
        return {**told, "title": "Skip", "text": f"The loss is above {config.skip_above:g}, so this update is skipped."}
    if found["skipped"]:
        return {**told, "title": "Skip", "text": "The values are not finite, so this update is skipped."}
    said = (
        f"Before this update, the prompts were {row['regulariser']:.3f} from real tokens; the weight of the pull "
        f"is {row['weight']:.2g}. "
    )
    was = f", it was {before['inner_lr']:.3g}. " if before else ". "
    said += f"The mean step size is now {row['inner_lr']:.3g}{was}"
    if words is None:
        said += "This update lies between two snapshots, so its word changes were not recorded."
    elif not words:
        said += "No word has changed since the previous snapshot."
    else:
        said += f"Since the previous snapshot, words have changed in {count(len(words), 'prompt')}."
    return {**told, "text": said, "words": words or []}
