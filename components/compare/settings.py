"""The settings in which runs differ, as a small table, and how many they share. Configs in, markup out.

Knows the settings a config class describes; no run folder. Everything from files is escaped.
"""

from collections.abc import Sequence
from html import escape

from backend.settings import Setting, applies, describe, from_saved
from components.compare.runs import Chosen
from components.form.form_values import spell

ABSENT, EMPTY = "\N{EN DASH}", "empty"
NO = ' translate="no"'  # a value is data
UNKNOWN = "A setting that this version does not know."


def settings_markup(chosen: Sequence[Chosen], config_class: type) -> str:
    """The table for two runs or more; empty for fewer."""
    if len(chosen) < 2:
        return ""
    rows, same = differences([one.run.config()["config"] for one in chosen], config_class)
    head = "".join(f'<th scope="col">{one.tag()}</th>' for one in chosen)
    badges = [one.badge() for one in chosen]
    body = "".join(row(number, item, values, badges) for number, (item, values) in enumerate(rows))
    table = (
        f'<div class="ds-vs-scroll" tabindex="0" role="region" aria-label="Settings that differ"><table><thead><tr>'
        f'<th scope="col">Setting</th>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )
    return (
        f'<section class="ds-vs-settings" data-differ="{len(rows)}" data-same="{same}">'
        f"<h2>What was set differently?</h2>{table if rows else ''}"
        f'<p class="ds-quiet">{shared(len(rows), same)}</p></section>'
    )


def shared(differ: int, same: int) -> str:
    if not differ:
        return f"All {same} settings are the same: these runs differ only in when they were made."
    return f"All other {same} settings are the same."


def differences(saved: Sequence[dict], config_class: type) -> tuple[list[tuple[Setting, list[str]]], int]:
    """`(rows, same)`: each setting that differs with its value in every run, in words; how many do not.

    A setting that does not matter in a run, as the rounds of a search where there is none, is absent there; one that
    matters in a single run, or in none, is neither listed nor counted. Settings stand in the order of the form. A run
    that is too old to have one did what `settings.from_saved` says, else what is the default now; one that this version
    does not know is listed last, absent where a run lacks it.
    """
    full = [from_saved(config_class, values) for values in saved]
    known = {item.name: item for item in describe(config_class)}
    others = dict.fromkeys(name for values in full for name in values if name not in known)
    strange = [Setting(name, str, "", UNKNOWN, "") for name in others]
    rows, same = [], 0
    whole = [{item.name: item.default for item in known.values()} | values for values in full]
    for item in [*known.values(), *strange]:
        values = [spelled(item, each.get(item.name) if applies(item, each) else None) for each in whole]
        matter = [value for value, each in zip(values, whole, strict=True) if applies(item, each)]
        if len(set(matter)) > 1:
            rows.append((item, values))
        elif len(matter) > 1:
            same += 1
    return rows, same


def spelled(item: Setting, value: object) -> str:
    """A value in words, such that two that mean the same read the same: 1 and 1.0, a list and a tuple."""
    if value is None:
        return ABSENT
    if item.type is float and type(value) is int:
        value = float(value)
    if isinstance(value, float):
        return f"{value:g}"
    return spell(value).replace(",", ", ") or EMPTY


def row(number: int, item: Setting, values: Sequence[str], badges: Sequence[str]) -> str:
    """The help comes out on hover and focus, and is read with the name. A badge is for where there are no columns."""
    help_id = f"ds-vs-help-{number}"
    cells = "".join(
        f"<td>{badge}<span{'' if value == EMPTY else NO}>{escape(value)}</span></td>"
        for badge, value in zip(badges, values, strict=True)
    )
    return (
        f'<tr><th scope="row"><button type="button" aria-describedby="{help_id}">'
        f'<code translate="no">{escape(item.name).replace("_", "_<wbr>")}</code></button>'
        f'<span role="tooltip" id="{help_id}">{escape(item.help)}</span></th>{cells}</tr>'
    )
