"""The bench's page without a browser: built once a file, around a runner and a desk that only remember.

Knows what a browser sends and where the answer stands; nothing of what it should say.
"""

import asyncio

import gradio as gr
import pytest

from backend.studies.bench.config import PRESETS
from backend.studies.text_distillation.config import PRESETS as DISTIL_PRESETS
from components.run.shelf import Shelf
from components.run.upload_store import TEST, TRAIN
from components.studies.bench import words as bench_words
from components.studies.bench.page import BenchPage
from tests.page.frame.test_app import Recorder

HOSTILE = "<img src=x onerror=alert(1)>"
GOOD = "prompt,answer\n" + "".join(f'"Question: What is {i}?\nAnswer:",{i}\n' for i in range(4))
ANSWER = {
    "options": [{"text": HOSTILE, "probability": 0.75}, {"text": "bog", "probability": 0.25}],
    "choice": 0,
    "generation": HOSTILE,
    "truncated": False,
}
EXAMPLE = {"examples": 3, "tokens_longest": 9, "shown": [{"tokens": [{"text": HOSTILE, "taught": True}]}]}


class StandInDesk:
    """Answers at once, and remembers what it was asked."""

    def __init__(self):
        self.asked, self.fault = [], None

    def request(self, kind, timeout_s=60.0, **fields):
        self.asked.append((kind, fields))
        if self.fault:
            raise self.fault
        return EXAMPLE if kind == "example" else {"base": ANSWER, "tuned": ANSWER if fields["adapter"] else None}


@pytest.fixture(scope="module")
def built():
    """The page, made once: it keeps nothing but where its shelves stand, its runner and its desk."""

    async def make():  # inside a loop: Gradio would make one of its own and never close it
        with gr.Blocks():
            bench, distilled = (
                Shelf("", "", PRESETS, "bench", bench_words.title),
                Shelf("", "", DISTIL_PRESETS, "text_distillation"),
            )
            return BenchPage(bench, distilled, Recorder(), StandInDesk(), gr.BrowserState(""))

    return asyncio.run(make())


@pytest.fixture
def page(built, tmp_path):
    for shelf in (built.shelf, built.sources.distilled, built.sources.store):
        shelf.samples, shelf.root = tmp_path / "samples", tmp_path / "runs"
    built.runner = built.view.runner = Recorder()
    built.ask.desk = built.filled.example.desk = StandInDesk()
    return built


def held(page, owner, run=None, train=None, test="", **changes):
    """What the browser sends of the form: the preset's values with some changed, then the visitor and the picks."""
    values = dict(zip(page.filled.by_name, page.form.values({}), strict=True)) | changes
    return [*values.values(), owner, run, train, test]


def start(page, owner, *picks, **changes):
    answer = page.start(owner, "pocket", *held(page, owner, *picks, **changes))
    return answer[page.view.seen]["key"]


def event(**fields):
    return gr.EventData(None, fields)


def upload(page, tmp_path, owner, text, name="mine.csv", use=TRAIN):
    """The page's answer to an upload, as `(key or None, what it says)`."""
    file = tmp_path / name
    file.write_text(text)
    answer = {TRAIN: page.filled.upload_train, TEST: page.filled.upload_test}[use](owner, str(file))
    sources = page.sources
    told, picker = (sources.train_told, sources.train) if use is TRAIN else (sources.test_told, sources.test)
    return (answer[picker]["value"] if picker in answer else None), answer[told]
