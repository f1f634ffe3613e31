"""The page of a study without a browser: around a runner that computes nothing and remembers what it was asked.

Knows how pages are made and how a browser's events look; nothing of what a page should say.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import gradio as gr

from backend.limits.hosts import HOSTS, LOCAL
from backend.runners.contract import Abilities
from backend.settings import FILE, describe
from backend.studies.text_distillation.config import DistillConfig
from backend.study import all_studies, find
from components.form import form_values
from components.run.panel import Panel
from components.run.shelf import Shelf
from components.studies.page import House, StudyPage, page_of


class Recorder:
    """A runner that computes nothing and remembers what it was asked."""

    abilities, host = Abilities(), HOSTS[LOCAL]

    def __init__(self):
        self.asked = []

    def start(self, run, stages=None):
        self.asked.append(("start", run.path.name, stages))
        run.set_status(state="running")

    def poll(self, run):
        return {**run.status(), "alive": True, "ahead": 0}

    def stop(self, run):
        self.asked.append(("stop", run.path.name))
        run.set_status(state="stopped")


def in_loop(make: Callable):
    """`make()` inside a loop: outside of one Gradio makes its own and never closes it."""

    async def run():
        return make()

    return asyncio.run(run())


def make_page(
    study: str, folder: Path, runner: object = None, desk: object = None, runs: Path | None = None
) -> StudyPage:
    """A study's page whose recorded runs lie in `folder/samples` and its visitors' in `folder/runs`, or in `runs`."""
    stray = next(one for one in all_studies() if one.shown)  # its page shows what no study here knows
    shelves = {
        one.name: Shelf.of(one, folder / "samples", runs or folder / "runs", strays=one is stray)
        for one in all_studies()
    }

    def make():
        with gr.Blocks() as demo:
            return page_of(demo, find(study), House(shelves, runner or Recorder(), desk))

    return in_loop(make)


def distil_values(config: dict, owner: str = "", file: str = "") -> list:
    """What the form of the text distillation page holds behind its option: settings that have a widget, the visitor and
    the key of a file of theirs."""
    items = [item for item in describe(DistillConfig) if item.kind != FILE]
    return [*form_values.values_of(DistillConfig, config, items), owner, file]


def panel(page: StudyPage, name: str) -> Panel:
    """A panel of the run on the page."""
    return next(one for one in page.view.panels if one.name == name)


def address(**query: str) -> SimpleNamespace:
    """The request of a browser whose address says `query`."""
    return SimpleNamespace(query_params=query)
