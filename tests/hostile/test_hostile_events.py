"""Every event of the page over raw HTTP, besieged: private ones are only hidden, and anyone may call them."""

import pytest

from tests.hostile.siege import ADA, BEN, FINISHED, Shot
from tests.hostile.tried import LONG_TEXT, WRITTEN
from tests.marks import SLOW

pytestmark = pytest.mark.hostile
BENCH = "recorded/distilled_text"
RECORDED = {  # by page
    "": FINISHED,
    "bench": BENCH,
    "ba-lora": "recorded/ba_lora_quick",
    "active-inheritance": "recorded/active_inheritance_quick",
    "tiny-clip": "recorded/tiny_clip_quick",
    "light-clip": "recorded/light_clip_quick",
    "a-sdm": "recorded/a_sdm_quick",
}
GOOD = {  # what the widgets of the page say of their events
    "run": FINISHED,
    "key": BENCH,
    "keys": [BENCH, "recorded/all_the_data"],
    "slot": 0,
    "step": 10,
    "have": "",
    "number": 0,
    "kind": "report",
    "student": "opt-pocket",
    "a": "text",
    "b": "random",
    "wanted": True,
    "times": 0,
    "edits": [{"slot": 0, "remove": True}],
    "who": "ba_lora",
    "probe": "pairs",
    "metric": "pair_score",
    "seed": "0",
    "prompt": 0,
    "words": "cat, dog",
    "template": "a picture of {}",
    "picture": 0,
    "arm": "tokens",
    "text": "a red _ above a boat",
    "setting": "full:10",
    "plan": None,  # a good one would be measured for seconds, at every shot
}
PROBED, CHOSEN, SEEN = (RECORDED[page] for page in ("ba-lora", "active-inheritance", "tiny-clip"))
RUNS = {"open_3": PROBED, "choose_1": PROBED, "see_1": CHOSEN, "deal": CHOSEN}  # of events that know another study's
RUNS |= {"ask_words": SEEN, "find_pairs": SEEN}
RUNS |= dict.fromkeys(("see_matches", "match_own", "see_label", "guess_own"), RECORDED["light-clip"])
RUNS |= dict.fromkeys(("run_race", "see_race", "complete_prompt", "measure_plan", "see_pictures"), RECORDED["a-sdm"])
SAID = {
    "take": ["kind"],
    "compare": ["run", "student", "a", "b"],
    "see": ["run", "slot", "step", "have"],
    "walk": ["run", "step", "number"],
    "give": ["run", "wanted"],
    "branch_from": ["run", "step"],
    "visit": ["run"],
    "discard": ["run"],
    "cure": ["run"],
    "open_run": ["key"],
    "compare_1": ["keys"],
    "pick": ["number"],
    "choose_2": ["keys"],
    "open_3": ["who", "probe", "metric"],
    "choose_1": ["who", "seed", "probe"],
    "see_1": ["prompt"],
    "deal": ["number"],
    "ask_what_if": ["run", "edits", "number"],
    "warm_up": ["run"],
    "take_recipe": ["text"],
    "repeat": ["run", "times"],
    "ask_words": ["run", "words", "template", "picture", "image", "number"],
    "find_pairs": ["run", "text", "picture", "image", "number"],
    "see_matches": ["run", "picture", "arm"],
    "match_own": ["run", "picture", "text", "number"],
    "see_label": ["run", "picture", "arm"],
    "guess_own": ["run", "picture", "text"],
    "run_race": ["run", "text", "seed", "setting", "plan", "number"],
    "complete_prompt": ["run", "text", "number"],
    "see_race": ["run", "prompt", "seed", "who", "number"],
    "measure_plan": ["run", "plan", "number"],
    "see_pictures": ["run", "setting", "number"],
}
FORMS = ["follow", "start_1", "cost", "drop", "follow_4", "start_2", "expect", "show_example", "publish", "ask"]
FORMS += ["start_3", "follow_8", "start_5", "follow_9", "start_6", "follow_10", "start_7", "follow_11"]
HALF = "half a letter"
WHOLE = {what: value for what, value in WRITTEN.items() if what != HALF}
SHARE = 4  # an event is asked every so many-th value; the next event the next ones
# each answer is much of a page: these share the values, and are asked all of them by -m slow
DEAR = ("visit", "discard", "cure", "repeat", "compare")


@pytest.fixture
def opened(siege, name):
    """A session of Ben's, in which the page of the event was opened: its picker offers what he may see."""
    return siege.open(BEN.id, event(siege, name))


def event(siege, name: str) -> dict:
    return next(one for one in siege.events if one["api_name"] == name)


def private(siege) -> list[dict]:
    return [one for one in siege.events if one["api_visibility"] == "private"]


def defaults(siege, one: dict) -> list:
    """What a browser of Ben's would send, had he touched nothing."""
    parts = {part["id"]: part for part in siege.page["components"]}
    inputs = [parts[number] for number in one["inputs"]]
    return [BEN.id if part["type"] == "browserstate" else part["props"].get("value") for part in inputs]


