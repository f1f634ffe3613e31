"""One widget for one setting: what it offers, how far it goes on this host, and which kind of widget it is.

Knows settings and limits; no form and no study.
"""

from dataclasses import dataclass, replace

import gradio as gr

from backend.limits.hosts import Host
from backend.settings import MODEL, Setting
from components.form import form_values
from components.form.offers import Offer


@dataclass(frozen=True)
class Option:
    """A checkbox beside the start button. Unchecked, the run is limited to `stages`."""

    label: str
    info: str
    elem_id: str
    stages: str


def offered(item: Setting, offer: Offer | None) -> Setting:
    """The setting with the page's names as its legal choices, so that the same check refuses any other. Of a model, a
    host that is shared says so itself."""
    if offer is None or offer.free or item.kind == MODEL:
        return item
    return replace(item, choices=tuple(value for _, value in offer.choices))


def limited(item: Setting, host: Host) -> Setting:
    """The setting with what the host says of it, and with its upper end."""
    said, most = host.said(item), host.most(item)
    high = most if item.high is not None and most is not None else item.high
    return replace(item, help=f"{item.help} {said}".strip(), high=high)


def checkbox(option: Option) -> gr.Checkbox:
    return gr.Checkbox(True, label=option.label, info=option.info, elem_id=option.elem_id)


def widget(item: Setting, value: object, prefix: str = "", offer: Offer | None = None, begins: bool = False):
    """The widget for one setting, its help beside it. `begins`: it is the first of its group."""
    facts = {
        "label": item.words,
        "info": f"{item.help} `{item.name}`",
        "interactive": True,
        "elem_id": f"{prefix}setting-{item.name}",
        "value": value,
        "elem_classes": "ds-begins" if begins else None,
    }
    choices = list(offer.choices if offer else item.choices or ())
    if offer and (offer.free or offer.opens):
        return gr.Dropdown(choices, allow_custom_value=offer.free, filterable=True, **facts)
    match form_values.kind(item):
        case "checkbox":
            return gr.Checkbox(**facts)
        case "radio":
            return gr.Radio(choices, **facts)
        case "choices":
            return gr.CheckboxGroup(choices, **facts)
        case "slider":
            whole = item.type is int
            return gr.Slider(item.low, item.high, step=1 if whole else (item.high - item.low) / 100, **facts)
        case "number":
            return gr.Number(**facts)  # no limits here: the config's own sentence is better than a toast
    return gr.Textbox(**facts)
