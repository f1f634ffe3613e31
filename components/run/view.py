"""The view of one run: picker, state, buttons, chart, prompt wall, results. Widgets, and what to put into them.

Every function takes the visitor's id and a run's key from the page and trusts neither: the shelf decides. Knows the run
folder's contract and a runner; not the study.
"""

import contextlib
import json
from collections.abc import Callable
from html import escape

import gradio as gr

from backend.runners.contract import Runner
from backend.runs.folder import LIVE_STATES, RESUMABLE, RunDir
from components.form import form_values
from components.frame import words
from components.frame.events import sent
from components.panels.glossary import glossary_view
from components.panels.judge_view import against_random, bounds_of, closed_markup, judge_view, open_markup
from components.panels.results import results_markup
from components.run import feed
from components.run.branching import family_tree, tree_markup
from components.run.discard import discard_button
from components.run.doctor_view import doctor_view
from components.run.share_view import gone_markup, share_view, state_of
from components.run.shelf import SHARED, Shelf, is_own
from components.run.status import empty_markup, status_markup
from components.studies.text_distillation.chart import live_chart
from components.studies.text_distillation.gap import gap_markup
from components.studies.text_distillation.lens import lens, nothing, sight
from components.studies.text_distillation.path_map import path_map
from components.studies.text_distillation.prompts import prompt_wall
from components.studies.text_distillation.slow_motion import slow_motion, told

PERIOD_S = 1.5
INSTEAD = (None,) * 3  # the first run of a visitor, looked for again: that one may be gone a moment later too
TITLE_JS = """
const tell = () => { const run = element.querySelector("[data-title]"); if (run) document.title = run.dataset.title; };
watch("value", tell); tell();
"""


