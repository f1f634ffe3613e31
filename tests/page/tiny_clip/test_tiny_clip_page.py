"""The page of TinyCLIP without a browser: what it shows of each state of a run, what it answers, what stays text."""

import json
from base64 import b64decode

import gradio as gr
import pytest

from backend.errors import UserError
from components.run.shares import Shares
from components.run.shelf import new_owner
from tests.pages import Recorder, make_page, panel
from tests.tiny_clip_folder import evaluations, write_run

HOSTILE = "<img src=x onerror=alert(1)>"
CARDS = ("ladder", "results")


class Desk:
    """Answers as the engine does, and remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def request(self, kind, timeout_s, **fields):
        self.asked.append((kind, fields))
        if fields.get("text") == "break" or "break" in fields.get("words", ()):
            raise UserError("No student is there.", "a run of your own", "Start one.")
        if kind == "tiny_clip_words":
            shares = [1 / len(fields["words"])] * len(fields["words"])
            return {"words": fields["words"], "unknown": ["zeppelin"], "shares": {"teacher": shares, "both": shares}}
        found = [{"id": 3, "cosine": 0.51234}, {"id": 9999, "cosine": 0.5}, {"id": 1, "cosine": "x"}]
        return {"unknown": [], "found": {"teacher": found, HOSTILE: found}}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The page, made once: it keeps nothing but where its shelves stand, its runner and its desk."""
    return make_page("tiny_clip", tmp_path_factory.mktemp("tiny-clip"), desk=Desk())


@pytest.fixture
def page(built, tmp_path):
    for shelf in built.house.shelves.values():
        shelf.samples, shelf.root, shelf.shares = tmp_path / "samples", tmp_path / "runs", Shares(tmp_path / "shared")
    built.runner = built.view.runner = Recorder()
    built.view.desk.asked.clear()
    return built


def event(**fields):
    return gr.EventData(None, fields)


def shown(page, key="recorded/r"):
    found = page.view.show(new_owner(), key)
    return {part.elem_id: value for part, value in found.items() if getattr(part, "elem_id", None)}


def small(folder, **settings):
    return write_run(folder, ("scratch", "both", "auto"), seeds=2, pictures=12, **settings)


def test_a_finished_run_fills_every_panel_and_says_in_its_head_what_inheritance_saves(page):
    write_run(page.shelf.samples / "r")
    found = shown(page)
    assert "Inheritance with affinity reached scratch&#x27;s end after 6 % of its updates" in found["status"]
    assert len(found["reach"]["points"]) == 7 * 3 * 17 and len(found["affinity"]["pairs"]) == 16
    assert {one["arm"] for one in found["inheritance"]["maps"]} == {
        "inherit",
        "both",
        "auto",
        "one_leap",
        "progressive",
    }
    assert found["own-words"]["words"][0] == "red square" and len(found["retrieval"]["pictures"]) == 24
    assert 'data-leaps="4"' in found["ladder"] and 'data-rows="32"' in found["results"]


def test_heads_come_as_squares_and_triangles_of_bytes_and_a_run_without_them_says_so(page):
    run = small(page.shelf.samples / "r")
    found = shown(page)["inheritance"]["heads"]
    assert [one["text"] for one in found["pictures"]] == ["a red square number 0", "a green square number 1"]
    assert [len(heads) for layer in found["image"] for heads in layer] == [4] * 2 * 4
    seen, most, own = found["image"][2][1][3]
    assert (b64decode(seen).index(255), most, own) == (4 * 2 + 3, 0.9, 0.1)
    assert found["words"][1] == ["<s>", "a", "green", "square", "number", "1", "</s>"]
    assert [len(heads) for layer in found["text"] for heads in layer] == [4] * 2 * 3
    assert list(b64decode(found["text"][1][0][2])[-7:]) == [0, 0, 0, 255, 0, 0, 0]  # what the end gives
    for row in (run.rows("attention")[0], run.rows("attention")[-1]):
        for change in (HOSTILE, None, [], {}, -1, ["AAA="], [HOSTILE] * 4, [2.0] * 4):
            for key in row:
                run.append("attention", row | {key: change})
    assert shown(page)["inheritance"]["heads"] == found
    (run.path / "attention.jsonl").unlink()
    assert shown(page)["inheritance"]["heads"] is None


