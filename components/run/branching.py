"""Branches on screen: the chip that says what the next run branches from, and the tree of a run's family.

Knows run folders through the shelf, and how a setting is spelled; not the study. All text from files is escaped.
"""

from dataclasses import dataclass, field
from html import escape

import gradio as gr

from backend.runs.folder import RunDir
from backend.runs.lineage import ancestors, snapshot_steps
from components.form import form_values
from components.frame import words
from components.run.shelf import Shelf

CHIP_JS = """
element.addEventListener("click", (event) => { if (event.target.closest("[data-drop]")) trigger("drop"); });
watch("value", () => requestAnimationFrame(() => element.querySelector(".ds-branch-chip")?.scrollIntoView({
  block: "nearest", behavior: window.matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" })));
"""
TREE_JS = """
element.addEventListener("click", (event) => {
  const node = event.target.closest("[data-go]");
  if (node) trigger("visit", { run: node.dataset.go });
});
"""
MOST_SAID = 2  # changed settings that a node tells


def branch_chip() -> gr.HTML:
    """Empty, or what the next run branches from. It fires `drop` when that is dropped."""
    return gr.HTML("", js_on_load=CHIP_JS, elem_id="branch-chip", elem_classes="ds-if-any", apply_default_css=False)


def family_tree() -> gr.HTML:
    """Ancestors, the run itself and its branches. It fires `visit` with `run`, a key."""
    return gr.HTML("", js_on_load=TREE_JS, elem_id="lineage", elem_classes="ds-if-any", apply_default_css=False)


def chip_markup(name: str, step: int) -> str:
    return (
        '<p class="ds-branch-chip" role="status"><span>Branches from <b translate="no">'
        f'{escape(name)}</b>, {moment(step)}</span><button type="button" data-drop aria-label="Drop the branch" '
        'title="Drop the branch">&times;</button></p>'
    )


def moment(step: int) -> str:
    return f"update {step:,}" if step else "its start"


def branch_point(run: RunDir | None, step: object) -> int | None:
    """The step, where the run kept a snapshot of it; None for anything else that a browser may send."""
    return step if run is not None and type(step) is int and step in snapshot_steps(run) else None


# -- the tree -------------------------------------------------------------------------------------------------------
@dataclass
class Node:
    """A member of the family; `run` and `key` are None for one that was discarded, or that this visitor cannot see."""

    name: str
    step: int = 0  # of the parent, where this one began
    key: str | None = None
    run: RunDir | None = None
    children: list["Node"] = field(default_factory=list)


def tree_markup(shelf: Shelf, owner: str, run: RunDir, key: str) -> str:
    """The family of the run on screen; empty for a run that has none."""
    root = family(shelf, owner, run, key)
    if not root.children:
        return ""
    listed = _item(shelf, root, None, key)
    return f'<nav class="ds-lineage" aria-label="Where this run comes from"><ul>{listed}</ul></nav>'


def family(shelf: Shelf, owner: str, run: RunDir, key: str) -> Node:
    """The first ancestor, with everything below it that this visitor may see."""
    first = _line(run)[0]["run"]
    members = {key: run} | {k: other for k, other in shelf.everything(owner) if _line(other)[0]["run"] == first}
    nodes: dict[str, Node] = {}
    for found_key, member in sorted(members.items(), key=lambda item: item[1].status().get("started_at", 0)):
        above, step = None, 0
        for place in _line(member):
            node = nodes.get(place["run"])
            if node is None:
                node = nodes[place["run"]] = Node(place["run"], step)
                if above is not None:
                    above.children.append(node)
            above, step = node, place["step"]
        above.key, above.run = found_key, member
    for node in nodes.values():
        node.children.sort(key=lambda child: child.step)
    return nodes[first]


def _line(run: RunDir) -> list[dict]:
    """From the first ancestor to the run itself, each with the step at which the next one leaves it."""
    return [*ancestors(run), {"run": run.path.name, "step": 0}]


def _item(shelf: Shelf, node: Node, parent: Node | None, shown: str) -> str:
    below = "".join(_item(shelf, child, node, shown) for child in node.children)
    return f"<li>{_label(shelf, node, parent, shown)}{f'<ul>{below}</ul>' if below else ''}</li>"


def _label(shelf: Shelf, node: Node, parent: Node | None, shown: str) -> str:
    """A button that shows the run; the run on screen and one that is not here are plain text."""
    where = "" if parent is None else f"<small>from {moment(node.step)}</small>"
    if node.run is None:
        return f'<span class="ds-node ds-node-gone">{where}<b>A run that is not here</b></span>'
    said = _difference(node, parent) or escape(shelf.title(node.run))
    state = node.run.status().get("state", "queued")
    look = f'<i class="ds-dot-{escape(state)}" title="{escape(words.STATES.get(state, state))}"></i>'
    inside = f'{look}{where}<b translate="no">{said}</b>'
    if node.key == shown:
        return f'<span class="ds-node" aria-current="true">{inside}</span>'
    return f'<button type="button" class="ds-node" data-go="{escape(node.key)}">{inside}</button>'


def _difference(node: Node, parent: Node | None) -> str:
    """The settings in which a branch differs from its parent, the first few of them."""
    if parent is None or parent.run is None:
        return ""
    old, new = (member.run.config()["config"] for member in (parent, node))
    changed = [name for name in new if name in old and old[name] != new[name]]
    told = [f"{escape(name)} {escape(form_values.spell(new[name]) or 'empty')}" for name in changed[:MOST_SAID]]
    if len(changed) > MOST_SAID:
        told.append(f"{len(changed) - MOST_SAID} more")
    return ", ".join(told) or "same settings"
