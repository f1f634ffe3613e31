"""The form: one widget for every setting of a study, a preset picker, what differs from the preset, the command line.

Built from what the config class says of itself, so it fits any study. Values and checks are in form_values.py.
"""

from collections.abc import Sequence
from html import escape
from pathlib import Path

import gradio as gr

from backend import settings
from backend.core.errors import UserError
from backend.settings import Setting
from components import form_values

ALL_BUT_SCORING = "experts,distil,decode"


class ConfigForm:
    """Widgets, made where it is constructed (inside a Blocks context), and the functions between them and a config."""

    def __init__(self, study: str, config_class: type, presets: Path, leading: Sequence[str] = ()):
        """`leading`: the presets to show first; the very first one fills the form."""
        self.study, self.config_class, self.presets = study, config_class, presets
        self.items = settings.describe(config_class)
        self.names = sorted(settings.list_presets(presets), key=lambda name: _rank(name, leading))
        first = form_values.values_of(config_class, self._preset(self.names[0]))
        self.preset = gr.Radio(
            [(settings.load_preset(presets, name)["title"], name) for name in self.names],
            value=self.names[0],
            show_label=False,
            container=False,
            elem_id="preset",
        )
        self.about = gr.HTML(self.about_markup(self.names[0]), elem_id="preset-about", apply_default_css=False)
        self.go = gr.Button("Distil", variant="primary", elem_id="distil", size="lg")
        self.score = gr.Checkbox(
            True, label="Score when done", info="Train fresh students on the text and test them.", elem_id="score-after"
        )
        self.message = gr.HTML("", elem_id="form-message", apply_default_css=False)
        self.changes = gr.HTML(self._changes({}), elem_id="changes", apply_default_css=False)
        self.widgets = self._make_widgets(dict(zip([i.name for i in self.items], first, strict=True)))
        with gr.Accordion("The same on the command line", open=False, elem_classes="ds-fold"):
            self.command = gr.Textbox(
                self._command(self.names[0], {}, True),
                show_label=False,
                container=False,
                interactive=False,
                lines=2,
                buttons=["copy"],
                elem_id="command",
            )
        self._bind()

    # -- widgets ------------------------------------------------------------------------------------------------
    def _make_widgets(self, values: dict) -> list:
        """A fold for each group, the advanced settings in one of their own; returned in the order of `describe`."""
        made: dict[str, gr.components.Component] = {}
        groups = dict.fromkeys(item.group for item in self.items if not item.advanced)
        for group in groups:
            with gr.Accordion(group, open=False, elem_classes="ds-fold"):
                for item in self.items:
                    if item.group == group and not item.advanced:
                        made[item.name] = widget(item, values[item.name])
        if any(item.advanced for item in self.items):
            with gr.Accordion("Advanced", open=False, elem_classes="ds-fold"):
                for item in self.items:
                    if item.advanced:
                        made[item.name] = widget(item, values[item.name])
        return [made[item.name] for item in self.items]

    def _bind(self) -> None:
        quiet = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}
        told = [self.message, self.changes, self.command]
        self.preset.input(self.fill, self.preset, [*self.widgets, self.about, *told, self.score], **quiet)
        gr.on(
            [w.input for w in self.widgets] + [self.score.input],
            self.follow,
            [self.preset, self.score, *self.widgets],
            told,
            trigger_mode="always_last",
            **quiet,
        )

    # -- functions ----------------------------------------------------------------------------------------------
    def fill(self, preset: str) -> list:
        """Everything the form shows for a preset."""
        values = form_values.values_of(self.config_class, self._preset(preset))
        return [*values, self.about_markup(preset), "", self._changes({}), self._command(preset, {}, True), True]

    def follow(self, preset: str, score: bool, *values) -> tuple[str, str, str]:
        """Message, changes and command line for what the form holds now."""
        try:
            config = self.config(values)
        except UserError as error:
            return error_markup(error), gr.skip(), gr.skip()
        return "", *self._told(preset, config, score)

    def config(self, values: Sequence) -> object:
        """The checked config. Raises UserError."""
        return form_values.config_of(self.config_class, values)

    def values(self, config: dict) -> list:
        """Widget values for the config of an existing run."""
        return form_values.values_of(self.config_class, config)

    def told_of(self, preset: str, values: Sequence, score: bool) -> tuple[str, str]:
        """Changes and command line for values that are known to be good."""
        return self._told(preset, self.config(values), score)

    def stages(self, score: bool) -> str:
        """For the runner: everything, or everything but scoring."""
        return "" if score else ALL_BUT_SCORING

    def _told(self, preset: str, config: object, score: bool) -> tuple[str, str]:
        changed = form_values.differences(self.config_class, self._preset(preset), config)
        return self._changes(changed), self._command(preset, changed, score)

    def _preset(self, name: str) -> dict:
        return settings.load_preset(self.presets, name)["settings"]

    def about_markup(self, name: str) -> str:
        return f'<p class="ds-quiet">{escape(settings.load_preset(self.presets, name)["about"])}</p>'

    def _command(self, preset: str, changed: dict, score: bool) -> str:
        return form_values.command_line(self.study, preset, changed, self.stages(score), preset)

    def _changes(self, changed: dict[str, tuple]) -> str:
        """How many settings differ from the preset, and which."""
        if not changed:
            return '<p class="ds-changes" data-count="0">As the preset has it. Open a group to change something.</p>'
        said = "".join(
            f"<li><code>{escape(name)}</code> {escape(form_values.spell(old) or 'empty')} → "
            f"<b>{escape(form_values.spell(new) or 'empty')}</b></li>"
            for name, (old, new) in changed.items()
        )
        return (
            f'<div class="ds-changes" data-count="{len(changed)}"><b class="ds-badge">{len(changed)} changed</b>'
            f"<ul>{said}</ul></div>"
        )


def _rank(name: str, leading: Sequence[str]) -> tuple[int, str]:
    return (leading.index(name) if name in leading else len(leading), name)


def widget(item: Setting, value: object):
    """The widget for one setting, its help beside it."""
    facts = {
        "label": item.name.replace("_", " "),
        "info": item.help,
        "interactive": True,
        "elem_id": f"setting-{item.name}",
        "value": value,
    }
    match form_values.kind(item):
        case "checkbox":
            return gr.Checkbox(**facts)
        case "radio":
            return gr.Radio(list(item.choices), **facts)
        case "choices":
            return gr.CheckboxGroup(list(item.choices), **facts)
        case "slider":
            whole = item.type is int
            return gr.Slider(item.low, item.high, step=1 if whole else (item.high - item.low) / 100, **facts)
        case "number":
            return gr.Number(**facts)  # no limits here: the config's own sentence is better than a toast
    return gr.Textbox(**facts)


def error_markup(error: UserError) -> str:
    return (
        f'<div class="ds-failure" role="alert"><strong>{escape(error.found)}</strong>'
        f"<p>Expected {escape(error.expected)}. {escape(error.next_step)}</p></div>"
    )
