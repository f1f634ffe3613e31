"""The public API over raw HTTP, besieged: the written list in every field, ten million letters, unknown fields."""

import json

import pytest

from tests.hostile.siege import ADA, BEN, FINISHED, JSON, STRANGER, as_body
from tests.hostile.tried import LONG_TEXT, THINGS, WRITTEN

pytestmark = pytest.mark.hostile
GOOD = {
    "list_presets": [""],
    "list_runs": [""],
    "start": ["bench", "pocket", {"seeds": "2"}, "", ""],  # one wrong setting: nothing is started
    "status": [FINISHED, ""],
    "stop": [FINISHED, ""],
    "results": [FINISHED, ""],
    "export": [FINISHED, ""],
}
FIELDS = [(name, place) for name, values in GOOD.items() for place in range(len(values))]
FILES = ("a file of the machine", "a file from elsewhere")  # Gradio refuses these before we are asked


def with_one(name: str, place: int, value: object) -> list:
    return [value if number == place else good for number, good in enumerate(GOOD[name])]


def said(answer) -> dict:
    """What one of our functions said: an answer, or an error in three sentences."""
    assert answer.status == 200, (answer.asked, answer.text)
    (found,) = json.loads(answer.text)["data"]
    assert isinstance(found, dict) and "internal error" not in answer.text, answer.asked
    if "error" in found:
        told = found["error"]
        assert told is None or told.keys() - {"kind", "about"} == {"found", "expected", "next_step"}
    return found


@pytest.mark.parametrize(("name", "place"), FIELDS)
def test_every_value_of_the_list_in_every_field_gets_a_sentence(siege, name, place):
    answers = {what: siege.call("api", name, with_one(name, place, value)) for what, value in WRITTEN.items()}
    for what, answer in answers.items():
        if what in FILES:
            assert answer.failed
        else:
            said(answer)
    siege.verify(answers.values())


@pytest.mark.parametrize(("name", "place"), FIELDS)
def test_ten_million_letters_come_back_as_a_short_sentence(siege, name, place):
    answer = siege.call("api", name, with_one(name, place, LONG_TEXT))
    assert "error" in said(answer) and len(answer.text) < 2000
    siege.verify([answer])


def test_settings_that_nobody_knows_or_that_are_of_no_kind_are_said_by_name(siege):
    answers = []
    for study in ("bench", "text_distillation"):
        for setting in ("trust_remote_code", "seeds", "data_path", "test_file", "data_dir", "__class__", "outer_steps"):
            for value in ("/etc/passwd", LONG_TEXT, 10**400, float("nan"), [[]], {"path": "/etc/passwd"}, "\ud800"):
                answers.append(siege.call("api", "start", [study, "", {setting: value}, "", ""]))
    assert all("error" in said(answer) and len(answer.text) < 3000 for answer in answers)
    siege.verify(answers)


def test_the_keys_of_another_owner_open_nothing_for_whoever_guesses(siege):
    answers = []
    for key in (*ADA.keys, f"own/{ADA.id}/{ADA.run}", f"own/../{ADA.id}/{ADA.run}", f"shared/{ADA.id}", ADA.run):
        for owner in ("", BEN.id, STRANGER, "0" * 32, ADA.run):
            for name in ("status", "results", "export", "stop"):
                answers.append(siege.call("api", name, [key, owner]))
            changes = {"data": "distilled", "data_path": key}
            answers.append(siege.call("api", "start", ["bench", "", changes, "", owner]))
    assert all("error" in said(answer) for answer in answers)
    siege.verify(answers)


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("values", [[], [None] * 9, ["x"] * 200, {}, "x", None, 7])
def test_another_number_of_values_or_no_list_of_them_is_refused(siege, name, values):
    answer = siege.call("api", name, values)
    assert answer.status in (200, 422, 500)
    siege.verify([answer])


@pytest.mark.parametrize("name", GOOD)
def test_unknown_fields_by_name_and_through_the_queue(siege, name):
    bodies = [*THINGS.values(), {"run": FINISHED, "owner": "", "admin": True}, {"study": "bench", "extra": "x"}]
    answers = []
    for body in bodies:
        for path in (f"/gradio_api/call/v2/{name}", f"/gradio_api/call/{name}"):
            answers.append(siege.send("api", "POST", path, content=as_body(body), headers=JSON))
    taken = [json.loads(one.text)["event_id"] for one in answers if one.status == 200]
    answers += [siege.send("api", "GET", f"/gradio_api/call/{name}/{event}") for event in taken]
    siege.verify(answers)
