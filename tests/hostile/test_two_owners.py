"""Two browsers, two owners, over HTTP: neither lists, reads, stops, exports, shares or guesses the other's runs.

Each way is walked twice: by the owner, who must get through, and by everybody else, who must not.
"""

import json
import re

import pytest

from tests.hostile.siege import ADA, BEN, STRANGER, Shot
from tests.hostile.test_hostile_events import GOOD, private
from tests.hostile.test_hostile_events import event as event_named
from tests.marks import SLOW

PAIRS = [(ADA, BEN), (BEN, ADA)]


def answered(siege, name, data, said=None, session="siege"):
    return siege.throw("owners", [Shot(event_named(siege, name), data, said)], session)


def at_home(siege, owner, *names) -> str:
    """A session in which this owner opened the pages of these events, or all: their pickers offer what is theirs."""
    return siege.open(owner, *(event_named(siege, name) for name in names))


def text_of(answers) -> str:
    return "".join(one.text for one in answers)


def share(siege, owner, key: str, wanted: bool) -> str | None:
    """The token behind which this owner's run is shared from now on; None where it is not."""
    found = answered(siege, "give", [owner.id], {"run": key, "wanted": wanted})
    return json.loads(found[-1].text.removeprefix("data:"))["output"]["data"][0]["link"]


def pages_of(events: list[dict]) -> dict[int, tuple[int, bool]]:
    """Of each event which of its kind it is, by its name without a number, and whether there are several."""
    kinds = [re.sub(r"_\d+$", "", one["api_name"]) for one in events]
    return {
        one["id"]: (kinds[:number].count(kind), kinds.count(kind) > 1)
        for number, (one, kind) in enumerate(zip(events, kinds, strict=True))
    }


@pytest.mark.parametrize(("mine", "other"), PAIRS)
def test_the_api_lists_reads_and_stops_only_ones_own(siege, mine, other):
    listed = {owner: siege.call("owners", "list_runs", [owner]).text for owner in (mine.id, other.id, STRANGER, "")}
    assert all(key in listed[mine.id] for key in mine.keys)
    assert not [owner for owner in (other.id, STRANGER, "") if mine.run in listed[owner] or mine.bench in listed[owner]]
    for key in mine.keys:
        for name in ("status", "results", "export"):
            assert '"error":{' not in siege.call("owners", name, [key, mine.id]).text
        for name in ("status", "results", "export", "stop"):
            for owner in (other.id, STRANGER, ""):
                answer = siege.call("owners", name, [key, owner])
                assert "for this owner" in answer.text
                siege.harmless(answer, mine)
    assert mine.secret in siege.call("owners", "export", [mine.keys[0], mine.id]).text


@pytest.mark.parametrize("every", [2, SLOW(1)])
@pytest.mark.parametrize(("mine", "other"), PAIRS)
def test_every_event_of_the_page_keeps_an_owners_words_from_the_others(siege, mine, other, every):
    """The other owner asks every event of every page. Of two strangers, who are alike, each asks every kind of event,
    on every second page that has it, and by -m slow on all."""
    pickers = {part["id"]: part["props"].get("elem_id") for part in siege.page["components"]}
    kinds = {part["id"]: part["type"] for part in siege.page["components"]}
    props = {part["id"]: part["props"].get("value") for part in siege.page["components"]}
    pages = pages_of(private(siege))
    for turn, owner in enumerate((other.id, STRANGER, "") if mine is ADA else (other.id,)):  # each round is dear
        asked = []
        for number, one in enumerate(private(siege)):
            place, several = pages[one["id"]]
            if owner != other.id and several and (place - turn) % every:
                continue
            key = mine.keys[number % 2]
            shown = {"run-picker": key, "bench-train-pick": mine.upload}
            data = [owner if kinds[n] == "browserstate" else shown.get(pickers[n], props[n]) for n in one["inputs"]]
            data = [None if value == key and number % 3 else value for value in data]  # None passes Gradio's own check
            asked.append(Shot(one, data, GOOD | {"run": mine.keys[0], "key": mine.keys[1], "keys": [*mine.keys]}))
        for answer in siege.throw("owners", asked, at_home(siege, owner)):
            siege.harmless(answer, mine)
    if mine is ADA:
        siege.verify([])  # nothing of hers was changed either