class RunView:
    """Made inside a Blocks context. `show` fills everything, `tick` only what is new."""

    def __init__(self, shelf: Shelf, runner: Runner, diagnosed: Callable[[RunDir, str], str] = lambda run, key: ""):
        """`diagnosed(run, key)`: what the study's doctor says of a run, as markup."""
        self.shelf, self.runner, self.diagnosed = shelf, runner, diagnosed
        self.seen = gr.State({})
        self.timer = gr.Timer(PERIOD_S, active=False)
        with gr.Column(elem_classes="ds-card", elem_id="run-card"):
            with gr.Row(elem_id="run-row"):
                self.picker = gr.Dropdown(
                    [], label="Run on screen", filterable=False, elem_id="run-picker", interactive=True, scale=1
                )
                self.beside = gr.Button("Compare with another run", size="sm", elem_id="compare-this", scale=0)
                self.share = share_view()
            self.gone = gr.HTML("", elem_id="gone", apply_default_css=False)
            self.head = gr.HTML(
                '<section class="ds-run ds-loading"></section>',
                js_on_load=TITLE_JS,
                elem_id="status",
                apply_default_css=False,
            )
            with gr.Row(elem_id="actions"):
                self.stop = gr.Button("Stop", visible=False, elem_id="stop")
                self.resume = gr.Button("Resume", visible=False, elem_id="resume")
                self.score = gr.Button("Fine-tune and score", visible=False, elem_id="score", variant="primary")
                self.discard = discard_button()
            self.doctor = doctor_view()
            self.lineage = family_tree()
        with gr.Column(elem_classes="ds-card", elem_id="chart-card"):
            self.chart = live_chart()
            self.fact = gr.HTML("", elem_id="heldout", apply_default_css=False)
        self.wall = prompt_wall()
        self.slow = slow_motion()
        self.lens = lens()
        self.path = path_map()
        self.results = gr.HTML("", elem_id="results", apply_default_css=False)
        self.judge = judge_view()
        self.settings = gr.HTML("", elem_id="run-settings", apply_default_css=False)
        glossary_view()

    @property
    def parts(self) -> list:
        """Everything that `show` and `tick` may fill."""
        head = [self.seen, self.timer, self.picker, self.head, self.stop, self.resume, self.score]
        head += [self.discard, self.doctor, self.lineage, self.share, self.gone]
        return [*head, self.chart, self.fact, self.wall, self.path, self.results, self.judge, self.settings]

    # -- what to show -------------------------------------------------------------------------------------------
    def show(self, owner: str, key: str | None) -> dict:
        """The whole view of a run; of the visitor's first one where there is no such run."""
        for asked in (key, *INSTEAD):
            with contextlib.suppress(FileNotFoundError):  # discarded this very moment: what is left is shown instead
                return self._whole(owner, asked)
        return self._nothing()

    def _whole(self, owner: str, key: str | None) -> dict:
        asked, missed = key, key is not None and self.shelf.open(owner, key) is None
        if key is None or missed:
            key = self.shelf.first(owner)
        run = self.shelf.open(owner, key)
        gone = gone_markup(asked) if missed else ""
        if run is None:
            return {**self._nothing(), self.gone: gone}
        updates = self._news(owner, feed.first_look(key))  # first: it may settle a state that the picker shows
        return {
            **updates,
            self.picker: gr.update(choices=self._choices(owner, key), value=key, visible=True),
            self.share: state_of(self.shelf, owner, key, missed),
            self.gone: gone,
            self.settings: self.shelf.veiled(key, settings_markup(run.config())),
        }

    def tick(self, owner: str, seen: dict) -> dict:
        """What changed since the last look. Small: this is sent again and again."""
        if not isinstance(seen, dict) or "key" not in seen:
            return self.show(owner, None)
        try:
            return self._news(owner, seen)
        except FileNotFoundError:  # discarded this very moment: the next tick finds it gone
            return gr.skip()

    def _news(self, owner: str, seen: dict) -> dict:
        run = self.shelf.open(owner, seen["key"])
        if run is None:  # discarded, or its owner has stopped sharing it: what is left is shown instead
            return self.show(owner, seen["key"] if is_shared(seen["key"]) else None)
        status = self.status(run, seen["key"])  # before the rows: a run that ends now still shows its last ones
        news, seen = feed.look(run, seen)
        drawn = (("chart", self.chart), ("wall", self.wall), ("path", self.path))
        updates = {part: news[name] for name, part in drawn if news[name]}
        if news["wall"] and news["wall"]["fresh"]:
            news["wall"]["replay"] = is_recorded(seen["key"])
        if news["results"] is not None:
            updates[self.results] = results_markup(
                news["results"], run.config()["config"], unchanged(run), bounds_of(run), gap_markup(run)
            )
            if not seen.get("judge"):  # once: a panel that is open stays as the visitor has it
                updates[self.judge] = found = closed_markup(run, seen["key"])
                seen = {**seen, "judge": bool(found)}
        stamp = json.dumps([status, bool(run.rows_since("results", 0)[1])], sort_keys=True)
        if stamp != seen["status"]:
            updates |= self._head(owner, run, seen, status)
        return {**updates, self.seen: {**seen, "status": stamp, "state": status["state"]}}

    def look(self, owner: str, event: gr.EventData) -> dict:
        """What the lens asked for, of a run that this visitor may see; nothing for anything else."""
        key, slot = sent(event, "run"), sent(event, "slot")
        if not isinstance(key, str) or type(slot) is not int:
            return {}
        run = self.shelf.open(owner, key)
        return sight(run, key, slot, sent(event, "step"), sent(event, "have")) if run else nothing(key, slot)

    def walk(self, owner: str, event: gr.EventData) -> dict:
        """One update of a run that this visitor may see, told by its numbers."""
        key = sent(event, "run")
        run = self.shelf.open(owner, key) if isinstance(key, str) else None
        return told(run, key, sent(event, "step"), sent(event, "number")) if run else {}

    def give(self, owner: str, event: gr.EventData) -> dict:
        """A visitor shares a run of theirs, or no longer."""
        key = sent(event, "run")
        self.shelf.share(owner, key, sent(event, "wanted") is True)
        return state_of(self.shelf, owner, key if self.shelf.open(owner, key) else None)

    def compare(self, owner: str, event: gr.EventData) -> str:
        """Two arms of a run that this visitor may see, question by question."""
        key = sent(event, "run")
        run = self.shelf.open(owner, key) if isinstance(key, str) else None
        if run is None:
            return ""
        return self.shelf.veiled(key, open_markup(run, key, *(sent(event, name) for name in ("student", "a", "b"))))

    def status(self, run: RunDir, key: str) -> dict:
        """A recorded or shared run is only read; the runner looks after the others."""
        return run.status() if is_recorded(key) else self.runner.poll(run)

    def _head(self, owner: str, run: RunDir, seen: dict, status: dict) -> dict:
        """State, sentence, stepper and the buttons that make sense now."""
        recorded, state = is_recorded(seen["key"]), status["state"]
        live = state in LIVE_STATES
        can_score = not recorded and not live and has_prompts(run) and not run.rows("results")
        updates = {
            self.head: self.shelf.veiled(
                seen["key"],
                status_markup(
                    self.shelf.title(run),
                    run.config()["config"],
                    status,
                    recorded,
                    is_shared(seen["key"]),
                    None if live else against_random(run),  # no bootstrap in the ticks of a live run
                ),
            ),
            self.fact: fact_markup(run),
            self.stop: gr.update(visible=live and not recorded, interactive=state != "stopping"),
            self.resume: gr.update(visible=not recorded and state in RESUMABLE),
            self.score: gr.update(visible=can_score),
            self.discard: {} if recorded else {"run": seen["key"], "live": live},
            self.doctor: self.shelf.veiled(seen["key"], self.diagnosed(run, seen["key"])),
        }
        if state != seen.get("state"):
            updates[self.lineage] = tree_markup(self.shelf, owner, run, seen["key"])
            updates[self.timer] = gr.Timer(active=live)
            updates[self.picker] = gr.update(choices=self._choices(owner, seen["key"]), value=seen["key"])
        return updates

    def _choices(self, owner: str, key: str) -> list[tuple[str, str]]:
        """For the picker: all of the visitor's runs, and the one that is on screen where another visitor shares it."""
        shared = [(f"Shared: {self.shelf.title(self.shelf.open(owner, key))}", key)] if is_shared(key) else []
        return shared + self.shelf.choices(owner)

    def _nothing(self) -> dict:
        """The view of a visitor who has no run, where none was recorded either."""
        hidden = {part: gr.update(visible=False) for part in (self.picker, self.stop, self.resume, self.score)}
        return {
            **hidden,
            self.seen: {},
            self.timer: gr.Timer(active=False),
            self.head: empty_markup(),
            self.share: {},
            self.gone: "",
            self.discard: {},
            self.doctor: "",
            self.lineage: "",
            self.chart: {},
            self.wall: {},
            self.path: {},
            self.fact: "",
            self.results: results_markup([], {}),
            self.judge: "",
            self.settings: "",
        }


