"""Between what a widget holds and what a config wants: values, differences from a preset.

For any study: it reads the settings a config class describes. Knows no widget library.
"""

import math
import typing
from collections.abc import Sequence
from html import escape

from backend import settings
from backend.settings import Setting

spell = settings.spell  # as the command line reads it
SLIDER_SPAN = 100  # a longer range cannot be hit with a thumb
SLIDER_NEAR_ZERO = 0.1  # nor one whose sensible values crowd at its lower end


def shown(value: object) -> str:
    """A value on the page: data, which nobody translates, or the word that says there is none."""
    said = spell(value)
    return f'<bdi translate="no">{escape(said)}</bdi>' if said else "empty"


def kind(item: Setting) -> str:
    """Which widget suits a setting: checkbox, radio, choices, slider, number or text."""
    wanted = typing.get_origin(item.type) or item.type
    if wanted is bool:
        return "checkbox"
    if wanted is tuple:
        return "choices" if item.choices else "text"
    if item.choices:
        return "radio"
    if wanted in (int, float):
        return "slider" if _slides(item, wanted) else "number"
    return "text"


def _slides(item: Setting, wanted: type) -> bool:
    if item.low is None or item.high is None:
        return False
    span = item.high - item.low
    if wanted is int:
        return span <= SLIDER_SPAN
    return span <= 1 and item.default - item.low >= SLIDER_NEAR_ZERO * span


def to_widget(item: Setting, value: object) -> object:
    """A config's value as the widget holds it."""
    if isinstance(value, (tuple, list)):
        return list(value) if item.choices else ", ".join(str(part) for part in value)
    return value


def from_widget(item: Setting, value: object) -> object:
    """A widget's value as the config wants it. Raises UserError where it is empty, of another kind or out of range."""
    try:
        found = _converted(item, value)
    except (TypeError, ValueError, OverflowError):  # nothing that a widget sends: handlers are open to anyone
        raise settings.setting_error(
            item.name, f"{item.name} cannot be read.", "a value that the field offers", "Choose it again."
        ) from None
    settings.check_value(item, found)
    return found


def _converted(item: Setting, value: object) -> object:
    wanted = typing.get_origin(item.type) or item.type
    if wanted is tuple:
        if not isinstance(value, str):
            order = item.choices or ()  # the order of clicks must not make two equal configs differ
            return tuple(sorted(value or [], key=order.index)) if set(value or []) <= set(order) else tuple(value)
        return settings.parse_value(item, value)
    if wanted in (int, float):
        if value is None or value == "" or (isinstance(value, float) and not math.isfinite(value)):
            example = f"Type one, for example {item.default}."
            raise settings.setting_error(item.name, f"{item.name} is empty.", "a number", example)
        if wanted is float and type(value) is int:  # the browser writes 1.0 as 1
            return float(value)
        return int(value) if wanted is int and float(value).is_integer() else value
    return value.strip() if isinstance(value, str) else value


def values_of(config_class: type, preset: dict, items: Sequence[Setting] | None = None) -> list:
    """Widget values, in the order of `items` (else of `describe`), for a preset's `settings` over the defaults."""
    config = settings.build(config_class, preset)
    return [to_widget(item, getattr(config, item.name)) for item in items or settings.describe(config_class)]


def config_of(
    config_class: type, values: Sequence, items: Sequence[Setting] | None = None, given: dict | None = None
) -> object:
    """The config that the widgets of `items` spell, with `given` for settings without one. Raises UserError."""
    items = items or settings.describe(config_class)
    typed = {item.name: from_widget(item, value) for item, value in zip(items, values, strict=True)}
    return config_class(**typed, **(given or {}))


def differences(config_class: type, preset: dict, config: object) -> dict[str, tuple]:
    """`name -> (value in the preset, value in the config)` where they differ. Any run's settings may be the preset."""
    base = settings.build(config_class, preset)
    pairs = {i.name: (getattr(base, i.name), getattr(config, i.name)) for i in settings.describe(config_class)}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