@pytest.mark.parametrize(("mine", "other"), PAIRS)
def test_what_is_refused_to_others_is_open_to_the_owner(siege, mine, other):
    run, bench = mine.keys
    reading = [("see", {"run": run}), ("walk", {"run": run}), ("visit", {"run": run}), ("open_run", {"key": bench})]
    reading += [("branch_from", {"run": run}), ("choose", {"keys": [run]}), ("give", {"run": run, "wanted": False})]
    for name, said in reading:
        one = event_named(siege, name)
        data = {owner: [owner, *[None] * (len(one["inputs"]) - 1)] for owner in (mine.id, other.id)}
        theirs = text_of(answered(siege, name, data[other.id], GOOD | said, at_home(siege, other.id, name)))
        own = text_of(answered(siege, name, data[mine.id], GOOD | said, at_home(siege, mine.id, name)))
        assert own != theirs, f"{name} does not tell owners apart"
        assert mine.secret not in theirs
    shown = text_of(answered(siege, "visit", [mine.id], {"run": run}, at_home(siege, mine.id, "visit")))
    assert mine.secret in shown, "the owner reads the words that others must not"


def test_a_share_opens_one_run_for_reading_until_it_is_taken_back(siege):
    run = BEN.keys[0]
    assert share(siege, ADA, run, True) is None and share(siege, ADA, "recorded/quick", True) is None
    link = share(siege, BEN, run, True)
    assert link and BEN.id not in link and BEN.run not in link
    guest = at_home(siege, ADA.id, "visit", "choose")
    read = text_of(answered(siege, "visit", [ADA.id], {"run": link}, guest))
    assert BEN.secret in read and BEN.id not in read and BEN.run not in read
    before = siege.things_of(BEN)
    for name in ("stop_1", "resume", "go_on", "go_on_1"):
        answered(siege, name, [ADA.id, link], None, guest)
    for name in ("discard", "give"):
        answered(siege, name, [ADA.id], {"run": link, "wanted": False}, guest)
    assert siege.things_of(BEN) == before
    for name in ("status", "results", "export", "stop"):
        assert BEN.secret not in siege.call("owners", name, [link, ADA.id]).text, "the API knows no shares"
    assert share(siege, BEN, run, False) is None
    for key in (
        link,
        link[:-1] + ("0" if link[-1] != "0" else "1"),
        f"shared/{BEN.id}",
        "shared/of",
        "shared/" + "0" * 32,
    ):
        for name, field in (
            ("visit", "run"),
            ("see", "run"),
            ("walk", "run"),
            ("branch_from", "run"),
            ("choose", "keys"),
        ):
            one = event_named(siege, name)
            data = [ADA.id, *[None] * (len(one["inputs"]) - 1)]
            for answer in answered(siege, name, data, GOOD | {field: [key] if field == "keys" else key}, guest):
                siege.harmless(answer, BEN)


def test_a_file_to_take_away_is_made_for_its_owner_alone_and_lies_under_a_name_nobody_guesses(siege):
    run = BEN.keys[0]
    home, away = at_home(siege, BEN.id, "take"), at_home(siege, ADA.id, "take")
    answered(siege, "show", [BEN.id, run], None, home)
    own = answered(siege, "take", [BEN.id, run], {"kind": "jsonl"}, home)[-1].text
    url = json.loads(own.removeprefix("data:"))["output"]["data"][0]["url"]
    assert BEN.secret in siege.send("owners", "GET", url).text
    for key in (run, None):
        for answer in answered(siege, "take", [ADA.id, key], {"kind": "jsonl"}, away):
            siege.harmless(answer, BEN)
    folder, _, name = url.rpartition("/")
    parent, _, secret = folder.rpartition("/")
    assert len(secret) == 32
    for guess in (f"{parent}/{'0' * 32}/{name}", folder, parent, f"{parent}/*/{name}", f"{parent}/../takeaway/"):
        found = siege.send("owners", "GET", guess)
        assert found.status != 200 and BEN.secret not in found.text


def test_an_owners_id_is_never_told_to_anyone_who_did_not_send_it(siege):
    answers = [
        siege.send("owners", "GET", path) for path in ("/", "/config", "/gradio_api/info", "/?run=own/" + ADA.run)
    ]
    answers += [siege.call("owners", "list_runs", [owner]) for owner in ("", STRANGER)]
    answers += siege.throw("owners", [Shot(event_named(siege, "open"), [value]) for value in ("", None, STRANGER)])
    for answer in answers:
        for owner in (ADA, BEN):
            siege.harmless(answer, owner)
