"""Calls that hypothesis writes: any JSON to the API, to any event, as any part of a body; the same ones each time."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hostile.siege import ADA, BEN, FINISHED, JSON, STRANGER, Shot, as_body
from tests.hostile.test_hostile_events import GOOD, SAID
from tests.hostile.test_hostile_events import event as event_named

pytestmark = pytest.mark.hostile
EFFORT = settings(
    derandomize=True, max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
KNOWN = [FINISHED, "recorded/distilled_text", *ADA.keys, *BEN.keys, BEN.id, STRANGER, "", "quick", "pocket", "bench"]
WORDS = st.sampled_from([*KNOWN, "text_distillation", "seeds", "data_path", "../", "__proto__", "path", "meta", "url"])
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | WORDS
ANYTHING = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)
NAMES = ["list_presets", "list_runs", "start", "status", "stop", "results", "export"]
TAKES = {"start": 5, "list_presets": 1, "list_runs": 1}


def test_any_values_to_the_public_api(siege):
    @EFFORT
    @given(st.sampled_from(NAMES), st.lists(st.lists(ANYTHING, min_size=5, max_size=5), min_size=5, max_size=5))
    def throw(name, calls):
        for values in calls:
            answer = siege.call("generated", name, values[: TAKES.get(name, 2)])
            own = answer.status == 500 and answer.text == '{"error":null}'  # Gradio's, before it calls us; see ACCEPTED
            assert (answer.status == 200 or own) and "internal error" not in answer.text
            siege.harmless(answer)

    throw()
    siege.verify([])


@pytest.mark.slow
def test_any_event_with_any_values(siege):
    events = [one for one in siege.events if one["api_visibility"] == "private"]

    @EFFORT
    @given(st.lists(st.tuples(st.integers(0, 999), ANYTHING, ANYTHING), min_size=8, max_size=8))
    def throw(calls):
        shots = []
        for number, value, said in calls:
            one = events[number % len(events)]
            shots.append(Shot(one, [value] * len(one["inputs"]), said))
        for answer in siege.throw("generated", shots):
            siege.harmless(answer)

    throw()
    siege.verify([])


@pytest.mark.slow
@pytest.mark.parametrize("name", SAID)
def test_any_word_of_a_widget_beside_good_ones(siege, name):
    one = event_named(siege, name)
    session = siege.open(BEN.id, one)
    more = {"take": FINISHED, "pick": "recorded/distilled_text", "branch_from": True}

    @settings(EFFORT, max_examples=6)
    @given(st.lists(st.tuples(st.sampled_from(SAID[name]), ANYTHING), min_size=8, max_size=8))
    def throw(calls):
        data = [BEN.id, more.get(name)][: len(one["inputs"])] + [None] * (len(one["inputs"]) - 2)
        shots = [Shot(one, data, GOOD | {field: value}) for field, value in calls]
        for answer in siege.throw("generated", shots, session):
            assert not answer.broke, answer.asked
            siege.harmless(answer)

    throw()
    siege.verify([])


def test_any_body_at_any_door(siege):
    doors = ["run/status", "call/status", "call/v2/status", "queue/join", "cancel", "reset", "component_server"]
    fields = st.sampled_from(["data", "fn_index", "session_hash", "event_id", "event_data", "trigger_id", "batched"])

    @EFFORT
    @given(st.sampled_from(doors), st.dictionaries(fields, ANYTHING, max_size=7) | ANYTHING)
    def throw(door, body):
        path = f"/gradio_api/{door}"
        siege.harmless(siege.send("generated", "POST", path, content=as_body(body), headers=JSON))

    throw()
    siege.verify([])
