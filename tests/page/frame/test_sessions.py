"""A session that is skipped, updated and filled many times is as large as in the beginning."""

import asyncio

import gradio as gr
import pytest
from gradio import utils
from gradio.state_holder import SessionState
from gradio_client import utils as client_utils

import app
from components.frame import sessions
from components.frame.answers import walk, walk_waiting
from tests.pages import in_loop

TIMES = 30
HELD = utils.connect_heartbeat


@pytest.fixture
def sizes(monkeypatch):
    """How many components a session holds after each of many answers, in the way `put` keeps them."""

    async def answered() -> list[int]:
        with gr.Blocks(analytics_enabled=False) as demo:
            shown, kept = gr.HTML("old"), gr.State(0)
            gr.Button().click(lambda: ("new", 1), None, [shown, kept])
        session, event, held = SessionState(demo), next(iter(demo.fns.values())), []
        for answer in ([gr.skip(), 1], ["new", gr.skip()], [gr.HTML("newer", elem_id="here"), 2]) * TIMES:
            await demo.postprocess_data(event, answer, session)
            held.append(len(session.blocks_config.blocks))
        assert session[shown._id].elem_id == "here" and session[kept._id] == 2, "what was answered is what is kept"
        return held

    def sizes(put) -> list[int]:
        monkeypatch.setattr(SessionState, "__setitem__", put)
        return asyncio.run(answered())

    return sizes


def test_a_session_does_not_grow_with_its_answers(sizes):
    assert len(set(sizes(sessions.put_in_its_place))) == 1


def test_without_our_mend_it_would_so_the_mend_is_still_needed(sizes):
    held = sizes(sessions._put)
    assert held[-1] >= held[0] + TIMES, "Gradio keeps places itself by now: components/frame/sessions.py can go"


def test_a_session_describes_no_widget_and_keeps_no_answer_twice(sizes, monkeypatch):
    begun = []

    def begin(session, blocks):
        sessions.begin_light(session, blocks)
        begun.append(session)

    monkeypatch.setattr(SessionState, "__init__", begin)
    assert len(set(sizes(sessions.put_in_its_place))) == 1
    assert [list(session.components) for session in begun] == [[]]


def test_without_that_mend_it_would_so_it_is_still_needed(monkeypatch):
    monkeypatch.setattr(SessionState, "__init__", sessions._begin)

    def described() -> list[dict]:
        with gr.Blocks(analytics_enabled=False) as demo:
            gr.HTML("old")
        return list(SessionState(demo).components)

    assert in_loop(described), "Gradio describes nothing by itself: begin_light can go"


def summed_up(demo: gr.Blocks) -> dict:
    """What Gradio has worked out by itself after one event."""
    queue = demo._queue
    queue.events_recorded += 1
    return queue.compute_analytics_summary([{"function": "see", "status": "success", "process_time": 0.1}])["functions"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Gradio's sums ask pandas for what will be gone
def test_the_page_is_built_with_it_sums_up_no_events_and_asks_no_numbers(monkeypatch, tmp_path):
    monkeypatch.setenv("DISTILLOSCOPE_HOME", str(tmp_path))
    monkeypatch.delenv("GRADIO_ANALYTICS_CACHE_FREQUENCY", raising=False)
    monkeypatch.setattr(SessionState, "__setitem__", sessions._put)
    monkeypatch.setattr(SessionState, "__init__", sessions._begin)
    assert summed_up(in_loop(gr.Blocks)), (
        "Gradio sums up nothing any more: components/frame/sessions.py can leave it alone"
    )
    assert not summed_up(in_loop(app.build_demo))
    assert SessionState.__setitem__ is sessions.put_in_its_place and SessionState.__init__ is sessions.begin_light
    assert (client_utils.traverse, client_utils.async_traverse) == (walk, walk_waiting)


def test_no_page_holds_a_line_to_the_server_while_it_is_idle(monkeypatch, tmp_path):
    monkeypatch.setenv("DISTILLOSCOPE_HOME", str(tmp_path))

    def wanted() -> bool:
        return in_loop(app.build_demo).get_config_file()["connect_heartbeat"]

    assert wanted() is False
    monkeypatch.setattr(app, "spare_connections", lambda: None)
    monkeypatch.setattr(utils, "connect_heartbeat", HELD)
    assert wanted() is True, "Gradio asks for it no more: components/frame/sessions.py can leave it alone"
