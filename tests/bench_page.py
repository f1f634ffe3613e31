"""The bench's page without a browser: built once a file, around a runner and a desk that only remember.

Knows what a browser sends and where the answer stands; nothing of what it should say.
"""

import gradio as gr
import pytest

from components.run.shares import Shares
from components.run.upload_store import TEST, TRAIN
from tests.pages import Recorder, make_page, panel

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
def built(tmp_path_factory):
    """The page, made once: it keeps nothing but where its shelves stand, its runner and its desk."""
    return make_page("bench", tmp_path_factory.mktemp("bench"), desk=StandInDesk())


@pytest.fixture
def page(built, tmp_path):
    for shelf in built.house.shelves.values():
        shelf.samples, shelf.root, shelf.shares = tmp_path / "samples", tmp_path / "runs", Shares(tmp_path / "shared")
    built.sources.store.root = tmp_path / "runs"
    built.runner = built.view.runner = Recorder()
    asking(built).desk = built.filled_in.example.desk = StandInDesk()
    return built


def asking(page):
    """The widgets by which students are asked."""
    return panel(page, "ask").ask


def compare(page, owner, sent) -> str:
    """Two rows of the table of runs are laid side by side."""
    return panel(page, "table").compare(owner, sent)


def held(page, owner, run=None, train=None, test="", **changes):
    """What the browser sends of the form: the preset's values with some changed, then the visitor and the picks."""
    values = dict(zip(page.filled_in.by_name, page.form.values({}), strict=True)) | changes
    return [*values.values(), owner, run, train, test]


def begin(page, owner, *sent, preset="pocket"):
    """The page's answer to a click on Start."""
    return page.life.start(owner, None, preset, *sent)


def start(page, owner, *picks, **changes):
    return begin(page, owner, *held(page, owner, *picks, **changes))[page.view.seen]["key"]


def event(**fields):
    return gr.EventData(None, fields)


def upload(page, tmp_path, owner, text, name="mine.csv", use=TRAIN):
    """The page's answer to an upload, as `(key or None, what it says)`."""
    file = tmp_path / name
    file.write_text(text)
    answer = {TRAIN: page.filled_in.upload_train, TEST: page.filled_in.upload_test}[use](owner, str(file))
    sources = page.sources
    told, picker = (sources.train_told, sources.train) if use is TRAIN else (sources.test_told, sources.test)
    return (answer[picker]["value"] if picker in answer else None), answer[told]