def on_screen(siege, one: dict) -> list:
    """The same, with a recorded run on screen."""
    shown = {number: RECORDED[page] for number, page in siege.pickers.items()}
    return [shown.get(number, good) for number, good in zip(one["inputs"], defaults(siege, one), strict=True)]


def test_every_private_event_is_found(siege):
    names = {one["api_name"] for one in private(siege)}
    assert len(names) > 60 and names >= {*SAID, *FORMS}, "an event was renamed: put the new name here"


@pytest.mark.slow
def test_every_event_with_the_written_list_in_all_its_fields(siege):
    answers = []
    for number, one in enumerate(private(siege)):
        values = list(WHOLE.values())[number % SHARE :: SHARE]
        shots = [Shot(one, [value] * len(one["inputs"]), dict.fromkeys(GOOD, value)) for value in values]
        answers += siege.throw("events", shots)
    assert not [answer.asked for answer in answers if answer.broke]
    siege.verify(answers)


@pytest.mark.parametrize(("name", "field"), [(name, field) for name, fields in SAID.items() for field in fields])
@pytest.mark.parametrize("share", [SHARE, SLOW(1)])
def test_what_a_widget_says_of_its_event_may_be_anything(siege, opened, name, field, share):
    one = event(siege, name)
    data = on_screen(siege, one)
    keys = [*ADA.keys, f"own/{ADA.id}/{ADA.run}", f"own/../{ADA.id}/{ADA.run}", [*ADA.keys]]
    values = list(WRITTEN.values())
    if name in DEAR:
        values = values[DEAR.index(name) % share :: share]
    good = GOOD | {"run": RUNS.get(name, FINISHED)}
    shots = [Shot(one, data, good | {field: value}) for value in [*values, *keys]]
    answers = siege.throw("events", shots, opened)
    assert not [answer.asked for answer in answers if answer.broke]
    siege.verify(answers)


@pytest.mark.parametrize("name", SAID)
def test_an_event_may_say_nothing_or_something_of_another_shape(siege, opened, name):
    one = event(siege, name)
    shapes = [value for value in WHOLE.values() if not isinstance(value, int | float)]
    answers = siege.throw("events", [Shot(one, on_screen(siege, one), shape) for shape in shapes[::2]], opened)
    assert not [answer.asked for answer in answers if answer.broke]
    siege.verify(answers)


@pytest.mark.parametrize("name", FORMS)
def test_a_form_with_one_wrong_value_at_a_time(siege, opened, name):
    one, values = event(siege, name), list(WHOLE.values())
    good = on_screen(siege, one)
    shots = [Shot(one, good)]
    for place in range(len(good)):
        for turn in range(2 if len(good) > 9 else 9):
            bad = values[(place * 7 + turn * 13) % len(values)]
            shots.append(Shot(one, [*good[:place], bad, *good[place + 1 :]]))
    answers = siege.throw("events", shots, opened)
    assert not answers[0].failed, "the form as it is must pass, or nothing behind the first check is tried"
    assert not [answer.asked for answer in answers if answer.broke]
    siege.verify(answers)


@pytest.mark.slow
def test_every_event_with_another_number_of_values(siege):
    answers = []
    for one in private(siege):
        good = on_screen(siege, one)
        answers += siege.throw("events", [Shot(one, data, GOOD) for data in ([], good[:-1], [*good, "x"], good * 3)])
    assert not [answer.asked for answer in answers if answer.broke]
    siege.verify(answers)


def test_half_a_letter_ends_no_more_than_the_session_that_sent_it(siege):
    answers, opened = [], siege.open(BEN.id, event(siege, "see"))
    for one in private(siege):
        answers += siege.throw(
            "events", [Shot(one, ["\ud800"] * len(one["inputs"]), dict.fromkeys(GOOD, "\ud800"))], siege.session()
        )
    (answer, *_) = siege.throw("events", [Shot(event(siege, "see"), [BEN.id], GOOD)], opened)
    assert not answer.failed
    siege.verify([*answers, answer])


@pytest.mark.slow
def test_ten_million_letters_in_any_form_or_event(siege):
    answers, opened = [], siege.open(BEN.id)
    for name in [*FORMS, *SAID, "tick", "tell_train", "open"]:
        one = event(siege, name)
        good = on_screen(siege, one)
        texts = [
            place for place, value in enumerate(good) if isinstance(value, str) and value not in (BEN.id, FINISHED)
        ]
        bad = [LONG_TEXT if place == (texts or [0])[-1] else value for place, value in enumerate(good)]
        field = SAID.get(name, ["run"])[0]
        answers += siege.throw("events", [Shot(one, bad, GOOD | {field: LONG_TEXT})], opened)
    assert not [answer.asked for answer in answers if answer.broke]
    siege.verify(answers)