def is_recorded(key: str) -> bool:
    """Only for looking at: a run that ships with the project, or one that another visitor shares."""
    return not is_own(key)


def is_shared(key: object) -> bool:
    return isinstance(key, str) and key.startswith(f"{SHARED}/")


def has_prompts(run: RunDir) -> bool:
    """Distillation left something that a student can be trained on."""
    return (run.path / "distilled.jsonl").exists() or any(run.artifacts.glob("checkpoint.*"))


def unchanged(run: RunDir) -> bool:
    """The prompts were learned, and each of their tokens is still the one it started from."""
    last = run.rows("prompts")[-1:]
    return bool(last) and last[0]["step"] > 0 and not any(prompt["changed"] for prompt in last[0]["prompts"])


def fact_markup(run: RunDir) -> str:
    """One sentence about experts the prompts never followed, once it was measured."""
    said = words.heldout(run.summary())
    return f'<p class="ds-fact">{escape(said)}</p>' if said else ""


def settings_markup(found: dict) -> str:
    """The settings the run was started with, folded away."""
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{form_values.shown(value)}</td></tr>"
        for name, value in found["config"].items()
    )
    return (
        '<details class="ds-table"><summary>Settings of this run</summary>'
        f"<div><table><tbody>{rows}</tbody></table></div></details>"
    )
