"""Pages are described, and their server is made, once all of them are there."""

from functools import partial

import gradio as gr
import pytest
from gradio.routes import App

from components.frame.lean import LeanBlocks
from tests.pages import in_loop


def build(kind: type[gr.Blocks]) -> gr.Blocks:
    with kind(analytics_enabled=False) as demo:
        gr.HTML("first")
    for number in range(3):
        with demo.route(f"page {number}"):
            gr.HTML(f"number {number}")
    return demo.queue()


@pytest.fixture
def made(monkeypatch) -> list[gr.Blocks]:
    """The pages of every server that is made."""
    made, create = [], App.create_app

    def noted(demo: gr.Blocks, *words, **more) -> App:
        made.append(demo)
        return create(demo, *words, **more)

    monkeypatch.setattr(App, "create_app", staticmethod(noted))
    return made


@pytest.mark.parametrize(("kind", "after"), [(LeanBlocks, 1), (gr.Blocks, 5)])
def test_the_server_is_made_once_where_gradio_makes_it_with_every_page_so_the_mend_is_still_needed(kind, after, made):
    demo = in_loop(partial(build, kind))
    before_any_page = 1
    assert made == [demo] * (before_any_page + after)
    assert demo.app.blocks is demo


def test_all_pages_are_in_it():
    lean, plain = (in_loop(partial(build, kind)).config for kind in (LeanBlocks, gr.Blocks))
    told = [[part["props"]["value"] for part in config["components"]] for config in (lean, plain)]
    assert told[0] == told[1] == ["first", "number 0", "number 1", "number 2"]
    assert lean["pages"] == plain["pages"] and lean["page"].keys() == plain["page"].keys()


def test_a_page_that_fails_leaves_nothing_behind():
    create, demos = App.create_app, []

    def fail() -> None:
        with LeanBlocks(analytics_enabled=False) as demo:
            demos.append(demo)
            gr.HTML(str(1 / 0))

    with pytest.raises(ZeroDivisionError):
        in_loop(fail)
    assert App.create_app is create and demos[0].get_config_file()["components"] == []