def test_a_run_that_stored_the_image_tower_alone_shows_that(page):
    run = small(page.shelf.samples / "r")
    rows = [row for row in run.rows("attention") if "seen" in row]
    (run.path / "attention.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    found = shown(page)["inheritance"]["heads"]
    assert len(found["image"]) == 4 and found["text"] == [] and found["words"] == [[], []]


def test_no_run_shows_no_empty_card(page):
    found = shown(page, None)
    assert [found[name] for name in CARDS] == [""] * 2
    assert [found[name] for name in ("reach", "affinity", "inheritance", "own-words", "retrieval")] == [{}] * 5


def test_a_run_that_has_just_begun_invites_and_claims_nothing(page):
    run = small(page.shelf.samples / "r")
    for name in ("metrics", "affinities", "maps", "ladder"):
        (run.path / f"{name}.jsonl").unlink()
    (run.path / "summary.json").unlink()
    run.set_status(state="running", stage="train", done=1, total=9)
    evaluations(run, "scratch", 0)
    found = shown(page)
    assert found["reach"]["live"] is True and found["reach"]["points"] == found["reach"]["crossings"] == []
    assert found["affinity"]["matrices"] == [] and found["inheritance"]["maps"] == []
    assert "appear here" in found["ladder"] and "appear here" in found["results"]
    assert "ds-watching" not in found["status"]


def test_an_old_run_whose_files_are_missing_shows_what_it_has(page):
    run = small(page.shelf.samples / "r")
    for name in ("affinities.jsonl", "maps.jsonl", "pictures.jsonl", "summary.json"):
        (run.path / name).unlink()
    found = shown(page)
    assert "This run has no results" in found["results"] and "ds-watching" not in found["status"]
    assert found["inheritance"]["live"] is False and found["own-words"]["pictures"] == []


def test_words_are_asked_of_all_models_and_what_is_wrong_with_them_is_said(page):
    run = small(page.shelf.samples / "r")
    panel_, owner = panel(page, "own_words"), new_owner()
    said = {"run": "recorded/r", "words": "cat, dog\n cat,  big   dog ", "template": "a {}", "picture": 3, "number": 7}
    found = panel_.ask_words(owner, event(**said))
    assert found["number"] == 7 and found["answer"]["words"] == ["cat", "dog", "big dog"]
    assert [name for name, _, _ in found["answer"]["models"]] == ["teacher", "both"]
    [(kind, fields)] = page.view.desk.asked
    assert kind == "tiny_clip_words" and fields["run"] == str(run.path) and fields["image"] is None
    wrong = ({"words": "cat"}, {"words": 3}, {"words": ",".join(map(str, range(999)))}, {"words": "a, " + "b" * 99},
             {"template": "none"}, {"template": None}, {"template": "{}" * 99}, {"picture": None}, {"picture": True},
             {"picture": None, "image": "<svg>"}, {"picture": None, "image": "A" * 50_000},
             {"words": "a, break"})  # fmt: skip
    for change in wrong:
        assert 'class="ds-failure"' in panel_.ask_words(owner, event(**said | change))["error"]
    assert panel_.ask_words(owner, event(**said | {"picture": None, "image": "iVBO"}))["answer"]
    for strange in ({"run": "recorded/none"}, {"run": 3}, {"run": "../r"}):
        assert panel_.ask_words(owner, event(**said | strange)) == gr.skip()


def test_a_sentence_finds_pictures_and_a_picture_captions_that_the_run_holds(page):
    small(page.shelf.samples / "r")
    panel_, owner = panel(page, "retrieval"), new_owner()
    said = {"run": "recorded/r", "text": " a  red square ", "picture": None, "image": None, "number": 1}
    found = panel_.find_pairs(owner, event(**said))["answer"]
    assert (found["kind"], found["asked"], found["of"]) == ("picture", "a red square", 12)
    [teacher] = found["models"]
    assert [(item["id"], item["cosine"]) for item in teacher["found"]] == [(3, 0.512)] and teacher["figure"] > 0.5
    found = panel_.find_pairs(owner, event(**said | {"text": None, "picture": 2}))["answer"]
    assert (found["kind"], found["picture"]) == ("caption", 2) and page.view.desk.asked[-1][1]["text"] is None
    for change in ({"text": " "}, {"text": "x" * 999}, {"text": 3}, {"text": None}, {"text": "break"}):
        assert 'class="ds-failure"' in panel_.find_pairs(owner, event(**said | change))["error"]


def test_nothing_from_a_run_folder_becomes_markup(page):
    run = small(page.shelf.samples / "r")
    summary = run.summary()
    for name in ("figures", "differences", "grids", "sizes", "reach", "teacher_share"):
        summary[name] += [
            row | {key: HOSTILE for key in ("arm", "against", "metric") if key in row} for row in summary[name]
        ]
        summary[name] += [None, 3, {"arm": {}, "metric": [], "mean": "x"}]
    summary["baselines"] |= {HOSTILE: {"top5": 1}, "nearest": HOSTILE}
    summary["warnings"] = [{"found": HOSTILE, "expected": HOSTILE, "next_step": HOSTILE}]
    (run.path / "summary.json").write_text(json.dumps(summary))
    for name in ("ladder", "maps", "affinities", "metrics"):
        row = run.rows(name)[-1]
        for change in (HOSTILE, None, [], {}):
            run.append(
                name, row | {key: change for key in ("arm", "who", "cosines", "units", "top5_before") if key in row}
            )
    run.append("pictures", {"id": 99, "text": HOSTILE, "png": HOSTILE, "names": HOSTILE})
    found = shown(page)
    texts = [text for text in found.values() if isinstance(text, str)]
    assert sum(HOSTILE.replace("<", "&lt;").replace(">", "&gt;") in text for text in texts) >= 1
    assert not any("<img" in text for text in texts)
    assert all(one["src"].startswith("data:image/png;base64,") for one in found["own-words"]["pictures"])
