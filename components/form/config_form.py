"""The form: one widget for every setting of a study, a preset picker, what differs from the preset, how to repeat it.

Built from what the config class says of itself, so it fits any study. Values and checks are in form_values.py. A page
may lend it what only a page knows: names to choose from (`offers`), settings that no visitor types (`absent`). Models
and tasks it offers by itself.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import gradio as gr

from backend import settings
from backend.errors import UserError
from backend.limits.hosts import HOSTS, LOCAL, Host
from backend.runs.recipe import Recipe
from backend.settings import Setting
from components.form import form_values
from components.form.form_widgets import Option, checkbox, limited, offered, widget
from components.form.offers import Offer, offers_of
from components.form.reproduce_box import reproduce_box, told, untold
from components.frame.failure import error_markup
from components.frame.scripts import script

SCRIPT = Path(__file__).with_name("form_message.js")


@dataclass(frozen=True)
class Layout:
    """How a study's form differs from the plain one.

    `prefix` keeps the element ids of two forms apart. `front` settings stand open, before the folds. `beside` holds
    functions that make further widgets under a front setting. `absent` settings get no widget. `above` and `below`
    make what stands right above and below the start button. `host` says beside a knob how far it may be turned here.
    """

    go: str = "Start"
    go_id: str = "go"
    prefix: str = ""
    option: Option | None = None
    offers: Mapping[str, Offer] = field(default_factory=dict)
    front: Sequence[str] = ()
    beside: Mapping[str, Callable[[], None]] = field(default_factory=dict)
    absent: Sequence[str] = ()
    above: Callable[[], None] = lambda: None
    below: Callable[[], None] = lambda: None
    host: Host = HOSTS[LOCAL]


class Unready(UserError):
    """Something is still to be chosen: a hint while the form is filled in, an error only at the start."""


class ConfigForm:
    """Widgets, made where it is constructed (inside a Blocks context), and the functions between them and a config."""

    def __init__(
        self, study: str, config_class: type, presets: Path, leading: Sequence[str] = (), layout: Layout | None = None
    ):
        """`leading`: the presets to show first; the very first one fills the form."""
        self.study, self.config_class, self.presets = study, config_class, presets
        self.layout = layout or Layout()
        described = [item for item in settings.describe(config_class) if item.name not in self.layout.absent]
        host = self.layout.host
        self.offers = offers_of(config_class, host) | dict(self.layout.offers)
        self.items = [limited(offered(item, self.offers.get(item.name)), host) for item in described]
        self.names = sorted(settings.list_presets(presets), key=lambda name: _rank(name, leading))
        first = self.values(self._preset(self.names[0]))
        self.given: Callable[..., dict] = lambda values: {}
        self.spoken: Callable[..., object] = lambda config, *_: config
        self.asked: Callable[..., object | None] = lambda config, *_: config
        self.more = 0  # further inputs of the page
        self.retold: Callable[..., tuple[str, dict] | None] = lambda *_: None
        self.aside = 0  # inputs of the page that only `retold` reads
        self._make(dict(zip([i.name for i in self.items], first, strict=True)))

    # -- widgets ------------------------------------------------------------------------------------------------
    def _make(self, values: dict) -> None:
        layout, made = self.layout, {}
        self.preset = gr.Radio(
            [(settings.load_preset(self.presets, name)["title"], name) for name in self.names],
            value=self.names[0],
            label="Preset",
            show_label=False,
            container=False,
            elem_id=f"{layout.prefix}preset",
        )
        self.about = self._html(self.about_markup(self.names[0]), "preset-about")
        layout.above()
        self.go = gr.Button(layout.go, variant="primary", elem_id=layout.go_id, size="lg")
        layout.below()
        self.toggles = [checkbox(layout.option)] if layout.option else []
        self.message = gr.HTML(
            "",
            js_on_load=script(SCRIPT),
            elem_id=f"{layout.prefix}form-message",
            elem_classes="ds-if-any",
            apply_default_css=False,
        )
        untouched = self._recipe(self.names[0], {}, True)
        self.changes = self._html(self._changes({}), "changes")
        for name in layout.front:
            item = next(item for item in self.items if item.name == name)
            made[name] = self._widget(item, values[name])
            layout.beside.get(name, lambda: None)()
        self._make_folds(values, made)
        self.widgets = [made[item.name] for item in self.items]
        with gr.Accordion("Reproduce this", open=False, elem_classes="ds-fold", elem_id=f"{layout.prefix}reproduce"):
            self.box = reproduce_box(told(untouched, untouched), f"{layout.prefix}box")

    def _make_folds(self, values: dict, made: dict) -> None:
        """The basic settings in one fold, the rest in another, a line between their groups; into `made`."""
        rest = [item for item in self.items if item.name not in made]
        for title, basic in (("Settings", True), ("Advanced", False)):
            inside = [item for item in rest if item.basic is basic]
            if not inside:
                continue
            with gr.Accordion(title, open=False, elem_classes="ds-fold"):
                for _, (first, *others) in itertools.groupby(inside, key=lambda item: item.group):
                    made[first.name] = self._widget(first, values[first.name], begins=not basic)
                    made |= {item.name: self._widget(item, values[item.name]) for item in others}

    def _html(self, value: str, name: str) -> gr.HTML:
        return gr.HTML(value, elem_id=f"{self.layout.prefix}{name}", apply_default_css=False)

    def _widget(self, item: Setting, value: object, begins: bool = False):
        return widget(item, value, self.layout.prefix, self.offers.get(item.name), begins)

    def bind(
        self,
        inputs: Sequence = (),
        given: Callable[..., dict] | None = None,
        events: Sequence = (),
        spoken: Callable[..., object] | None = None,
        asked: Callable[..., object | None] | None = None,
        aside: Sequence = (),
        retold: Callable[..., tuple[str, dict] | None] | None = None,
    ) -> list:
        """Answer the visitor. `inputs` are widgets of the page, `events` those after which the form must look again.

        `given(values by name, *inputs)` makes the settings that have no widget here; `spoken(config, *inputs)` is the
        config as people should read it, `asked(config, *inputs)` as a request may name it, None where none may.
        `retold(config, score, *aside)` may say changes and box otherwise, or refuse with a UserError. Returns the
        events, for what else should happen then.
        """
        self.given, self.spoken, self.more = given or self.given, spoken or self.spoken, len(inputs)
        self.asked, self.retold, self.aside = asked or self.asked, retold or self.retold, len(aside)
        quiet = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}
        told = [self.message, self.changes, self.box]
        filled = self.preset.input(
            self.fill, [self.preset, *inputs], [*self.widgets, self.about, *told, *self.toggles], **quiet
        )
        followed = gr.on(
            [*(w.input for w in [*self.widgets, *self.toggles]), *events],
            self.follow,
            [self.preset, *self.toggles, *self.widgets, *inputs, *aside],
            told,
            trigger_mode="always_last",
            **quiet,
        )
        return [filled, followed]

    # -- functions ----------------------------------------------------------------------------------------------
    def fill(self, preset: str, *inputs) -> list:
        """Everything the form shows for a preset; as it was, with a word, where there is none of that name."""
        try:
            values = self.values(self._preset(preset))
        except UserError as error:  # no browser sends that
            kept = [gr.skip()] * (len(self.widgets) + 1)
            return [*kept, error_markup(error), gr.skip(), gr.skip(), *(gr.skip() for _ in self.toggles)]
        toggles = [True for _ in self.toggles]
        return [*values, self.about_markup(preset), *self.follow(preset, *toggles, *values, *inputs), *toggles]

    def follow(self, preset: str, *found) -> tuple[str, str, dict]:
        """Message, changes and the box for what the form holds now."""
        toggles, found = found[: len(self.toggles)], found[len(self.toggles) :]
        whole = len(self.items) + self.more  # behind these is what only `retold` reads; a preset as it is has none
        found, aside = found[:whole], found[whole:] or [None] * self.aside
        try:
            config = self.config(found)
            retold = self.retold(config, all(toggles), *aside)
            return "", *(retold or self.told_of(preset, config, all(toggles), *found[len(self.items) :]))
        except Unready as error:
            return f'<p class="ds-quiet">{escape(error.found)} {escape(error.next_step)}</p>', gr.skip(), untold()
        except UserError as error:
            return error_markup(error, self._field(error)), gr.skip(), untold()

    def config(self, found: Sequence) -> object:
        """The checked config from the values of the widgets and of the page's `inputs`. Raises UserError."""
        wanted = len(self.items) + self.more
        if len(found) != wanted:  # no browser sends that
            raise UserError(f"The form sent {len(found)} values.", f"{wanted}", "Reload the page.")
        values, more = found[: len(self.items)], found[len(self.items) :]
        given = self.given(dict(zip((item.name for item in self.items), values, strict=False)), *more)
        config = form_values.config_of(self.config_class, values, self.items, given)
        self.layout.host.admit(self.config_class, settings.as_json(config))
        return config

    def values(self, config: dict) -> list:
        """Widget values for the config of an existing run or a preset, within what this host allows."""
        return form_values.values_of(self.config_class, self.layout.host.within(self.config_class, config), self.items)

    def told_of(self, preset: str, config: object, score: bool, *inputs) -> tuple[str, dict]:
        """Changes and the box for a good config."""
        base, asked = self._preset(preset), self.asked(config, *inputs)
        changed = form_values.differences(self.config_class, base, self.spoken(config, *inputs))
        over_http = form_values.differences(self.config_class, base, asked) if asked else None
        recipes = [None if found is None else self._recipe(preset, found, score) for found in (changed, over_http)]
        return self._changes(changed), told(*recipes)

    def stages(self, score: bool) -> str:
        """For the runner: everything, or what the option leaves."""
        return "" if score or self.layout.option is None else self.layout.option.stages

    def _field(self, error: UserError) -> str:
        """The id of the widget whose setting the error is about; empty where it is about none of them."""
        known = error.kind == "setting" and any(item.name == error.about for item in self.items)
        return f"{self.layout.prefix}setting-{error.about}" if known else ""

    def _preset(self, name: object) -> dict:
        return settings.load_preset(self.presets, name if isinstance(name, str) else "")["settings"]

    def about_markup(self, name: str) -> str:
        return f'<p class="ds-quiet ds-about">{escape(settings.load_preset(self.presets, name)["about"])}</p>'

    def _recipe(self, preset: str, changed: dict[str, tuple], score: bool) -> Recipe:
        plain = {name: list(new) if isinstance(new, tuple) else new for name, (_, new) in changed.items()}
        return Recipe(self.study, preset, plain, self.stages(score))

    def _changes(self, changed: dict[str, tuple]) -> str:
        """How many settings differ from the preset, and which."""
        return changes_markup(changed, "Settings as in the preset.")


def changes_markup(changed: dict[str, tuple], none: str) -> str:
    """How many settings differ, and which; `none` is said where none does."""
    if not changed:
        return f'<p class="ds-changes" data-count="0">{escape(none)}</p>'
    said = "".join(
        f"<li><code>{escape(name)}</code> {form_values.shown(old)} → <b>{form_values.shown(new)}</b></li>"
        for name, (old, new) in changed.items()
    )
    return (
        f'<div class="ds-changes" data-count="{len(changed)}"><b class="ds-badge">{len(changed)} changed</b>'
        f"<ul>{said}</ul></div>"
    )


def _rank(name: str, leading: Sequence[str]) -> tuple[int, str]:
    return (leading.index(name) if name in leading else len(leading), name)
