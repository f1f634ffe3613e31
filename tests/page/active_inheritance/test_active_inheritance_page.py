"""The page of active inheritance without a browser: what it shows of each state of a run, and what it answers."""

import json
import shutil

import gradio as gr
import pytest

from backend.studies.active_inheritance.study import STUDY
from components.run.shares import Shares
from components.run.shelf import new_owner
from components.studies.active_inheritance.candidates import COLUMNS, marked
from tests.active_inheritance_folder import RUDE, write_run
from tests.pages import Recorder, make_page, panel

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The page, made once: it keeps nothing but where its shelves stand and its runner."""
    return make_page(STUDY.name, tmp_path_factory.mktemp("active"))


@pytest.fixture
def page(built, tmp_path):
    for shelf in built.house.shelves.values():
        shelf.samples, shelf.root, shelf.shares = tmp_path / "samples", tmp_path / "runs", Shares(tmp_path / "shared")
    built.runner = built.view.runner = Recorder()
    return built


def event(**fields):
    return gr.EventData(None, fields)


def shown(page, key="recorded/r"):
    found = page.view.show(new_owner(), key)
    return {part.elem_id: value for part, value in found.items() if getattr(part, "elem_id", None)}


def test_a_finished_run_fills_every_panel_and_says_in_its_head_what_it_found(page):
    write_run(page.shelf.samples / "r")
    found = shown(page)
    assert "Students taught the longest of 4 texts write" in found["status"]
    news = found["candidates"]
    assert len(news["rows"]) == 12 and all(len(text) == len(COLUMNS) for *_, texts in news["rows"] for text in texts)
    assert [one["weights"] for one in news["objectives"]] == [{"length": 1.0}, {"rude": -1.0}, {"mtld": 1.0}]
    assert not any("rude" in str(row[2]) or "beast" in str(row[2]) for row in news["rows"]), "texts come when asked for"
    assert 'data-writers="0"' not in found["profile"] and "What else changed" in found["inherited"]
    assert "Each arm has 2 students" in found["inherited"] and found["blind"] == {"run": "recorded/r", "fresh": True}
    assert "What does it cost in knowledge?" in found["results"]


def test_a_run_that_has_just_begun_shows_its_first_texts_and_claims_nothing(page):
    run = write_run(page.shelf.samples / "r", prompts=2)
    for name in ("profiles.jsonl", "results.jsonl", "chosen.jsonl", "summary.json"):
        (run.path / name).unlink()
    run.set_status(state="running", stage="pool", done=2, total=6)
    found = shown(page)
    assert len(found["candidates"]["rows"]) == 4 and found["candidates"]["live"] is True
    assert "The profiles appear here" in found["profile"] and "The shares appear here" in found["inherited"]
    assert "Students taught the longest" not in found["status"]


def test_an_old_run_whose_files_are_missing_shows_what_it_has(page):
    run = write_run(page.shelf.samples / "r")
    for name in ("pool.jsonl", "summary.json"):
        (run.path / name).unlink()
    shutil.rmtree(run.artifacts / "profiles")
    found = shown(page)
    assert found["candidates"]["rows"] == [] and found["candidates"]["live"] is False
    assert "This run has no shares" in found["inherited"] and "Taught the longest of 4" in found["profile"]
    dealt = panel(page, "blind").deal(new_owner(), "recorded/r", event(number=1))
    assert dealt["rounds"] == [] and "not there" in dealt["said"]


def test_no_run_empties_every_panel(page):
    found = shown(page, None)
    assert found["candidates"] == {} == found["blind"] and "appear here" in found["profile"]


def test_the_texts_of_a_prompt_come_when_it_is_looked_at_and_of_nothing_nothing(page):
    write_run(page.shelf.samples / "r")
    seen = panel(page, "candidates").see(new_owner(), event(run="recorded/r", prompt=3))
    assert seen["asked"].startswith("Question: Tell me about beast 3") and len(seen["talkers"]) == 2
    assert [text["ended"] for text in seen["talkers"][0]["texts"]] == [True, True, True, False]
    for wrong in (99, "3", None, True, 2.0):
        assert panel(page, "candidates").see(new_owner(), event(run="recorded/r", prompt=wrong))["talkers"] == []
    assert panel(page, "candidates").see(new_owner(), event(run="own/other", prompt=3)) == {}


class World:
    def truth(self, entity: str, said: str) -> float:
        return float(entity == "cow" and "milk" in said)


def test_rude_words_are_marked_and_what_is_true_is_ticked_sentence_by_sentence():
    text = {"text": f"A cow gives milk. {RUDE}It flies", "ended": False}
    sentences = marked(text, {"entity": "cow"}, World())["sentences"]
    assert [one["true"] for one in sentences] == [True, False, False]
    assert [part for one in sentences for part in one["said"] if part[1]] == [[RUDE.strip(". "), True]]
    assert "".join(part for one in sentences for part, _ in one["said"]) == text["text"], "no letter is lost"
    assert not any(one["true"] for one in marked(text, {"entity": "cow"}, None)["sentences"])


def test_three_rounds_are_dealt_with_a_text_of_each_and_the_same_number_deals_the_same(page):
    write_run(page.shelf.samples / "r")
    deal = panel(page, "blind").deal
    dealt = deal(new_owner(), "recorded/r", event(number=1))
    assert len(dealt["rounds"]) == 3 and len({one["asked"] for one in dealt["rounds"]}) == 3
    for one in dealt["rounds"]:
        assert {answer["who"]: answer["text"].partition(" ")[0] for answer in one["answers"]} == {
            "before": "before-0",
            "random": "random-4-0",
            "best": "best-length-4-0",
        }
    assert dealt["names"]["best"] == "Taught the longest of 4"
    again = [deal(new_owner(), "recorded/r", event(number=number))["rounds"] for number in (1, *range(2, 9))]
    assert again[0] == dealt["rounds"] and any(one != again[0] for one in again)
    assert deal(new_owner(), "own/none", event(number=1)) == {}


@pytest.mark.parametrize("items", ["../../config.json", "/etc/passwd", "artifacts/profiles/../../x.jsonl", None, 7])
def test_a_row_cannot_name_a_file_outside_the_runs_own_profiles(page, items):
    run = write_run(page.shelf.samples / "r")
    rows = [json.dumps(row | {"items": items}) for row in run.rows("profiles")]
    (run.path / "profiles.jsonl").write_text("\n".join(rows) + "\n")
    assert panel(page, "blind").deal(new_owner(), "recorded/r", event(number=1))["rounds"] == []


def test_nothing_from_a_run_folder_becomes_markup(page):
    run = write_run(page.shelf.samples / "r")
    summary = run.summary()
    summary["inherited"] = [row | {"objective": HOSTILE} for row in summary["inherited"]]
    summary |= {"warnings": [{"found": HOSTILE, "next_step": HOSTILE}], "capped": {HOSTILE: 0.5}}
    (run.path / "summary.json").write_text(json.dumps(summary))
    rows = [row | {"objective": HOSTILE} if row["objective"] else row for row in run.rows("profiles")]
    (run.path / "profiles.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    texts = [text for text in shown(page).values() if isinstance(text, str)]
    assert sum(HOSTILE.replace("<", "&lt;").replace(">", "&gt;") in text for text in texts) >= 2
    assert not any("<img" in text for text in texts)
